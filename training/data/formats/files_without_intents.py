"""Files of other programs whose texts have no intents, or not in the file: what to read instead."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from training.data.formats.json_paths import first_value, get, has, has_lists

_WRITE = 'Write a line for each text: {"text": ..., "label": ...}'
_IN_INTENTS = "which are in the folder intents"


def describe_file_without_intents(value: Any) -> str | None:
    """Say what a file with this value is, if it is known, and has no texts with intents."""
    return next((description for description, is_so in _KINDS.items() if is_so(value)), None)


def _any_of(*checks: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: any(check(value) for check in checks)


def _is_dialogue(value: Any) -> bool:
    """Return whether a value is a dialogue of MultiWOZ 2.0 or 2.1, whose log has all turns."""
    return isinstance(get(value, "log.0.text"), str) and get(value, "goal") is not None


def _is_task(value: Any) -> bool:
    """Return whether a value is a task of Label Studio, with annotations or without."""
    data = get(value, "data")
    if not isinstance(data, dict):
        return False
    is_annotated = not value.keys().isdisjoint({"annotations", "completions", "predictions"})
    is_alone = value.keys() <= {"data", "id", "meta"} and "label" not in data
    return is_annotated or (is_alone and isinstance(data.get("text"), str))


def _is_review_entry(value: Any) -> bool:
    return isinstance(value, dict) and (
        get(value, "data.log_id") is not None or value.keys() >= {"id", "corrected_intent"}
    )


def _has_no_intents_in_watson(value: Any) -> bool:
    skill = get(value, "workspace") or value
    return get(skill, "intents") == [] and has_lists("entities", "dialog_nodes")(skill)


_KINDS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "an intent of Dialogflow CX without its training phrases, which are in the folder "
    "trainingPhrases beside it": _any_of(
        has("displayName", "numTrainingPhrases"), has("displayName", "priority")
    ),
    f"an agent of Dialogflow without its training phrases, {_IN_INTENTS}": _any_of(
        has("defaultTimezone", "language"), has("defaultLanguageCode", "timeZone")
    ),
    "an entity of Dialogflow, which has no intents": _any_of(
        has("entries.0.synonyms"), has("isEnum", "automatedExpansion")
    ),
    f"a bot of Amazon Lex without its intents, {_IN_INTENTS} of the export": _any_of(
        has("dataPrivacy", "idleSessionTTLInSeconds"), has("metaData.fileFormat")
    ),
    "the settings of an app of Wit.ai. Its texts are in the folder utterances": has(
        "lang", "private", "timezone"
    ),
    "an entity of Wit.ai, which has no intents": has("name", "roles", "lookups"),
    "a skill of IBM Watson Assistant without intents. Export the one that has them": (
        _has_no_intents_in_watson
    ),
    "a dialog of Bot Framework Composer. Its texts are in the file .lu beside it": has("$kind"),
    "a review file with an entry on several lines. Write a list: jq -s . FILE > review.json": (
        _is_review_entry
    ),
    "a file with tasks of Label Studio. Export the project as CSV, without skipped annotations, "
    "and name the columns text and label": _any_of(
        _is_task, lambda value: _is_task(get(value, "0"))
    ),
    "a corpus of ChatterBot, whose conversations have answers and no intents. " + _WRITE: has_lists(
        "categories", "conversations"
    ),
    "a file of dialogues of MultiWOZ, whose turns have actions and no intents. " + _WRITE: _any_of(
        _is_dialogue,
        lambda value: _is_dialogue(get(value, "0")),
        lambda value: _is_dialogue(first_value(value)),
    ),
}
"""What a file is, and how it is known."""
