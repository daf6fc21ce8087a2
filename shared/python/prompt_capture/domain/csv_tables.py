"""CSV files: read as spreadsheets save them, and written so that no spreadsheet runs a message.

Every CSV file of the product is written here.
"""

import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prompt_capture.domain.errors import InvalidFile
from prompt_capture.domain.text import strip_invisible
from prompt_capture.domain.text_files import REPLACEMENT, replace_surrogates, split_lines

csv.field_size_limit(2**31 - 1)  # the limit of a C long everywhere; files are read as a whole

_DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a vertical bar"}
_DELIMITER = re.compile(r"[,;\t|]")
_SEPARATOR_LINE = re.compile(r'"?sep=([^\w\s"\']|\t)"?(?:\r\n|\r|\n|$)', re.IGNORECASE)
"""The first line with which Excel names the delimiter."""

_CELL_STARTS = re.compile(r"([;\t\r\n])")
"""A spreadsheet that expects semicolons or tabs begins a new cell at these, even within quotes."""

_INVISIBLE = r"[\s\x00-\x1f\x7f-\xa0\u200b-\u200f\u2060\ufeff]*"
_FORMULA = rf"{_INVISIBLE}[=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b]"
"""How a formula begins, in half-width, full-width or small characters."""

_DANGEROUS = re.compile(rf"'*{_FORMULA}")
_PROTECTED = re.compile(rf"'+{_FORMULA}")
_DANGEROUS_START = re.compile(rf"'*(?:[\t\r\n]|{_FORMULA})")
_PROTECTED_START = re.compile(rf"'+(?:[\t\r\n]|{_FORMULA})")

_TEXT_FORMULA = re.compile(r'\s*=\s*"((?:[^"]|"")*)"\s*')
"""A text as some programs write it, so that Excel takes it for no number: `="007"`."""

_LARGEST_TITLE = 20
"""In how many lines the header is looked for where others precede it."""

_UNWRAP = (
    """python -c 'import csv, sys; sys.stdin.reconfigure(encoding="utf-8-sig"); """
    """print(*(row[0] for row in csv.reader(sys.stdin) if row), sep="\\n")' < FILE > rows.csv"""
)
"""The command that removes the quotes around each row."""

_RULE = re.compile(r"\s*:?-{2,}:?\s*")


@dataclass(frozen=True)
class TableRow:
    """A row of a table: the line on which it begins, and its cells by the name of their column.

    Names are in lower case. `protected` names the columns whose cell was protected as a formula,
    and `formulas` those whose cell was a formula of a text: `="007"`. `is_header` means
    that the row repeats the header, as where files are joined. `problem` says what is wrong with
    the row, where something is, and `join` what may be wrong where a cell is missing.
    """

    line: int
    cells: Mapping[str, str]
    protected: frozenset[str] = frozenset()
    is_header: bool = False
    problem: str | None = None
    formulas: frozenset[str] = frozenset()
    join: str | None = None

    @property
    def is_blank(self) -> bool:
        """Whether no cell has content."""
        return self.problem is None and not any(cell.strip() for cell in self.cells.values())

    @property
    def is_rule(self) -> bool:
        """Whether the row is the line below the header of a table in Markdown."""
        return len(self.cells) > 1 and all(map(_RULE.fullmatch, self.cells.values()))


@dataclass(frozen=True)
class Table:
    """The rows of a table, which are read as they are iterated over, and the names of its columns.

    `delimiter` separates the cells. `unnamed` says which columns before the last named one have no
    name: their cells are not read. Iteration raises `InvalidFile` for quotes that do not match, and
    for a header with other columns.
    """

    names: tuple[str, ...]
    rows: Iterator[TableRow]
    delimiter: str
    unnamed: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[TableRow]:
        return self.rows


