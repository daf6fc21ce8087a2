"""Projects of other platforms, which are not read: what a file is, and how to convert it.

Each is known by its fields. A filter of jq turns it into JSON lines with `text` and `label`.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from prompt_capture.domain.text_files import first_line
from training.data.examples import InvalidExamples
from training.data.files import DataFile

LONE_BRACKETS = frozenset({"{", "[", "[{"})
"""The first line of JSON that spans several lines."""

_NAME = "--arg intent NAME "
"""The option of jq for an intent whose name is not in the file."""

_DATA = "{text: ([.data[].text] | add), label: $intent}"
_PARTS = _DATA.replace("data", "parts")
_SLOTS = ", and write values in place of {slots}"


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
        value, is_spread = _read_first_value(file)
        description = _describe_platform(value)
        if description is None and is_spread and not is_known:
            description = _describe_spread(value)
        if description:
            raise OtherPlatform(str(file.invalid(description))) from None
        raise


def _read_first_value(file: DataFile) -> tuple[Any, bool]:
    """Return the first JSON value of a file, and whether it is on several lines."""
    try:
        text = file.read_text().lstrip("\ufeff \t\r\n")
        value, end = json.JSONDecoder().raw_decode(text)
    except (InvalidExamples, ValueError, RecursionError):
        return None, False
    return value, len(first_line(text)) < end


def _describe_platform(value: Any) -> str | None:
    if _is_labelled(value) or _is_app(value):
        return None
    return next((each.describe(value) for each in _PLATFORMS if each.matches(value)), None)


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


def _get(value: Any, path: str) -> Any:
    """Return what is at a path of fields; `0` is the first item of a list; None for nothing."""
    for field in path.split("."):
        if field == "0" and isinstance(value, list):
            value = value[0] if value else None
        else:
            value = value.get(field) if isinstance(value, dict) else None
    return value


def _has(*paths: str) -> Callable[[Any], bool]:
    """Return a check that a value has something at each path."""
    return lambda value: all(_get(value, path) is not None for path in paths)


def _has_lists(*paths: str) -> Callable[[Any], bool]:
    """Return a check that a value has a list at each path."""
    return lambda value: all(isinstance(_get(value, path), list) for path in paths)


def _is_usersays(value: Any) -> bool:
    return isinstance(_get(value, "0.data"), list) and _get(value, "0.data.0.text") is not None


def _is_pair(value: Any) -> bool:
    is_list = isinstance(value, list) and len(value) == 2
    return is_list and all(isinstance(each, str) for each in value)


def _is_table_by_columns(value: Any) -> bool:
    columns = (_get(value, "text"), _get(value, "label"))
    return all(isinstance(each, dict | list) for each in columns)


def _all_values(is_kind: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Return a check that an object has lists only, whose first items are of a kind."""

    def check(value: Any) -> bool:
        lists = list(value.values()) if isinstance(value, Mapping) else []
        return bool(lists) and all(
            isinstance(each, list) and bool(each) and is_kind(each[0]) for each in lists
        )

    return check


def _is_spacy_pair(value: Any) -> bool:
    pair = _get(value, "0")
    return (
        isinstance(pair, list)
        and len(pair) == 2
        and isinstance(_get(pair[1], "cats"), dict)
        and isinstance(pair[0], str)
    )


def _is_labelled(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("text"), str)


def _has_texts(name: str) -> Callable[[Any], bool]:
    """Return a check that a field has a list of objects with texts."""
    return lambda value: _is_labelled(_get(value, f"{name}.0"))


def _is_app(value: Any) -> bool:
    """Return whether a value is the version of a LUIS app, which is read."""
    return isinstance(value, dict) and _get(value, "utterances.0.intent") is not None


def _has_splits(value: Any) -> bool:
    """Return whether an object has a field that is named after a split."""
    return any(map(_SPLIT.search, value))


