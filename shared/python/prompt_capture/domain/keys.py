"""Keys, as people copy them into settings."""

import hashlib
import json
import re
from unicodedata import category

_BYTE_ORDER_MARKS = re.compile(
    "\\A(?:\ufeff|\udcff\udcfe|\udcfe\udcff|\udcef\udcbb\udcbf|\xff\xfe|\xfe\xff)"
)
"""Also as they look where a program read UTF-16 or UTF-8 as something else, as shells do."""

_INVISIBLE = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
"""The categories of characters that nobody sees, such as a zero-width space."""

_UTF_16 = re.compile("(?:\0[^\0]){8}|(?:[^\0]\0){8}")

KEY_HASH = re.compile("[0-9a-f]{64}")
"""The SHA-256 of a key."""

_NO_KEYS = (
    *("", "null", "None", "undefined"),
    *("$KEY", "$NEW", "$OPERATOR", "$API_KEY", "$OPERATOR_KEY"),
)
"""What a program hashes in place of a key where a variable is not set, or is not replaced."""

_HASHES_OF_NO_KEY = frozenset(
    hashlib.sha256(f"{text}{end}".encode()).hexdigest()
    for text in _NO_KEYS
    for end in ("", "\n", "\r\n")
)


def is_hash_of_no_key(digest: str) -> bool:
    """Return whether a hash is that of what everybody can send, such as an empty key."""
    return digest in _HASHES_OF_NO_KEY


def split_list(text: str) -> list[str]:
    """Return the parts of a list, clean. Quotes may be around the list, and around each part."""
    return [clean_key(part.strip("\"' \t\r\n")) for part in clean_key(text).split(",")]


def split_hashes(text: str) -> list[str]:
    """Return the hashes of a list, clean and in lower case. They may be no hashes."""
    return [part.lower() for part in split_list(text)]


def _strip_invisible(text: str) -> str:
    """Return a text without blanks, what nobody sees, and byte order marks at its ends."""
    return _strip_categories(_BYTE_ORDER_MARKS.sub("", _strip_categories(text)))


def _strip_categories(text: str) -> str:
    start, end = 0, len(text)
    while start < end and category(text[start]) in _INVISIBLE:
        start += 1
    while start < end and category(text[end - 1]) in _INVISIBLE:
        end -= 1
    return text[start:end]


def clean_key(text: str) -> str:
    """Remove what editors, shells and configuration files put around a key.

    These are blanks, also of no width, line ends, a byte order mark, NUL between the characters of
    UTF-16, and quotes. A key that was encoded as a JSON string is decoded.
    """
    while True:
        if _UTF_16.search(text):
            text = text.replace("\0", "")
        text = _strip_invisible(text)
        if len(text) < 2 or text[0] != text[-1] or text[0] not in "'\"":
            return text
        text = _unquote(text)


def _unquote(text: str) -> str:
    try:
        decoded = json.loads(text)
    except ValueError:
        return text[1:-1]
    return decoded if isinstance(decoded, str) else text[1:-1]