def read_table(
    content: str, columns: Sequence[Collection[str]], optional: Collection[str] = ()
) -> Table:
    """Return the rows of a CSV file; lines without any character are no rows.

    Each item of `columns` is a set of names, in lower case. The header must contain one of the
    sets, which also decides the delimiter: a comma, a semicolon, a tab or a vertical bar. Case and
    white space of the names do not matter, and rows without content may precede it. Cells have the
    text that `protect_formula` protected, or that a formula such as `="007"` has.

    Raise `InvalidFile` for a header without such a set, or with one of these or of the `optional`
    names twice.
    """
    content = content.removeprefix("\ufeff")
    separator = _SEPARATOR_LINE.match(content)
    reader = _RecordReader(content[separator.end() :] if separator else content)
    reader.line += 1 if separator else 0
    header = _find_header(reader, separator[1] if separator else None, columns, optional)
    if not header:
        other = _find_header(reader, None, columns, optional) if separator else None
        if separator and other:
            line = strip_invisible(separator[0]).strip('"')
            raise InvalidFile(
                f"The first line is {line}, but the columns are separated by "
                f"{_DELIMITERS[other.delimiter]}. Delete the first line."
            )
        raise InvalidFile(_describe_missing_header(content, columns, bool(separator)))
    for name in header.read:
        _reject_repeated_column(header, name)
    records = reader.records(header.delimiter, header.skips_spaces)
    return Table(
        tuple(name for name in header.names if name),
        (header.to_row(line, cells) for line, cells in records if line > header.line),
        header.delimiter,
        header.describe_unnamed(),
    )


def _describe_missing_header(
    content: str, columns: Sequence[Collection[str]], has_separator_line: bool
) -> str:
    """Say which columns the first line lacks, or which other line is the header."""
    if _has_quotes_around_rows(content, columns):
        return f"It has quotes around each row, which join its cells. Remove them: {_UNWRAP}"
    number = None if has_separator_line else _find_later_header(content, columns)
    if number:
        return f"Line {number} names the columns. Delete the lines above it."
    alternatives = ", or ".join(" and ".join(each) for each in columns)
    missing = _find_missing(read_first_names(content), columns)
    lacking = f" It lacks {' and '.join(missing)}." if missing else ""
    return (
        f"The first line must name the columns {alternatives}.{lacking} Add the line, or rename "
        "the columns."
    )


def _has_quotes_around_rows(content: str, columns: Sequence[Collection[str]]) -> bool:
    """Return whether the first row is one cell in quotes, which has the names of the columns."""
    first = _read_first_line(content).strip()
    names = read_first_names(first[1:-1].replace('""', '"'))
    is_quoted = len(first) > 1 and first.startswith('"') and first.endswith('"')
    return (
        is_quoted
        and any(set(each) <= set(names) for each in columns)
        and (len(next(csv.reader([first]))) == 1)
    )


def find_first_delimiter(content: str) -> str:
    """Return the first delimiter in the first line with content, or else a comma."""
    found = _DELIMITER.search(_read_first_line(content))
    return found[0] if found else ","


def read_first_names(content: str) -> tuple[str, ...]:
    """Return the names in the first line with content, in lower case, whatever separates them."""
    return tuple(map(_normalise_name, _DELIMITER.split(_read_first_line(content))))


def _read_first_line(content: str) -> str:
    """Return the first line with content, below a line `sep=;`."""
    text = content.removeprefix("\ufeff")
    lines = split_lines(text.removeprefix(find_separator_line(text)))
    return next(filter(str.strip, lines), "")


def _find_later_header(content: str, columns: Sequence[Collection[str]]) -> int | None:
    """Return the number of the line below a title that names the columns, if there is one."""
    has_title = False
    for number, line in enumerate(content.split("\n", _LARGEST_TITLE)[:_LARGEST_TITLE], 1):
        names = set(read_first_names(line))
        if has_title and any(set(each) <= names for each in columns):
            return number
        has_title = has_title or bool(line.strip())
    return None


def _find_missing(names: Sequence[str], columns: Sequence[Collection[str]]) -> list[str]:
    """Return what a line lacks of the set of columns that it nearly has, if there is one."""
    missing = [[name for name in each if name not in names] for each in columns]
    nearly = [lacks for lacks, each in zip(missing, columns, strict=True) if len(lacks) < len(each)]
    return min(nearly, key=len, default=[])


def find_separator_line(content: str) -> str:
    """Return the first line of a text, with its end, if it is Excel's: `sep=;`; else nothing."""
    found = _SEPARATOR_LINE.match(content)
    return found[0] if found else ""


