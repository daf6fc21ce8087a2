"""Objects with a text and its label, as other programs write them, and the filters for them."""

from collections.abc import Callable, Mapping
from typing import Any

from training.data.formats.aliases import find_label_alias, find_text_alias
from training.data.formats.json_columns import at_field, quote
from training.data.formats.json_paths import get
from training.data.formats.other_fields import states_split
from training.data.formats.refusals import may_refuse

FIELDS_OF_TEXTS = (
    *("data", "dataset", "documents", "examples", "instances", "items", "messages", "phrases"),
    *("prompts", "records", "results", "rows", "samples", "sentences", "texts", "utterances"),
)
"""The fields in which an object may have all texts."""


def is_object_with_text(value: Any) -> bool:
    """Return whether a value is an object with a text in its field `text`."""
    return isinstance(value, dict) and isinstance(value.get("text"), str)


def is_annotated(value: Any) -> bool:
    """Return whether a value is a text with a label in annotations that are not of its words."""
    return (
        is_object_with_text(value)
        and value.get("label") is None
        and get(value, "annotations.0.label") is not None
        and get(value, "annotations.0.start_offset") is None
    )


def first_annotated(value: Any) -> Any:
    """Return the first text with annotations in a list."""
    texts = value if isinstance(value, list) else []
    return next(filter(is_annotated, texts), None)


def find_label(fields: Mapping[str, Any]) -> str | None:
    """Return the field that is the label, or seems to be it; None for nothing."""
    return "label" if "label" in fields else find_label_alias(fields)


def with_label(first: Any) -> str:
    """Return the end of a filter for texts whose label may have another name."""
    alias = None if "label" in first else find_label_alias(first)
    return f" | .label = {at_field(alias)}" if alias else ""


def has_texts(name: str) -> Callable[[Any], bool]:
    """Return a check that a field has a list of objects with texts."""
    return lambda value: is_object_with_text(get(value, f"{name}.0"))


def filter_texts(name: str) -> Callable[[Any], str]:
    """Return a function that writes the filter for the objects with texts in a field."""
    return lambda value: keep_beside(f".{name}[]{with_label(get(value, f'{name}.0'))}", value)


def has_renamed_texts(name: str) -> Callable[[Any], bool]:
    """Return a check that a field has a list of objects whose text and label have other names."""

    def check(value: Any) -> bool:
        first = get(value, f"{name}.0")
        is_object = isinstance(first, dict) and "text" not in first
        return is_object and bool(find_text_alias(first) and find_label(first))

    return check


def filter_renamed_texts(name: str) -> Callable[[Any], str]:
    """Return a function that writes the filter for the objects in a field."""

    def write(value: Any) -> str:
        first = get(value, f"{name}.0")
        text, label = find_text_alias(first) or "text", find_label(first) or "label"
        texts = f".{name}[] | .text = {at_field(text)} | .label = {at_field(label)}"
        return keep_beside(texts, value)

    return write


def keep_beside(texts: str, *values: Mapping[str, Any]) -> str:
    """Return a filter for the texts of objects, with what these say of the split and the labels.

    A split or a refusal of an annotator that an object states holds for each of its texts.
    """
    names = dict.fromkeys(name for value in values for name in value)
    kept = [quote(name) for name in names if states_split(name) or may_refuse(name)]
    if not kept:
        return texts
    return f"{{{', '.join(kept)}}} as $beside | {texts} | $beside + ."


def find_wrapped_text(value: Any) -> str | None:
    """Return the field of an object that has a text and its label, such as `_source`."""
    fields = value.items() if isinstance(value, dict) else ()
    return next((name for name, each in fields if _is_labelled(each)), None)


def filter_wrapped_text(value: Any) -> str:
    """Return the filter for an object with a text and its label in a field.

    It keeps the fields beside that one, which may state a split or refuse the label.
    """
    name = find_wrapped_text(value) or ""
    inner, field = value[name], at_field(name)
    text = "" if "text" in inner else f" | .text = {at_field(find_text_alias(inner) or 'text')}"
    return f". + {field} | del({field}){text}{with_label(inner)}"


def _is_labelled(value: Any) -> bool:
    """Return whether a value is an object with a text and its label, whatever their names."""
    if not isinstance(value, dict):
        return False
    text = "text" if "text" in value else find_text_alias(value)
    label = find_label(value)
    return all(name is not None and isinstance(value[name], str) for name in (text, label))
