"""The bytes of files that people hand over: their encoding, and JSON in them."""

import codecs
import gzip
import json
import re
import zlib
from typing import Any, NamedTuple

from prompt_capture.domain.errors import InvalidFile

REPEATED_KEY = "It has an object with the same key twice. Keep one of the two."

REPLACEMENT = "\ufffd"
"""The character that takes the place of one that cannot be written."""

_SURROGATES = re.compile("[\ud800-\udfff]")

_SEPARATORS = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}
"""Characters that some readers treat as line ends, and their escape sequences in JSON."""

_LINE_END = re.compile("\r\n|\r|\n")

GZIP = b"\x1f\x8b"
"""How a file that is compressed with gzip begins."""

_OTHER_COMPRESSION = "Decompress it, or compress it with gzip"
_OTHER_FILES = {
    GZIP: "is compressed with gzip twice. Decompress it once",
    b"\x28\xb5\x2f\xfd": f"is compressed with Zstandard. {_OTHER_COMPRESSION}",
    b"\xfd7zXZ\x00": f"is compressed with xz. {_OTHER_COMPRESSION}",
    b"\x04\x22\x4d\x18": f"is compressed with LZ4. {_OTHER_COMPRESSION}",
    b"7z\xbc\xaf\x27\x1c": f"is a 7z archive. {_OTHER_COMPRESSION}",
    **{
        b"BZh%d1AY&SY" % level: f"is compressed with bzip2. {_OTHER_COMPRESSION}"
        for level in range(1, 10)
    },
    b"PK\x03\x04": "is an Excel workbook or another zip archive. Save a workbook as the type "
    "'CSV UTF-8 (Comma delimited)', or unpack the archive",
    b"\xd0\xcf\x11\xe0": "is an Excel workbook. In Excel, save it as the type "
    "'CSV UTF-8 (Comma delimited)'",
    b"PK\x05\x06": "is an empty zip archive",
    b"PAR1": "is a Parquet file and not a text file",
    b"ARROW1": "is an Arrow or Feather file. Write it as Parquet",
    b"\xff\xff\xff\xff": "is an Arrow file, as of the library `datasets`. Write it as Parquet",
    b"SQLite format 3\0": "is a database of SQLite. Export the table as CSV",
    b"\x93NUMPY": "is an array of NumPy. Write it as CSV",
    **{
        b"\x80%c" % version: "is a pickle of Python. Write CSV or JSON lines"
        for version in (3, 4, 5)
    },
    b"x\x9c": "is compressed with zlib, as spaCy's DocBin. Write JSON lines",
    b"version https://git-lfs.github.com/spec/": "is a pointer of Git LFS in place of the data. "
    "Run `git lfs pull`",
    b"%PDF": "is a PDF and not a text file",
    b"{\\rtf": "is a Rich Text document. Save it as plain text",
}
"""What a file is, by its first bytes."""

_TAR, _TAR_OFFSET = b"ustar", 257
_MARKUP = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|\?xml\s"
    rb"|html[^>]{0,500}>\s*<(?:head|body|meta|table|title|!--))",
    re.IGNORECASE,
)
"""How a web page or another file in XML begins, such as the sign-in page in place of a download."""

_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # begins with the mark of UTF-16, so it comes first
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_SAMPLE = 4_096
_MIN_NUL_SHARE = 0.3
_PLANES = frozenset({0, 1, 2, 3, 14})
"""The planes of Unicode with characters of texts. None is a tab or a line end."""


def detect_encoding(content: bytes) -> str:
    """Return the name of a text's encoding, given at least its first bytes.

    A byte order mark decides. Without one, a text whose bytes are zero in every other place is
    UTF-16, one with a plane of Unicode in every fourth place is UTF-32, and all else counts as
    UTF-8. Raise `InvalidFile` where the bytes are no text.
    """
    _reject_other_files(content)
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            return encoding
    sample = content[:_SAMPLE]
    for highest, plane, encoding in ((3, 2, "utf-32-le"), (0, 1, "utf-32-be")):
        planes = sample[plane::4]
        if len(planes) > 1 and not any(sample[highest::4]) and _PLANES.issuperset(planes):
            return encoding
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        places = sample[offset::2]
        if places.count(0) > 1 and places.count(0) >= _MIN_NUL_SHARE * len(places):
            return encoding
    return "utf-8"


