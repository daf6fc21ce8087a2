"""Texts of callers, redacted and then shortened to what the store holds."""

from collections.abc import Collection
from os.path import commonprefix

from prompt_capture.domain.entity_types import ENTITY_TYPES, EntityType
from prompt_capture.domain.redaction import redact

SHORTENED = " [shortened]"
"""The end of an error text or of notes that were longer than the limit."""

_LONGEST_ENTITY = 200
"""Longer entities are links and keys, which are recognised by their beginning."""

_ONE_ENTITY = "<SECRET>"


def redact_start(
    text: str, max_length: int, entity_types: Collection[EntityType] = ENTITY_TYPES
) -> tuple[str, bool]:
    """Return the redacted start of a text, and whether anything was left out.

    A placeholder may be longer or shorter than the text that it replaces, so twice `max_length` is
    redacted. The time is limited however long the text is.
    """
    read = text[: 2 * max_length]
    redacted = redact(read, entity_types)
    if len(read) == len(text):
        return redacted[:max_length], len(redacted) > max_length
    if len(redacted) < max_length + _LONGEST_ENTITY:
        # Half an entity, at the end of what was read, is not recognised. What a shorter and a
        # longer part have in common does not depend on where they end.
        shorter = redact(read[:-_LONGEST_ENTITY], entity_types)
        common = commonprefix([redacted, shorter])  # noqa: RUF071 - characters, no paths
        redacted = common or _ONE_ENTITY
    return redacted[:max_length], True


def redact_and_shorten(text: str, max_length: int) -> str:
    """Return a redacted text. One that is too long ends with `SHORTENED`."""
    start, is_shortened = redact_start(text, max_length)
    return start[: max_length - len(SHORTENED)] + SHORTENED if is_shortened else start
