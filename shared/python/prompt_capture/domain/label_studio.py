"""Label Studio: prompts as its tasks, and the decisions in its exports (JSON, JSON-MIN, CSV, TSV).

The exports are those of Label Studio's own converter (`label_studio_sdk.converter`).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from prompt_capture.domain.errors import InvalidEntry
from prompt_capture.domain.intent_lists import NO_INTENTS, read_intents

_INTENT, _SECONDARY, _NOTES = "intent", "secondary", "notes"
"""The names of the controls in the labelling configuration of the documentation."""

_NO_CHOICE = "annotations: one has no choice of an intent"
_RELATION = "relation"
"""The type of a result that connects two others, and has no value of its own."""

_JSON_CELLS = ('{"choices":', '{"text":', '[{"', '["')
"""How a cell with several texts begins."""


def to_task(entry: Mapping[str, Any], columns: Sequence[str]) -> dict[str, Any]:
    """Return a task with some fields of an entry, and its prediction.

    `log_id` repeats the id, since JSON-MIN replaces `id` by the number of the task.
    """
    shown = {name: entry[name] for name in columns if name in entry}
    predicted = "predicted_secondary_intents"
    secondary = read_intents(entry.get(predicted), predicted)
    result = [_to_choices(_INTENT, [entry["predicted_intent"]])]
    if secondary:
        result.append(_to_choices(_SECONDARY, secondary))
    return {
        "data": {**shown, "log_id": entry["id"]},
        "predictions": [{"score": entry["confidence"], "result": result}],
    }


def _to_choices(control: str, intents: Sequence[str]) -> dict[str, Any]:
    return {
        "from_name": control,
        "to_name": "text",
        "type": "choices",
        "value": {"choices": list(intents)},
    }


def is_task(entry: Mapping[str, Any]) -> bool:
    """Return whether an entry is a task of the JSON export."""
    return not entry.keys().isdisjoint({"data", "annotations", "completions"})


def is_flattened_task(entry: Mapping[str, Any]) -> bool:
    """Return whether an entry is one annotation of the exports JSON-MIN, CSV or TSV."""
    return not entry.keys().isdisjoint({"annotation_id", "annotator"})


def read_task(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return the id, the corrected intents and the notes of a task of the JSON export.

    Annotations that were cancelled or skipped do not count, and neither do predictions. Without
    any annotation, the values are those of the task's data. Raise `InvalidEntry` for an annotation
    without exactly one intent, and for annotators who disagree.
    """
    entry = _read_data(task)
    annotations = _list_annotations(task)
    counted = [each for each in annotations if not _is_cancelled(each)]
    if not counted:
        return entry
    intents, secondary, notes = zip(*map(_read_annotation, counted), strict=True)
    _reject_disagreement(intents)
    stated = [each for each in secondary if each is not None]
    _reject_disagreement([f"secondary {' and '.join(sorted(each)) or 'none'}" for each in stated])
    texts = dict.fromkeys(text for each in notes for text in each)
    return {
        **entry,
        "corrected_intent": intents[0],
        "corrected_secondary_intents": stated[0] if stated else None,
        "notes": "\n".join(texts) or entry["notes"],
    }


def _reject_disagreement(decisions: Iterable[str]) -> None:
    if len(different := list(dict.fromkeys(decisions))) > 1:
        raise InvalidEntry(
            f"the annotators disagree: {', '.join(different)}. Nothing is recorded for this "
            "prompt. Delete the wrong annotation in Label Studio"
        )


