"""Intents with their texts, as other programs write them, and the filters for them."""

from collections.abc import Callable
from typing import Any

from training.data.formats.json_columns import are_splits, at_field, has_column_of_labels
from training.data.formats.json_paths import get
from training.data.formats.json_texts import find_label, is_object_with_text, keep_beside

INTENT_NAMES = (
    *("intent", "name", "tag", "label", "title", "id", "intentName", "intent_name"),
    *("displayName", "display_name", "category", "class", "topic", "label_text"),
)
"""How other programs name the field with the name of an intent."""

_FIELDS_OF_EXAMPLES = (
    *("examples", "utterances", "phrases", "patterns", "samples", "queries", "sentences", "texts"),
    *("questions", "expressions", "training_phrases", "trainingPhrases", "exampleSentences"),
    *("sampleUtterances", "messages", "inputs", "variations", "training_examples"),
)
"""How other programs name the field with the list of the texts of an intent."""

FROM_EXAMPLE = "(objects // {text: .}) + {label: $intent}"
"""The filter for an example that is an object or a text."""


def has_intents(path: str) -> Callable[[Any], bool]:
    """Return a check for a list of intents, with names and texts, at a path: `` or `intents`."""

    return lambda value: bool(_list_intents(value, path))


def filter_intents(path: str) -> Callable[[Any], str]:
    """Return a function that writes the filter for a list of intents at a path: `` or `intents`."""

    def write(value: Any) -> str:
        return f".{path}[] | {filter_intent(*_list_intents(value, path))}"

    return write


def _list_intents(value: Any, path: str) -> list[Any]:
    """Return the intents with texts in a list."""
    intents = get(value, path) if path else value
    return list(filter(_is_intent, intents)) if isinstance(intents, list) else []


def _is_intent(value: Any) -> bool:
    return any(isinstance(get(value, name), str) for name in INTENT_NAMES) and bool(
        _find_texts(value)
    )


def is_lone_intent(value: Any) -> bool:
    """Return whether a value is an intent, and no corpus with a name, whose texts have labels."""
    return _is_intent(value) and not _find_own_label(_first_text(value, _find_texts(value) or ""))


def filter_intent(intent: Any, *others: Any) -> str:
    """Return the filter for an intent, and for others beside it."""
    names = [name for name in INTENT_NAMES if isinstance(get(intent, name), str)]
    name = next(filter(intent.get, names), names[0])
    intents = [intent, *others]
    return keep_beside(f".{name} as $intent | {_filter_texts_of(intents)}", *intents)


def is_object_of_intents(value: Any) -> bool:
    """Return whether the field `intents` has an object with the texts of each intent."""
    return _find_first_texts(get(value, "intents")) is not None


def filter_object_of_intents(value: Any) -> str:
    """Return the filter for the object in the field `intents`."""
    texts = _filter_texts_of(list(value["intents"].values()))
    return f".intents | to_entries[] | .key as $intent | .value | {texts}"


def is_object_of_examples(value: Any) -> bool:
    """Return whether a value is an object with the texts of each intent."""
    is_object = isinstance(value, dict) and all(isinstance(each, dict) for each in value.values())
    return is_object and bool(_find_first_texts(value)) and not are_splits(value)


def filter_object_of_examples(value: Any) -> str:
    """Return the filter for an object with the texts of each intent."""
    texts = _filter_texts_of(list(value.values()))
    return f"to_entries[] | .key as $intent | .value | {texts}"


def are_splits_of_examples(value: Any) -> bool:
    """Return whether each split in an object has a list of texts with labels."""
    texts = _first_text_of_splits(value)
    return isinstance(texts, dict) and find_label(texts) is not None


def filter_splits_of_examples(value: Any) -> str:
    """Return the filter for an object with the texts of each split."""
    label = at_field(find_label(_first_text_of_splits(value)) or "label")
    texts = f".value.{_find_first_texts(value)} // [] | .[]"
    return f"to_entries[] | .key as $split | {texts} | .label = {label} | . + {{$split}}"


def _first_text_of_splits(value: Any) -> Any:
    """Return the first text of an object of splits with a list each in the same field."""
    field = _find_first_texts(value) if are_splits(value) else None
    firsts = [_first_text(each, field) for each in value.values()] if field else []
    return next((first for first in firsts if first is not None), None)


def _find_first_texts(intents: Any) -> str | None:
    """Return what `_find_texts` finds in the first value of an object that has texts."""
    values = intents.values() if isinstance(intents, dict) else ()
    return next((found for found in map(_find_texts, values) if found is not None), None)


def _find_texts(intent: Any) -> str | None:
    """Return the field of an intent that has a list of texts; `` where the intent is a list."""
    found = next((name for name in _FIELDS_OF_EXAMPLES if get(intent, name)), "")
    first = _first_text(intent, found)
    has_texts = isinstance(first, str) or is_object_with_text(first)
    return found if has_texts and not has_column_of_labels(intent) else None


def _filter_texts_of(intents: list[Any]) -> str:
    """Return the filter for the texts of an intent, whatever fields they are in.

    It is the end of a filter, and stops where a field has something other than a list.
    """
    with_texts = [each for each in intents if _find_texts(each) is not None]
    fields = list(dict.fromkeys(_find_texts(each) for each in with_texts))
    texts = " // ".join([*(f".{field}" for field in fields), "[]"])
    own = _find_own_label(_first_text(with_texts[0], fields[0] or ""))
    return f"{texts} | .[] | {f'.label = {at_field(own)}' if own else FROM_EXAMPLE}"


def _first_text(intent: Any, field: str) -> Any:
    texts = get(intent, field) if field else intent
    return texts[0] if isinstance(texts, list) and texts else None


def _find_own_label(text: Any) -> str | None:
    """Return the field of a text with a label of its own, beside which no other name is the label.

    A field such as `category` may be something else.
    """
    alias = find_label(text) if isinstance(text, dict) else None
    is_sure = alias is not None and alias.casefold().startswith(("intent", "label"))
    return alias if is_sure and isinstance(get(text, alias or ""), str) else None
