"""Text files with one text per line; the file's name is the label."""

import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from prompt_capture.domain.types import Label, describe_first_error
from training.data.examples import InvalidExamples, LocatedExample
from training.data.files import DataFile
from training.data.formats.label_files import name_without_suffix
from training.data.formats.line_forms import OtherForm
from training.data.formats.odd_lines import describe_odd, note_what_is_odd
from training.data.formats.odd_values import is_no_value
from training.data.formats.other_forms import find_other_form, reject_labels_in_lines
from training.data.formats.outlines import INDENTED
from training.data.formats.reading import Reading
from training.data.formats.spreadsheet_columns import is_column_of_spreadsheet, read_cell
from training.data.locations import Location

_WITHOUT_TEXT = "files without a text"


def name_label(file: Path) -> str:
    """Return the label of the texts in a file."""
    return _compose(name_without_suffix(file))


def read(file: DataFile, reading: Reading) -> Iterator[LocatedExample]:
    """Yield the texts of `<label>.txt`. Raise `InvalidExamples`."""
    label = name_label(file.path)
    if reading.needs_labels:
        _check_label(file, label)
    lines = [(number, line) for number, line in file.lines(reading.report) if line.strip()]
    if not lines:
        reading.remarks.leave_out(_WITHOUT_TEXT, file.location())
    is_column = is_column_of_spreadsheet(line for _number, line in lines)
    reject_labels_in_lines(file, lines)
    if found := find_other_form(lines, label, is_column):
        _report_other_form(file, lines, found, reading)
    note_what_is_odd(file, lines, label, reading)
    is_outline = bool(lines) and not INDENTED.match(lines[0][1])
    for number, line in lines:
        location = file.location("line", number)
        text = read_cell(line) if is_column else line
        if text != line:
            reading.remarks.change("quotes of a spreadsheet around texts are removed", location)
        elif odd := describe_odd(line, is_outline):
            reading.remarks.note(odd, location)
        if located := reading.accept({"text": text, "label": label}, location):
            yield located


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
        return
    if "\n" in text:
        fact = "files of several lines, which are one text with the label of their folder"
        reading.remarks.note(fact, Location(str(Path(file.name).parent)))
    if located := reading.accept({"text": text, "label": label}, file.location()):
        yield located


def _compose(name: str) -> str:
    """Return a name as it is typed: macOS separates letters and their marks."""
    return unicodedata.normalize("NFC", name)


def _report_other_form(
    file: DataFile, lines: Sequence[tuple[int, str]], found: OtherForm, reading: Reading
) -> None:
    """Raise `InvalidExamples`; where labels do not matter, name the form of the texts."""
    if reading.needs_labels:
        raise InvalidExamples(f"{file.name} {found.fact}. {found.remedy}")
    fact = f"lines that are texts as a whole, of a file that {found.fact}"
    reading.remarks.note(fact, file.location(), len(lines))


def _check_label(file: DataFile, label: str) -> None:
    try:
        TypeAdapter(Label).validate_python(label)
    except ValidationError as error:
        raise InvalidExamples(
            f"{file.name}: {describe_first_error(error, 'label')}. The label is the name of the "
            "file, or of its folder: rename that."
        ) from None
    if is_no_value(label):
        raise InvalidExamples(
            f"{file.name}: its name, which is the label of its texts, stands for a missing value. "
            "Name the file after the intent. If it is a table, name its columns in the first line."
        )
