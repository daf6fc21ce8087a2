"""Which format a file has, by its name and its beginning."""

import json
import re
from collections.abc import Set
from pathlib import PurePosixPath
from typing import Any, Final

from prompt_capture.domain.csv_tables import find_separator_line
from prompt_capture.domain.errors import InvalidFile
from prompt_capture.domain.text_files import detect_encoding, first_line, split_lines
from training.data.files import DataFile
from training.data.formats.odd_values import LABEL_PREFIX
from training.data.formats.platforms import LONE_BRACKETS

_BY_SUFFIX: Final = {
    ".parquet": "parquet",
    ".yml": "rasa",
    ".yaml": "rasa",
    ".md": "rasa",
    ".lu": "luis",
}
_OTHERS = {
    ".toml": "a file of TOML",
    ".ini": "a file of sections with names in brackets (INI), such as the sentences of Rhasspy",
    ".intent": "a file of the sentences of an intent (Mycroft), which {stem}.txt may be, too",
    ".chatito": "a template of Chatito, whose generator writes the texts",
    ".chatette": "a template of Chatette, whose generator writes the texts",
    ".rive": "a script of RiveScript",
    ".arff": "a table of Weka (ARFF)",
    ".conll": "a file of labelled words (CoNLL)",
    ".ipynb": "a notebook of Jupyter",
    ".py": "a program of Python",
    ".sql": "a script of SQL",
}
"""What a file is that is not read, by its ending."""

_PARQUET = b"PAR1"
_AZURE_KEY = re.compile(
    r'"(?:assets|utterances|LabeledTestSetUtterances|luis_schema_version|projectFileVersion)"\s*:'
)
_RASA_KEY = re.compile(r'"rasa_nlu_data"\s*:')
_REVIEW_KEY = re.compile(r'"(?:prompt|corrected_intent|annotations|annotation_id)"\s*:')
_REVIEW_COLUMN = re.compile(r"\bcorrected_intent\b|\bannotation_id\b", re.IGNORECASE)
_PREDICTION_COLUMNS = frozenset({"predicted_intent", "prompt"})
"""The columns of a review file that people do not edit."""

_REVIEW_FIELDS = frozenset(
    {"annotation_id", "annotations", "corrected_intent", "log_id", "predicted_intent"}
)
_PROMPT_FIELDS = frozenset({"annotations", "corrected_intent", "log_id", "prompt"})
_TASK = frozenset({"annotation_id", "completed_by", "data", "result"})
_KEY = re.compile(r'"(\w+)"\s*:')
_DELIMITER = re.compile(r"[,;\t|]")
_CONTENT = re.compile(r"[^,;\t|\s\"]")
_TEXT_COLUMNS = frozenset({"text", "message", "prompt", "query", "sentence", "utterance"})
_LABEL_COLUMNS = frozenset({"category", "class", "intent", "intents", "label", "labels"})
"""The names of columns that say that a file is a table; its reader says how to name them."""

_UNNAMED_SERIES = ["", "0"]
"""The header that pandas writes for texts without a name."""

_SHOWN_ROWS = 10
_DELIMITERS = ",;\t|"
_COLUMN = re.compile(r"[\w.-]*")

_RASA_START = re.compile(
    r"version:\s*[\"']?\d\.\d[\"']?\s*$|nlu:\s*$|##\s*(?:intent|synonym|regex|lookup)\s*:",
    re.MULTILINE,
)
"""How a file of Rasa begins, in YAML or in the Markdown of version 1."""

_RASA_SUFFIXES = frozenset({".yml", ".yaml"})
_RASA_INTENTS = re.compile(rb"^nlu:", re.MULTILINE)
"""What precedes the intents in a file of Rasa."""

_JSON_START = re.compile(
    r"""\[\s*(?:\{\s*"\w+"\s*:|\[\s*"|"(?:[^"\\]|\\.)*"\s*[,\]])|\{\s*"(?:text|label)"\s*:"""
)
"""How a list of objects, of pairs or of texts begins in JSON, and an object of this project."""

