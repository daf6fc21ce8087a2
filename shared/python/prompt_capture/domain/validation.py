"""Describe validation errors without repeating the input."""

from pydantic import ValidationError


def describe_first_error(error: ValidationError, subject: str) -> str:
    """Return the first invalid field and the reason.

    `subject` takes the place of the field name where the whole input is invalid.
    """
    first = error.errors(include_input=False, include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or subject
    return f"{field}: {first['msg']}"
