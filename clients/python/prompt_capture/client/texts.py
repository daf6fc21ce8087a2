"""Texts as the service accepts them: no text of a caller costs a message or an outcome.

Lengths count characters (Unicode code points), as the service and the database count them.
"""

import hashlib
import math
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from enum import Enum
from itertools import islice
from numbers import Number
from typing import TypeGuard
from unicodedata import category

from pydantic import BaseModel, Secret, SecretBytes, SecretStr

MAX_ERROR_LENGTH = 8_000
MAX_NOTE_LENGTH = 2_000
MAX_NAME_LENGTH = 100
MAX_IDENTIFIER_LENGTH = 200
MAX_SENT_MESSAGE_LENGTH = 20_000
"""The service redacts a message before it shortens it to 4,000 characters, so it receives more.

20,000 characters fit in the largest body that it reads, 256 KiB.
"""

SHORTENED = " [shortened]"
"""The end of a text that was longer than the service's limit."""

_MAX_CAUSES = 20
"""How many exceptions of a group are described."""

_GROUPED = BaseExceptionGroup.exceptions
"""The exceptions of a group, whatever its class makes of the attribute."""

_NAME = type.__dict__["__name__"]
"""The name of a type, whatever its metaclass makes of the attribute."""

_MISSING = frozenset({"NAType", "NaTType"})
"""The types of pandas for values that are missing. A comparison with them has no truth value."""

_INVISIBLE = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
"""The categories of control characters, of formats such as a byte order mark, and of spaces."""

_WORDS_FOR_NONE = frozenset(
    {"undefined", "null", "(null)", "none", "nil", "<nil>", "nan", "nat", "<na>"}
)
"""What programs write for a missing value. The service takes no such word for a key either."""

_UNNAMED = "unnamed"
_LAST_WORD = re.compile(
    r"""(?:
        (?<=\s)\S{1,100}
        | (?<=[,;|])[^\s,;|]{1,100}
        | (?<=[^\x00-\x7f])[!-~]{1,100}
        | (?<=[][(){}<>&=?/:\#"'])[^][(){}<>&=?/:\#"'\s]{1,100}
    )\Z""",
    re.VERBOSE,
)
"""What follows the last space; or without one, the last comma, character outside ASCII, or sign.

The signs are those of links and markup, which no address and no number has.
"""

_DIGEST_LENGTH = 16
_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]{1,200}")


def describe_error(error: BaseException) -> str:
    """Return the type and the text of an exception; only the type where it has no text.

    The text is whatever the exception's own code returns, which can fail in any way. The exceptions
    of a group follow its own text, which does not say what went wrong.
    """
    name = _type_name(error)
    text = _clean(_to_text(error))
    description = f"{name}: {text}" if text.strip() else name
    if not _is_group(error):
        return description
    causes = islice(_list_causes(error), _MAX_CAUSES)
    return f"{description}: {'; '.join(map(describe_error, causes))}"


def _list_causes(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    """Yield the exceptions of a group and of the groups in it, in order and without recursion."""
    pending: list[BaseException] = [group]
    while pending:
        error = pending.pop()
        if _is_group(error):
            pending.extend(reversed(_GROUPED.__get__(error)))
        else:
            yield error


def is_missing(value: object) -> bool:
    """Return whether a value stands for none: None, NaN, or what pandas has in their place."""
    kind = type(value)
    if value is None or _type_name(value) in _MISSING:
        return True
    with suppress(Exception):  # a number may be complex, or too large for `isnan`
        return issubclass(kind, Number) and math.isnan(value)  # type: ignore[arg-type]
    return False


def to_plain(value: object) -> object:
    """Return the value of a member of an enumeration, and the text of bytes. Others stay.

    Of a secret of pydantic, whose own text is a mask, return the value.
    """
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, SecretStr | SecretBytes | Secret):
        value = value.get_secret_value()
    if isinstance(value, bytes | bytearray | memoryview):  # drivers of databases return views
        return bytes(value).decode("utf-8", "replace")
    return value


def strip_invisible(text: str) -> str:
    """Return a text without what nobody sees at its ends, such as a byte order mark."""
    seen = [place for place, sign in enumerate(text) if category(sign) not in _INVISIBLE]
    return text[seen[0] : seen[-1] + 1] if seen else ""


def to_plain_or_none(value: object) -> object:
    """Return a value as `to_plain` does, or None where it stands for none."""
    return None if is_missing(value) else to_plain(value)


def clean_text(value: object, max_length: int) -> str | None:
    """Return a text without what PostgreSQL or JSON cannot hold, or None where it is blank.

    Halves of surrogate pairs become U+FFFD, and NUL is removed. A text over `max_length` ends with
    `SHORTENED`. The value can be of any type; an exception becomes its description.
    """
    if is_missing(value):
        return None
    text = _clean(describe_error(value) if _is_error(value) else _to_text(value))
    if not text.strip():
        return None
    return text if len(text) <= max_length else _cut(text, max_length - len(SHORTENED)) + SHORTENED


