"""What is at a path of fields in a value of JSON, such as `intents.0.name`."""

from collections.abc import Callable
from typing import Any


def get(value: Any, path: str) -> Any:
    """Return what is at a path of fields; `0` is the first item of a list; None for nothing."""
    for field in path.split("."):
        if field == "0" and isinstance(value, list):
            value = value[0] if value else None
        else:
            value = value.get(field) if isinstance(value, dict) else None
    return value


def first_value(value: Any) -> Any:
    """Return the value of the first field of an object; None for nothing."""
    return next(iter(value.values()), None) if isinstance(value, dict) else None


def has(*paths: str) -> Callable[[Any], bool]:
    """Return a check that a value has something at each path."""
    return lambda value: all(get(value, path) is not None for path in paths)


def has_lists(*paths: str) -> Callable[[Any], bool]:
    """Return a check that a value has a list at each path."""
    return lambda value: all(isinstance(get(value, path), list) for path in paths)