def write_table(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    """Return a CSV file in UTF-8, with a byte order mark and with protected formulas.

    Other keys of the rows are not written. U+FFFD takes the place of characters that no CSV file
    can hold: unpaired surrogates, and NUL.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_to_cell(row.get(column)) for column in columns])
    return file.getvalue().encode("utf-8-sig")


def protect_formula(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would take for a formula.

    That is an equals sign, plus, minus or at sign at the start of the text, or where a spreadsheet
    that expects another delimiter starts a cell: after a semicolon, a tab or a line end. A tab or
    a line end at the start of the text counts as well. `unprotect_formula` is the inverse.
    """
    if _DANGEROUS_START.match(text):
        text = f"'{text}"
    return _edit_cell_starts(text, lambda part: f"'{part}" if _DANGEROUS.match(part) else part)


def unprotect_formula(text: str) -> str:
    """Remove the apostrophes of `protect_formula`."""
    text = _edit_cell_starts(text, lambda part: part[1:] if _PROTECTED.match(part) else part)
    return text[1:] if _PROTECTED_START.match(text) else text


def _edit_cell_starts(text: str, edit: Callable[[str], str]) -> str:
    """Edit what follows each character that may start a cell."""
    first, *parts = _CELL_STARTS.split(text)
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return first + "".join(start + edit(part) for start, part in pairs)


def _to_cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    return protect_formula(replace_surrogates(value).replace("\0", REPLACEMENT))


@dataclass(frozen=True)
class _Header:
    """The columns of a table by position, and how its rows are separated into cells.

    `line` is where the header is, and `width` the number of its cells, unnamed ones included.
    `read` are the columns that are read, and `required` those among them that there must be.
    """

    line: int
    names: tuple[str, ...]
    required: frozenset[str]
    read: tuple[str, ...]
    width: int
    delimiter: str
    skips_spaces: bool

    def describe_unnamed(self) -> tuple[str, ...]:
        """Return the columns without a name by position, except those of a frame of bars."""
        first = 2 if self.delimiter == "|" else 1
        return tuple(
            f"column {position} (no name)"
            for position, name in enumerate(self.names, 1)
            if not name and position >= first
        )

    def to_row(self, line: int, cells: Sequence[str]) -> TableRow:
        written = {name: cell for name, cell in zip(self.names, cells, strict=False) if name}
        values = {name: _read_text_formula(cell) for name, cell in written.items()}
        formulas = frozenset(name for name, value in values.items() if value != written[name])
        texts = {
            name: value if name in formulas else unprotect_formula(value)
            for name, value in values.items()
        }
        protected = frozenset(name for name, text in texts.items() if text != values[name])
        is_header = self._is_header(cells)
        if is_header and not self._has_same_columns(written):
            raise InvalidFile(
                f"Line {line} is a header with other columns, or in another order, as where files "
                "are joined. Write the same columns in the same order, or keep the files apart."
            )
        problem = self._describe_surplus(cells)
        join = self._describe_join(cells)
        return TableRow(line, texts, protected, is_header, problem, formulas, join)

    def _is_header(self, cells: Sequence[str]) -> bool:
        """Return whether a row has the names of the required columns, in any order.

        One name may be a text. Where one is required, the row has the names of all columns.
        """
        names = self.required if len(self.required) > 1 else frozenset(filter(None, self.names))
        return len(names) > 1 and names.issubset(map(_normalise_name, cells))

    def _has_same_columns(self, cells: Mapping[str, str]) -> bool:
        """Return whether a header has the columns that are read at their places.

        In place of another column it may have one that this header lacks.
        """
        found = {name: _normalise_name(cell) for name, cell in cells.items()}
        moved = [name for name, other in found.items() if other != name]
        return not any(name in self.read or found[name] in self.names for name in moved)

    def _describe_join(self, cells: Sequence[str]) -> str | None:
        """Say what is wrong with a row whose quotes may join its cells, as Excel saves some."""
        if len(cells) != 1 or len(self.names) == 1 or self.delimiter not in cells[0]:
            return None
        delimiters = f"{_DELIMITERS.get(self.delimiter, 'the delimiter').removeprefix('a ')}s"
        return (
            f"has one cell, in which {delimiters} separate others. If the row is in quotes as a "
            "whole, remove the quotes around it. If not, add the other cells"
        )

    def _describe_surplus(self, cells: Sequence[str]) -> str | None:
        """Say what is wrong with a row of too many cells, where all others may have moved.

        A blank surplus cell at the end may come from one in the middle. Only unnamed columns of
        the header, and rows without any content, have blank cells that mean nothing.
        """
        is_wider = len(cells) > self.width and any(cell.strip() for cell in cells)
        if not is_wider and not any(cell.strip() for cell in cells[len(self.names) :]):
            return None
        return (
            f"has {len(cells)} cells, and the header has {len(self.names)}. Put quotes around a "
            f"text that contains {_DELIMITERS.get(self.delimiter, 'the delimiter')}, or delete the "
            "surplus cell"
        )


class _RecordReader:
    """Parses records, and knows on which line each began."""

    def __init__(self, content: str) -> None:
        self._lines = io.StringIO(content, newline="")
        self._read: list[str] = []
        self.line = 0

    def records(self, delimiter: str, skips_spaces: bool) -> Iterator[tuple[int, list[str]]]:
        """Yield the line and the cells of each record. Raise `InvalidFile`."""
        parser = csv.reader(
            self._next_lines(), delimiter=delimiter, skipinitialspace=skips_spaces, strict=True
        )
        while True:
            first_line = self.line + 1
            self._read.clear()
            try:
                cells = next(parser, None)
            except csv.Error as error:
                raise InvalidFile(self._describe(str(error), first_line, delimiter)) from None
            if cells is None:
                return
            if cells:
                yield first_line, cells

    def first_record(self, delimiter: str) -> tuple[int, list[str]]:
        """Return the line and the cells of the first record with content. Stay at the beginning.

        Where it cannot be parsed, it has no cells.
        """
        start, line = self._lines.tell(), self.line
        records = self.records(delimiter, skips_spaces=False)
        try:
            return next((each for each in records if any(map(str.strip, each[1]))), (line + 1, []))
        except InvalidFile:
            return line + 1, []
        finally:
            self._lines.seek(start)
            self.line = line

    def _next_lines(self) -> Iterator[str]:
        for line in self._lines:
            self.line += 1
            self._read.append(line)
            yield line

    def _describe(self, error: str, first_line: int, delimiter: str) -> str:
        before = self._read[:-1]
        if "expected after" in error and _has_open_quote(before, delimiter):
            opened = first_line + _lines_before_open_quote(before, delimiter)
            return (
                f"Line {opened}: the quote that opens a text here closes in line {self.line}, and "
                "text follows. Close or remove it. If both quotes belong to one text, write each "
                'quote inside it twice ("").'
            )
        if "expected after" in error:
            return (
                f"Line {self.line} has text after a closing quote. Write a quote inside a quoted "
                'text twice ("").'
            )
        opened = first_line + _lines_before_open_quote(self._read, delimiter)
        return f"Line {opened}: the quote that opens a text here is not closed. Close or remove it."


def _lines_before_open_quote(lines: Sequence[str], delimiter: str) -> int:
    """Return how many lines of a record precede the one whose quote stays open."""
    return _find_open_quote(lines, delimiter)[0]


def _has_open_quote(lines: Sequence[str], delimiter: str) -> bool:
    """Return whether a quote stays open behind some lines of a record."""
    return _find_open_quote(lines, delimiter)[1]


def _find_open_quote(lines: Sequence[str], delimiter: str) -> tuple[int, bool]:
    """Return how many lines precede the last quote that opens a text, and whether it stays open."""
    opened, is_quoted, is_start = 0, False, True
    for number, line in enumerate(lines):
        for character in line:
            if character == '"' and (is_quoted or is_start):
                is_quoted, opened = not is_quoted, opened if is_quoted else number
            is_start = character == delimiter
        is_start = not is_quoted
    return opened, is_quoted


def _find_header(
    reader: _RecordReader,
    separator: str | None,
    columns: Sequence[Collection[str]],
    optional: Collection[str],
) -> _Header | None:
    """Return the header, which has the first set of columns that it contains."""
    for delimiter in [separator] if separator else _DELIMITERS:
        line, record = reader.first_record(delimiter)
        names = _normalise_names(record)
        if required := next((each for each in columns if set(each) <= set(names)), None):
            skips_spaces = len(names) > 1 and all(
                cell.startswith(" ") for cell in record[1 : len(names)]
            )
            return _Header(
                line,
                names,
                frozenset(required),
                tuple(name for name in dict.fromkeys((*required, *optional)) if name in names),
                len(record),
                delimiter,
                skips_spaces,
            )
    return None


def _normalise_names(cells: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the columns, without unnamed ones after the last name."""
    names = list(map(_normalise_name, cells))
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def _normalise_name(cell: str) -> str:
    return strip_invisible(strip_invisible(_read_text_formula(cell)).strip('"')).casefold()


def _read_text_formula(cell: str) -> str:
    """Return the text that a formula such as `="007"` has, and any other cell as it is."""
    found = _TEXT_FORMULA.fullmatch(cell)
    return found[1].replace('""', '"') if found else cell


def _reject_repeated_column(header: _Header, name: str) -> None:
    positions = [str(position) for position, each in enumerate(header.names, 1) if each == name]
    if len(positions) > 1:
        raise InvalidFile(
            f"Line {header.line} has the column {name} {len(positions)} times (columns "
            f"{' and '.join(positions)}). Rename or delete the wrong one."
        )
