"""Files of a form that many programs write: how each is known and converted."""

from collections.abc import Iterable, Mapping
from typing import Any

from training.data.formats.aliases import find_label_alias, find_text_alias
from training.data.formats.file_kinds import FileKind
from training.data.formats.json_columns import (
    are_splits,
    filter_columns,
    filter_tables,
    has_columns,
    has_splits,
    has_tables,
    lacks_rows,
    may_be_columns,
)
from training.data.formats.json_intents import (
    are_splits_of_examples,
    filter_intent,
    filter_intents,
    filter_object_of_examples,
    filter_splits_of_examples,
    has_intents,
    is_lone_intent,
    is_object_of_examples,
)
from training.data.formats.json_pairs import filter_pair, have_labels_first, is_pair, list_pairs
from training.data.formats.json_paths import (
    first_value,
    get,
    has,
    has_lists,
    has_only_lists,
    list_items,
)
from training.data.formats.json_texts import (
    FIELDS_OF_TEXTS,
    filter_renamed_texts,
    filter_texts,
    filter_wrapped_text,
    find_label,
    find_wrapped_text,
    has_renamed_texts,
    has_texts,
    is_object_with_text,
    with_label,
)

_FIELDS_OF_INTENTS = (
    *("intents", "data", "nlu", "corpus", "training", "trainingData", "training_data", "dataset"),
    *("items", "skills", "topics"),
)
"""The fields in which an object may have a list of intents."""

_INTENT = "an intent with its texts"

_FROM_SNIPS = (
    r'.name as $intent | .utterances[] | {text: gsub("\\[[^\\]]*\\]\\((?<word>[^)]*)\\)"; .word), '
    "label: $intent}"
)
"""The filter for an intent of Snips, with the words alone in place of `[slot](words)`."""

_VALUES_OF_SLOTS = ", and write values in place of [slots] without one"


def _is_snips_intent(value: Any) -> bool:
    return get(value, "type") == "intent" and isinstance(get(value, "utterances.0"), str)


def _describe_side(items: Iterable[Any]) -> str:
    return ", where the label is the first of each pair" if have_labels_first(items) else ""


def _is_header(value: Any) -> bool:
    """Return whether a value is a list with the names of columns, one of them text."""
    return isinstance(value, list) and "text" in value and all(isinstance(n, str) for n in value)


def _first_in_lists(value: Mapping[str, Any]) -> Any:
    """Return the first item of the first list of an object that has one."""
    return next(each[0] for each in value.values() if each)


def _is_object_of_texts(value: Any) -> bool:
    """Return whether all fields of an object have texts, and none a name of another program."""
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        return False
    names = {name.casefold() for name in value}
    is_named = find_text_alias(value) or find_label_alias(value) or {"text", "label", "id"} & names
    return bool(value) and not is_named


def _filter_object_of_texts(value: Any) -> str:
    """Return the filter for an object of texts and labels: a label has no space, or repeats."""
    values = list(value.values())
    has_labels_first = any(" " in each for each in values) and not any(" " in key for key in value)
    text, label = ("value", "key") if has_labels_first else ("key", "value")
    return f"to_entries[] | {{text: .{text}, label: .{label}}}"