_BEFORE_FIRST_ITEM = re.compile(r"\[\s*")
_LABELLED_TEXT = frozenset({"text", "label"})
_REVIEW_ENTRY = frozenset({"id", "corrected_intent"})
_INTENT_KEY = re.compile(r'"intent(?:Name)?"\s*:')
_LABEL_KEY = re.compile(r'"label"\s*:')


def detect_format(file: DataFile) -> str:
    """Return one of the formats of `training.data.formats`, `review`, `fasttext` or `text`.

    `text` has one text per line. Raise `InvalidExamples` where the file cannot be read.
    """
    head = file.read_head()
    if head.startswith(_PARQUET):
        return "parquet"
    try:
        start = head.decode(detect_encoding(head), "replace").lstrip("\ufeff \t\r\n")
    except InvalidFile as error:
        raise file.invalid(str(error)) from None
    path = PurePosixPath(file.name.casefold().removesuffix(".gz"))
    suffix = path.suffix
    if suffix in _OTHERS:
        raise file.invalid(
            f"It is {_OTHERS[suffix].format(stem=path.stem)}. Write a line of JSON for each text, "
            '{"text": ..., "label": ...}, or the texts alone, in a file LABEL.txt for each label.'
        )
    is_fasttext = start.startswith(LABEL_PREFIX)
    if file_format := _BY_SUFFIX.get(suffix, "fasttext" if is_fasttext else None):
        return file_format
    if suffix in {".jsonl", ".ndjson"}:
        return "review" if _is_review_line(start) else "jsonl"
    if suffix in {".csv", ".tsv"}:
        return _detect_table(start, "csv")
    if suffix == ".txt":
        return _detect_text(start)
    is_json = suffix == ".json" or start.startswith(("{", "[")) or not start
    return _detect_json(start) if is_json else _detect_by_beginning(file, start)


def has_rasa_intents(file: DataFile) -> bool:
    """Return whether a file has the name and the beginning of Rasa's NLU data in YAML."""
    is_yaml = file.path.suffix.casefold() in _RASA_SUFFIXES and file.path.is_file()
    return is_yaml and _RASA_INTENTS.search(file.read_head()) is not None


def _detect_by_beginning(file: DataFile, start: str) -> str:
    """Return the format of a file whose name says nothing. Raise `InvalidExamples`."""
    if file_format := "rasa" if _RASA_START.match(start) else _detect_table(start, ""):
        return file_format
    raise file.invalid(
        "Neither its name nor its beginning says which format it has. Name a table .csv, JSON "
        "lines .jsonl, Rasa NLU .yml, and a file of texts <label>.txt."
    )


def _detect_text(start: str) -> str:
    """Return `text`, or the format of another file under the name of a text file."""
    if _RASA_START.match(start):
        return "rasa"
    if _is_json(start):
        return _detect_json(start)
    return _detect_table(start, "csv" if _is_table_of_texts(start) else "text")


def _is_table_of_texts(start: str) -> bool:
    """Return whether a text is a table with a column of texts and none of labels: `id,text`.

    Each of its first rows has the delimiter, so that it is no message that begins like a header.
    """
    header, *rows = [line for line in split_lines(start) if line.strip()][: 1 + _SHOWN_ROWS] or [""]
    for delimiter in _DELIMITERS:
        cells = [cell.strip('"') for cell in header.split(delimiter)]
        names = {cell.casefold() for cell in cells if cell}
        has_texts = not names.isdisjoint(_TEXT_COLUMNS) or cells == _UNNAMED_SERIES
        is_header = len(cells) > 1 and all(map(_COLUMN.fullmatch, cells))
        if has_texts and is_header and rows and all(delimiter in row for row in rows):
            return True
    return False


