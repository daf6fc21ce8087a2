"""Tables by columns in JSON, as pandas and the library `datasets` write them."""

import json
import re
from typing import Any, Final

from training.data.formats.aliases import find_label_alias, find_text_alias
from training.data.formats.json_paths import first_value

_IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SURE_LABELS: Final = frozenset({"intent", "label", "y"})
"""The columns that are labels whatever is beside them, in the singular."""

_IRREGULAR: Final = {
    "categories": "category",
    "class": "class",
    "classes": "class",
    "queries": "query",
}
_ANSWERS: Final = frozenset({"completion", "output", "response"})
"""The columns that may be answers, where a name beside them is that of an intent."""

_SPLIT: Final = re.compile(r"train|test|dev|val|gold|held|hold", re.IGNORECASE)
"""A part of the name of a split."""


def at_field(name: str) -> str:
    """Return the filter of jq for a field of any name."""
    return f".{name}" if _IDENTIFIER.fullmatch(name) else f".[{quote(name)}]"


def quote(name: str) -> str:
    """Return a text for a filter that stands between apostrophes."""
    return json.dumps(name, ensure_ascii=False).replace("'", "\\u0027")


def has_splits(value: Any) -> bool:
    """Return whether an object has a field that is named after a split."""
    return any(map(_SPLIT.search, value))


def are_splits(value: Any) -> bool:
    """Return whether all fields of an object are named after splits."""
    return isinstance(value, dict) and bool(value) and all(map(_SPLIT.search, value))


def may_be_columns(value: dict[str, list[str]]) -> bool:
    """Return whether the lists of texts of an object may be columns, and no texts by label."""
    names = set(map(_singular, value))
    has_same_rows = len({len(each) for each in value.values()}) == 1
    labels = [name for name, each in value.items() if not any(" " in text for text in each)]
    is_named = (
        not names.isdisjoint(_SURE_LABELS | {"text", "x", "split"})
        or find_text_alias(names) is not None
        or find_label_alias(map(_singular, labels)) is not None
    )
    return has_same_rows and is_named


def name_columns(value: Any) -> tuple[str, str] | None:
    """Return the fields of an object that have all texts and all labels, in a list or object."""
    lists = value if isinstance(value, dict) else {}
    names = [name for name, each in lists.items() if isinstance(each, dict | list) and each]
    text = next((name for name in names if _singular(name) in {"text", "x"}), None)
    label = next((name for name in names if _singular(name) in {"label", "y"}), None)
    text = text or next((name for name in names if find_text_alias([_singular(name)])), None)
    if label is None:
        kept = [name for name in names if _singular(name) not in _ANSWERS]
        alias = find_label_alias(map(_singular, kept if len(names) > 2 else names))
        label = next((name for name in names if _singular(name) == alias), None)
    return (text, label) if text and label else None


def has_columns(value: Any) -> bool:
    """Return whether an object is a table by columns, and no intent with as many answers."""
    columns = name_columns(value)
    if columns is None or _list_rows(value[columns[0]]) != _list_rows(value[columns[1]]):
        return False
    may_be_answers = _singular(columns[1]) in _ANSWERS
    return not may_be_answers or not any(isinstance(each, str) for each in value.values())


def lacks_rows(value: Any) -> bool:
    """Return whether an object is a table by columns with more texts than labels, or fewer."""
    columns = name_columns(value)
    rows = [set(_list_rows(value[name])) for name in columns] if columns else []
    return bool(rows) and rows[0] != rows[1] and not rows[0].isdisjoint(rows[1])


def _list_rows(column: dict[str, Any] | list[Any]) -> list[Any]:
    """Return what names the rows of a column, in order: the keys of an object, or positions."""
    return list(column) if isinstance(column, dict) else list(range(len(column)))


def has_column_of_labels(value: Any) -> bool:
    """Return whether an object has a label for each text, and is no intent."""
    columns = name_columns(value) if has_columns(value) else None
    return columns is not None and _singular(columns[1]) in _SURE_LABELS


def has_tables(value: Any) -> bool:
    """Return whether an object has a table by columns for each split."""
    tables = list(value.values()) if isinstance(value, dict) else []
    return bool(tables) and all(map(has_columns, tables)) and has_splits(value)


def filter_tables(value: Any) -> str:
    columns = filter_columns(first_value(value))
    return f"to_entries[] | .key as $split | .value | {columns} | . + {{$split}}"


def _singular(name: str) -> str:
    folded = name.casefold()
    return _IRREGULAR.get(folded, folded.removesuffix("s"))


def filter_columns(value: Any) -> str:
    """Return the filter for all columns that are as long as that of the texts."""
    text, label = name_columns(value) or ("text", "label")
    others = [
        name
        for name, column in value.items()
        if name not in {text, label, "text", "label"}
        and isinstance(column, dict | list)
        and _list_rows(column) == _list_rows(value[text])
    ]
    fields = {"text": text, "label": label, **{name: name for name in others}}
    columns = ", ".join(map(at_field, fields.values()))
    row = ", ".join(f"{quote(name)}: .[{i}]" for i, name in enumerate(fields))
    return f"[{columns} | [.[]]] | transpose[] | {{{row}}}"
