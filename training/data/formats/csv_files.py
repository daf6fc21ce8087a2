"""CSV files with the columns `text` and `label`."""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from prompt_capture.domain.csv_tables import (
    Table,
    TableRow,
    find_first_delimiter,
    read_first_names,
    read_table,
    write_table,
)
from prompt_capture.domain.errors import InvalidFile
from prompt_capture.domain.field_names import find_misspelling, list_unknown
from prompt_capture.domain.text_files import REPLACEMENT, split_lines
from training.data.examples import InvalidExamples, LocatedExample
from training.data.files import DataFile
from training.data.formats.aliases import list_renames
from training.data.formats.json_pairs import have_labels_first, is_pair
from training.data.formats.numbered_labels import NumberedLabels
from training.data.formats.odd_values import MISSING_TEXTS, missing_label
from training.data.formats.other_fields import UnreadSplits, reject_other_label, reject_other_split
from training.data.formats.reading import Reading
from training.data.formats.split_names import SPLIT_NAMES
from training.data.locations import Location
from training.data.remarks import Remarks

_TEXT, _LABEL, _SPLIT = "text", "label", "split"
_COLUMNS = (_TEXT, _LABEL)
_READ = (*_COLUMNS, _SPLIT)
_NUL = "\0"

_NAME = re.compile(r"[^\s\d]\S*")
"""A cell that may be the name of an intent: one word."""

_TIGHT = re.compile(r"\S")
"""The beginning of a cell that no space precedes."""

_MISSING = frozenset({"NULL", "NA"})
"""What databases and R write in place of a value, in cells without quotes."""

_SUMS = frozenset(
    ("total", "totals", "grand total", "sum", "summe", "gesamt", "somme", "suma", "totale", "итого")
)
_TYPES = frozenset(
    ("category", "char", "nvarchar", "object", "str", "string", "text", "utf8", "varchar")
)
_LABEL_COLUMNS = frozenset(("category", "class", "intent", "intents", "label", "labels"))
"""What the first cell of a row below a table, below its header, or above a second table has."""

_NUMBER = re.compile(r"[0-9][0-9.,]*")

_READ_ROWS = 1_000
"""How many rows show which column of a table without a header has the labels."""

_SCENARIO_COLUMNS = frozenset(("scenario", "intent", "question", "answer"))
"""The columns of a table of answers to questions about a scenario, such as HWU64."""

_OF_SCENARIOS = (
    "It is a table of answers in scenarios, such as HWU64: the text is the answer, and the intent "
    "is that of the scenario. Convert it to JSON lines: python -c 'import csv, json, sys; "
    '[print(json.dumps({"text": row["answer"], "label": row["scenario"] + "_" + row["intent"]})) '
    "for row in csv.DictReader(sys.stdin, delimiter=DELIMITER) "
    """if row["answer"] not in ("", "null")]' < FILE > texts.jsonl"""
)

_NAMES = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a vertical bar"}


def read(file: DataFile, reading: Reading) -> Iterator[LocatedExample]:
    """Yield the examples of a file. Raise `InvalidExamples`."""
    columns = _COLUMNS if reading.needs_labels else _COLUMNS[:1]
    content = file.read_text()
    try:
        table = _open(content, columns)
        if misspelling := find_misspelling(table.names, _READ, [_SPLIT], {}):
            raise InvalidFile(f"The column {misspelling.name} {misspelling.reason}.")
        rows = list(table)
        numbered = NumberedLabels(reading.remarks)
        shifted = _find_shifted(rows) if reading.needs_labels else None
        delimiter = _NAMES.get(table.delimiter, "the delimiter")
        odd_rows = _OddRows(rows, delimiter) if reading.needs_labels else None
        refusing, splits = set[str](), UnreadSplits()
        for row in _without_refused(file, rows, reading, refusing):
            if row is shifted:
                raise InvalidExamples(
                    f"{file.location('line', row.line)} seems to have a cell too many: those "
                    "behind the text do not fit their columns. Put quotes around a text or a "
                    f"number that contains {delimiter}."
                )
            if located := _read_row(file, row, columns, reading, numbered):
                reading.note_quotes(located)
                splits.add({name: cell for name, cell in row.cells.items() if cell.strip()})
                if _has_joined_rows(located.example.text, table.delimiter):
                    fact = f"texts with {delimiter} and a line end"
                    origin = "which may be rows that quotes joined"
                    reading.remarks.note(f"{fact}, {origin}", located.location)
                for odd in odd_rows.describe(row) if odd_rows else ():
                    reading.remarks.note(odd, located.location)
                yield located
        _leave_out_columns(file, table, [numbered.field, *refusing], splits, reading)
    except InvalidFile as error:
        raise file.invalid(str(error)) from None


