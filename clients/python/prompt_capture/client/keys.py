"""API keys, as people copy them into settings.

The client installs alone, so this is a function of its own. It reads a key as the functions and
`doctor` do (`prompt_capture.domain.keys`).
"""

import json
import re

from prompt_capture.client.texts import strip_invisible

_BYTE_ORDER_MARKS = re.compile(
    "\\A(?:\ufeff|\udcff\udcfe|\udcfe\udcff|\udcef\udcbb\udcbf|\xff\xfe|\xfe\xff)"
)
"""Also as they look where a program read UTF-16 or UTF-8 as something else, as shells do."""

_UTF_16 = re.compile("(?:\0[^\0]){8}|(?:[^\0]\0){8}")


def clean_key(text: str) -> str:
    """Remove what editors, shells and configuration files put around a key.

    These are blanks, also of no width, line ends, a byte order mark, NUL between the characters of
    UTF-16, and quotes. A key that was encoded as a JSON string is decoded.
    """
    while True:
        if _UTF_16.search(text):
            text = text.replace("\0", "")
        text = strip_invisible(_BYTE_ORDER_MARKS.sub("", strip_invisible(text)))
        if len(text) < 2 or text[0] != text[-1] or text[0] not in "'\"":
            return text
        text = _unquote(text)


def _unquote(text: str) -> str:
    try:
        decoded = json.loads(text)
    except ValueError:
        return text[1:-1]
    return decoded if isinstance(decoded, str) else text[1:-1]
