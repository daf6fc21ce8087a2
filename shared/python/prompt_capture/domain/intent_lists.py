"""Lists of secondary intents as people write them in a cell: `email, reminder`.

A semicolon, a line end, and the commas and semicolons of Arabic, Chinese and Japanese separate as
well.

`[]` states that there are none. An empty cell says nothing. Intents that contain a separator
are written as a JSON list. Arrays as PostgreSQL writes them into CSV, `{email,reminder}`, are read,
too.
"""

import json
import re
from collections.abc import Sequence

from prompt_capture.domain.errors import InvalidEntry, InvalidFile
from prompt_capture.domain.text_files import parse_json, replace_surrogates

_SEPARATOR = re.compile(r"[,;\u060c\u061b\u3001\ufe50\ufe51\ufe54\uff0c\uff1b\uff64]\s*|[\r\n]+")

_ARRAY_ITEM = re.compile(r'\s*+(?:"((?:[^"\\]|\\.)*+)"\s*+|([^",{}\\]++))(,|\Z)', re.DOTALL)
"""An item of an array of PostgreSQL, in quotes or not."""

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)

NO_INTENTS = "[]"
"""States that there are no secondary intents."""

_HOW_TO_WRITE = f"Write a list such as email, reminder; {NO_INTENTS} states that there are none"


def write_intents(intents: Sequence[str]) -> str:
    """Return intents as text. `read_intents` is the inverse."""
    is_plain = all(not _SEPARATOR.search(each) and each == each.strip() for each in intents)
    if not intents or not is_plain or intents[0].startswith(("[", "{")):
        return json.dumps(list(intents), ensure_ascii=False)
    return ", ".join(intents)


def read_intents(value: object, field: str) -> tuple[str, ...] | None:
    """Return the intents in a text or a list, or None where it says nothing.

    Raise `InvalidEntry`, which names the field.
    """
    if isinstance(value, str):
        value = _parse(value.strip(), field)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise InvalidEntry(f"{field}: it is not a list of intents. {_HOW_TO_WRITE}")
    intents = tuple(replace_surrogates(each).strip() for each in value)
    if not all(intents):
        raise InvalidEntry(f"{field}: an intent is empty. {_HOW_TO_WRITE}")
    return intents


def _parse(text: str, field: str) -> object:
    if text.startswith("{"):
        return _parse_array(text, field)
    if not text.startswith("["):
        return _SEPARATOR.split(text) if text else None
    try:
        return parse_json(text)
    except InvalidFile:
        raise InvalidEntry(f"{field}: it is not a JSON list. {_HOW_TO_WRITE}") from None


def _parse_array(text: str, field: str) -> list[str]:
    """Return the items of an array of PostgreSQL. Raise `InvalidEntry`."""
    items: list[str] = []
    content = text[1:-1].strip()
    position, goes_on = 0, bool(content)
    while goes_on and (item := _ARRAY_ITEM.match(content, position)):
        quoted, plain, separator = item.groups()
        items.append(_ESCAPED.sub(r"\1", quoted) if plain is None else plain.strip())
        position, goes_on = item.end(), separator == ","
    if goes_on or not text.endswith("}"):
        raise InvalidEntry(f"{field}: it is not an array of PostgreSQL. {_HOW_TO_WRITE}")
    return items