def _detect_table(start: str, other: str) -> str:
    """Return `review` or `csv` for a table, and otherwise the other format."""
    separator = find_separator_line(start)
    header = _first_line_with_content(start.removeprefix(separator))
    names = {name.strip(" \"'").casefold() for name in _DELIMITER.split(header)}
    has_texts = {"text", "label"} <= names and "prompt" not in names
    is_review = _REVIEW_COLUMN.search(header) or names >= _PREDICTION_COLUMNS
    if is_review and not (has_texts or _is_other_project(names)):
        return "review"
    is_labelled = not (names.isdisjoint(_TEXT_COLUMNS) or names.isdisjoint(_LABEL_COLUMNS))
    return "csv" if separator or is_labelled else other


def _first_line_with_content(start: str) -> str:
    return next(filter(_CONTENT.search, split_lines(start)), "")


def _is_other_project(names: Set[str]) -> bool:
    """Return whether an export of Label Studio has texts, and no prompts to review."""
    return "text" in names and names.isdisjoint(_PROMPT_FIELDS)


def _is_annotated_elsewhere(names: Set[str]) -> bool:
    """Return whether another tool than Label Studio wrote annotations: they have no such fields."""
    return "annotations" in names and names.isdisjoint(_PROMPT_FIELDS - {"annotations"} | _TASK)


def _is_list_of_prompts(names: Set[str]) -> bool:
    """Return whether a list has the lines of `prompt-capture prompts`, and is no review file."""
    return {"prompt", "predicted_intent", "label"} <= names and "notes" not in names


def _has_prompts_alone(names: Set[str]) -> bool:
    """Return whether a list has prompts of another program, such as those of fine-tuning."""
    return "prompt" in names and names.isdisjoint(_REVIEW_FIELDS)


def _is_json(start: str) -> bool:
    """Return whether a text is JSON, and not a message that begins with a bracket."""
    return start.startswith(("{", "[")) and (
        first_line(start).strip() in LONE_BRACKETS
        or bool(_parse_first_line(start))
        or bool(_JSON_START.match(start))
        or any(key.search(start) for key in (_REVIEW_KEY, _AZURE_KEY, _RASA_KEY, _INTENT_KEY))
    )


def _parse_first_line(start: str) -> dict[str, Any]:
    """Return the object on the first line, the first one of a list there, or an empty one."""
    try:
        value = json.loads(first_line(start))
    except (ValueError, RecursionError):
        return {}
    first = value[0] if isinstance(value, list) and value else value
    return first if isinstance(first, dict) else {}


def _is_review_line(start: str) -> bool:
    """Return whether the first line is an entry of a review file, and not a labelled prompt."""
    first = _parse_first_line(start)
    data = first.get("data")
    is_task = "annotations" in first and isinstance(data, dict) and "log_id" in data
    return is_task or ("corrected_intent" in first and first.keys().isdisjoint({"text", "label"}))


def _begins_with_labelled_text(start: str) -> bool:
    """Return whether the first item of a list is a text with its label, and no review entry."""
    bracket = _BEFORE_FIRST_ITEM.match(start)
    try:
        first, _end = json.JSONDecoder().raw_decode(start, bracket.end() if bracket else 0)
    except (ValueError, RecursionError):
        return False
    is_labelled = isinstance(first, dict) and first.keys() >= _LABELLED_TEXT
    return is_labelled and not first.keys() >= _REVIEW_ENTRY


def _detect_json(start: str) -> str:
    if start.startswith("["):
        names = set(_KEY.findall(start))
        is_other = (
            _begins_with_labelled_text(start)
            or _is_other_project(names)
            or _is_list_of_prompts(names)
            or _has_prompts_alone(names)
            or _is_annotated_elsewhere(names)
        )
        if _REVIEW_KEY.search(start) and not is_other:
            return "review"
        return "clu" if _INTENT_KEY.search(start) and not _LABEL_KEY.search(start) else "jsonl"
    if _is_review_line(start):
        return "review"
    if "text" in _parse_first_line(start):
        return "jsonl"
    if _RASA_KEY.search(start):
        return "rasa"
    return "clu" if _AZURE_KEY.search(start) else "jsonl"
