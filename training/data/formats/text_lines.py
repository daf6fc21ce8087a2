"""Text files with one text per line; the file's name is the label."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress, pairwise
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from prompt_capture.domain.types import Label, describe_first_error
from training.data.examples import InvalidExamples, LocatedExample
from training.data.files import DataFile
from training.data.formats.label_files import is_often_no_intent, name_without_suffix
from training.data.formats.odd_values import LABEL_PREFIX, is_no_value
from training.data.formats.possible_labels import WORD, describe_possible_labels
from training.data.formats.reading import Reading
from training.data.locations import Location

_JSON_LINES = 'JSON lines, {"text": ..., "label": ...}, where a text may have any form'
_OTHER_FORM = f"Write {_JSON_LINES}, or the texts alone, in a file for each label"

_WITHOUT_TEXT = "files without a text"

_MERGE_MARK = re.compile(r"(?:<{7}|>{7}) \S")
"""What Git writes around two versions of some lines."""

_BETWEEN_VERSIONS = "======="

_TABLE_LINE = re.compile(
    r"""\s* (?:
    \+ (?: [-=]{2,}\+ )+ | -{2,} (?: \+-{2,} )+ | -{3,} (?: \ +-{3,} )+
    | [\u250c\u251c\u2514\u2552\u2554\u255e\u2560\u2558\u255a\u256d\u2570] [\u2500-\u257f]+
    | -\[\ RECORD\ \d+\ \]-* ) \s*""",
    re.VERBOSE,
)
"""A line that databases print around the header of a table and its rows, or above a record."""

_QUOTES = "has quotes around each line"
_LIST = re.compile(
    r"""\#+\s+\S | >\s |
    \s* [-*+\u2010-\u2015]\s+\S |
    \s* [\u2022\u2023\u2043\u25a0-\u25ff\u00b7\u2190-\u21ff\u2460-\u249b]\s* \S |
    \s* [\u2605\u2606\u2610-\u2612\u2705\u2713-\u2718\u274c\u274e\u2756]\ufe0f?\s* \S |
    \s* [\u00bb\u203a\u2794-\u27bf]\ufe0f?\s* \S |
    \s* (?: [\d\#*]\ufe0f?\u20e3 | \U0001f51f ) \s* \S |
    \s* [(\[]? (?: \d{1,6} | [a-z] | [ivxlcdm]{1,8} ) [.)\]] \)? \s+\S |
    \s* \d{1,6}/ \s+\S |
    \s* [(\[]? \d{1,6} [.)\]\u3001\uff0e\uff09] \s* [^\W\d] |
    \s* \[[x\s]\] \s*\S |
    \s* \d{1,6} \s+ [-\u2010-\u2015] \s+ [^\W\d] |
    \s* \d{1,6}: \s+\S""",
    re.IGNORECASE | re.VERBOSE,
)
"""A heading, a quotation, or an item of a list with a bullet, a number or a letter."""

_COUNTER = re.compile(
    r"\s*[(\[]?(\d{1,6}|[a-z]|[ivxlcdm]{1,8})(?:[.)\]:/\u3001\uff0e\uff09]|\s+[-\u2010-\u2015]\s)",
    re.IGNORECASE,
)
"""The number or the letter of an item of a list."""

_LARGEST_STEP, _LARGEST_SAME = 2, 99
"""How far the numbers of a list count up, where an item may be missing, or the one of all items."""

_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1_000}

_SYMBOL = re.compile(r"\s*([\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff])\ufe0f?\s+[^\W_]")
"""An emoji or another symbol before a text, which is a bullet where it is before each line."""

_LIST_DESCRIPTION = (
    "has headings and lists, or a bullet or a number before each line (LU, Markdown)"
)

_OTHER_FILES = {
    _LIST: _LIST_DESCRIPTION,
    re.compile(
        r"\W*(?:\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}),?[T ]\s*\d{1,2}:\d\d"
        r"(?::\d\d(?:\.\d+)?)?+(?:z|[+-]\d\d:?\d\d)?+(?!\s*+(?:[ap]\.?m\.?|uhr|h)?+\W*+\Z)",
        re.IGNORECASE,
    ): "has a date and a time before each line, as logs and chats do",
    re.compile(r"__\w+?__\S"): "has labels with another prefix than __label__",
    re.compile(r"\s*(?:\(\s*([\"']).*[\"']\s*,?\)|\[\s*([\"']).*[\"']\s*\]),?\s*\Z"): (
        "has a tuple or a list of Python in each line"
    ),
    re.compile(
        r"\s*+\"[^\"]*+\"\s*+[,;]\s*+\"[^\"]*+\",?\s*\Z"
    ): "has two texts in quotes in each line",
    re.compile(r"\s*\{[^{}:\"']*[:\"'].*\},?\s*\Z"): "has an object in each line, but not in JSON",
    re.compile(r"\s*(?:\"(?:[^\"\\]|\"\"|\\.)*\"|'(?:[^'\\]|''|\\.|\b'\b)*'),?\s*\Z"): _QUOTES,
}
"""What other files match in each line, and what they are."""

_BETWEEN_QUOTES = re.compile(r"\s*([\"']).*\1,?\s*\Z")
"""A line that begins and ends with a quotation mark, whatever is in between."""

_LABELLED_WORD = re.compile(r".*\S[ \t](O|[BIESLU]-\S+)\s*\Z|-DOCSTART-")
_OUTSIDE = "O"
"""A line of CoNLL, with its label, and the label of most words."""

_CELL = re.compile(r'\s*"((?:[^"]|"")*)"\s*')
"""A line in quotes, as a spreadsheet writes a cell, and what is in them."""

_NEEDS_QUOTES = re.compile(r'[,;\t]|""')
"""What a cell contains that a spreadsheet puts in quotes."""

_COMMENT = re.compile(r"(?:#+|//|;+|--|%+|/\*|<!--|REM)\s+\S")
_TAG = re.compile(
    r"\s*</?[a-z][\w:-]*(?:\s+[\w:-]+\s*=\s*[\"'][^\"']*[\"'])*\s*/?>\s*", re.IGNORECASE
)
_INDENTED = re.compile(r"(?: {2}|\t)\s*\S")
_DEFINITION = re.compile(r"\s*[%@~]\[[^\]]+\](?:\(.*\))?\s*")
"""The beginning of a definition of Chatito or Chatette: `%[greet]`."""

_LABEL_BEHIND_TEXT = re.compile(rf"[\s,]{LABEL_PREFIX}\S")

_SECTION = re.compile(r"\s*\[[\w./:-]+\]\s*")
_SECTIONS = (
    _SECTION,
    re.compile(
        r"\s*+(?:(?:intent|label|class|category)(?:\s*+[:=]\s*+|\s++)"
        r"|\#{1,6}\s*+|[@%$]|\d{1,3}[.)]\s++)[^\W\d][\w.+/-]{0,99}\s*+",
        re.IGNORECASE,
    ),
    re.compile(r"\s*+(?!(?:https?|www)\b)[^\W\d][\w.+/-]{0,99}:\s*+"),
    re.compile(r"\s*+([=*~_-]{1,40})\s{0,9}[^\W\d_][\w.+/-]{0,99}\s{0,9}\1\s*+"),
    re.compile(r"\s*+<[^\W\d][\w.+/-]{0,99}>\s*+"),
    re.compile(r"\s*+(?=[^\W_]++[_.])[^\W\d][\w.]{0,99}(?<![.])\s*+"),
)
"""The forms of a line with the name of an intent above its texts; the last is `order_status`."""

_RULE = re.compile(r"\s*+([=*~_#-])\1{2,}\s*+")
_NAME_BEFORE_TEXT = re.compile(r"\s*+([^\W\d]\w{0,49}_\w{0,50}+)[,;]?\s++\S")
_BEFORE_COLON = re.compile(r"([\w.+/-]{1,100}):(?:\s+|(?<=[^\W\d]:)(?!//|:))\S")
"""A name and a colon before a text. Without a space, it is no time of day and no address."""

_HEADING = re.compile(
    r"\s*+(?:intent\s*+:\s*+[\w.+/-]++|[\w.+/-]++:"
    r"|([=*~_-]{2,40})\s{0,9}[\w.+/-]{1,100}\s{0,9}\1)\s*+",
    re.IGNORECASE,
)
"""A line that may be the name of an intent above its texts: `greet:`, `intent: greet`."""

_BEFORE_TEXT = {
    _NAME_BEFORE_TEXT: "a name with an underscore",
    _BEFORE_COLON: "a name and a colon",
    re.compile(r"\s*+\[([\w.+/:-]{1,100})\]\s*+\S"): "a name in brackets",
    re.compile(rf"\s*+\(({WORD})\)\s*+\S"): "a name in parentheses",
    re.compile(rf"\s*+<({WORD})>.*</\1>\s*\Z"): "a tag",
    re.compile(r"\s*+([^\W\d][\w.+/-]{2,99})\s*+=(?!>)\s*+\S"): "a name and an equals sign",
    re.compile(rf"\s*+({WORD}),(?=\S)"): "a name and a comma",
    re.compile(rf"\s*+({WORD})[;|](?=\S)"): "a name and a separator",
}
"""How a name precedes a text, and in words."""

_AFTER_TEXT = {
    re.compile(rf"\S\s?\[({WORD})\]\Z"): "a name in brackets",
    re.compile(rf"\S\s\(({WORD})\)\Z"): "a name in parentheses",
    re.compile(rf"\S,({WORD}|(?<=[^\d\s],)\d{{1,3}})\Z"): "a comma and a name",
    re.compile(rf"\S[;|]({WORD}|\d{{1,3}})\Z"): "a separator and a name",
}
"""How a name follows a text at the end of its line, and in words."""

_ODD_TEXTS = {
    _COMMENT.match: "texts that begin like a comment",
    _SECTION.fullmatch: "texts that are a name in brackets",
    _HEADING.fullmatch: "texts that may be headings with the names of intents",
    _RULE.fullmatch: "texts that are rules, as below headings",
    _TAG.fullmatch: "texts that are tags of a markup language",
    _CELL.fullmatch: "texts in quotation marks, which are part of them",
}
"""What matches a line that may be no text, and what it is, in the plural."""

_SPACED_COLON = r"\s:\s"
_DELIMITERS = {
    ",": "commas",
    ";": "semicolons",
    r"\|": "vertical bars",
    "[-=]{1,3}>|[\u2190-\u21ff\u2794-\u27bf\u27f0-\u27ff\u2900-\u297f]": "arrows",
    "::": "colons",
    r"\s//\s": "slashes",
    r"\s[#~^]\s": "signs",
    _SPACED_COLON: "colons",
    " {2,}": "gaps",
}
"""What separates the cells of a table without a header, and its name."""

_MIN_ROWS = 3
_MAX_COLUMNS = 100
_LINES_PER_EXCEPTION = 10
"""Of so many lines with labels, one may have another form: a heading, or a text with a comma."""

_NAME = re.compile(r"\s*[\w.+/:-]{0,99}[\w+/-]\s*")
"""A cell that may be the name of an intent: one word, and no end of a sentence."""

_LETTER = re.compile(r"[^\W\d_]")
_DECIMAL = re.compile(r"(?:[^,]|(?<=\d),(?=\d))*")
"""A line whose commas are all between digits."""

_NAMES_OF_COLUMNS = frozenset(
    name + ending
    for name in ("message", "phrase", "prompt", "query", "sentence", "text", "utterance")
    for ending in ("", "s")
) | {"queries"}
"""How the column may be called from which a spreadsheet or pandas saved the texts alone."""


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
    is_column = _is_column(line for _number, line in lines)
    _reject_labels_in_lines(file, lines)
    if found := _find_other_form(lines, label, is_column):
        _report_other_form(file, lines, found, reading)
    _note_what_is_odd(file, lines, label, reading)
    is_outline = bool(lines) and not _INDENTED.match(lines[0][1])
    for number, line in lines:
        location = file.location("line", number)
        text = _read_cell(line) if is_column else line
        if text != line:
            reading.remarks.change("quotes of a spreadsheet around texts are removed", location)
        elif odd := _describe_odd(line, is_outline):
            reading.remarks.note(odd, location)
        if located := reading.accept({"text": text, "label": label}, location):
            yield located


def _is_column(lines: Iterable[str]) -> bool:
    """Return whether a spreadsheet wrote the lines: it puts quotes around the cells that need them.

    Such a cell contains a comma, or quotes, which are doubled.
    """
    quoted, others = list[str](), list[str]()
    for line in lines:
        (quoted if '"' in line else others).append(line)
    cells = [_CELL.fullmatch(line) for line in quoted]
    inner = [cell[1] for cell in cells if cell]
    is_consistent = not any("," in line for line in others) or any('""' in text for text in inner)
    is_quoted = len(inner) == len(cells) and all(map(_NEEDS_QUOTES.search, inner))
    return bool(inner) and is_quoted and is_consistent


def _read_cell(line: str) -> str:
    cell = _CELL.fullmatch(line)
    return cell[1].replace('""', '"') if cell else line


def _note_what_is_odd(
    file: DataFile, lines: Sequence[tuple[int, str]], label: str, reading: Reading
) -> None:
    """Name what is odd about all texts of a file, or about the first of several.

    Raise `InvalidExamples` where they may have labels, and the name of the file is hardly one.
    """
    for fact in _describe_file([line for _number, line in lines], label, reading.needs_labels):
        reading.remarks.note(fact, file.location(), len(lines))
    for fact in describe_possible_labels(lines) if reading.needs_labels else ():
        if is_often_no_intent(label):
            raise InvalidExamples(
                f"{file.name} has {fact}, and its own name is hardly an intent. {_OTHER_FORM}."
            )
        reading.remarks.note(fact, file.location(), len(lines))
    if len(lines) > 1 and lines[0][1].strip().casefold() in _NAMES_OF_COLUMNS:
        fact = "texts that may be the name of a column"
        reading.remarks.note(fact, file.location("line", lines[0][0]))


def _describe_file(lines: Sequence[str], label: str, needs_labels: bool) -> Iterator[str]:
    """Say what is odd about all texts of a file, in the plural."""
    if _have_same_name(lines):
        yield "names and colons before texts, the same in each line, which are part of the texts"
    if all(map(_BETWEEN_QUOTES.match, lines)) and not all(map(_CELL.fullmatch, lines)):
        yield "texts between quotation marks, which are part of them"
    if all(map(_LIST.match, lines)) and _have_other_numbers(lines):
        yield "texts that begin like the items of a list, whose numbers do not count up"
    if needs_labels and lines and is_often_no_intent(label):
        yield f"texts with the label {label}, the name of their file, which may be no intent"


def _describe_odd(line: str, is_outline: bool) -> str | None:
    """Say what in a text may not belong to it, in the plural.

    `is_outline` means that the first line of the file is not indented.
    """
    if is_outline and _INDENTED.match(line):
        return "texts that are indented, as below a heading"
    for matches, fact in _ODD_TEXTS.items():
        if matches(line):
            return fact
    if line.lstrip().startswith('"') and line.count('"') % 2:
        return "texts with a quotation mark that is not closed, which may go on in the next line"
    return None


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


def _reject_labels_in_lines(file: DataFile, lines: Sequence[tuple[int, str]]) -> None:
    """Raise `InvalidExamples` for lines that no text has, such as labels of fastText."""
    is_in_conflict = any(line.rstrip() == _BETWEEN_VERSIONS for _number, line in lines)
    for number, line in lines:
        if line.startswith(LABEL_PREFIX) or _LABEL_BEHIND_TEXT.search(line):
            raise InvalidExamples(
                f"{file.location('line', number)} has a label of fastText. {_OTHER_FORM}."
            )
        if _DEFINITION.fullmatch(line):
            raise InvalidExamples(
                f"{file.location('line', number)} begins a definition of Chatito. Read the output "
                "of its generator instead."
            )
        if _TABLE_LINE.fullmatch(line):
            raise InvalidExamples(
                f"{file.location('line', number)} is a line of a table that was printed. Write CSV "
                "instead, with the columns text and label."
            )
        if is_in_conflict and _MERGE_MARK.match(line):
            raise InvalidExamples(
                f"{file.location('line', number)} is the mark of a merge conflict. Resolve it."
            )


class _OtherForm(NamedTuple):
    """What a file has or does in place of texts alone, and what to do about it."""

    fact: str
    remedy: str = f"{_OTHER_FORM}."


def _report_other_form(
    file: DataFile, lines: Sequence[tuple[int, str]], found: _OtherForm, reading: Reading
) -> None:
    """Raise `InvalidExamples`; where labels do not matter, name the form of the texts."""
    if reading.needs_labels:
        raise InvalidExamples(f"{file.name} {found.fact}. {found.remedy}")
    fact = f"lines that are texts as a whole, of a file that {found.fact}"
    reading.remarks.note(fact, file.location(), len(lines))


def _find_other_file(texts: Sequence[str], is_column: bool) -> _OtherForm | None:
    """Return the form of a file where all lines match one of `_OTHER_FILES`.

    A list may have a first line of its own, such as `Here are some examples:`.
    """
    if len(texts) > 2 and not _LIST.match(texts[0]) and all(map(_LIST.match, texts[1:])):
        texts = texts[1:]
    if _label_words(texts):
        return _OtherForm("labels words (CoNLL), not texts")
    symbols = {found[1] if (found := _SYMBOL.match(line)) else None for line in texts}
    if len(texts) >= _MIN_ROWS and len(symbols) == 1 and None not in symbols:
        return _OtherForm(_LIST_DESCRIPTION)
    for pattern, description in _OTHER_FILES.items():
        if is_column and description == _QUOTES:
            continue
        if pattern is _LIST and _have_other_numbers(texts):
            continue
        if len(texts) > 1 and all(map(pattern.match, texts)):
            return _OtherForm(description)
    return None


def _label_words(lines: Sequence[str]) -> bool:
    """Return whether each line is a word and its label, which is O for most words.

    A text may end like one of the labels: `size S-M`, `open the E-Mail`, `blood of type O`.
    """
    found = list(map(_LABELLED_WORD.match, lines))
    labels = {match[1] for match in found if match}
    return len(lines) > 1 and None not in found and _OUTSIDE in labels and labels != {_OUTSIDE}


def _have_other_numbers(lines: Sequence[str]) -> bool:
    """Return whether each line begins with a number or a letter that does not count up.

    Such are days (`5. Mai`), codes of areas (`(212) 555`) and initials (`J. Smith`).
    """
    found = list(map(_COUNTER.match, lines))
    marks = [match[1].casefold() for match in found if match]
    return len(marks) == len(lines) > 1 and not any(
        None not in (values := list(map(read, marks))) and _count_up(values)
        for read in (_read_number, _read_letter, _read_roman)
    )


def _count_up(values: Sequence[int | None]) -> bool:
    """Return whether numbers are mostly each one or two above the last, or all the same."""
    numbers = [value for value in values if value is not None]
    steps = [after - before for before, after in pairwise(numbers)]
    if not any(steps):
        return numbers[0] <= _LARGEST_SAME
    return 2 * sum(0 < step <= _LARGEST_STEP for step in steps) > len(steps)


def _read_number(mark: str) -> int | None:
    return int(mark) if mark.isdecimal() else None


def _read_letter(mark: str) -> int | None:
    return ord(mark) - ord("a") + 1 if len(mark) == 1 and mark.isalpha() else None


def _read_roman(mark: str) -> int | None:
    if not _ROMAN.keys() >= set(mark):
        return None
    values = [*(_ROMAN[letter] for letter in mark), 0]
    return sum(-value if value < after else value for value, after in pairwise(values))


def _find_other_form(
    lines: Sequence[tuple[int, str]], label: str, is_column: bool
) -> _OtherForm | None:
    """Return the form of another format that all lines have, or nearly all."""
    return (
        _find_other_file([line for _number, line in lines], is_column)
        or _find_sections(lines)
        or _find_own_name(lines, label)
        or _find_table(lines)
        or _find_names(lines)
    )


def _find_sections(lines: Sequence[tuple[int, str]]) -> _OtherForm | None:
    texts = [line.strip() for _number, line in lines]
    is_outline = _is_outline([line for _number, line in lines])
    if is_outline or any(_have_sections(form, texts) for form in _SECTIONS):
        first = lines[0][0]
        return _OtherForm(f"has sections with a name above the texts of each, such as line {first}")
    return None


def _find_own_name(lines: Sequence[tuple[int, str]], label: str) -> _OtherForm | None:
    texts = [line.strip() for _number, line in lines]
    if _have_same_name(texts) and _find_name(texts[0]) == label.casefold():
        return _describe_names(_BEFORE_TEXT[_BEFORE_COLON], "beginning", "")
    return None


def _find_table(lines: Sequence[tuple[int, str]]) -> _OtherForm | None:
    for delimiter, name in {"\t": "tabs", **_DELIMITERS}.items():
        rows = [_split(line, delimiter) for _number, line in lines]
        width, _count = Counter(map(len, rows)).most_common(1)[0] if rows else (1, 0)
        is_regular = [len(row) == width > 1 for row in rows]
        regular = _nearly_all(lines, is_regular, 1)
        if regular and _is_table(list(compress(rows, is_regular)), delimiter):
            return _describe_table(name, _describe_others(lines, regular))
    return None


def _find_names(lines: Sequence[tuple[int, str]]) -> _OtherForm | None:
    texts = [line.strip() for _number, line in lines]
    for place, patterns in (("beginning", _BEFORE_TEXT), ("end", _AFTER_TEXT)):
        for pattern, name in patterns.items():
            found = list(map(pattern.search if place == "end" else pattern.match, texts))
            regular = _nearly_all(lines, list(map(bool, found)), 0)
            if regular and _repeat_names(filter(None, found)):
                return _describe_names(name, place, _describe_others(lines, regular))
    return None


def _nearly_all(
    lines: Sequence[tuple[int, str]], fits: Sequence[bool], least_exceptions: int
) -> Sequence[tuple[int, str]]:
    """Return the lines that fit, where they are all, or all but a few of several; else nothing.

    `least_exceptions` may differ among four lines or more.
    """
    fitting = list(compress(lines, fits))
    may_differ = max(least_exceptions, len(lines) // _LINES_PER_EXCEPTION)
    is_most = len(lines) - len(fitting) <= (may_differ if len(lines) > _MIN_ROWS else 0)
    return fitting if is_most else []


def _describe_others(lines: Sequence[tuple[int, str]], regular: Sequence[tuple[int, str]]) -> str:
    """Say which lines do not have the form of the others."""
    if len(lines) == len(regular):
        return ""
    numbers = {number for number, _line in regular}
    others = [number for number, _line in lines if number not in numbers]
    more = f" and {len(others) - 1:,} more" if len(others) > 1 else ""
    return f", but for line {others[0]}{more}"


def _have_sections(form: re.Pattern[str], lines: Sequence[str]) -> bool:
    """Return whether the first line and others are different names of a form, each above texts.

    Transcripts have lines such as `[inaudible]`, too.
    """
    is_name = [bool(form.fullmatch(line)) for line in lines]
    names = [line.strip() for line in compress(lines, is_name)]
    is_above_text = not any(map(all, pairwise([*is_name, True])))
    return is_name[:1] == [True] and 1 < len(names) == len(set(names)) and is_above_text


def _is_outline(lines: Sequence[str]) -> bool:
    """Return whether several lines are not indented, and each is above some that are."""
    is_heading = [not _INDENTED.match(line) for line in lines]
    is_above_text = not any(map(all, pairwise([*is_heading, True])))
    return is_heading[:1] == [True] and sum(is_heading) > 1 and is_above_text


def _repeat_names(found: Iterable[re.Match[str] | None]) -> bool:
    """Return whether there is a match for each line, and some of several names in them repeat."""
    names = [match and match[1] for match in found]
    return None not in names and 1 < len(set(names)) < len(names)


def _have_same_name(lines: Iterable[str]) -> bool:
    """Return whether each of several lines begins with a colon behind one and the same name."""
    names = list(map(_find_name, lines))
    return len(names) > 1 and names[0] is not None and len(set(names)) == 1


def _find_name(line: str) -> str | None:
    found = _BEFORE_COLON.match(line)
    return found[1].casefold() if found else None


def _split(line: str, delimiter: str) -> list[str]:
    return line.split("\t") if delimiter == "\t" else re.split(delimiter, line.strip())


def _is_table(rows: Sequence[Sequence[str]], delimiter: str) -> bool:
    """Return whether rows of as many cells have a column of names that repeat, or tabs.

    Ordinary texts have a space behind a comma, or numbers with a comma in them. Another column than
    that of the names has letters.
    """
    if delimiter == "\t":
        return len(rows) > 1
    if len(rows) < _MIN_ROWS or len(rows[0]) > _MAX_COLUMNS:
        return False
    if delimiter == "," and (
        any(cell.startswith(" ") for row in rows for cell in row[1:])
        or all(_DECIMAL.fullmatch(",".join(row)) for row in rows)
    ):
        return False
    # A colon may follow the same word in all texts, with a space before it in French.
    least = 2 if delimiter == _SPACED_COLON else 1
    columns = list(zip(*rows, strict=True))
    has_letters = [any(map(_LETTER.search, column)) for column in columns]
    lettered = sum(has_letters)
    return any(
        all(map(_NAME.fullmatch, column))
        and least <= len(set(column)) < len(column)
        and lettered > has_own
        for column, has_own in zip(columns, has_letters, strict=True)
    )


def _describe_names(name: str, place: str, others: str) -> _OtherForm:
    return _OtherForm(f"has {name} at the {place} of each line{others}")


def _describe_table(delimiters: str, others: str) -> _OtherForm:
    return _OtherForm(
        f"has as many {delimiters} in each line{others}, as a table without a header",
        "Name its columns in the first line, two of them text and label. If the "
        f"{delimiters} belong to the texts, write {_JSON_LINES}.",
    )


def _check_label(file: DataFile, label: str) -> None:
    try:
        TypeAdapter(Label).validate_python(label)
    except ValidationError as error:
        raise InvalidExamples(f"{file.name}: {describe_first_error(error, 'label')}") from None
    if is_no_value(label):
        raise InvalidExamples(
            f"{file.name}: its name, which is the label of its texts, stands for a missing value. "
            "Name the file after the intent. If it is a table, name its columns in the first line."
        )
