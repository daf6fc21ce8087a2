"""Projects of other platforms, which are not read: what a file is, and how to convert it.

Each is known by its fields. A filter of jq turns it into JSON lines with `text` and `label`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from prompt_capture.domain.text_files import FirstValue, parse_first_value
from training.data.examples import InvalidExamples
from training.data.files import DataFile
from training.data.formats.aliases import find_label_alias, find_text_alias
from training.data.formats.files_without_intents import describe_file_without_intents
from training.data.formats.json_columns import (
    are_splits,
    at_field,
    filter_columns,
    filter_tables,
    has_column_of_labels,
    has_columns,
    has_splits,
    has_tables,
    may_be_columns,
    name_columns,
    quote,
)
from training.data.formats.json_paths import first_value, get, has, has_lists

LONE_BRACKETS = frozenset({"{", "[", "[{"})
"""The first line of JSON that spans several lines."""

_SCRIPT = re.compile("jq -c (?:--arg intent NAME )?'")
"""What precedes the script of a command."""

_NAME = "--arg intent NAME "
"""The option of jq for an intent whose name is not in the file."""

_DATA = '{text: ([.data[].text] | join("")), label: $intent}'
_PARTS = _DATA.replace("data", "parts")
_SLOTS = ", and write values in place of {slots}"


_YAML_TO_JSON = (
    "python -c 'import json, sys, yaml; print(json.dumps(yaml.load(sys.stdin, yaml.BaseLoader)))' "
    "< FILE"
)
"""The command that converts YAML with its scalars as they are written: `yes` is no truth value."""


class OtherPlatform(InvalidExamples):
    """A file is of a kind that is not read; the message names it."""


class _Platform(NamedTuple):
    """A kind of file: how it is known, what it is, how jq converts it, and what else is to do."""

    matches: Callable[[Any], bool]
    description: str
    filter: str | Callable[[Any], str]
    remark: str = ""
    option: str = ""

    def describe(self, value: Any) -> str:
        """Say what a file with this value is, and how to convert it."""
        script = self.filter if isinstance(self.filter, str) else self.filter(value)
        if not script:
            return f"It is {self.description}."
        return (
            f"It is {self.description}. Convert it to JSON lines{self.remark}: "
            f"jq -c {self.option}'{script}' FILE > texts.jsonl"
        )


@contextmanager
def naming_platforms(file: DataFile, *, is_known: bool = False) -> Iterator[None]:
    """Raise `OtherPlatform` where reading a file of another platform fails.

    Without `is_known`, also say so where a file has one JSON object on several lines.
    """
    try:
        yield
    except InvalidExamples:
        first = _read_first_value(file)
        value = first.value
        is_list_of_lines = first.has_more and isinstance(value, list)
        description = (
            _describe_platform([value])
            if is_list_of_lines
            else _describe_platform(value, is_row=_begins_rows(first))
        )
        if description and is_list_of_lines:
            description = description.replace("jq -c ", "jq -c -s ")
        if description is None and first.is_spread and not is_known:
            description = _describe_spread(value)
        if description:
            raise OtherPlatform(str(file.invalid(description))) from None
        raise


def describe_documents(values: list[Any]) -> str | None:
    """Say what a file of several YAML documents is, and how to convert it, if it is known."""
    description = _describe_platform(values)
    if description is None:
        return None
    one = "yaml.load(sys.stdin, yaml.BaseLoader)"
    script = _YAML_TO_JSON.replace(one, f"list({one.replace('load', 'load_all', 1)})")
    return description.replace("jq -c ", f"{script} | jq -c ").replace("' FILE >", "' >")


def describe_value(value: Any) -> str | None:
    """Say what a file of YAML with this value is, and how to convert it, if it is known."""
    is_list = _LIST_OF_TEXTS.matches(value)
    description = _LIST_OF_TEXTS.describe(value) if is_list else _describe_platform(value)
    if description is None:
        return None
    return description.replace("jq -c ", f"{_YAML_TO_JSON} | jq -c ").replace("' FILE >", "' >")


def _read_first_value(file: DataFile) -> FirstValue:
    """Return the first JSON value of a file; None is its value where it cannot be read."""
    try:
        first = parse_first_value(file.read_text())
    except InvalidExamples:
        first = None
    return first or FirstValue(None, is_spread=False, rest="")


def _begins_rows(first: FirstValue) -> bool:
    """Return whether the first value is an object, and the second has the same fields."""
    second = parse_first_value(first.rest)
    return (
        isinstance(first.value, dict)
        and second is not None
        and isinstance(second.value, dict)
        and first.value.keys() == second.value.keys()
    )


def _describe_platform(value: Any, *, is_row: bool = False) -> str | None:
    is_read = _is_labelled(value) and not _is_annotated(value)
    if is_read or _is_app(value) or _is_app(get(value, "assets")):
        return None
    if without_intents := describe_file_without_intents(value):
        return f"It is {without_intents}."
    platforms = _PLATFORMS if is_row else (*_PLATFORMS, _OBJECT_OF_TEXTS)
    found = next((each for each in platforms if each.matches(value)), None)
    return found.describe(value) if found else _describe_wrapped(value)


def _describe_wrapped(value: Any) -> str | None:
    """Describe a known kind of file in a field of another object, such as `dataset`."""
    for name in _FIELDS_OF_TEXTS:
        inner = get(value, name)
        if isinstance(inner, dict | list) and (description := _describe_platform(inner)):
            return _SCRIPT.sub(rf"\g<0>.{name} | ", description, count=1)
    return None


def _describe_spread(value: Any) -> str | None:
    if not isinstance(value, dict):
        return None
    if "text" in value:
        return (
            "It has objects on several lines each. Write each on one line: "
            "jq -c . FILE > texts.jsonl"
        )
    return (
        "It is a JSON object whose fields are not known. Write a line for each text: "
        '{"text": ..., "label": ...}.'
    )


def _is_usersays(value: Any) -> bool:
    """Return whether a value is a list of phrases, whose intent has no name in the file."""
    is_named = any(get(value, f"0.{name}") is not None for name in _INTENT_NAMES if name != "id")
    has_data = isinstance(get(value, "0.data"), list) and get(value, "0.data.0.text") is not None
    return has_data and not is_named


def _is_pair(value: Any) -> bool:
    """Return whether a value is a text and its label, or a list with the label."""
    is_list = isinstance(value, list) and len(value) == 2
    return is_list and isinstance(value[0], str) and isinstance(get(value[1], "0") or value[1], str)


def _is_header(value: Any) -> bool:
    """Return whether a value is a list with the names of columns, one of them text."""
    return isinstance(value, list) and "text" in value and all(isinstance(n, str) for n in value)


def _all_values(is_kind: Callable[[Any], bool]) -> Callable[[Any], bool]:
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


def _is_spacy_pair(value: Any) -> bool:
    pair = get(value, "0")
    return (
        isinstance(pair, list)
        and len(pair) == 2
        and isinstance(get(pair[1], "cats"), dict)
        and isinstance(pair[0], str)
    )


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


def _is_labelled(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("text"), str)


def _is_annotated(value: Any) -> bool:
    """Return whether a value is a text with a label in annotations that are not of its words."""
    return (
        _is_labelled(value)
        and value.get("label") is None
        and get(value, "annotations.0.label") is not None
        and get(value, "annotations.0.start_offset") is None
    )


def _first_annotated(value: Any) -> Any:
    """Return the first text with annotations in a list."""
    texts = value if isinstance(value, list) else []
    return next(filter(_is_annotated, texts), None)


def _has_texts(name: str) -> Callable[[Any], bool]:
    """Return a check that a field has a list of objects with texts."""
    return lambda value: _is_labelled(get(value, f"{name}.0"))


def _filter_texts(name: str) -> Callable[[Any], str]:
    """Return a function that writes the filter for the objects with texts in a field."""
    return lambda value: f".{name}[]{_with_label(get(value, f'{name}.0'))}"


def _has_renamed_texts(name: str) -> Callable[[Any], bool]:
    """Return a check that a field has a list of objects whose text and label have other names."""

    def check(value: Any) -> bool:
        first = get(value, f"{name}.0")
        is_object = isinstance(first, dict) and "text" not in first
        return is_object and bool(find_text_alias(first) and _find_label(first))

    return check


def _filter_renamed_texts(name: str) -> Callable[[Any], str]:
    """Return a function that writes the filter for the objects in a field."""

    def write(value: Any) -> str:
        first = get(value, f"{name}.0")
        text, label = find_text_alias(first) or "text", _find_label(first) or "label"
        return f".{name}[] | .text = {at_field(text)} | .label = {at_field(label)}"

    return write


def _find_label(fields: Mapping[str, Any]) -> str | None:
    return "label" if "label" in fields else find_label_alias(fields)


def _first_in_lists(value: Mapping[str, Any]) -> Any:
    """Return the first item of the first list of an object that has one."""
    return next(each[0] for each in value.values() if each)


def _is_app(value: Any) -> bool:
    """Return whether a value is the version of a LUIS app, which is read."""
    return isinstance(value, dict) and (
        "luis_schema_version" in value or get(value, "utterances.0.intent") is not None
    )


def _with_label(first: Any) -> str:
    """Return the end of a filter for texts whose label may have another name."""
    alias = None if "label" in first else find_label_alias(first)
    return f" | .label = {at_field(alias)}" if alias else ""


def _find_texts(intent: Any) -> str | None:
    """Return the field of an intent that has a list of texts; `` where the intent is a list."""
    found = next((name for name in _EXAMPLES if get(intent, name)), "")
    first = _first_text(intent, found)
    has_texts = isinstance(first, str) or _is_labelled(first)
    return found if has_texts and not has_column_of_labels(intent) else None


def _first_text(intent: Any, field: str) -> Any:
    texts = get(intent, field) if field else intent
    return texts[0] if isinstance(texts, list) and texts else None


def _find_own_label(text: Any) -> str | None:
    """Return the field of a text with a label of its own, beside which no other name is the label.

    A field such as `category` may be something else.
    """
    alias = _find_label(text) if isinstance(text, dict) else None
    is_sure = alias is not None and alias.casefold().startswith(("intent", "label"))
    return alias if is_sure and isinstance(get(text, alias or ""), str) else None


def _filter_texts_of(intents: list[Any]) -> str:
    """Return the filter for the texts of an intent, whatever fields they are in.

    It is the end of a filter, and stops where a field has something other than a list.
    """
    with_texts = [each for each in intents if _find_texts(each) is not None]
    fields = list(dict.fromkeys(_find_texts(each) for each in with_texts))
    texts = " // ".join([*(f".{field}" for field in fields), "[]"])
    own = _find_own_label(_first_text(with_texts[0], fields[0] or ""))
    return f"{texts} | .[] | {f'.label = {at_field(own)}' if own else _EXAMPLE}"


def _filter_intents(path: str) -> Callable[[Any], str]:
    """Return a function that writes the filter for a list of intents at a path: `` or `intents`."""

    def write(value: Any) -> str:
        return f".{path}[] | {_filter_intent(*_list_intents(value, path))}"

    return write


def _filter_intent(intent: Any, *others: Any) -> str:
    names = [name for name in _INTENT_NAMES if isinstance(get(intent, name), str)]
    name = next(filter(intent.get, names), names[0])
    return f".{name} as $intent | {_filter_texts_of([intent, *others])}"


def _is_intent(value: Any) -> bool:
    return any(isinstance(get(value, name), str) for name in _INTENT_NAMES) and bool(
        _find_texts(value)
    )


def _has_intents(path: str) -> Callable[[Any], bool]:
    """Return a check for a list of intents, with names and texts, at a path: `` or `intents`."""

    return lambda value: bool(_list_intents(value, path))


def _list_intents(value: Any, path: str) -> list[Any]:
    """Return the intents with texts in a list."""
    intents = get(value, path) if path else value
    return list(filter(_is_intent, intents)) if isinstance(intents, list) else []


def _is_lone_intent(value: Any) -> bool:
    """Return whether a value is an intent, and no corpus with a name, whose texts have labels."""
    return _is_intent(value) and not _find_own_label(_first_text(value, _find_texts(value) or ""))


def _filter_object_of_intents(value: Any) -> str:
    texts = _filter_texts_of(list(value["intents"].values()))
    return f".intents | to_entries[] | .key as $intent | .value | {texts}"


def _find_first_texts(intents: Any) -> str | None:
    """Return what `_find_texts` finds in the first value of an object that has texts."""
    values = intents.values() if isinstance(intents, dict) else ()
    return next((found for found in map(_find_texts, values) if found is not None), None)


def _is_object_of_intents(value: Any) -> bool:
    return _find_first_texts(get(value, "intents")) is not None


def _is_object_of_examples(value: Any) -> bool:
    is_object = isinstance(value, dict) and all(isinstance(each, dict) for each in value.values())
    return is_object and bool(_find_first_texts(value)) and not are_splits(value)


def _are_splits_of_examples(value: Any) -> bool:
    """Return whether each split in an object has a list of texts with labels."""
    texts = _first_text_of_splits(value)
    return isinstance(texts, dict) and _find_label(texts) is not None


def _first_text_of_splits(value: Any) -> Any:
    """Return the first text of an object of splits with a list each in the same field."""
    field = _find_first_texts(value) if are_splits(value) else None
    firsts = [_first_text(each, field) for each in value.values()] if field else []
    return next((first for first in firsts if first is not None), None)


def _filter_splits_of_examples(value: Any) -> str:
    label = at_field(_find_label(_first_text_of_splits(value)) or "label")
    texts = f".value.{_find_first_texts(value)} // [] | .[]"
    return f"to_entries[] | .key as $split | {texts} | .label = {label} | . + {{$split}}"


def _filter_object_of_examples(value: Any) -> str:
    texts = _filter_texts_of(list(value.values()))
    return f"to_entries[] | .key as $intent | .value | {texts}"


def _is_argilla_record(value: Any) -> bool:
    fields = get(value, "fields")
    has_text = isinstance(fields, dict) and any(isinstance(each, str) for each in fields.values())
    return has_text and isinstance(get(value, "responses"), dict | list)


def _filter_argilla_record(value: Any) -> str:
    """Return the filter for a record, whose responses are a list in version 1."""
    names = [name for name, text in value["fields"].items() if isinstance(text, str)]
    name = "text" if "text" in names else find_text_alias(names) or names[0]
    is_list = isinstance(value["responses"], list)
    responses, response = (
        (".responses[]", ".values[].value") if is_list else (".responses[][]", ".value")
    )
    label = f'({responses} | select(.status == "submitted") | {response})'
    return f"{{text: .fields[{quote(name)}], label: {label}, metadata}}"


def _is_instruction(value: Any) -> bool:
    """Return whether a value is an instruction with an input and an output, as Alpaca has."""
    return isinstance(value, dict) and "input" in value and has("instruction", "output")(value)


def _is_snips_intent(value: Any) -> bool:
    return get(value, "type") == "intent" and isinstance(get(value, "utterances.0"), str)


_AGREED = ", without texts that nobody labelled, and keep one line where annotators disagree"

_LAST_TURN = ", whose last question and answer are a text and its label"

_INSTRUCTIONS = (
    "a file of instructions for fine-tuning (Alpaca), whose text is the input, or the instruction "
    "where there is no input"
)
_FROM_INSTRUCTION = (
    '. + {text: (if (.input // "") == "" then .instruction else .input end), label: .output}'
)

_INTENT = "an intent with its texts"
_FROM_SNIPS = (
    r'.name as $intent | .utterances[] | {text: gsub("\\[[^\\]]*\\]\\((?<word>[^)]*)\\)"; .word), '
    "label: $intent}"
)
"""The filter for an intent of Snips, with the words alone in place of `[slot](words)`."""

_VALUES_OF_SLOTS = ", and write values in place of [slots] without one"

_INTENT_NAMES = (
    *("intent", "name", "tag", "label", "title", "id", "intentName", "intent_name"),
    *("displayName", "display_name", "category", "class", "topic", "label_text"),
)
_EXAMPLES = (
    *("examples", "utterances", "phrases", "patterns", "samples", "queries", "sentences", "texts"),
    *("questions", "expressions", "training_phrases", "trainingPhrases", "exampleSentences"),
    *("sampleUtterances", "messages", "inputs", "variations", "training_examples"),
)
"""How other programs name an intent, and the list of its texts."""

_FIELDS_OF_TEXTS = (
    *("data", "dataset", "documents", "examples", "instances", "items", "messages", "phrases"),
    *("prompts", "records", "results", "rows", "samples", "sentences", "texts", "utterances"),
)
"""The fields in which an object may have all texts."""

_FIELDS_OF_INTENTS = (
    *("intents", "data", "nlu", "corpus", "training", "trainingData", "training_data", "dataset"),
    *("items", "skills", "topics"),
)
"""The fields in which an object may have a list of intents."""

_QUESTIONS = (
    "a knowledge base of QnA Maker, whose questions have answers and no intents: the number of the "
    "answer takes the place of the intent"
)

_EXAMPLE = "(objects // {text: .}) + {label: $intent}"
"""The filter for an example that is an object or a text."""

_LIST_OF_TEXTS = _Platform(
    lambda value: _is_labelled(get(value, "0")),
    "a list of texts in YAML",
    lambda value: f".[]{_with_label(get(value, '0'))}",
)
"""What is read in JSON."""

_PLATFORMS = (
    _Platform(
        has("0.dialogue_id", "0.turns.0.frames", "0.turns.0.utterance"),
        "a list of dialogues (MultiWOZ 2.2, Schema-Guided Dialogue)",
        '.[].turns[] | select(.speaker == "USER") | {text: .utterance, '
        'label: (.frames[].state.active_intent | select(. != "NONE"))}',
        ", and keep one line where a text has several intents",
    ),
    _Platform(
        _is_usersays,
        "the training phrases of an intent of Dialogflow ES, which the name of the file states",
        f".[] | {_DATA}",
        option=_NAME,
    ),
    _Platform(
        has_lists("userSays"),
        "an intent of Dialogflow ES",
        f".name as $intent | .userSays // [] | .[] | {_DATA}",
    ),
    _Platform(
        has("name", "auto", "responses"),
        "an intent of Dialogflow ES without its training phrases, which are in the file "
        "NAME_usersays_LANGUAGE.json beside it",
        "",
    ),
    _Platform(
        has("displayName", "trainingPhrases.0.parts"),
        "an intent of Dialogflow CX",
        f".displayName as $intent | .trainingPhrases // [] | .[] | {_PARTS}",
    ),
    _Platform(
        has("trainingPhrases.0.parts"),
        "the training phrases of an intent of Dialogflow CX, which the name of the folder states",
        f".trainingPhrases // [] | .[] | {_PARTS}",
        option=_NAME,
    ),
    *(
        _Platform(
            has(f"{path}.0.trainingPhrases.0.parts" if path else "0.trainingPhrases.0.parts"),
            "a list of intents of Dialogflow CX",
            f".{path}[] | .displayName as $intent | .trainingPhrases // [] | .[] | {_PARTS}",
        )
        for path in ("", "intentBatchInline.intents")
    ),
    _Platform(
        has_lists("training_data.rasa_nlu_data.common_examples"),
        "an export of Botfront with NLU data of Rasa 1",
        ".training_data.rasa_nlu_data.common_examples[] | {text, label: .intent}",
    ),
    _Platform(
        has_lists("qnas.0.data.questions.en"),
        "a list of questions of Botpress, which have answers and no intents: the id of the answer "
        "takes the place of the intent",
        ".qnas[] | .id as $intent | .data.questions[][] | {text: ., label: $intent}",
    ),
    *(
        _Platform(
            has_lists(f"{path}.0.questions"),
            _QUESTIONS,
            f'.{path}[] | "answer_\\(.id)" as $intent | .questions[] | {{text: ., label: $intent}}',
        )
        for path in ("qnaList", "qnaDocuments", "assets.qnas", "qnas")
    ),
    _Platform(
        lambda value: isinstance(get(first_value(get(value, "intents")), "data.0.sentences"), list),
        "a file of sentences of Home Assistant",
        ".intents | to_entries[] | .key as $intent | .value.data[].sentences[] "
        "| {text: ., label: $intent}",
        ", and write each variant of (a|b) and [optional] words as a text",
    ),
    _Platform(
        has_lists("resource.intents"),
        "a bot of Amazon Lex V1",
        ".resource.intents[] | .name as $intent | .sampleUtterances // [] | .[] "
        "| {text: ., label: $intent}",
        _SLOTS,
    ),
    _Platform(
        has_lists("resource.sampleUtterances"),
        "an intent of Amazon Lex V1",
        ".resource | .name as $intent | .sampleUtterances // [] | .[] | {text: ., label: $intent}",
        _SLOTS,
    ),
    _Platform(
        has("sampleUtterances.0.utterance"),
        "an intent of Amazon Lex V2",
        "(.name // .intentName) as $intent | .sampleUtterances // [] | .[] "
        "| {text: .utterance, label: $intent}",
        _SLOTS,
    ),
    _Platform(
        lambda value: (
            has("intents.0.intent", "intents.0.examples")(get(value, "workspace"))
            or has("intents.0.intent", "intents.0.examples")(value)
        ),
        "a skill of IBM Watson Assistant",
        f"(.workspace // .).intents[] | .intent as $intent | .examples // [] | .[] | {_EXAMPLE}",
    ),
    _Platform(
        lambda value: (
            isinstance(get(value, "interactionModel.languageModel.intents"), list)
            or isinstance(get(value, "languageModel.intents"), list)
        ),
        "an interaction model of Alexa",
        "(.interactionModel // .).languageModel.intents[] | .name as $intent "
        "| .samples // [] | .[] | {text: ., label: $intent}",
        _SLOTS,
    ),
    _Platform(
        _is_object_of_intents,
        "an object of intents with their texts",
        _filter_object_of_intents,
    ),
    _Platform(
        lambda value: isinstance(get(value, "intents"), dict),
        "a dataset of Snips NLU",
        f".intents | to_entries[] | .key as $intent | .value.utterances // [] | .[] | {_DATA}",
    ),
    _Platform(
        lambda value: (
            _all_values(lambda first: isinstance(get(first, "data.0.text"), str))(value)
            and value.keys().isdisjoint(_FIELDS_OF_TEXTS)
        ),
        "a part of the Snips benchmark",
        f"to_entries[] | .key as $intent | .value[] | {_DATA}",
    ),
    _Platform(
        lambda value: isinstance(get(value, "utterances"), dict) and has("name")(value),
        "an intent of Botpress",
        ".name as $intent | .utterances // {} | .[] // [] | .[] | {text: ., label: $intent}",
        ", and write the words alone in place of [words](slot)",
    ),
    _Platform(
        lambda value: isinstance(get(value, "0.utterances"), dict),
        "a list of intents of Botpress",
        ".[] | .name as $intent | .utterances // {} | .[] // [] | .[] | {text: ., label: $intent}",
        ", and write the words alone in place of [words](slot)",
    ),
    _Platform(
        has("version.platformData.intents"),
        "a project of Voiceflow",
        ".version.platformData.intents[] | .name as $intent | .inputs // [] | .[] "
        "| {text, label: $intent}",
        _SLOTS,
    ),
    _Platform(
        has_lists("intents.0.patterns"),
        "a file of intents with tags and patterns",
        ".intents[] | .tag as $intent | .patterns // [] | .[] | {text: ., label: $intent}",
    ),
    _Platform(
        has("0.path", "0.phrases"),
        "a file of intents of JAICP",
        ".[] | .path as $intent | .phrases // [] | .[] | {text, label: $intent}",
    ),
    _Platform(
        _all_values(lambda first: isinstance(get(first, "0.value"), str)),
        "an output of Chatito",
        "to_entries[] | .key as $intent | .value[] "
        '| {text: ([.[].value] | join("")), label: $intent}',
    ),
    *(
        _Platform(
            is_annotated,
            f"{what} with annotations of another tool than Label Studio",
            f"{items}. + {{label: .annotations[].label}}",
            f"{_AGREED}, and write the names of labels in place of their numbers",
        )
        for is_annotated, what, items in (
            (lambda value: _is_annotated(_first_annotated(value)), "a list of texts", ".[] | "),
            (_is_annotated, "a text", ""),
        )
    ),
    _Platform(
        has("0.paragraphs.0.cats"),
        "training data of spaCy 2",
        ".[].paragraphs[] | {text: .raw, label: (.cats[] | select(.value >= 0.5) | .label)}",
    ),
    _Platform(
        _is_spacy_pair,
        "training data of spaCy",
        ".[] | {text: .[0], cats: .[1].cats}",
    ),
    _Platform(
        lambda value: _is_argilla_record(get(value, "0")),
        "an export of Argilla",
        lambda value: f".[] | {_filter_argilla_record(get(value, '0'))}",
        _AGREED,
    ),
    _Platform(_is_argilla_record, "an export of Argilla", _filter_argilla_record, _AGREED),
    _Platform(
        lambda value: _is_instruction(get(value, "0")),
        _INSTRUCTIONS,
        f".[] | {_FROM_INSTRUCTION}",
    ),
    _Platform(_is_instruction, _INSTRUCTIONS, _FROM_INSTRUCTION),
    _Platform(
        has("examples.0.content", "examples.0.classifications"),
        "an export of LightTag",
        ".examples[] | . + {text: .content, label: .classifications[].classname}",
    ),
    _Platform(
        has("data.0.entities", "data.0.text"),
        "an export of Wit.ai of an earlier version",
        '.data[] | {text, label: (.entities[] | select(.entity == "intent") | .value '
        '| ltrimstr("\\"") | rtrimstr("\\""))}',
    ),
    _Platform(
        has("messages.0.role", "messages.0.content"),
        f"a file of conversations for fine-tuning{_LAST_TURN}",
        '. + {text: [.messages[] | select(.role == "user") | .content][-1], label: '
        '[.messages[] | select(.role == "assistant") | .content][-1]} | del(.messages)',
    ),
    _Platform(
        has("0.conversations.0.from", "0.conversations.0.value"),
        f"a list of conversations for fine-tuning{_LAST_TURN}",
        '.[] | . + {text: [.conversations[] | select(.from == "human") | .value][-1], label: '
        '[.conversations[] | select(.from == "gpt") | .value][-1]} | del(.conversations)',
    ),
    _Platform(
        has("contents.0.parts.0.text", "contents.0.role"),
        f"a file of conversations for fine-tuning{_LAST_TURN}",
        '. + {text: [.contents[] | select(.role == "user") | .parts[].text][-1], label: '
        '[.contents[] | select(.role == "model") | .parts[].text][-1]} | del(.contents)',
    ),
    _Platform(
        has_lists("intents.0.trainingPhrases"),
        "a list of intents of Dialogflow CX",
        f".intents[] | .displayName as $intent | .trainingPhrases // [] | .[] | {_PARTS}",
    ),
    _Platform(
        has("textContent", "classificationAnnotation.displayName"),
        "a dataset of Vertex AI",
        "{text: .textContent, label: .classificationAnnotation.displayName, "
        'split: .dataItemResourceLabels["aiplatform.googleapis.com/ml_use"]}',
    ),
    _Platform(
        has_columns,
        "a table by columns, as pandas writes it by default",
        filter_columns,
    ),
    _Platform(
        has_tables,
        "an object with a table by columns for each split",
        filter_tables,
    ),
    _Platform(
        has_lists("columns", "data.0"),
        "a table with the names of the columns apart (pandas: split)",
        ".columns as $names | .data[] | [$names, .] | transpose | map({(.[0]): .[1]}) | add",
    ),
    _Platform(
        has("rows.0.row"),
        "an answer of the dataset viewer of Hugging Face",
        ".rows[].row",
        ", and write the names of class labels in place of their numbers",
    ),
    _Platform(
        lambda value: _is_header(get(value, "0")),
        "a list of rows, of which the first names the columns",
        ".[0] as $names | .[1:][] | [$names, .] | transpose | map({(.[0]): .[1]}) | add",
    ),
    _Platform(
        lambda value: _is_pair(get(value, "0")),
        "a list of pairs",
        ".[] | {text: .[0], label: .[1]}",
    ),
    _Platform(
        lambda value: _all_values(_is_pair)(value) and has_splits(value),
        "an object of lists of pairs, such as CLINC150",
        "to_entries[] | .key as $split | .value[] | {text: .[0], label: .[1], $split}",
    ),
    _Platform(_is_snips_intent, f"{_INTENT} of Snips NLU", _FROM_SNIPS, _VALUES_OF_SLOTS),
    _Platform(
        lambda value: isinstance(value, list) and any(map(_is_snips_intent, value)),
        "a list of intents and entities of Snips NLU",
        f'.[] | select(.type == "intent") | {_FROM_SNIPS}',
        _VALUES_OF_SLOTS,
    ),
    _Platform(
        _has_intents(""),
        "a list of intents with their texts",
        _filter_intents(""),
    ),
    *(
        _Platform(
            _has_intents(name),
            f"an object with a list of intents with their texts in its field {name}",
            _filter_intents(name),
        )
        for name in _FIELDS_OF_INTENTS
    ),
    _Platform(_is_lone_intent, _INTENT, _filter_intent),
    _Platform(
        _are_splits_of_examples,
        "an object with the texts of each split",
        _filter_splits_of_examples,
    ),
    _Platform(
        _is_object_of_examples,
        "an object with the texts of each intent",
        _filter_object_of_examples,
    ),
    *(
        _Platform(
            _has_renamed_texts(name),
            f"an object with the texts in its field {name}",
            _filter_renamed_texts(name),
        )
        for name in _FIELDS_OF_TEXTS
    ),
    *(
        _Platform(
            _has_texts(name),
            f"an object with the texts in its field {name}",
            _filter_texts(name),
        )
        for name in _FIELDS_OF_TEXTS
    ),
    _Platform(
        _all_values(_is_pair),
        "an object of lists of pairs",
        ".[][] | {text: .[0], label: .[1]}",
    ),
    _Platform(
        lambda value: _all_values(_is_labelled)(value) and has_splits(value),
        "an object with a list for each split",
        lambda value: (
            "to_entries[] | .key as $split | .value[] | . + {$split}"
            f"{_with_label(_first_in_lists(value))}"
        ),
    ),
    _Platform(
        lambda value: _all_values(_is_labelled)(value) and not _find_label(_first_in_lists(value)),
        "an object with a list of texts for each label",
        "to_entries[] | .key as $intent | .value[] | . + {label: $intent}",
    ),
    _Platform(
        _all_values(_is_labelled),
        "an object of lists of texts",
        lambda value: f".[][]{_with_label(_first_in_lists(value))}",
    ),
    _Platform(
        lambda value: (
            isinstance(value, dict) and bool(value) and all(map(_is_labelled, value.values()))
        ),
        "an object with an object for each text (pandas: index)",
        lambda value: f".[]{_with_label(first_value(value))}",
    ),
    _Platform(
        lambda value: name_columns(value) is not None,
        "a table by columns, and has not as many texts as labels. Add what is missing",
        "",
    ),
    _Platform(
        lambda value: (
            _all_values(lambda first: isinstance(first, str))(value)
            and "intents" not in value
            and not are_splits(value)
            and not may_be_columns(value)
        ),
        "an object with a list of texts for each label",
        "to_entries[] | .key as $intent | .value[] | {text: ., label: $intent}",
    ),
    _Platform(
        lambda value: isinstance(get(value, "0"), list) and len(get(value, "0")) > 2,
        "a list of rows without the names of the columns",
        ".[] | {text: .[0], label: .[1]}",
        ", with the right positions in place of 0 and 1",
    ),
)

_OBJECT_OF_TEXTS = _Platform(
    _is_object_of_texts,
    "an object whose fields are not known",
    _filter_object_of_texts,
    ", if each field is a text and its label",
)
"""What is no row of several with the same fields."""