def _reject_other_files(content: bytes) -> None:
    """Raise `InvalidFile`, which says what the file is, where its first bytes are no text's."""
    for start, description in _OTHER_FILES.items():
        if content.startswith(start):
            raise InvalidFile(f"The file {description}.")
    if content.startswith(_TAR, _TAR_OFFSET):
        raise InvalidFile("The file is a tar archive. Unpack it.")
    if _MARKUP.match(content):
        raise InvalidFile(
            "The file is a web page or XML. If it is the answer of a failed download, download it "
            "again. Save a table as CSV."
        )


def decompress(content: bytes) -> bytes:
    """Return the content of a file that may be compressed with gzip. Raise `InvalidFile`."""
    if not content.startswith(GZIP):
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise InvalidFile("The compressed data is incomplete or damaged.") from None


def decode_text(content: bytes) -> str:
    """Return the text of a file without its byte order mark; line ends stay as they are.

    Raise `InvalidFile`, which names the first line that cannot be decoded. An 8-bit encoding such
    as Excel's "ANSI" is not guessed, since the wrong guess changes letters without an error.
    """
    encoding = detect_encoding(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding not in {"utf-8", "utf-8-sig"}:
            raise InvalidFile(f"The file is not valid {encoding.upper()}.") from None
        line = len((content[: error.start] + b"?").splitlines())
        raise InvalidFile(
            f"Line {line} is not UTF-8. Save the file as UTF-8; in Excel, choose the type "
            "'CSV UTF-8 (Comma delimited)'."
        ) from None
    if (position := text.find("\0")) >= 0:
        line = count_lines(text[:position])
        raise InvalidFile(f"Line {line} contains a NUL character: the file is damaged or no text.")
    return text


def count_lines(text: str) -> int:
    """Return the number of the line on which a text ends, from 1. Line ends are LF, CR, CRLF."""
    return 1 + text.count("\n") + text.count("\r") - text.count("\r\n")


def first_line(text: str) -> str:
    """Return the first line of a text without its end. Line ends are LF, CR, CRLF."""
    return _LINE_END.split(text, maxsplit=1)[0]


def split_lines(text: str) -> list[str]:
    """Return the lines of a text without their ends: LF, CR, CRLF, and no other character."""
    return _LINE_END.split(text)


class FirstValue(NamedTuple):
    """The first value of a text of JSON, whether it is on several lines, and the text behind it."""

    value: Any
    is_spread: bool
    rest: str

    @property
    def has_more(self) -> bool:
        """Whether something follows the value."""
        return bool(self.rest)


class RepeatedKeys(dict[str, Any]):
    """A JSON object that has a key twice. It holds the last value of each key."""


def parse_json(text: str) -> Any:
    """Parse JSON. Raise `InvalidFile` where it is not valid or where an object repeats a key.

    NaN, which programs write for an empty cell of a table, is null.
    """
    value = parse_json_entries(text)
    if has_repeated_key(value):
        raise InvalidFile(REPEATED_KEY)
    return value


def parse_json_entries(text: str) -> Any:
    """Parse JSON as `parse_json` does, but return objects that repeat a key as `RepeatedKeys`."""
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InvalidFile(f"It is not valid JSON ({place}: {error.msg}).") from None
    except (ValueError, RecursionError):
        raise InvalidFile(
            "It is not valid JSON: a number is too long, or brackets nest too deeply."
        ) from None


def parse_first_value(text: str) -> FirstValue | None:
    """Return the first value of a text of JSON, as `parse_json_entries` does."""
    text = text.lstrip("\ufeff \t\r\n")
    try:
        value, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return FirstValue(value, len(first_line(text)) < end, text[end:].strip())


def has_repeated_key(value: object) -> bool:
    """Return whether an object in the value of `parse_json_entries` repeats a key."""
    found = [value]
    while found:
        each = found.pop()
        if isinstance(each, RepeatedKeys):
            return True
        if isinstance(each, dict | list):
            found.extend(each.values() if isinstance(each, dict) else each)
    return False


def _parse_constant(name: str) -> float | None:
    return None if name == "NaN" else float(name)


def _keep_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    return values if len(values) == len(pairs) else RepeatedKeys(values)


_DECODER = json.JSONDecoder(object_pairs_hook=_keep_repeated_keys, parse_constant=_parse_constant)


def escape_separators(line: str) -> str:
    """Return a line of JSON that every reader treats as one line."""
    return line if line.isascii() else line.translate(_SEPARATORS)


def replace_surrogates(text: str) -> str:
    """Return a text that UTF-8 can encode, with U+FFFD in place of each unpaired surrogate."""
    return _SURROGATES.sub(REPLACEMENT, text)