def _find_texts(intent: Any) -> str | None:
    """Return the field of an intent that has a list of texts; `` where the intent is a list."""
    found = next((name for name in _EXAMPLES if _get(intent, name)), "")
    texts = _get(intent, found) if found else intent
    first = texts[0] if isinstance(texts, list) and texts else None
    return found if isinstance(first, str) or _is_labelled(first) else None


def _filter_intents(path: str) -> Callable[[Any], str]:
    """Return a function that writes the filter for a list of intents at a path: `` or `intents`."""

    def write(value: Any) -> str:
        intent = _first_intent(value, path)
        name = next(name for name in _INTENT_NAMES if _get(intent, name))
        texts = f".{_find_texts(intent)}[]"
        return f".{path}[] | .{name} as $intent | {texts} | {_TEXT_OF_EXAMPLE}"

    return write


def _has_intents(path: str) -> Callable[[Any], bool]:
    """Return a check for a list of intents, with names and texts, at a path: `` or `intents`."""

    def check(value: Any) -> bool:
        intent = _first_intent(value, path)
        return any(_get(intent, name) for name in _INTENT_NAMES) and bool(_find_texts(intent))

    return check


def _first_intent(value: Any, path: str) -> Any:
    return _get(value, f"{path}.0" if path else "0")


def _filter_object_of_intents(value: Any) -> str:
    field = _find_texts(next(iter(value["intents"].values())))
    texts = f".value.{field}[]" if field else ".value[]"
    return f".intents | to_entries[] | .key as $intent | {texts} | {_TEXT_OF_EXAMPLE}"


def _is_object_of_intents(value: Any) -> bool:
    intents = _get(value, "intents")
    first = next(iter(intents.values()), None) if isinstance(intents, dict) else None
    return _find_texts(first) is not None


_INTENT_NAMES = ("intent", "name", "tag", "label", "title", "id")
_EXAMPLES = (
    *("examples", "utterances", "phrases", "patterns", "samples", "queries", "sentences", "texts"),
    *("questions", "expressions", "training_phrases", "trainingPhrases"),
)
"""How other programs name an intent, and the list of its texts."""

_FIELDS_OF_TEXTS = (
    *("data", "dataset", "documents", "examples", "instances", "items", "messages", "phrases"),
    *("prompts", "records", "results", "rows", "samples", "sentences", "texts", "utterances"),
)
"""The fields in which an object may have all texts."""

_TEXT_OF_EXAMPLE = "{text: (.text? // .), label: $intent}"
"""The text of an example that is an object or a text."""

_SPLIT = re.compile(r"train|test|dev|val|gold|held|hold", re.IGNORECASE)
"""A part of the name of a split."""

