"""Which format a file has, by its name and its beginning."""

import json
import re
from pathlib import PurePosixPath
from typing import Final

from prompt_capture.domain.errors import InvalidFile
from prompt_capture.domain.text_files import detect_encoding
from training.data.files import DataFile

_BY_SUFFIX: Final = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".yml": "rasa",
    ".yaml": "rasa",
    ".md": "rasa",
    ".lu": "luis",
}
_PARQUET = b"PAR1"
_AZURE_KEY = re.compile(r'"(?:assets|utterances|luis_schema_version|projectFileVersion)"\s*:')
_RASA_KEY = re.compile(r'"rasa_nlu_data"\s*:')
_REVIEW_KEY = re.compile(r'"(?:prompt|corrected_intent|annotations|annotation_id)"\s*:')
_REVIEW_COLUMN = re.compile(r"\bcorrected_intent\b|\bannotation_id\b", re.IGNORECASE)
_TABLE_COLUMNS = re.compile(
    r"(?=.*(?<![^\W_])text(?![^\W_]))(?=.*(?<![^\W_])label(?![^\W_])).*[,;\t|]", re.IGNORECASE
)


def detect_format(file: DataFile) -> str:
    """Return one of the formats of `training.data.formats`, `review` or `text`.

    `text` has one text per line. Raise `InvalidExamples` where the file cannot be read.
    """
    head = file.read_head()
    if head.startswith(_PARQUET):
        return "parquet"
    suffix = PurePosixPath(file.name.casefold().removesuffix(".gz")).suffix
    if file_format := _BY_SUFFIX.get(suffix):
        return file_format
    try:
        start = head.decode(detect_encoding(head), "replace").lstrip("\ufeff \t\r\n")
    except InvalidFile as error:
        raise file.invalid(str(error)) from None
    first_line = start.splitlines()[0] if start else ""
    if suffix in {".csv", ".tsv"}:
        return "review" if _REVIEW_COLUMN.search(first_line) else "csv"
    if suffix == ".txt":
        return _detect_table(start, first_line)
    return _detect_json(start, first_line)


def _detect_table(start: str, first_line: str) -> str:
    """Distinguish a table, such as Excel's "Unicode text", from one text per line."""
    if first_line.casefold().startswith("sep="):
        first_line = start.splitlines()[1] if len(start.splitlines()) > 1 else ""
    if _REVIEW_COLUMN.search(first_line):
        return "review"
    return "csv" if _TABLE_COLUMNS.match(first_line) else "text"


def _detect_json(start: str, first_line: str) -> str:
    if start.startswith("["):
        return "review" if _REVIEW_KEY.search(start) else "jsonl"
    try:
        if "text" in json.loads(first_line):
            return "jsonl"
    except (ValueError, TypeError, RecursionError):
        pass
    if _RASA_KEY.search(start):
        return "rasa"
    return "clu" if _AZURE_KEY.search(start) else "jsonl"
