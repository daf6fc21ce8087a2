"""The types of fields in request bodies, which accept more than what is stored.

No caller's text may cost a message, an outcome or a correction: an empty optional field counts as
absent, an empty message as a space, and NUL, which PostgreSQL cannot hold, is removed. The
workflows shorten texts that are too long, after redaction. The OpenAPI description follows from
these types.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from prompt_capture.domain.predictions import MAX_SECONDARY_INTENTS
from prompt_capture.domain.text import strip_invisible
from prompt_capture.domain.types import MessageIndex

_VISIBLE = r"[^\x00\s]"
_MAX_NAME = 100


def without_nul(text: str) -> str:
    """Return a text without NUL."""
    return text.replace("\0", "")


def _space_if_empty(text: str) -> str:
    """Return a message that can be stored: an empty one is read as one space.

    Both have the same normal form, so all messages without a visible character are handled alike.
    """
    return without_nul(text) or " "


def _none_if_empty(text: str | None) -> str | None:
    return (text and without_nul(text)) or None


def _none_if_blank(text: str | None) -> str | None:
    text = _none_if_empty(text)
    return None if text is None or text.isspace() else text


def _strip_text(value: object) -> object:
    """Return a value without what nobody sees at its ends, such as a byte order mark."""
    return strip_invisible(without_nul(value)) if isinstance(value, str) else value


def _strip_label(value: object) -> object:
    """Return a label without what nobody sees at its ends; one that nobody sees is unknown."""
    return strip_invisible(value) or value.strip() if isinstance(value, str) else value


def _empty_to_none(value: object) -> object:
    value = _strip_text(value)
    return None if value == "" else value


MessageText = Annotated[str, AfterValidator(_space_if_empty)]


def _label(text: str) -> str:
    text = without_nul(text)
    if not text:
        raise ValueError("A label has at least one character")
    return text


def _none_to_empty(value: object) -> object:
    return "" if value is None else value


def _workflow_name(text: str) -> str:
    """Return a name that can be stored: no name costs an outcome."""
    return without_nul(text).strip()[:_MAX_NAME] or "unnamed"


RequiredId = Annotated[UUID, BeforeValidator(_strip_text, json_schema_input_type=UUID)]
WorkflowType = Annotated[
    str,
    BeforeValidator(_none_to_empty, json_schema_input_type=str | None),
    AfterValidator(_workflow_name),
]
RequiredLabel = Annotated[
    str,
    StringConstraints(min_length=1, max_length=_MAX_NAME),
    Field(json_schema_extra={"pattern": _VISIBLE}),
    AfterValidator(_label),
    BeforeValidator(_strip_label),
]
_Labels = Annotated[
    tuple[RequiredLabel, ...],
    Field(max_length=MAX_SECONDARY_INTENTS, json_schema_extra={"uniqueItems": True}),
]
OptionalLabels = Annotated[
    _Labels | None,
    BeforeValidator(_empty_to_none, json_schema_input_type=_Labels | Literal[""] | None),
]
OptionalText = Annotated[str | None, AfterValidator(_none_if_blank)]
OptionalIdentifier = Annotated[
    Annotated[str, StringConstraints(max_length=200)] | None, AfterValidator(_none_if_empty)
]
OptionalUserId = Annotated[
    UUID | None,
    BeforeValidator(_empty_to_none, json_schema_input_type=UUID | Literal[""] | None),
]
OptionalMessageIndex = Annotated[
    MessageIndex | None,
    BeforeValidator(_empty_to_none, json_schema_input_type=MessageIndex | Literal[""] | None),
]