_PLATFORMS = (
    _Platform(
        _is_usersays,
        "the training phrases of an intent of Dialogflow ES, which the name of the file states",
        f".[] | {_DATA}",
        option=_NAME,
    ),
    _Platform(
        _has_lists("userSays"),
        "an intent of Dialogflow ES",
        f".name as $intent | .userSays[] | {_DATA}",
    ),
    _Platform(
        _has("name", "auto", "responses"),
        "an intent of Dialogflow ES without its training phrases, which are in the file "
        "NAME_usersays_LANGUAGE.json beside it",
        f".[] | {_DATA}",
        option=_NAME,
    ),
    _Platform(
        _has("displayName", "trainingPhrases.0.parts"),
        "an intent of Dialogflow CX",
        f".displayName as $intent | .trainingPhrases[] | {_PARTS}",
    ),
    _Platform(
        _has("trainingPhrases.0.parts"),
        "the training phrases of an intent of Dialogflow CX, which the name of the folder states",
        f".trainingPhrases[] | {_PARTS}",
        option=_NAME,
    ),
    _Platform(
        _has_lists("resource.intents"),
        "a bot of Amazon Lex V1",
        ".resource.intents[] | .name as $intent | .sampleUtterances[] | {text: ., label: $intent}",
        _SLOTS,
    ),
    _Platform(
        _has_lists("resource.sampleUtterances"),
        "an intent of Amazon Lex V1",
        ".resource | .name as $intent | .sampleUtterances[] | {text: ., label: $intent}",
        _SLOTS,
    ),
    _Platform(
        _has("sampleUtterances.0.utterance"),
        "an intent of Amazon Lex V2",
        "(.name // .intentName) as $intent | .sampleUtterances[] "
        "| {text: .utterance, label: $intent}",
        _SLOTS,
    ),
    _Platform(
        lambda value: (
            _has("intents.0.intent", "intents.0.examples")(_get(value, "workspace"))
            or _has("intents.0.intent", "intents.0.examples")(value)
        ),
        "a skill of IBM Watson Assistant",
        f"(.workspace // .).intents[] | .intent as $intent | .examples[] | {_TEXT_OF_EXAMPLE}",
    ),
    _Platform(
        lambda value: (
            isinstance(_get(value, "interactionModel.languageModel.intents"), list)
            or isinstance(_get(value, "languageModel.intents"), list)
        ),
        "an interaction model of Alexa",
        "(.interactionModel // .).languageModel.intents[] | .name as $intent | .samples[]? "
        "| {text: ., label: $intent}",
        _SLOTS,
    ),
    _Platform(
        _is_object_of_intents,
        "an object of intents with their texts",
        _filter_object_of_intents,
    ),
    _Platform(
        lambda value: isinstance(_get(value, "intents"), dict),
        "a dataset of Snips NLU",
        f".intents | to_entries[] | .key as $intent | .value.utterances[] | {_DATA}",
    ),
    _Platform(
        _all_values(lambda first: isinstance(_get(first, "data.0.text"), str)),
        "a part of the Snips benchmark",
        f"to_entries[] | .key as $intent | .value[] | {_DATA}",
    ),
    _Platform(
        lambda value: isinstance(_get(value, "utterances"), dict) and _has("name")(value),
        "an intent of Botpress",
        ".name as $intent | .utterances[][] | {text: ., label: $intent}",
        ", and write the words alone in place of [words](slot)",
    ),
    _Platform(
        lambda value: isinstance(_get(value, "0.utterances"), dict),
        "a list of intents of Botpress",
        ".[] | .name as $intent | .utterances[][] | {text: ., label: $intent}",
        ", and write the words alone in place of [words](slot)",
    ),
    _Platform(
        _has("version.platformData.intents"),
        "a project of Voiceflow",
        ".version.platformData.intents[] | .name as $intent | .inputs[] | {text, label: $intent}",
        _SLOTS,
    ),
    _Platform(
        _has_lists("intents.0.patterns"),
        "a file of intents with tags and patterns",
        ".intents[] | .tag as $intent | .patterns[] | {text: ., label: $intent}",
    ),
    _Platform(
        _has("0.path", "0.phrases"),
        "a file of intents of JAICP",
        ".[] | .path as $intent | .phrases[] | {text, label: $intent}",
    ),
    _Platform(
        _all_values(lambda first: isinstance(_get(first, "0.value"), str)),
        "an output of Chatito",
        "to_entries[] | .key as $intent | .value[] | {text: ([.[].value] | add), label: $intent}",
    ),
    _Platform(
        _has("0.text", "0.annotations.0.label"),
        "a list of texts with annotations of another tool than Label Studio",
        ".[] | {text, label: .annotations[0].label}",
        ", and write the names of labels in place of their numbers",
    ),
    _Platform(
        _has("0.paragraphs.0.cats"),
        "training data of spaCy 2",
        ".[].paragraphs[] | {text: .raw, label: (.cats[] | select(.value >= 0.5) | .label)}",
    ),
    _Platform(
        _is_spacy_pair,
        "training data of spaCy",
        ".[] | {text: .[0], cats: .[1].cats}",
    ),
    _Platform(
        _has("0.fields.text", "0.responses"),
        "an export of Argilla",
        '.[] | {text: .fields.text, label: (.responses[][] | select(.status == "submitted") '
        "| .value)}",
        ", and keep one line where annotators disagree",
    ),
    _Platform(
        _has("examples.0.content", "examples.0.classifications"),
        "an export of LightTag",
        ".examples[] | {text: .content, label: .classifications[].classname}",
    ),
    _Platform(
        _has("data.0.entities", "data.0.text"),
        "an export of Wit.ai of an earlier version",
        '.data[] | {text, label: (.entities[] | select(.entity == "intent") | .value '
        '| ltrimstr("\\"") | rtrimstr("\\""))}',
    ),
    _Platform(
        _has("messages.0.role", "messages.0.content"),
        "a file of conversations for fine-tuning",
        '{text: [.messages[] | select(.role == "user") | .content][-1], label: '
        '[.messages[] | select(.role == "assistant") | .content][-1]}',
    ),
    _Platform(
        _has("contents.0.parts.0.text", "contents.0.role"),
        "a file of conversations for fine-tuning",
        '{text: [.contents[] | select(.role == "user") | .parts[].text][-1], label: '
        '[.contents[] | select(.role == "model") | .parts[].text][-1]}',
    ),
    _Platform(
        _has_lists("intents.0.trainingPhrases"),
        "a list of intents of Dialogflow CX",
        f".intents[] | .displayName as $intent | .trainingPhrases[] | {_PARTS}",
    ),
    _Platform(
        _has("textContent", "classificationAnnotation.displayName"),
        "a dataset of Vertex AI",
        "{text: .textContent, label: .classificationAnnotation.displayName}",
    ),
    _Platform(
        _is_table_by_columns,
        "a table by columns, as pandas writes it by default",
        "[.text, .label | [.[]]] | transpose[] | {text: .[0], label: .[1]}",
    ),
    _Platform(
        _has_lists("columns", "data.0"),
        "a table with the names of the columns apart (pandas: split)",
        ".columns as $names | .data[] | [$names, .] | transpose | map({(.[0]): .[1]}) | add",
    ),
    _Platform(
        _has("rows.0.row"),
        "an answer of the dataset viewer of Hugging Face",
        ".rows[].row",
        ", and write the names of class labels in place of their numbers",
    ),
    _Platform(
        lambda value: _is_pair(_get(value, "0")),
        "a list of pairs",
        ".[] | {text: .[0], label: .[1]}",
    ),
    _Platform(
        lambda value: _all_values(_is_pair)(value) and _has_splits(value),
        "an object of lists of pairs, such as CLINC150",
        "to_entries[] | .key as $split | .value[] | {text: .[0], label: .[1], $split}",
    ),
    _Platform(
        _has_intents(""),
        "a list of intents with their texts",
        _filter_intents(""),
    ),
    _Platform(
        _has_intents("intents"),
        "an object with a list of intents with their texts",
        _filter_intents("intents"),
    ),
    *(
        _Platform(
            _has_texts(name),
            f"an object with the texts in its field {name}",
            f".{name}[]",
        )
        for name in _FIELDS_OF_TEXTS
    ),
    _Platform(
        _all_values(_is_pair),
        "an object of lists of pairs",
        ".[][] | {text: .[0], label: .[1]}",
    ),
    _Platform(
        lambda value: _all_values(_is_labelled)(value) and _has_splits(value),
        "an object with a list for each split",
        "to_entries[] | .key as $split | .value[] | . + {$split}",
    ),
    _Platform(
        _all_values(_is_labelled),
        "an object of lists of texts",
        ".[][]",
    ),
    _Platform(
        _all_values(lambda first: isinstance(first, str)),
        "an object with a list of texts for each label",
        "to_entries[] | .key as $intent | .value[] | {text: ., label: $intent}",
    ),
)
