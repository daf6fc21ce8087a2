"""Label Studio: prompts as its tasks, and the decisions in its exports (JSON, JSON-MIN, CSV, TSV).

The exports are those of Label Studio's own converter (`label_studio_sdk.converter`).
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from prompt_capture.domain.changes import match_intent, match_secondary_intent
from prompt_capture.domain.decisions_elsewhere import describe_decision
from prompt_capture.domain.errors import InvalidEntry
from prompt_capture.domain.field_names import Misspelling, list_unknown
from prompt_capture.domain.intent_lists import NO_INTENTS, read_intents
from prompt_capture.domain.review_fields import (
    DECISION_FIELDS,
    FIELDS,
    PREDICTED_SECONDARY,
    SECONDARY,
    EntryFields,
    find_misspelt_decision,
)
from prompt_capture.domain.text import strip_invisible

_INTENT, _SECONDARY, _NOTES = "intent", "secondary", "notes"
"""The names of the controls in the labelling configuration of the documentation."""

_CONTROLS = (_INTENT, _SECONDARY, _NOTES)
_SECONDARY_ALIASES = dict.fromkeys(("secondary_intent", "secondary_intents", SECONDARY), _SECONDARY)
_MISSPELT_CHOICES = _SECONDARY_ALIASES
"""A control with choices may be that of the intent under any other name."""

_INTENT_ALIASES = dict.fromkeys(("corrected", "corrected_intent", "correction"), _INTENT)
_MISSPELT_OTHERS = _SECONDARY_ALIASES | _INTENT_ALIASES
_TASK_FIELDS = (*FIELDS, "log_id")
"""The fields of the data of a task, as the export writes it."""

FLATTENED_FIELDS = (
    *_TASK_FIELDS,
    *_CONTROLS,
    "annotation_id",
    "annotator",
    "updated_at",
    "lead_time",
    "agreement",
)
"""The fields of the exports JSON-MIN, CSV and TSV, whose `created_at` is that of the annotation."""

_NO_CHOICE = "annotations: one has no choice of an intent"
_NO_LOG_ID = (
    "data: log_id is missing, which names the prompt. Review the tasks that `export --format "
    "label-studio` writes. To train on another project, export it as CSV and name the columns "
    "text and label"
)
_LONE_ANNOTATIONS = ("result", "annotation")
"""Fields beside the data of a task in which programs write the only annotation, or its result."""

_TASK_PARTS = frozenset({"data", "annotations", "completions", "predictions", "drafts"})
"""The fields of a task with its data, and with what is and is not its decision."""

_RELATION = "relation"
"""The type of a result that connects two others, and has no value of its own."""

_COMMENTS, _META = "comments", "meta"
"""Where Label Studio keeps remarks on an annotation, and those on a result of it."""

_TEXT_AREA = "textarea"
"""The type of notes, also where a result does not state one."""

_JSON_CELLS = ('{"choices":', '{"text":', '[{"', '["')
"""How a cell with several texts begins."""


def to_task(entry: Mapping[str, Any], columns: Sequence[str]) -> dict[str, Any]:
    """Return a task with some fields of an entry, and its prediction.

    `log_id` repeats the id, since JSON-MIN replaces `id` by the number of the task.
    """
    shown = {name: entry[name] for name in columns if name in entry}
    secondary = read_intents(entry.get(PREDICTED_SECONDARY), PREDICTED_SECONDARY)
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


def find_flattened_misspelling(names: Iterable[str]) -> Misspelling | None:
    """Return the first field of JSON-MIN, CSV or TSV that seems to be a misspelt decision."""
    decisions = (*DECISION_FIELDS, _SECONDARY)
    return find_misspelt_decision(names, FLATTENED_FIELDS, decisions, _SECONDARY_ALIASES)


def read_task(task: Mapping[str, Any], catalogue: Collection[str]) -> EntryFields:
    """Return the id, the text, the corrected intents and the notes of a task of the JSON export.

    Annotations that were cancelled or skipped, or that a reviewer rejected, do not count, and
    neither do predictions. Without any annotation, the values are those of the task's data. Raise
    `InvalidEntry` for an annotation without exactly one intent, for annotators who disagree, and
    for misspelt names.
    """
    entry = _read_data(task)
    annotations = _list_annotations(task)
    submitted = [each for each in annotations if not _is_cancelled(each)]
    used = [each for each in submitted if not _is_rejected(each)]
    is_rejected = len(used) < len(submitted)
    counted = [_read_annotation(each, catalogue) for each in used]
    if not annotations:
        _reject_decision_beside_data(task, catalogue)
    if not counted:
        notes = [entry.values["notes"], *_list_notes(annotations)]
        values = {**entry.values, "notes": "\n".join(filter(None, notes)) or None}
        return EntryFields(values, entry.ignored, is_rejected)
    if not entry.values["id"]:
        raise InvalidEntry(_NO_LOG_ID)
    _reject_disagreement(each.intent for each in counted)
    stated = [each.secondary for each in counted if each.secondary is not None]
    _reject_disagreement(f"secondary {' and '.join(sorted(each)) or 'none'}" for each in stated)
    texts = dict.fromkeys(text for each in counted for text in each.notes)
    decision = {
        "corrected_intent": counted[0].intent,
        "corrected_secondary_intents": stated[0] if stated else None,
        "notes": "\n".join(texts) or entry.values["notes"],
    }
    ignored = [name for each in counted for name in each.ignored]
    ignored += _list_unread_remarks(task, annotations)
    return EntryFields({**entry.values, **decision}, (*entry.ignored, *ignored), is_rejected)


def _reject_disagreement(decisions: Iterable[str]) -> None:
    if len(different := list(dict.fromkeys(decisions))) > 1:
        raise InvalidEntry(
            f"the annotators disagree: {', '.join(different)}. Nothing is recorded for this "
            "prompt. Delete the wrong annotation in Label Studio"
        )


def read_flattened_task(entry: Mapping[str, Any], catalogue: Collection[str]) -> EntryFields:
    """Return the fields of an annotation in JSON-MIN, CSV or TSV that are read.

    The intent is the value of the control `intent`. These exports do not separate other controls
    from the data of the task, which is no decision. Raise `InvalidEntry`.
    """
    log_id = entry.get("log_id") or entry.get("id")
    if str(log_id).isdigit():
        raise InvalidEntry(
            "id: it is the number of Label Studio's task, which replaces the prompt's id in "
            "this kind of export. Export as JSON"
        )
    if misspelling := find_flattened_misspelling(entry):
        raise InvalidEntry(f"{misspelling.name}: it {misspelling.reason}")
    ignored = list_unknown(entry, FLATTENED_FIELDS)
    decision = {
        "id": log_id,
        "prompt": entry.get("prompt"),
        "predicted_intent": entry.get("predicted_intent"),
        PREDICTED_SECONDARY: entry.get(PREDICTED_SECONDARY),
        "corrected_intent": entry.get("corrected_intent"),
        "corrected_secondary_intents": entry.get("corrected_secondary_intents"),
        "notes": "\n".join(_list_texts(_parse_cell(entry.get(_NOTES)), _NOTES)),
    }
    if not _is_annotated(entry):
        return EntryFields(decision, ignored)
    if _INTENT not in entry:
        raise InvalidEntry(
            f"{_NO_CHOICE}. If the control of the intent is not named `intent`, export as JSON: "
            "this kind of export does not say which fields are controls"
        )
    if entry.get(SECONDARY) and not entry.get(_SECONDARY):
        raise InvalidEntry(
            f"{SECONDARY}: an annotation is not read from this field. Name the control of the "
            f"secondary intents `{_SECONDARY}`, or empty the field"
        )
    choices = {_INTENT: _list_texts(_parse_cell(entry[_INTENT]), _INTENT)}
    secondary = _list_texts(_parse_cell(entry.get(_SECONDARY)), _SECONDARY)
    intents = {
        "corrected_intent": _choose_intent(choices, catalogue),
        "corrected_secondary_intents": _choose_secondary_intents(secondary, catalogue),
    }
    return EntryFields({**decision, **intents}, ignored)


def _is_annotated(entry: Mapping[str, Any]) -> bool:
    """Return whether an entry of JSON-MIN, CSV or TSV has an annotation.

    A choice is one, too, where the number of the annotation was deleted and nothing else decides.
    """
    if _has_value(entry, "annotation_id"):
        return True
    has_choice = _has_value(entry, _INTENT) or _has_value(entry, _SECONDARY)
    return has_choice and not _has_value(entry, "corrected_intent")


def _has_value(entry: Mapping[str, Any], name: str) -> bool:
    value = entry.get(name)
    return value is not None and (not isinstance(value, str) or bool(strip_invisible(value)))


def _read_data(task: Mapping[str, Any]) -> EntryFields:
    """Return the id and the text of the prompt, and what the data of a task says of a decision."""
    data = task.get("data")
    if not isinstance(data, dict):
        raise InvalidEntry(
            "data: the entry has no data, as each task of Label Studio has. Export tasks as JSON"
        )
    if misspelling := find_misspelt_decision(data, _TASK_FIELDS):
        raise InvalidEntry(f"data: {misspelling.name} {misspelling.reason}")
    values = {
        "id": data.get("log_id") or data.get("id"),
        "prompt": data.get("prompt"),
        "predicted_intent": data.get("predicted_intent"),
        PREDICTED_SECONDARY: data.get(PREDICTED_SECONDARY),
        "corrected_intent": data.get("corrected_intent"),
        "corrected_secondary_intents": data.get("corrected_secondary_intents"),
        "notes": "\n".join(_list_texts(data.get(_NOTES), _NOTES)) or None,
    }
    return EntryFields(values, list_unknown(data, _TASK_FIELDS))


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


def _reject_decision_beside_data(task: Mapping[str, Any], catalogue: Collection[str]) -> None:
    """Raise `InvalidEntry` where a task without annotations has a decision beside its data."""
    if name := next(filter(task.get, _LONE_ANNOTATIONS), None):
        raise InvalidEntry(
            f"{name}: an annotation of the task is beside its data. Write it into the list "
            "annotations, or delete it"
        )
    if name := next((name for name in DECISION_FIELDS if task.get(name) not in (None, "")), None):
        raise InvalidEntry(f"{name}: it is beside the data of the task. Write it into data")
    for name in filter(lambda name: name not in _TASK_PARTS, task):
        if found := describe_decision(name, task[name], catalogue):
            raise InvalidEntry(
                f"annotations: there are none, but {found}, beside the data of the task. If this "
                f"is the decision, write it into data as corrected_intent. If not, delete {name}"
            )


def _is_cancelled(annotation: Mapping[str, Any]) -> bool:
    return bool(annotation.get("was_cancelled") or annotation.get("skipped"))


def _is_rejected(annotation: Mapping[str, Any]) -> bool:
    """Return whether the last reviewer who decided on an annotation rejected it."""
    reviews = annotation.get("reviews") or []
    if not isinstance(reviews, list) or not all(
        isinstance(each, dict) and isinstance(each.get("accepted"), bool | None) for each in reviews
    ):
        raise InvalidEntry(
            "annotations: the reviews of one do not say whether they accept it. Each must be an "
            "object with accepted: true or false. Export as JSON, with the reviews"
        )
    decided = [each for each in reviews if each.get("accepted") is not None]
    return bool(decided) and not max(reversed(decided), key=_date_review)["accepted"]


def _date_review(review: Mapping[str, Any]) -> tuple[str, int]:
    """Return what orders the reviews of an annotation by time."""
    number = review.get("id")
    return str(review.get("created_at") or ""), number if isinstance(number, int) else 0


class _Annotation(NamedTuple):
    """What one annotator decided, and the names of the controls that are not read."""

    intent: str
    secondary: list[str] | None
    notes: list[str]
    ignored: list[str]


def _read_annotation(annotation: Mapping[str, Any], catalogue: Collection[str]) -> _Annotation:
    choices: dict[str, list[str]] = {}
    notes: dict[str, list[str]] = {}
    ignored: list[str] = []
    for control, kind, value in _list_results(annotation):
        if "choices" in value:
            choices.setdefault(control, []).extend(_list_texts(value["choices"], control))
        elif control in {_INTENT, _SECONDARY}:
            raise InvalidEntry(f"annotations: the control {control} is not of the type Choices")
        elif "text" in value and kind == _TEXT_AREA:
            notes.setdefault(control, []).extend(_list_texts(value["text"], control))
        else:
            ignored.append(control)
    secondary = _choose_secondary_intents(choices.pop(_SECONDARY, []), catalogue)
    _reject_misspelt_decision(choices, _MISSPELT_CHOICES)
    _reject_misspelt_decision((*notes, *ignored), _MISSPELT_OTHERS)
    read_choices, read_notes = _select(choices, _INTENT), _select(notes, _NOTES)
    ignored += [name for name in (*choices, *notes) if name not in {*read_choices, *read_notes}]
    texts = [text for texts in read_notes.values() for text in texts]
    intent = _choose_intent(read_choices, catalogue)
    return _Annotation(intent, secondary, texts, ignored)


def _list_notes(annotations: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the notes of annotations that do not count."""
    for annotation in annotations:
        results = _list_results(annotation)
        notes = {
            control: _list_texts(value["text"], control)
            for control, kind, value in results
            if kind == _TEXT_AREA and "text" in value
        }
        for texts in _select(notes, _NOTES).values():
            yield from texts


