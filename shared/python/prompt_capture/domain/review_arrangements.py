"""JSON that has the entries of a review file in another arrangement: what it is, and the remedy."""

from typing import Any
from uuid import UUID

from prompt_capture.domain.text_files import FirstValue

_RECORDS = "With pandas, write it with to_json(orient='records')"
_SPREAD = "It has objects on several lines each. Write a list: jq -s . FILE > review.json"
_TASKS_OF_ANNOTATIONS = (
    "It has annotations of Label Studio, each with its task, as in a storage or a webhook. Write "
    "tasks: jq -s 'flatten(1) | map(.task + {annotations: [.annotation // del(.task)]})' FILE > "
    "review.json"
)
_TABLE = frozenset({"columns", "data"})


def describe_arrangement(first: FirstValue) -> str | None:
    """Say what a file of JSON is and what to do, where it has no list or lines of entries."""
    if isinstance(first.value, list):
        return _describe_list(first.value, has_more=first.has_more)
    if isinstance(first.value, dict):
        return _describe_object(first.value, is_spread=first.is_spread)
    return None


def _describe_list(items: list[Any], *, has_more: bool) -> str | None:
    """Describe a list. An entry of another form than the others is a fault of this entry alone."""
    if has_more and all(isinstance(each, dict) for each in items):
        return "It has several lists. Join them: jq -s add FILE > review.json"
    if items and all(isinstance(each, list) for each in items):
        if all(isinstance(each, dict) for row in items for each in row):
            return "It has lists in a list. Join them: jq add FILE > review.json"
        return f"It is a list of rows without the names of their fields. {_RECORDS}"
    if not items or not all(isinstance(each, dict) for each in items):
        return None
    return _describe_objects(items)


def _describe_objects(items: list[dict[str, Any]]) -> str | None:
    if all(map(_is_annotation, items)):
        return _TASKS_OF_ANNOTATIONS
    if all(map(_is_wrapped, items)):
        return (
            "It has each entry in a field of another object. Write the entries alone: "
            "jq 'map(.[])' FILE > review.json"
        )
    descriptions = list(map(_describe_labelled, items))
    return descriptions[0] if all(descriptions) else None


def _is_annotation(value: dict[str, Any]) -> bool:
    """Return whether an object is an annotation with its task, or an event that has both."""
    task = value.get("task")
    has_result = isinstance(value.get("result"), list) or isinstance(value.get("annotation"), dict)
    return isinstance(task, dict) and isinstance(task.get("data"), dict) and has_result


def _is_wrapped(value: dict[str, Any]) -> bool:
    return len(value) == 1 and "data" not in value and all(map(_is_entry, value.values()))


def _describe_object(value: dict[str, Any], *, is_spread: bool) -> str | None:
    if _is_annotation(value):
        return _TASKS_OF_ANNOTATIONS
    if isinstance(value.get("data"), dict):  # a task of Label Studio
        return _SPREAD if is_spread else None
    lists = [name for name, each in value.items() if isinstance(each, list) and _has_entries(each)]
    field = lists[0] if len(lists) == 1 and lists[0].isidentifier() and "id" not in value else ""
    descriptions = {
        f"It is a table with the names of its columns apart (pandas: split). {_RECORDS}": (
            value.keys() >= _TABLE and isinstance(value["data"], list)
        ),
        f"It is a table by columns, as pandas writes it by default. {_RECORDS}": (
            isinstance(value.get("id"), dict | list) and "corrected_intent" in value
        ),
        f"It is an object with the entries in its field {field}. Write the list alone: "
        f"jq .{field} FILE > review.json": bool(field),
        "It is an object with an entry in each field (pandas: index). Write a list: "
        "jq -s 'map(to_entries[] | {id: .key} + .value)' FILE > review.json": (
            bool(value) and all(map(_is_entry, value.values()))
        ),
        "It is an object of ids and intents. Write a list of entries: jq -s 'map(to_entries[] | "
        "{id: .key, corrected_intent: .value})' FILE > review.json": (
            bool(value) and all(map(_is_id, value))
        ),
        _SPREAD: is_spread and _is_entry(value),
    }
    found = next((text for text, is_so in descriptions.items() if is_so), None)
    return found or _describe_labelled(value)


def _describe_labelled(value: dict[str, Any]) -> str | None:
    if {"text", "label"} <= value.keys() and value.keys().isdisjoint({"id", "data", "log_id"}):
        return (
            "It has texts with labels, which train and evaluate read. A review file has the fields "
            "id and corrected_intent"
        )
    return None


def _has_entries(items: list[Any]) -> bool:
    return bool(items) and _is_entry(items[0])


def _is_entry(value: object) -> bool:
    """Return whether a value may be an entry, or a task of Label Studio."""
    return isinstance(value, dict) and bool(
        {"id", "corrected_intent", "annotations"} & value.keys()
    )


def _is_id(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False
