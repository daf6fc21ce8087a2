"""Labels and texts that a program wrote in place of the right ones, or that are no single name."""

import re
from collections.abc import Sequence

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

_ENCODED = re.compile(
    r"&(?:amp|apos|gt|lt|nbsp|quot|#\d{2,6}|#x[\da-f]{2,6});"
    r"|\\(?:[nr]|u[\da-f]{4}|[\"'])"
    r"|_x[\da-f]{4}_"
    r"|\ufffd",
    re.IGNORECASE,
)
"""An entity of HTML, an escape sequence of a database, JSON or Excel, or a lost letter."""

_WINDOWS_PATH = re.compile(r"(?:\b[a-z]:|\\)\\\S*", re.IGNORECASE)
"""A path whose backslashes begin no escape sequence: `C:\\new`."""

_AS_SHOWN = (
    "[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc"
    "\u2013-\u203a\u20ac\u2122]"
)
_MISREAD = re.compile(
    rf"[\u00c2\u00c3]{_AS_SHOWN}|\u00e2\u20ac|\u00f0\u0178|(?:[\u00ce-\u00d1]{_AS_SHOWN}){{2}}"
)
"""Letters of UTF-8 that a program read in the encoding of Windows."""

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
    return bool(_ENCODED.search(_WINDOWS_PATH.sub("", text)) or _MISREAD.search(text))