def _list_unread_remarks(
    task: Mapping[str, Any], annotations: Iterable[Mapping[str, Any]]
) -> Iterator[str]:
    """Yield the fields with remarks outside the controls, which are not read."""
    results = [result for each in annotations for result in each.get("result") or ()]
    metas = [result.get(_META) for result in results if isinstance(result, dict)]
    if any(isinstance(meta, dict) and any(meta.values()) for meta in metas):
        yield _META
    if any(each.get(_COMMENTS) for each in (task, *annotations)):
        yield _COMMENTS


def _list_results(annotation: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the control, the type and the value of each result that has a value."""
    results = annotation.get("result") or []
    if not isinstance(results, list):
        raise InvalidEntry("annotations: the result of one is not a list")
    for result in results:
        if isinstance(result, dict) and result.get("type") == _RELATION:
            continue
        value = result.get("value") if isinstance(result, dict) else None
        if not isinstance(value, dict):
            raise InvalidEntry("annotations: a result of one has no value")
        yield str(result.get("from_name")), result.get("type", _TEXT_AREA), value


def _select(texts: dict[str, list[str]], control: str) -> dict[str, list[str]]:
    """Return the texts of a control, or of all controls where there is none of this name."""
    return {control: texts[control]} if control in texts else texts


def _reject_misspelt_decision(controls: Iterable[str], aliases: Mapping[str, str]) -> None:
    """Raise `InvalidEntry` for a control that would be taken for another one, or for no decision.

    `aliases` are the other names of the intents that may be meant.
    """
    meant = set(aliases.values())
    if misspelling := find_misspelt_decision(controls, _CONTROLS, meant, aliases):
        intents = "secondary intents" if misspelling.meant == _SECONDARY else "intent"
        raise InvalidEntry(
            f"annotations: the control {misspelling.name} is not known. If it is the control of "
            f"the {intents}, name it `{misspelling.meant}`, of the type Choices. If it is not, "
            "give it another name"
        )


def _choose_secondary_intents(
    choices: Sequence[str], catalogue: Collection[str]
) -> list[str] | None:
    """Return the secondary intents among the choices. Without a choice, nothing is said."""
    if NO_INTENTS in choices and len(choices) > 1:
        raise InvalidEntry(
            "annotations: one says both that there are secondary intents and that there are none"
        )
    if not choices:
        return None
    names = (strip_invisible(each) for each in choices if each != NO_INTENTS)
    return [match_secondary_intent(name, catalogue) for name in names]


def _choose_intent(choices: Mapping[str, Sequence[str]], catalogue: Collection[str]) -> str:
    """Return the one intent among the choices by control."""
    chosen = {
        name: list(dict.fromkeys(match_intent(strip_invisible(text), catalogue) for text in texts))
        for name, texts in choices.items()
        if texts
    }
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
