"""Files that a platform or a tool writes, which is named: how each is known and converted."""

from typing import Any

from training.data.formats import argilla
from training.data.formats.file_kinds import FileKind
from training.data.formats.json_intents import (
    FROM_EXAMPLE,
    INTENT_NAMES,
    filter_object_of_intents,
    is_object_of_intents,
)
from training.data.formats.json_paths import (
    first_value,
    get,
    has,
    has_lists,
    has_only_lists,
    list_items,
)
from training.data.formats.json_texts import FIELDS_OF_TEXTS, first_annotated, is_annotated

_NAME = "--arg intent NAME "
"""The option of jq for an intent whose name is not in the file."""

_DATA = '{text: ([.data[].text] | join("")), label: $intent}'
_PARTS = _DATA.replace("data", "parts")
"""The filters for a text in parts, whose field is `data` or `parts`."""

_SLOTS = ", and write values in place of {slots}"

_QUESTIONS = (
    "a knowledge base of QnA Maker, whose questions have answers and no intents: the number of the "
    "answer takes the place of the intent"
)

_AGREED = ", without texts that nobody labelled, and keep one line where annotators disagree"

_CONTENT = '(.content | if type == "array" then [.[].text // empty] | join("") else . end)'
"""The filter for the content of a message, which may have parts."""

_LAST_TURN = ", whose last question and answer are a text and its label"

_INSTRUCTIONS = (
    "a file of instructions for fine-tuning (Alpaca), whose text is the input, or the instruction "
    "where there is no input"
)
_FROM_INSTRUCTION = (
    '. + {text: (if (.input // "") == "" then .instruction else .input end), label: .output}'
)

_METADATA = "-metadata"
"""The end of the field in which SageMaker Ground Truth has the name of the label."""

_TYPES = frozenset({"B", "BOOL", "BS", "L", "M", "N", "NS", "NULL", "S", "SS"})
"""The types of values in DynamoDB."""


def _is_usersays(value: Any) -> bool:
    """Return whether a value is a list of phrases, whose intent has no name in the file."""
    is_named = any(get(value, f"0.{name}") is not None for name in INTENT_NAMES if name != "id")
    has_data = isinstance(get(value, "0.data"), list) and get(value, "0.data.0.text") is not None
    return has_data and not is_named


def _is_spacy_pair(value: Any) -> bool:
    pair = get(value, "0")
    return (
        isinstance(pair, list)
        and len(pair) == 2
        and isinstance(get(pair[1], "cats"), dict)
        and isinstance(pair[0], str)
    )


def _is_truth(value: Any) -> bool:
    """Return whether a value is a line that SageMaker Ground Truth wrote."""
    names = value if isinstance(value, dict) else ()
    return isinstance(get(value, "source"), str) and any(
        name.endswith(_METADATA) and get(value[name], "class-name") is not None for name in names
    )


def _is_typed(value: Any) -> bool:
    """Return whether all values of an object state their type, as in `{"S": "hi"}`."""
    return isinstance(value, dict) and all(
        isinstance(each, dict) and len(each) == 1 and _TYPES.issuperset(each)
        for each in value.values()
    )


def _is_instruction(value: Any) -> bool:
    """Return whether a value is an instruction with an input and an output, as Alpaca has."""
    return isinstance(value, dict) and "input" in value and has("instruction", "output")(value)