def _leave_out_columns(
    file: DataFile,
    table: Table,
    named: Sequence[str],
    splits: UnreadSplits,
    reading: Reading,
) -> None:
    """Name the columns that are not read, but for those that are named otherwise."""
    others = list(splits) if reading.needs_labels else []
    if others:
        splits.remark(reading.remarks, file.location())
    ignored = (*list_unknown(table.names, (*_READ, *named, *others)), *table.unnamed)
    reading.leave_out_fields(ignored, file.location())


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


def _open(content: str, columns: Sequence[str]) -> Table:
    """Return the table in a file; raise `InvalidFile`, with the columns to rename if there are."""
    try:
        return read_table(content, [columns], _READ)
    except InvalidFile as error:
        names = read_first_names(content)
        if _SCENARIO_COLUMNS.issubset(names):
            delimiter = json.dumps(find_first_delimiter(content))
            raise InvalidFile(_OF_SCENARIOS.replace("DELIMITER", delimiter)) from None
        missing = [name for name in columns if name not in names]
        renames = list_renames(missing, names)
        if renames and len(renames) == len(missing):
            raise InvalidFile(
                f"The first line must name the columns {' and '.join(columns)}. Add the line, or "
                f"rename the columns: {' and '.join(renames)}."
            ) from None
        if _has_labels_first(content):
            raise InvalidFile(f"{error} The first column seems to be the label.") from None
        raise


def _has_labels_first(content: str) -> bool:
    """Return whether a table without a header has two columns, of which the first has labels."""
    delimiter = find_first_delimiter(content)
    try:
        rows = list(islice(csv.reader(split_lines(content), delimiter=delimiter), _READ_ROWS))
    except csv.Error:
        return False
    pairs = list(filter(None, rows))
    return len(pairs) > 1 and all(map(is_pair, pairs)) and have_labels_first(pairs)


def _find_shifted(rows: Sequence[TableRow]) -> TableRow | None:
    """Return the first row whose text seems to contain a delimiter, so that its cells have moved.

    The header has a further column, so that the row has no cell too many. Instead, its split is a
    label of other rows; or the cell behind the text begins with a space, no other row has it, and a
    cell behind it is a label of other rows, or it is the split. Or the label and the cell
    before it are the halves of a number with a comma, and the cell behind is a label of others.
    """
    counts = {
        name: Counter(row.cells[name].strip() for row in rows if name in row.cells)
        for name in (_LABEL, _SPLIT)
    }

    def is_known(cell: str, column: str, row: TableRow) -> bool:
        own = row.cells.get(column, "").strip() == cell.strip()
        return bool(cell.strip()) and counts[column][cell.strip()] > own

    for row in rows:
        split = row.cells.get(_SPLIT, "").strip()
        is_split = split.casefold() in SPLIT_NAMES or split.isdigit()
        if not is_split and is_known(split, _LABEL, row):
            return row
        names = list(row.cells)
        position = names.index(_LABEL) if _LABEL in names else 0
        around = [row.cells[name].strip() for name in names[position - 1 : position + 2]]
        is_decimal = list(map(str.isdigit, around)) == [True, True, False]
        if is_decimal and is_known(around[2], _LABEL, row):
            return row
        behind = names[names.index(_TEXT) + 1 :] if _TEXT in names else []
        first = row.cells[behind[0]] if behind else ""
        if not (first.startswith(" ") and first.strip()):
            continue
        moved = any(is_known(row.cells[name], _LABEL, row) for name in behind[1:])
        if behind[0] == _SPLIT:
            moved = not is_split
        if moved and not is_known(first, _SPLIT if behind[0] == _SPLIT else _LABEL, row):
            return row
    return None


def _without_refused(
    file: DataFile, rows: Sequence[TableRow], reading: Reading, refusing: set[str]
) -> Iterator[TableRow]:
    """Yield the rows whose label no annotator refused; the columns that do go to `refusing`."""
    for row in rows:
        if refusal := reading.find_refusal(row.cells, file.location("line", row.line)):
            refusing.add(refusal.name)
        else:
            yield row