def clean_error(value: object) -> str | None:
    """Return the text of an error, or None where it has none."""
    return clean_text(value, MAX_ERROR_LENGTH)


def clean_note(value: object) -> str | None:
    """Return the notes of a correction, or None where there are none."""
    return clean_text(value, MAX_NOTE_LENGTH)


def clean_workflow_type(value: object) -> str:
    """Return the name of a workflow, which the service requires."""
    return clean_text(value, MAX_NAME_LENGTH) or _UNNAMED


def clean_identifier(value: object) -> str | None:
    """Return an id or a name, or None where it is blank.

    A digest replaces the end of one that is too long, so that different ones stay different. A
    whole number of a table is written without a decimal point, as it was in other rows: `1042`.
    """
    if is_missing(value):
        return None
    text = _clean(_to_text(_without_point(value)))
    if len(text) > MAX_IDENTIFIER_LENGTH:
        end = f"-{_digest(text)[:_DIGEST_LENGTH]}"
        text = text[: MAX_IDENTIFIER_LENGTH - len(end)] + end
    return text if text.strip() else None


def clean_message(value: object) -> object:
    """Return a message without what the service cannot store. What is no text stays as it is."""
    value = _to_own_text(value)
    if not isinstance(value, str):
        return value
    text = _clean(value)
    return text if len(text) <= MAX_SENT_MESSAGE_LENGTH else _cut(text, MAX_SENT_MESSAGE_LENGTH)


def clean_intents(value: object) -> object:
    """Return intents as a list that JSON can hold. What is no collection stays as it is.

    Missing values are left out. A list of nothing else is missing too: an empty one would say that
    the message has none.
    """
    value = _to_own_text_or_none(value)
    if isinstance(value, str) or not isinstance(value, Iterable):
        return value
    given = list(value)
    intents = [clean_intent(each) for each in given if not is_missing(each)]
    return intents if intents or not given else None


def clean_intent(value: object) -> object:
    """Return an intent that JSON can hold. What is no text stays as it is."""
    value = _to_own_text_or_none(value)
    return _clean(value) if isinstance(value, str) else value


def _without_point(value: object) -> object:
    """Return the integer for a whole number of another type; others stay."""
    if not issubclass(type(value), Number) or issubclass(type(value), int):
        return value
    try:
        whole = int(value)  # type: ignore[call-overload]
    except (ArithmeticError, TypeError, ValueError):
        return value
    return whole if whole == value else value


def clean_idempotency_key(value: object) -> str | None:
    """Return a key that a header can hold, or None where it is blank or names a missing value.

    A digest replaces one that is too long or not ASCII. A whole number is written as in
    `clean_identifier`, so that the same message has the same key.
    """
    text = "" if is_missing(value) else _to_text(_without_point(value))
    if _clean(text).strip().lower() in {"", *_WORDS_FOR_NONE}:
        return None
    return text if _VISIBLE_ASCII.fullmatch(text) else _digest(text)


def _to_own_text(value: object) -> object:
    """Return the text of a value whose class has one of its own, such as one that is made late.

    Others stay as they are: `object` makes the text of a list or a number. The text of a model of
    pydantic describes its fields, and that of an array its elements, so a whole message of a
    framework or a column of a table would be taken for a text.
    """
    plain = to_plain(value)
    kind = type(plain)
    is_described = issubclass(kind, BaseModel) or hasattr(kind, "__array__")
    is_text = issubclass(kind, str) or (
        kind.__str__ is not object.__str__ and not is_described and not is_missing(plain)
    )
    return _to_text(plain) if is_text else plain


def _to_own_text_or_none(value: object) -> object:
    return None if is_missing(value) else _to_own_text(value)


def _clean(text: str) -> str:
    # UTF-16 joins the halves of a surrogate pair, and `replace` leaves only those without another.
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return joined.replace("\0", "")


def _to_text(value: object) -> str:
    """Return `str(value)`.

    Where that fails, return the name of the type; of an exception, return an empty text. The code
    of a value can raise what is no `Exception`, such as the panic of an extension in Rust.
    """
    try:
        plain = value if _is_error(value) else to_plain(value)
        return str.__str__(plain if issubclass(type(plain), str) else str(plain))
    except BaseException:  # noqa: BLE001 - the text must neither cost the outcome nor hide an error
        return "" if _is_error(value) else _type_name(value)


def _is_error(value: object) -> TypeGuard[BaseException]:
    """Return whether a value is an exception, without asking its own code as `isinstance` does."""
    return issubclass(type(value), BaseException)


def _is_group(error: BaseException) -> TypeGuard[BaseExceptionGroup[BaseException]]:
    """Return whether an exception is a group, without asking its own code."""
    return issubclass(type(error), BaseExceptionGroup)


def _type_name(value: object) -> str:
    """Return the name of a value's type, whatever a metaclass makes of the attribute."""
    name: str = _NAME.__get__(type(value))
    return name


def _cut(text: str, length: int) -> str:
    """Return the beginning of a text, without the half word at its end.

    Half an address or half a secret is not recognised as one, and would not be redacted.
    """
    return _LAST_WORD.sub("", text[:length]).rstrip()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
