"""CSV files as spreadsheets save them, and the protection of spreadsheets against messages."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_capture.domain.csv_tables import (
    protect_formula,
    read_table,
    unprotect_formula,
    write_table,
)
from prompt_capture.domain.errors import InvalidFile

COLUMNS = [("text", "label")]


def write_csv(rows: list[list[str]]) -> str:
    """Return a CSV file whose cells are not protected."""
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue()


def _rows(content: str) -> list[tuple[int, str | None, str | None]]:
    return [
        (row.line, row.cells.get("text"), row.cells.get("label"))
        for row in read_table(content, COLUMNS)
    ]


@pytest.mark.parametrize(
    "content",
    [
        'text,label\n"a, b",x\n',
        'text;label\r\n"a, b";x\r\n',
        "text\tlabel\na, b\tx\n",
        "text|label\na, b|x\n",
        "Text ;LABEL\na, b;x\n",
        '"text";"label"\n"a, b";"x"\n',
        'text, label\n"a, b", x\n',
        'text,label,\n"a, b",x,\n',
        "label;note;text\nx;;a, b\n",
        "text;label\ra, b;x\r",
        "\ufefftext;label\na, b;x",
    ],
)
def test_the_header_decides_the_delimiter_and_the_columns(content: str) -> None:
    assert _rows(content) == [(2, "a, b", "x")]


@pytest.mark.parametrize("line", ["sep=;\r\n", '"sep=;"\n', "SEP=;\r"])
def test_excels_separator_line_is_obeyed_and_counts_as_a_line(line: str) -> None:
    assert _rows(f"{line}text;label\na, b;x\n") == [(3, "a, b", "x")]


@pytest.mark.parametrize(
    "content",
    [
        'text,label\n="a ""b""",x\n',
        'text,label\n"=""a """"b""""""",="x"\n',
        '="text"\t="label"\n="a ""b"""\t="x"\n',
        'text;label\n = "a ""b""" ;x\n',
    ],
)
def test_excels_formulas_of_texts_are_these_texts(content: str) -> None:
    (row,) = read_table(content, COLUMNS)

    assert row.cells == {"text": 'a "b"', "label": "x"}
    assert "text" in row.formulas


@pytest.mark.parametrize("cell", ['="a"&"b"', '="a', '\'="a"', "=A1", '"a"="b"'])
def test_other_cells_are_no_formulas_of_texts(cell: str) -> None:
    (row,) = read_table(write_csv([["text", "label"], [cell, "x"]]), COLUMNS)

    assert row.cells["text"] == cell.removeprefix("'")
    assert not row.formulas


def test_a_separator_line_decides_where_several_delimiters_occur() -> None:
    assert _rows("sep=^\ntext^label\na;b,c^x\n") == [(2 + 1, "a;b,c", "x")]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "'text','label'\n'a','b'\n",
        "hello,greeting\n",
        "text\nhello\n",
        "sep=;\ntext,note\na,b\n",
        '"text,label\nhello,x',
    ],
)
def test_a_header_without_the_columns_is_rejected(content: str) -> None:
    with pytest.raises(InvalidFile, match="first line must name the columns text and label"):
        _rows(content)


@pytest.mark.parametrize(
    ("content", "separator", "delimiter"),
    [
        ("sep=;\ntext,label\na,b\n", "sep=;", "a comma"),
        ('"sep=,"\r\n\r\nText\tLabel\na\tb\n', "sep=,", "a tab"),
        ("SEP=\t\ntext;label\na;b\n", "SEP=", "a semicolon"),
    ],
)
def test_a_separator_line_that_contradicts_the_header_is_named(
    content: str, separator: str, delimiter: str
) -> None:
    problem = rf"first line is {separator}.*columns are separated by {delimiter}\. Delete the first"
    with pytest.raises(InvalidFile, match=problem):
        _rows(content)


def test_a_column_that_appears_twice_is_rejected() -> None:
    with pytest.raises(InvalidFile, match=r"column label 2 times \(columns 2 and 3\)"):
        _rows("text,label,Label \na,b,c\n")


@pytest.mark.parametrize("start", ["", "sep=,\n", "\n"])
def test_an_optional_column_that_appears_twice_is_rejected(start: str) -> None:
    content = f"{start}text,label,Split,split,note,note\na,b,c,d,e,f\n"
    line = 2 if start else 1

    with pytest.raises(InvalidFile, match=rf"Line {line} .*split 2 times \(columns 3 and 4\)"):
        read_table(content, COLUMNS, ["split"])
    assert [row.cells["text"] for row in read_table(content, COLUMNS)] == ["a"]


