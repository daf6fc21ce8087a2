"""The types of fields, the base class of values, and the description of invalid ones."""

import re
from typing import Annotated

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

NO_NUL = r"^[^\x00]*$"
"""PostgreSQL's type `text` cannot hold NUL, so validation rejects it before a write."""

MAX_MESSAGE_LENGTH = 4_000
MAX_NOTE_LENGTH = 2_000
MAX_ERROR_LENGTH = 8_000

Message = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_MESSAGE_LENGTH, pattern=NO_NUL)
]
Label = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=NO_NUL)]
Note = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NOTE_LENGTH, pattern=NO_NUL)]
ErrorText = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_ERROR_LENGTH, pattern=NO_NUL)
]
MAX_IDENTIFIER_LENGTH = 200
Identifier = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_IDENTIFIER_LENGTH, pattern=NO_NUL)
]

Probability = Annotated[float, Field(ge=0, le=1)]


_PLAIN_TERMS = {"a valid tuple": "a list", "a valid dictionary": "an object"}
_REASONS = {
    "missing": "it is missing",
    "string_type": "it is not a text",
    "string_unicode": "it has half of a character, which is an unpaired surrogate",
    "string_too_short": "it is empty",
    "string_too_long": "it has more than {max_length} characters",
    "bool_type": "it is neither true nor false",
    "bool_parsing": "it is neither true nor false",
    "list_type": "it is not a list",
    "tuple_type": "it is not a list",
}
"""What is wrong with a value in a file, by pydantic's type of the error."""

_NUL_REASON = "it has a NUL character"

_VALUE_ERROR = "Value error, "
"""How pydantic begins the message of a `ValueError`."""

_CLASS = re.compile(r" or instance of \w+")


def reject_non_numbers(value: object) -> object:
    """Reject strings and booleans, which pydantic would convert to numbers."""
    if isinstance(value, bool | str):
        raise ValueError("Input should be a number")
    return value


MessageIndex = Annotated[int, Field(ge=0, le=2**31 - 1), BeforeValidator(reject_non_numbers)]
Timestamp = AwareDatetime


class FrozenModel(BaseModel):
    """An immutable model that rejects unknown fields, and numbers that are not finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def describe_first_error(error: ValidationError, subject: str) -> str:
    """Return the first invalid field and the reason.

    `subject` takes the place of the field name where the whole input is invalid.
    """
    first = error.errors(include_input=False, include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or subject
    context = first.get("ctx", {})
    if context.get("pattern") == NO_NUL:
        return f"{field}: {_NUL_REASON}"
    if reason := _REASONS.get(first["type"]):
        return f"{field}: {reason.format(**context)}"
    message = first["msg"].replace("Input should be", "it should be")
    return f"{field}: {plain_reason(message)}"


def plain_reason(message: str) -> str:
    """Return a message of pydantic in the terms of JSON, without the names of classes."""
    message = message.removeprefix(_VALUE_ERROR)
    for term, plain in _PLAIN_TERMS.items():
        message = message.replace(term, plain)
    return _CLASS.sub("", message)