COMMON_KINDS = (
    FileKind(
        has_columns,
        "a table by columns, as pandas writes it by default",
        filter_columns,
    ),
    FileKind(
        has_tables,
        "an object with a table by columns for each split",
        filter_tables,
    ),
    FileKind(
        has_lists("columns", "data.0"),
        "a table with the names of the columns apart (pandas: split)",
        ".columns as $names | .data[] | [$names, .] | transpose | map({(.[0]): .[1]}) | add",
    ),
    FileKind(
        has("rows.0.row"),
        "an answer of the dataset viewer of Hugging Face",
        ".rows[].row",
        ", and write the names of class labels in place of their numbers",
    ),
    FileKind(
        lambda value: _is_header(get(value, "0")),
        "a list of rows, of which the first names the columns",
        ".[0] as $names | .[1:][] | [$names, .] | transpose | map({(.[0]): .[1]}) | add",
    ),
    FileKind(
        lambda value: is_pair(get(value, "0")),
        "a list of pairs",
        lambda value: f".[] | {filter_pair(list_items(value))}",
        lambda value: _describe_side(list_items(value)),
    ),
    FileKind(
        lambda value: has_only_lists(is_pair)(value) and has_splits(value),
        "an object of lists of pairs, such as CLINC150",
        lambda value: (
            "to_entries[] | .key as $split | .value[] | "
            f"{filter_pair(list_pairs(value), ', $split')}"
        ),
        lambda value: _describe_side(list_pairs(value)),
    ),
    FileKind(_is_snips_intent, f"{_INTENT} of Snips NLU", _FROM_SNIPS, _VALUES_OF_SLOTS),
    FileKind(
        lambda value: isinstance(value, list) and any(map(_is_snips_intent, value)),
        "a list of intents and entities of Snips NLU",
        f'.[] | select(.type == "intent") | {_FROM_SNIPS}',
        _VALUES_OF_SLOTS,
    ),
    FileKind(
        has_intents(""),
        "a list of intents with their texts",
        filter_intents(""),
    ),
    *(
        FileKind(
            has_intents(name),
            f"an object with a list of intents with their texts in its field {name}",
            filter_intents(name),
        )
        for name in _FIELDS_OF_INTENTS
    ),
    FileKind(is_lone_intent, _INTENT, filter_intent),
    FileKind(
        are_splits_of_examples,
        "an object with the texts of each split",
        filter_splits_of_examples,
    ),
    FileKind(
        is_object_of_examples,
        "an object with the texts of each intent",
        filter_object_of_examples,
    ),
    *(
        FileKind(
            has_renamed_texts(name),
            f"an object with the texts in its field {name}",
            filter_renamed_texts(name),
        )
        for name in FIELDS_OF_TEXTS
    ),
    *(
        FileKind(
            has_texts(name),
            f"an object with the texts in its field {name}",
            filter_texts(name),
        )
        for name in FIELDS_OF_TEXTS
    ),
    FileKind(
        has_only_lists(is_pair),
        "an object of lists of pairs",
        lambda value: f".[][] | {filter_pair(list_pairs(value))}",
        lambda value: _describe_side(list_pairs(value)),
    ),
    FileKind(
        lambda value: has_only_lists(is_object_with_text)(value) and has_splits(value),
        "an object with a list for each split",
        lambda value: (
            "to_entries[] | .key as $split | .value[] | . + {$split}"
            f"{with_label(_first_in_lists(value))}"
        ),
    ),
    FileKind(
        lambda value: (
            has_only_lists(is_object_with_text)(value) and not find_label(_first_in_lists(value))
        ),
        "an object with a list of texts for each label",
        "to_entries[] | .key as $intent | .value[] | . + {label: $intent}",
    ),
    FileKind(
        has_only_lists(is_object_with_text),
        "an object of lists of texts",
        lambda value: f".[][]{with_label(_first_in_lists(value))}",
    ),
    FileKind(
        lambda value: (
            isinstance(value, dict)
            and bool(value)
            and all(map(is_object_with_text, value.values()))
        ),
        "an object with an object for each text (pandas: index)",
        lambda value: f".[]{with_label(first_value(value))}",
    ),
    FileKind(
        lambda value: find_wrapped_text(value) is not None,
        "an object with a text and its label in an object of its own",
        filter_wrapped_text,
    ),
    FileKind(
        lacks_rows,
        "a table by columns, and has not as many texts as labels. Add what is missing",
        "",
    ),
    FileKind(
        lambda value: (
            has_only_lists(lambda first: isinstance(first, str))(value)
            and "intents" not in value
            and not are_splits(value)
            and not may_be_columns(value)
        ),
        "an object with a list of texts for each label",
        "to_entries[] | .key as $intent | .value[] | {text: ., label: $intent}",
    ),
    FileKind(
        lambda value: isinstance(get(value, "0"), list) and len(get(value, "0")) > 2,
        "a list of rows without the names of the columns",
        ".[] | {text: .[0], label: .[1]}",
        ", with the right positions in place of 0 and 1",
    ),
)
"""The first that matches describes a file that is none of `PLATFORM_KINDS`."""

OBJECT_OF_TEXTS = FileKind(
    _is_object_of_texts,
    "an object whose fields are not known",
    _filter_object_of_texts,
    ", if each field is a text and its label",
)
"""What is no row of several with the same fields."""
