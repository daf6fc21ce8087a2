"""Labels and texts that a program wrote in place of the right ones, or that are no single name."""

import re
from collections.abc import Sequence
from html import unescape

from training.data.examples import InvalidExamples
from training.data.locations import Location

_NO_VALUE = re.compile(
    r"nan|<na>|n/a|\\N|##+|#getting_data|#nv|#yok|#n/a|(?:err|error|erreur|fehler):\d{3}",
    re.IGNORECASE,
)
"""What spreadsheets, pandas and databases write in place of a value."""

_LIST = re.compile(r"\[\s*\]|\[.*,.*\]|\{.*\}|[\[(]\s*['\"].*[\])]", re.DOTALL)
"""A list, set or object of labels, as pandas, PostgreSQL and Label Studio write it into a cell."""

_LINE_END = re.compile(r"[\r\n]")

_QUOTED = re.compile(
    r"b?([\"'`]).*\1|[\u201c\u201e\u00ab\u2018].*[\u201d\u201c\u00bb\u2019]", re.DOTALL
)
"""A label in quotation marks, which a program wrote or a space before them kept."""

LABEL_PREFIX = "__label__"
"""What precedes a label in files of fastText."""

_FORMULA = re.compile(r"=\s*[\w\"'(+-].*", re.DOTALL)
"""A formula of a spreadsheet, such as `=B2`, which was saved in place of its value."""

_ERROR = re.compile(r"#[¡¿]?[^\W\d_][\w/]*[!?]|#[^\W\d_]/[^\W\d_]")
"""An error of a spreadsheet in any language, in upper case: `#REF!`, `#BEZUG!`, `#¿NOMBRE?`."""

_ENTITY = re.compile(r"&(?:#\d{2,7}|#x[\da-f]{2,6}|[a-z]{2,8}\d{0,2});", re.IGNORECASE)
"""What may be an entity of HTML."""

_ENCODED = re.compile(r"\\(?:[nr]|u[\da-f]{4}|[\"'])|_x[\da-f]{4}_|\ufffd", re.IGNORECASE)
"""An escape sequence of a database, JSON or Excel, or a lost letter."""

_WINDOWS_PATH = re.compile(r"(?:\b[a-z]:|\\|%\w+%)\\.*|(?<!\S)\.{1,2}\\\S*", re.IGNORECASE)
"""A path whose backslashes begin no escape sequence: `C:\\new`. It may contain spaces."""

_MARKS = "\u2013\u2014\u2018\u2019\u201c\u201d\u2026\u2039\u203a\u2122"
"""What follows a letter in ordinary texts, too: quotation marks, dashes and the like."""

_SHOWN = (
    "\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc"
    "\u2013-\u203a\u20ac\u2122"
)
"""How the encoding of Windows shows a byte that continues a letter of UTF-8."""

_MISREAD = re.compile(
    rf"[\u00c2\u00c3](?![{_MARKS}])[{_SHOWN}]"
    rf"|[\u00c4-\u00d6\u00d8-\u00df](?![{_MARKS}\u00a0\u00ab\u00ae\u00b4\u00bb])[{_SHOWN}]"
    rf"|(?:[\u00c4-\u00df][{_SHOWN}]){{2}}|(?:[\u00e0-\u00ef][{_SHOWN}]{{2}}){{2}}"
    "|\u00e2\u20ac|\u00f0\u0178"
    "|\u201a\u00c4[\u00b6\u00ec\u00ee\u00f2\u00f4\u00f9\u00fa]"
    "|\u221a[\u00a7\u00a9\u00ae\u00b0\u00b1\u00ba\u00df\u00fc\u2020\u2122\u2202\u222b\u2260\u2265]"
)
"""Letters of UTF-8 that a program read in the encoding of Windows or of older Macs."""

ENCODED = (
    "texts or labels that another program seems to have encoded or damaged, such as &amp;, \\n, "
    "_x000D_ or \u00c3\u00a9 in place of \u00e9: messages will not be written like this"
)

MISSING_TEXTS = "texts that are an error of a spreadsheet or a missing value, such as #N/A"


def missing_label(label: str, location: Location) -> InvalidExamples:
    """Return the error for a label that stands for a missing value."""
    return InvalidExamples(
        f"{location}: the label {label} is an error of a spreadsheet or a missing value. Write the "
        "intent, or delete the row. If it is an intent, rename it."
    )


def reject_odd_labels(labels: Sequence[str], location: Location) -> None:
    """Raise `InvalidExamples` for labels that hold more or something else than one name."""
    if any(_LIST.fullmatch(label.strip()) for label in labels):
        raise InvalidExamples(
            f"{location}: the label is a list. Write the name of one intent, without brackets and "
            "quotes. Files of JSON lines hold further ones in the field `secondary`."
        )
    if any(map(_QUOTED.fullmatch, labels)):
        raise InvalidExamples(
            f"{location}: the label is in quotation marks. Remove them. In CSV, the quotation mark "
            'is " and follows the delimiter without a space.'
        )
    if any(label.startswith(LABEL_PREFIX) for label in labels):
        raise InvalidExamples(
            f"{location}: the label begins with {LABEL_PREFIX}. Remove this part."
        )
    if any(map(_FORMULA.fullmatch, labels)):
        raise InvalidExamples(
            f"{location}: the label is a formula. Save the values of cells, or write the intent."
        )
    if any(map(_LINE_END.search, labels)):
        raise InvalidExamples(
            f"{location}: the label has a line end. Write the name of one intent on one line. "
            "Quotes may have joined several rows."
        )


def is_no_value(text: str) -> bool:
    """Return whether a cell has an error of a spreadsheet, or stands for a missing value."""
    text = text.strip()
    is_error = _ERROR.fullmatch(text) and text == text.upper()
    return bool(is_error or _NO_VALUE.fullmatch(text))


def is_encoded(text: str) -> bool:
    """Return whether a program seems to have encoded a text, or read it in another encoding."""
    if _ENCODED.search(_WINDOWS_PATH.sub("", text)) or _MISREAD.search(text):
        return True
    return any(unescape(entity) != entity for entity in _ENTITY.findall(text))
