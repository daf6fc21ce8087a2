"""Text files with one text per line; the file's name is the label."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from prompt_capture.domain.types import Label, describe_first_error
from training.data.examples import InvalidExamples, LocatedExample
from training.data.files import DataFile, is_hidden
from training.data.formats import fasttext
from training.data.formats.reading import Reading

_SUFFIX = re.compile(r"(?:\.txt)?(?:\.gz)?\Z", re.IGNORECASE)
_LABEL_FILE = re.compile(r".+\.txt(?:\.gz)?", re.IGNORECASE)

_DOCUMENT = re.compile(
    r"(?:README|LICEN[CS]E|COPYING|NOTICE|CHANGELOG|CONTRIBUTING|AUTHORS)\.(?:txt|TXT)"
)
"""A file about the data. A label of this name would not be in capitals."""

_NUMBERED = re.compile(r"[\w-]*\d(?:\.txt)?(?:\.gz)?", re.IGNORECASE)
"""The name of a file that has a number in place of a label."""

_OTHER_FORM = (
    'Write JSON lines, {"text": ..., "label": ...}, or the texts alone, in a file for each label'
)

_WITHOUT_TEXT = "files without a text"

_MERGE_MARK = re.compile(r"(?:<{7}|>{7}) \S")
"""What Git writes around two versions of some lines."""

_OTHER_FILES = {
    re.compile(r"#+ +\S|\s*[-*] +\S|> "): "has headings and lists, as the LU format or Markdown",
    re.compile(r".*\S[ \t](?:O|[BIESLU]-\S+)\s*\Z|-DOCSTART-"): "labels words (CoNLL), not texts",
    re.compile(r"__\w+?__\S"): "has labels with another prefix than __label__",
    re.compile(r"\s*\{.*\},?\s*\Z"): "has an object in each line, but not in JSON",
    re.compile(r"\s*([\"']).*\1,?\s*\Z"): "has quotes around each line",
}
"""What other files match in each line, and what they are."""

_SECTION = re.compile(r"\s*\[[\w./:-]+\]\s*")
_BEFORE_COLON = re.compile(r"([\w.+/-]{1,100}):\s+\S")

_DELIMITERS = {
    ",": "commas",
    ";": "semicolons",
    "|": "vertical bars",
    "->": "arrows",
    "=>": "arrows",
}
_MIN_ROWS = 3
_NAME = re.compile(r"\s*[\w.+/:-]{1,100}\s*")
"""A cell that may be the name of an intent: one word."""


def is_label_file(path: Path) -> bool:
    """Return whether a file has the name `<label>.txt`, in any case, compressed or not."""
    return bool(_LABEL_FILE.fullmatch(path.name))


def find_label_files(folder: Path) -> list[Path]:
    """Return the label files below a folder, without hidden ones and those about the data."""
    return sorted(
        path
        for path in folder.rglob("*")
        if is_label_file(path)
        and not path.is_dir()
        and not is_hidden(path, folder)
        and not _DOCUMENT.fullmatch(path.name)
    )


def read(file: DataFile, reading: Reading) -> Iterator[LocatedExample]:
    """Yield the texts of `<label>.txt`. Raise `InvalidExamples`."""
    label = _compose(_SUFFIX.sub("", file.path.name))
    if reading.needs_labels:
        _check_label(file, label)
    lines = [(number, line) for number, line in file.lines(reading.report) if line.strip()]
    if not lines:
        reading.remarks.leave_out(_WITHOUT_TEXT, file.location())
    _reject_labels_in_lines(file, lines, reading.needs_labels)
    for number, line in lines:
        values = {"text": line, "label": label}
        if located := reading.accept(values, file.location("line", number)):
            yield located


def is_folder_per_label(folder: Path, files: Sequence[Path]) -> bool:
    """Return whether the files below a folder are numbered texts, in a folder for each label.

    Data sets such as 20 Newsgroups come like this: `greet/0001.txt`, `bye/0002.txt`. Raise
    `InvalidExamples` where these folders are in others, as in `train/greet/0001.txt`.
    """
    folders = {file.parent for file in files}
    if len(folders) < 2 or not all(_NUMBERED.fullmatch(file.name) for file in files):
        return False
    if all(each.parent == folder for each in folders):
        return True
    if deeper := [each for each in folders if each.parent not in {folder, *folder.parents}]:
        raise InvalidExamples(
            f"{folder} has numbered texts in folders of several levels, so that no folder is "
            f"surely a label. Name the one that has a folder for each label, such as "
            f"{min(deeper).parent}."
        )
    return False


def read_whole(file: DataFile, reading: Reading) -> Iterator[LocatedExample]:
    """Yield the text that is the content of a file, with the name of its folder as label.

    Raise `InvalidExamples`.
    """
    label = _compose(file.path.parent.name)
    if reading.needs_labels:
        _check_label(file, label)
    text = "\n".join(line for _number, line in file.lines(reading.report)).strip()
    if not text:
        reading.remarks.leave_out(_WITHOUT_TEXT, file.location())
    elif located := reading.accept({"text": text, "label": label}, file.location()):
        yield located


def _compose(name: str) -> str:
    """Return a name as it is typed: macOS separates letters and their marks."""
    return unicodedata.normalize("NFC", name)


def _reject_labels_in_lines(
    file: DataFile, lines: Sequence[tuple[int, str]], needs_labels: bool
) -> None:
    """Raise `InvalidExamples` for files of other formats, whose lines have labels of their own."""
    for number, line in lines:
        if line.startswith(fasttext.PREFIX):
            raise InvalidExamples(
                f"{file.location('line', number)} has a label of fastText. {_OTHER_FORM}."
            )
        if _MERGE_MARK.match(line):
            raise InvalidExamples(
                f"{file.location('line', number)} is the mark of a merge conflict. Resolve it."
            )
    if needs_labels:
        _reject_tables(file, [line for _number, line in lines])


def _reject_tables(file: DataFile, texts: Sequence[str]) -> None:
    """Raise `InvalidExamples` where all lines have the form of another format."""
    for pattern, description in _OTHER_FILES.items():
        if len(texts) > 1 and all(map(pattern.match, texts)):
            raise InvalidExamples(f"{file.name} {description}. {_OTHER_FORM}.")
    if len(texts) > 1 and _SECTION.fullmatch(texts[0]):
        raise InvalidExamples(f"{file.name} has sections with names in brackets. {_OTHER_FORM}.")
    if _has_names_before_colons(texts):
        raise InvalidExamples(
            f"{file.name} has a name and a colon at the beginning of each line. {_OTHER_FORM}."
        )
    columns = {line.count("\t") for line in texts}
    if len(texts) > 1 and columns != {0} and len(columns) == 1:
        raise _describe_table(file, "tabs")
    for delimiter, name in _DELIMITERS.items():
        if _is_table(texts, delimiter):
            raise _describe_table(file, name)


def _has_names_before_colons(lines: Sequence[str]) -> bool:
    """Return whether each line begins with a name and a colon, and some of several names repeat."""
    found = [_BEFORE_COLON.match(line) for line in lines]
    names = [match[1] for match in found if match]
    return len(names) == len(lines) and 1 < len(set(names)) < len(names)


def _is_table(lines: Sequence[str], delimiter: str) -> bool:
    """Return whether all lines have as many cells, and one column has names that repeat.

    Ordinary texts have a space behind a comma.
    """
    rows = [line.split(delimiter) for line in lines]
    widths = set(map(len, rows))
    if len(rows) < _MIN_ROWS or len(widths) > 1 or widths == {1}:
        return False
    if delimiter == "," and any(cell.startswith(" ") for row in rows for cell in row[1:]):
        return False
    return any(
        all(map(_NAME.fullmatch, column)) and len(set(column)) < len(column)
        for column in zip(*rows, strict=True)
    )


def _describe_table(file: DataFile, delimiters: str) -> InvalidExamples:
    return InvalidExamples(
        f"{file.name} has as many {delimiters} in each line, as a table without a header. Name its "
        f"columns in the first line, two of them text and label, or remove the {delimiters}."
    )


def _check_label(file: DataFile, label: str) -> None:
    try:
        TypeAdapter(Label).validate_python(label)
    except ValidationError as error:
        raise InvalidExamples(f"{file.name}: {describe_first_error(error, 'label')}") from None
