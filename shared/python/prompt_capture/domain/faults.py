"""What is wrong with which field, in words; never what was in it."""

from pydantic import ValidationError


def first_fault(error: ValidationError, whole: str) -> str:
    """Name the first field at fault and why; `whole` names what was validated, where all is."""
    fault = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part) for part in fault["loc"]) or whole
    return f"{place}: {fault['msg']}"
