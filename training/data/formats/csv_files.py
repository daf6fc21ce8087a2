"""CSV files with the columns `text` and `label`."""

import re
from collections.abc import Iterator, Sequence

from prompt_capture.domain.csv_tables import (
    TableRow,
    read_table,
    write_table,
)
from prompt_capture.domain.errors import InvalidFile
from prompt_capture.domain.field_names import find_misspelling, list_unknown
from prompt_capture.domain.text_files import REPLACEMENT
from training.data.examples import InvalidExamples, LocatedExample
from training.data.files import DataFile
from training.data.formats.reading import Reading
from training.data.remarks import Remarks

_COLUMNS = ("text", "label")
_SPLIT = "split"
_READ = (*_COLUMNS, _SPLIT)
_NUL = "\0"

_LIST = re.compile(r"\[\s*\]|\[.*,.*\]|[\[({]\s*['\"].*[\])}]", re.DOTALL)
"""A list, set or object of labels, as pandas and Label Studio write it into a cell."""

_JOINED = re.compile(r"\t.*[\r\n]|[\r\n].*\t", re.DOTALL)
"""What a text contains to which a quote that opens and one that closes joined several rows."""


def read(file: DataFile, reading: Reading) -> Iterator[LocatedExample]:
    """Yield the examples of a file. Raise `InvalidExamples`."""
    columns = _COLUMNS if reading.needs_labels else _COLUMNS[:1]
    content = file.read_text()
    try:
        table = read_table(content, [columns], _READ)
        if misspelling := find_misspelling(table.names, _READ, [_SPLIT], {}):
            raise InvalidFile(f"The column {misspelling.name} {misspelling.reason}.")
        reading.leave_out_fields(list_unknown(table.names, _READ), file.location())
        for row in table:
            if located := _read_row(file, row, columns, reading):
                if table.delimiter == "\t" and _JOINED.search(located.example.text):
                    fact = "texts with a tab and a line end, which may be rows that quotes joined"
                    reading.remarks.note(fact, located.location)
                yield located
    except InvalidFile as error:
        raise file.invalid(str(error)) from None


def fit(examples: Sequence[LocatedExample], remarks: Remarks) -> Iterator[LocatedExample]:
    """Yield the examples with U+FFFD in place of NUL, which no CSV file can hold."""
    for located in examples:
        example, location = located
        if _NUL not in example.text:
            yield located
            continue
        remarks.change("NUL characters become U+FFFD", location)
        text = example.text.replace(_NUL, REPLACEMENT)
        yield LocatedExample(example.model_copy(update={"text": text}), location)


def encode(examples: Sequence[LocatedExample]) -> bytes:
    """Return a CSV file; it has the column `split` where an example has one."""
    has_splits = any(example.split for example, _location in examples)
    columns = _READ if has_splits else _COLUMNS
    return write_table(columns, (example.model_dump() for example, _location in examples))


def _read_row(
    file: DataFile, row: TableRow, columns: Sequence[str], reading: Reading
) -> LocatedExample | None:
    location = file.location("line", row.line)
    if row.is_blank:
        reading.remarks.leave_out("rows without content", location)
        return None
    if row.problem:
        raise InvalidExamples(f"{location} {row.problem}.")
    if row.is_header or row.is_rule:
        reading.remarks.leave_out("repeated headers, and lines below a header", location)
        return None
    for column in columns:
        if column not in row.cells or (column == "label" and not row.cells[column].strip()):
            raise InvalidExamples(f"{location} has no {column}. Add it, or delete the row.")
    if reading.needs_labels and _LIST.fullmatch(row.cells["label"].strip()):
        raise InvalidExamples(
            f"{location}: the label is a list. Write the name of one intent, without brackets and "
            "quotes. Files of JSON lines hold further ones in the field `secondary`."
        )
    if row.protected.intersection(columns):
        reading.remarks.change("apostrophes before formulas are removed", location)
    return reading.accept({name: row.cells.get(name, "") for name in _READ}, location)