@pytest.mark.parametrize("separator", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_only_line_feeds_and_carriage_returns_end_a_row(separator: str) -> None:
    assert _rows(f"text,label\na{separator}b,x\nc,y\n") == [
        (2, f"a{separator}b", "x"),
        (3, "c", "y"),
    ]


def test_a_row_begins_on_the_line_of_its_first_character() -> None:
    assert [row[0] for row in _rows('text,label\n"a\nb",x\n\nc,y\n')] == [2, 5]


def test_blank_rows_are_marked_and_lines_without_characters_are_no_rows() -> None:
    rows = list(read_table("text,label\n,\n\n , \na,x\n,,,\n", COLUMNS))

    assert [(row.line, row.is_blank) for row in rows] == [
        (2, True), (4, True), (5, False), (6, True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        "text,label\na,b,c\n",
        "text,label,\na,b,c\n",
        "text,label\na,b,\n",
        "text,label\n,a,b\n",
        "text,label\na,, \n",
    ],
)
def test_a_row_with_more_cells_than_the_header_has_a_problem(content: str) -> None:
    (row,) = read_table(content, COLUMNS)

    assert row.problem is not None
    assert "has 3 cells, and the header has 2" in row.problem
    assert not row.is_blank


def test_the_line_with_the_open_quote_is_named_not_the_last_line() -> None:
    lines = ["text,label", "hello,greeting", '"two', 'lines",x', 'bye,"open', *["more, text"] * 9]

    with pytest.raises(InvalidFile, match="Line 5: the quote"):
        _rows("\n".join(lines))


def test_an_open_quote_is_found_before_megabytes_are_read_into_a_cell() -> None:
    content = 'text,label\n"' + "a word, and\n" * 500_000

    with pytest.raises(InvalidFile, match="Line 2: the quote"):
        _rows(content)


def test_text_after_a_closing_quote_is_rejected_with_its_line() -> None:
    with pytest.raises(InvalidFile, match=r"Line 3 has text after a closing quote.*twice"):
        _rows('text,label\nbye,thanks\n"my 15" screen broke,help\nhello,greeting\n')


def test_quotes_within_an_unquoted_cell_are_part_of_it() -> None:
    assert _rows('text,label\nmy 15" screen broke,help\n') == [
        (2, 'my 15" screen broke', "help")
    ]  # fmt: skip


FORMULAS = [
    '=HYPERLINK("http://x.example")', "+1 please", "-5 degrees", "@me", "\t=1+1", "\r=1", "\n=1",
    "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20me", "\ufe661", "  =1+1", "\u00a0=1", "\u200b=1",
    "\ufeff=1", "'=1",
]  # fmt: skip
HARMLESS = ["hello", "1+1", "a = b", "'quoted' word", "a, -5", "it's", "e=mc", ""]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_a_spreadsheet_would_run_begins_with_an_apostrophe(text: str) -> None:
    assert protect_formula(text).startswith("'")
    assert unprotect_formula(protect_formula(text)) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert protect_formula(text) == text
    assert unprotect_formula(text) == text


@pytest.mark.parametrize("start", [";", "\t", "\n", "\r\n", "; ", "\n  "])
def test_no_cell_of_another_delimiter_begins_with_a_formula(start: str) -> None:
    content = write_table(("text", "label"), [{"text": f"hi{start}=cmd()", "label": "x"}])

    cells = re.split(r"[;\t\r\n]", content.decode("utf-8-sig"))
    assert not [cell for cell in cells if cell.lstrip().startswith("=")]


@given(st.text(st.sampled_from("'=-@\uff1da;\t\r\n \u200b\"")))
def test_protection_can_be_undone(text: str) -> None:
    assert unprotect_formula(protect_formula(text)) == text
    assert not protect_formula(text).lstrip("\t\r\n \u200b").startswith(("=", "-", "@", "\uff1d"))


@given(st.lists(st.fixed_dictionaries({"text": st.text(), "label": st.just("x")})))
def test_a_written_table_is_read_back(rows: list[dict[str, str]]) -> None:
    content = write_table(("text", "label"), rows).decode("utf-8-sig")

    written = [row["text"].replace("\0", "\ufffd") for row in rows]
    assert [row.cells["text"] for row in read_table(content, COLUMNS)] == written


def test_every_text_of_a_row_is_protected_and_none_is_unwritable() -> None:
    row = {"text": "nice \ud83d \0", "label": "=1+1", "confidence": -0.5}

    content = write_table(("text", "label", "confidence", "notes"), [row])

    (written,) = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    assert written == {
        "text": "nice \ufffd \ufffd", "label": "'=1+1", "confidence": "-0.5", "notes": "",
    }  # fmt: skip


def test_a_cell_can_be_of_any_length_in_columns_that_are_read_and_in_others() -> None:
    """The limit of the library csv is 131,072 characters, and its error names none."""
    long = "x" * 200_000
    assert _rows(f'text,label,html\nhi,greet,"{long}"\n"{long}",greet,\n') == [
        (2, "hi", "greet"),
        (3, long, "greet"),
    ]


@pytest.mark.parametrize("title", ["Table 1\r\n", "Intents,,\n\n", "# exported\n"])
def test_a_title_above_the_header_is_named_with_the_line_of_the_header(title: str) -> None:
    line = title.count("\n") + 1

    with pytest.raises(InvalidFile, match=rf"Line {line} names the columns\. Delete the lines"):
        read_table(f"{title}text,label\nhi,greet\n", [("text", "label")])


@pytest.mark.parametrize(
    ("content", "opened", "closed"),
    [
        ('text,label\nhi,greet\n"yo,bye\n"so long",bye\n', 3, 4),
        ('text,label\nhi,greet\n"yo,bye\nok,bye\n"so long, you",bye\n', 3, 5),
        ('text,label\n"hi\nthere",greet\n"a","b\n"c",d\n', 4, 5),
    ],
)
def test_an_open_quote_that_the_quote_of_a_later_line_closes_is_named(
    content: str, opened: int, closed: int
) -> None:
    with pytest.raises(InvalidFile, match=rf"Line {opened}: the quote .* line {closed}\b.*Close"):
        list(read_table(content, [("text", "label")]))


def test_text_after_a_quote_that_closes_on_its_line_is_named() -> None:
    with pytest.raises(InvalidFile, match="Line 4 has text after a closing quote"):
        list(read_table('text,label\n"a\nb",greet\n"hi" there,greet\n', [("text", "label")]))