def read_flattened_task(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the id, the corrected intents and the notes of an annotation in JSON-MIN, CSV or TSV.

    The intent is the value of the control `intent`. These exports do not separate other controls
    from the data of the task, which is no decision. Raise `InvalidEntry`.
    """
    log_id = entry.get("log_id") or entry.get("id")
    if str(log_id).isdigit():
        raise InvalidEntry(
            "id: it is the number of Label Studio's task, which replaces the prompt's id in "
            "this kind of export. Export as JSON"
        )
    decision = {
        "id": log_id,
        "corrected_intent": entry.get("corrected_intent"),
        "corrected_secondary_intents": entry.get("corrected_secondary_intents"),
        "notes": "\n".join(_list_texts(_parse_cell(entry.get(_NOTES)), _NOTES)),
    }
    if entry.get("annotation_id") in (None, ""):
        return decision
    if _INTENT not in entry:
        raise InvalidEntry(
            f"{_NO_CHOICE}. If the control of the intent is not named `intent`, export as JSON: "
            "this kind of export does not say which fields are controls"
        )
    choices = {_INTENT: _list_texts(_parse_cell(entry[_INTENT]), _INTENT)}
    return {
        **decision,
        "corrected_intent": _choose_intent(choices),
        "corrected_secondary_intents": _choose_secondary_intents(
            _list_texts(_parse_cell(entry.get(_SECONDARY)), _SECONDARY)
        ),
    }


def _read_data(task: Mapping[str, Any]) -> dict[str, Any]:
    data = task.get("data")
    if not isinstance(data, dict):
        raise InvalidEntry("data: the task has no data. Export the tasks with their data")
    return {
        "id": data.get("log_id") or data.get("id"),
        "corrected_intent": data.get("corrected_intent"),
        "corrected_secondary_intents": data.get("corrected_secondary_intents"),
        "notes": data.get("notes"),
    }


def _list_annotations(task: Mapping[str, Any]) -> list[Any]:
    annotations = task.get("annotations", task.get("completions"))
    if annotations is None:
        annotations = []
    if not isinstance(annotations, list):
        raise InvalidEntry("annotations: they are not a list")
    if not all(isinstance(each, dict) for each in annotations) or (
        not annotations and task.get("total_annotations")
    ):
        raise InvalidEntry(
            "annotations: the file has only their ids or their number. Export as JSON, which "
            "contains the annotations"
        )
    return annotations


def _is_cancelled(annotation: Mapping[str, Any]) -> bool:
    return bool(annotation.get("was_cancelled") or annotation.get("skipped"))


def _read_annotation(
    annotation: Mapping[str, Any],
) -> tuple[str, list[str] | None, list[str]]:
    """Return the intent, the secondary intents and the notes of an annotation."""
    choices: dict[str, list[str]] = {}
    notes: dict[str, list[str]] = {}
    results = annotation.get("result") or []
    if not isinstance(results, list):
        raise InvalidEntry("annotations: the result of one is not a list")
    for result in results:
        if isinstance(result, dict) and result.get("type") == _RELATION:
            continue
        value = result.get("value") if isinstance(result, dict) else None
        if not isinstance(value, dict):
            raise InvalidEntry("annotations: a result of one has no value")
        control = str(result.get("from_name"))
        if "choices" in value:
            choices.setdefault(control, []).extend(_list_texts(value["choices"], control))
        elif control in {_INTENT, _SECONDARY}:
            raise InvalidEntry(f"annotations: the control {control} is not of the type Choices")
        elif "text" in value and result.get("type", "textarea") == "textarea":
            notes.setdefault(control, []).extend(_list_texts(value["text"], control))
    all_notes = [text for texts in notes.values() for text in texts]
    secondary = _choose_secondary_intents(choices.pop(_SECONDARY, []))
    return _choose_intent(choices), secondary, notes.get(_NOTES, all_notes)


def _choose_secondary_intents(choices: Sequence[str]) -> list[str] | None:
    """Return the secondary intents among the choices. Without a choice, nothing is said."""
    if NO_INTENTS in choices and len(choices) > 1:
        raise InvalidEntry(
            "annotations: one says both that there are secondary intents and that there are none"
        )
    return [each for each in choices if each != NO_INTENTS] if choices else None


def _choose_intent(choices: Mapping[str, Sequence[str]]) -> str:
    """Return the one intent among the choices by control."""
    chosen = {name: list(dict.fromkeys(texts)) for name, texts in choices.items() if texts}
    if _INTENT in choices:
        chosen = {_INTENT: chosen.get(_INTENT, [])}
    if not any(chosen.values()):
        raise InvalidEntry(_NO_CHOICE)
    if len(chosen) > 1:
        raise InvalidEntry(
            f"annotations: any of the controls {', '.join(chosen)} may be the intent. Name the "
            "control of the intent `intent`"
        )
    ((_, intents),) = chosen.items()
    if len(intents) > 1:
        raise InvalidEntry(f"annotations: one has several intents: {', '.join(intents)}")
    return intents[0]


def _list_texts(value: object, name: str) -> list[str]:
    """Return the texts of a value: a text or an object with texts, or a list of these."""
    parts = [_unwrap(each) for each in (value if isinstance(value, list) else [value])]
    values = [text for part in parts for text in (part if isinstance(part, list) else [part])]
    texts = [text for text in values if isinstance(text, str)]
    if len(texts) < len(values) - values.count(None):
        raise InvalidEntry(f"{name}: it is neither a text nor a list of texts")
    return [text for text in texts if text]


def _unwrap(value: object) -> object:
    """Return the texts in the value of a result; other values stay as they are."""
    return value.get("choices", value.get("text")) if isinstance(value, dict) else value


def _parse_cell(value: object) -> object:
    """Parse a CSV cell with more than one text, which Label Studio writes as JSON."""
    if not isinstance(value, str) or not value.startswith(_JSON_CELLS):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
