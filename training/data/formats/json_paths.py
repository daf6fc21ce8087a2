"""What is at a path of fields in a value of JSON, such as `intents.0.name`."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

_MAX_CONTAINERS: Final = 4
"""How many objects and lists may lie around a value that is found, as in `{"a": {"b": [{}]}}`."""


_MAX_ITEMS: Final = 100
"""How many items of a list may have nothing at a path before one that has."""


def get(value: Any, path: str) -> Any:
    """Return what is at a path of fields; None for nothing.

    `0` is the first item of a list that has something at the rest of the path, where the first item
    of all is no text: intents without texts may come before others.
    """
    field, _, rest = path.partition(".")
    if field == "0" and isinstance(value, list):
        count = 1 if not rest or _is_text(value) else _MAX_ITEMS
        found = (get(item, rest) if rest else item for item in value[:count])
        return next((each for each in found if each is not None), None)
    value = value.get(field) if isinstance(value, dict) else None
    return get(value, rest) if rest else value


def _is_text(items: list[Any]) -> bool:
    return bool(items) and isinstance(items[0], dict) and "text" in items[0]


def walk(values: Mapping[str, Any], is_wanted: Callable[[str], bool]) -> Iterator[tuple[str, Any]]:
    """Yield what is neither an object nor a list, and its path without the positions in lists.

    Only values at wanted paths are found, and none deeper than fields about a text lie.
    """
    for name, value in values.items():
        yield from _walk(name, value, is_wanted, 2)


def _walk(
    path: str, value: Any, is_wanted: Callable[[str], bool], containers: int
) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict | list):
        if is_wanted(path):
            yield path, value
    elif containers > _MAX_CONTAINERS:
        return
    elif isinstance(value, list):
        items = (
            value if is_wanted(path) else [each for each in value if isinstance(each, dict | list)]
        )
        for item in items:
            yield from _walk(path, item, is_wanted, containers + 1)
    else:
        for name, item in value.items():
            yield from _walk(f"{path}.{name}", item, is_wanted, containers + 1)


def last_name(path: str) -> str:
    """Return the last name of a path, also where a field or a column has a path for its name."""
    return path.rpartition(".")[2]


def list_items(value: Any) -> list[Any]:
    """Return the items of a list, or the values of an object, which may have numbers for names."""
    return list(value.values()) if isinstance(value, dict) else value


def first_value(value: Any) -> Any:
    """Return the value of the first field of an object; None for nothing."""
    return next(iter(value.values()), None) if isinstance(value, dict) else None


def has(*paths: str) -> Callable[[Any], bool]:
    """Return a check that a value has something at each path."""
    return lambda value: all(get(value, path) is not None for path in paths)


def has_lists(*paths: str) -> Callable[[Any], bool]:
    """Return a check that a value has a list at each path."""
    return lambda value: all(isinstance(get(value, path), list) for path in paths)


def has_only_lists(is_kind: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Return a check that an object has lists only, whose first items, if any, are of a kind."""

    def check(value: Any) -> bool:
        lists = list(value.values()) if isinstance(value, Mapping) else []
        firsts = [each[0] for each in lists if isinstance(each, list) and each]
        return (
            bool(firsts)
            and all(isinstance(each, list) for each in lists)
            and all(map(is_kind, firsts))
        )

    return check