class _OddRows:
    """Says what rows may be in place of a text with its label."""

    def __init__(self, rows: Sequence[TableRow], delimiter: str) -> None:
        self._first = rows[0] if rows else None
        self._delimiter = delimiter
        self._labels = Counter(_get(row, _LABEL) for row in rows)
        spaced = sum(map(_has_space_behind_text, rows))
        self._may_go_on = 2 * spaced < len(rows)

    def describe(self, row: TableRow) -> Iterator[str]:
        """Say what a row may be, in the plural."""
        if no_text := self._describe_no_text(row):
            yield no_text
        if cut := self._describe_cut(row):
            yield cut

    def _describe_no_text(self, row: TableRow) -> str | None:
        text, label = _get(row, _TEXT), _get(row, _LABEL)
        if text in _SUMS and _NUMBER.fullmatch(label):
            return "texts that may be the sum of a table"
        if row is self._first and text in _TYPES and label in _TYPES:
            return "texts that may be the types of the columns"
        if text in _LABEL_COLUMNS and self._labels[label] == 1:
            return "texts that may be the header of a second table, whose rows are texts, too"
        return None

    def _describe_cut(self, row: TableRow) -> str | None:
        """Describe a text that goes on in a further column, since it has no quotes."""
        columns = list(row.cells)[_find(row, _LABEL) + 1 :]
        behind = filter(None, (_get(row, name) for name in columns))
        is_only_here = self._labels[_get(row, _LABEL)] == 1
        if is_only_here and any(self._labels[cell] > 1 for cell in behind):
            return (
                f"texts that may be cut at {self._delimiter}: their label is that of no other row, "
                "and a cell behind it is one of others"
            )
        if self._may_go_on and _has_space_behind_text(row):
            return f"texts that may go on behind {self._delimiter}, in the next column"
        return None


def _find(row: TableRow, column: str) -> int:
    """Return the position of a column; where there is none, the last one."""
    names = list(row.cells)
    return names.index(column) if column in names else len(names) - 1


def _has_space_behind_text(row: TableRow) -> bool:
    """Return whether the cell behind the text begins with a space, and is no label and no split."""
    columns = list(row.cells)[_find(row, _TEXT) + 1 :]
    if not columns or columns[0] in {_LABEL, _SPLIT}:
        return False
    cell = row.cells[columns[0]]
    return cell.startswith(" ") and bool(cell.strip())


def _get(row: TableRow, column: str) -> str:
    return row.cells.get(column, "").strip().casefold()


def _has_joined_rows(text: str, delimiter: str) -> bool:
    """Return whether a text may be several rows that a quote and a later one joined.

    Any text with a tab and a line end may. With other delimiters, which texts contain, too, one of
    the lines begins or ends with a cell that is a name: one word, and no space behind a delimiter.
    Or all lines but the last have such delimiters.
    """
    lines = split_lines(text)
    if len(lines) == 1 or delimiter not in text:
        return False
    if delimiter == "\t":
        return True
    rows = [line.split(delimiter) for line in lines]
    tight = [row for row in rows if len(row) > 1 and all(_TIGHT.match(cell) for cell in row[1:])]
    has_names = any(_NAME.fullmatch(row[0]) or _NAME.fullmatch(row[-1]) for row in tight)
    return has_names or (len(lines) > 2 and rows[:-1] == tight[: len(rows) - 1])


def _read_row(
    file: DataFile,
    row: TableRow,
    columns: Sequence[str],
    reading: Reading,
    numbered: NumberedLabels,
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
            problem = row.join or f"has no {column}. Add it, or delete the row"
            raise InvalidExamples(f"{location} {problem}.")
    if reading.needs_labels:
        reject_other_split(row.cells, location)
        reject_other_label(row.cells, location)
    _find_missing_values(row, location, reading)
    _name_changed_cells(row, columns, location, reading)
    cells = numbered.name(row.cells, location) if reading.needs_labels else row.cells
    return reading.accept({name: cells.get(name, "") for name in _READ}, location)


def _name_changed_cells(
    row: TableRow, columns: Sequence[str], location: Location, reading: Reading
) -> None:
    if row.protected.intersection(columns):
        reading.remarks.change("apostrophes before formulas are removed", location)
    if row.formulas.intersection(columns):
        reason = 'formulas of texts, such as ="007", become these texts'
        reading.remarks.change(reason, location)


def _find_missing_values(row: TableRow, location: Location, reading: Reading) -> None:
    """Name a text that stands for a missing value; raise `InvalidExamples` for such a label."""
    label = row.cells.get(_LABEL, "").strip()
    if reading.needs_labels and label in _MISSING:
        raise missing_label(label, location)
    if row.cells[_TEXT].strip() in _MISSING:
        reading.remarks.note(MISSING_TEXTS, location)