PLATFORM_KINDS = (
    FileKind(
        has("0.dialogue_id", "0.turns.0.frames", "0.turns.0.utterance"),
        "a list of dialogues (MultiWOZ 2.2, Schema-Guided Dialogue)",
        '.[].turns[] | select(.speaker == "USER") | {text: .utterance, '
        'label: (.frames[].state.active_intent | select(. != "NONE"))}',
        ", and keep one line where a text has several intents",
    ),
    FileKind(
        _is_usersays,
        "the training phrases of an intent of Dialogflow ES, which the name of the file states",
        f".[] | {_DATA}",
        option=_NAME,
    ),
    FileKind(
        has_lists("userSays"),
        "an intent of Dialogflow ES",
        f".name as $intent | .userSays // [] | .[] | {_DATA}",
    ),
    FileKind(
        has("name", "auto", "responses"),
        "an intent of Dialogflow ES without its training phrases, which are in the file "
        "NAME_usersays_LANGUAGE.json beside it",
        "",
    ),
    FileKind(
        has("displayName", "trainingPhrases.0.parts"),
        "an intent of Dialogflow CX",
        f".displayName as $intent | .trainingPhrases // [] | .[] | {_PARTS}",
    ),
    FileKind(
        has("trainingPhrases.0.parts"),
        "the training phrases of an intent of Dialogflow CX, which the name of the folder states",
        f".trainingPhrases // [] | .[] | {_PARTS}",
        option=_NAME,
    ),
    *(
        FileKind(
            has(f"{path}.0.trainingPhrases.0.parts" if path else "0.trainingPhrases.0.parts"),
            "a list of intents of Dialogflow CX",
            f".{path}[] | .displayName as $intent | .trainingPhrases // [] | .[] | {_PARTS}",
        )
        for path in ("", "intentBatchInline.intents")
    ),
    FileKind(
        has_lists("training_data.rasa_nlu_data.common_examples"),
        "an export of Botfront with NLU data of Rasa 1",
        ".training_data.rasa_nlu_data.common_examples[] | {text, label: .intent}",
    ),
    FileKind(
        has_lists("qnas.0.data.questions.en"),
        "a list of questions of Botpress, which have answers and no intents: the id of the answer "
        "takes the place of the intent",
        ".qnas[] | .id as $intent | .data.questions[][] | {text: ., label: $intent}",
    ),
    *(
        FileKind(
            has_lists(f"{path}.0.questions"),
            _QUESTIONS,
            f'.{path}[] | "answer_\\(.id)" as $intent | .questions[] | {{text: ., label: $intent}}',
        )
        for path in ("qnaList", "qnaDocuments", "assets.qnas", "qnas")
    ),
    FileKind(
        lambda value: isinstance(get(first_value(get(value, "intents")), "data.0.sentences"), list),
        "a file of sentences of Home Assistant",
        ".intents | to_entries[] | .key as $intent | .value.data[].sentences[] "
        "| {text: ., label: $intent}",
        ", and write each variant of (a|b) and [optional] words as a text",
    ),
    FileKind(
        has_lists("resource.intents"),
        "a bot of Amazon Lex V1",
        ".resource.intents[] | .name as $intent | .sampleUtterances // [] | .[] "
        "| {text: ., label: $intent}",
        _SLOTS,
    ),
    FileKind(
        has_lists("resource.sampleUtterances"),
        "an intent of Amazon Lex V1",
        ".resource | .name as $intent | .sampleUtterances // [] | .[] | {text: ., label: $intent}",
        _SLOTS,
    ),
    FileKind(
        has("sampleUtterances.0.utterance"),
        "an intent of Amazon Lex V2",
        "(.name // .intentName) as $intent | .sampleUtterances // [] | .[] "
        "| {text: .utterance, label: $intent}",
        _SLOTS,
    ),
    FileKind(
        lambda value: (
            has("intents.0.intent", "intents.0.examples")(get(value, "workspace"))
            or has("intents.0.intent", "intents.0.examples")(value)
        ),
        "a skill of IBM Watson Assistant",
        "(.workspace // .).intents[] | .intent as $intent | .examples // [] | .[] "
        f"| {FROM_EXAMPLE}",
    ),
    FileKind(
        lambda value: (
            isinstance(get(value, "interactionModel.languageModel.intents"), list)
            or isinstance(get(value, "languageModel.intents"), list)
        ),
        "an interaction model of Alexa",
        "(.interactionModel // .).languageModel.intents[] | .name as $intent "
        "| .samples // [] | .[] | {text: ., label: $intent}",
        _SLOTS,
    ),
    FileKind(
        is_object_of_intents,
        "an object of intents with their texts",
        filter_object_of_intents,
    ),
    FileKind(
        lambda value: isinstance(get(value, "intents"), dict),
        "a dataset of Snips NLU",
        f".intents | to_entries[] | .key as $intent | .value.utterances // [] | .[] | {_DATA}",
    ),
    FileKind(
        lambda value: (
            has_only_lists(lambda first: isinstance(get(first, "data.0.text"), str))(value)
            and value.keys().isdisjoint(FIELDS_OF_TEXTS)
        ),
        "a part of the Snips benchmark",
        f"to_entries[] | .key as $intent | .value[] | {_DATA}",
    ),
    FileKind(
        lambda value: isinstance(get(value, "utterances"), dict) and has("name")(value),
        "an intent of Botpress",
        ".name as $intent | .utterances // {} | .[] // [] | .[] | {text: ., label: $intent}",
        ", and write the words alone in place of [words](slot)",
    ),
    FileKind(
        lambda value: isinstance(get(value, "0.utterances"), dict),
        "a list of intents of Botpress",
        ".[] | .name as $intent | .utterances // {} | .[] // [] | .[] | {text: ., label: $intent}",
        ", and write the words alone in place of [words](slot)",
    ),
    FileKind(
        has("version.platformData.intents"),
        "a project of Voiceflow",
        ".version.platformData.intents[] | .name as $intent | .inputs // [] | .[] "
        "| {text, label: $intent}",
        _SLOTS,
    ),
    FileKind(
        has_lists("intents.0.patterns"),
        "a file of intents with tags and patterns",
        ".intents[] | .tag as $intent | .patterns // [] | .[] | {text: ., label: $intent}",
    ),
    FileKind(
        has("0.path", "0.phrases"),
        "a file of intents of JAICP",
        ".[] | .path as $intent | .phrases // [] | .[] | {text, label: $intent}",
    ),
    FileKind(
        has_only_lists(lambda first: isinstance(get(first, "0.value"), str)),
        "an output of Chatito",
        "to_entries[] | .key as $intent | .value[] "
        '| {text: ([.[].value] | join("")), label: $intent}',
    ),
    *(
        FileKind(
            is_kind,
            f"{what} with annotations of another tool than Label Studio",
            f"{items}. + {{label: .annotations[].label}}",
            f"{_AGREED}, and write the names of labels in place of their numbers",
        )
        for is_kind, what, items in (
            (lambda value: is_annotated(first_annotated(value)), "a list of texts", ".[] | "),
            (is_annotated, "a text", ""),
        )
    ),
    FileKind(
        has("0.paragraphs.0.cats"),
        "training data of spaCy 2",
        ".[].paragraphs[] | {text: .raw, label: (.cats[] | select(.value >= 0.5) | .label)}",
    ),
    FileKind(
        _is_spacy_pair,
        "training data of spaCy",
        ".[] | {text: .[0], cats: .[1].cats}",
    ),
    FileKind(
        lambda value: argilla.is_record(get(value, "0")),
        "an export of Argilla",
        lambda value: f".[] | {argilla.filter_records(list_items(value))}",
        lambda value: f"{argilla.describe_question(list_items(value))}{_AGREED}",
    ),
    FileKind(
        argilla.is_record,
        "an export of Argilla",
        lambda value: argilla.filter_records([value]),
        lambda value: f"{argilla.describe_question([value])}{_AGREED}",
    ),
    FileKind(
        lambda value: _is_instruction(get(value, "0")),
        _INSTRUCTIONS,
        f".[] | {_FROM_INSTRUCTION}",
    ),
    FileKind(_is_instruction, _INSTRUCTIONS, _FROM_INSTRUCTION),
    FileKind(
        has("examples.0.content", "examples.0.classifications"),
        "an export of LightTag",
        ".examples[] | . + {text: .content, label: .classifications[].classname}",
    ),
    FileKind(
        has("data.0.entities", "data.0.text"),
        "an export of Wit.ai of an earlier version",
        '.data[] | {text, label: (.entities[] | select(.entity == "intent") | .value '
        '| ltrimstr("\\"") | rtrimstr("\\""))}',
    ),
    FileKind(
        has("messages.0.role", "messages.0.content"),
        f"a file of conversations for fine-tuning{_LAST_TURN}",
        f'. + {{text: [.messages[] | select(.role == "user") | {_CONTENT}][-1], label: '
        f'[.messages[] | select(.role == "assistant") | {_CONTENT}][-1]}} | del(.messages)',
    ),
    FileKind(
        has("0.conversations.0.from", "0.conversations.0.value"),
        f"a list of conversations for fine-tuning{_LAST_TURN}",
        '.[] | . + {text: [.conversations[] | select(.from == "human") | .value][-1], label: '
        '[.conversations[] | select(.from == "gpt") | .value][-1]} | del(.conversations)',
    ),
    FileKind(
        has("contents.0.parts.0.text", "contents.0.role"),
        f"a file of conversations for fine-tuning{_LAST_TURN}",
        '. + {text: [.contents[] | select(.role == "user") | .parts[].text][-1], label: '
        '[.contents[] | select(.role == "model") | .parts[].text][-1]} | del(.contents)',
    ),
    FileKind(
        has_lists("intents.0.trainingPhrases"),
        "a list of intents of Dialogflow CX",
        f".intents[] | .displayName as $intent | .trainingPhrases // [] | .[] | {_PARTS}",
    ),
    FileKind(
        _is_truth,
        "an output of SageMaker Ground Truth",
        f'{{text: .source, label: (to_entries[] | select(.key | endswith("{_METADATA}")) '
        '| .value["class-name"] // empty)}',
    ),
    FileKind(
        lambda value: _is_typed(get(value, "Item")),
        "an export of DynamoDB",
        ".Item | map_values(.[])",
    ),
    FileKind(
        lambda value: isinstance(get(value, "Items"), list) and _is_typed(get(value, "Items.0")),
        "an answer of DynamoDB",
        ".Items[] | map_values(.[])",
    ),
    FileKind(
        has("textContent", "classificationAnnotation.displayName"),
        "a dataset of Vertex AI",
        "{text: .textContent, label: .classificationAnnotation.displayName, "
        'split: .dataItemResourceLabels["aiplatform.googleapis.com/ml_use"]}',
    ),
)
"""The first that matches describes a file: what is more general comes later."""
