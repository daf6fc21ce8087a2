"""JSON lines: one object with `text` and `label` per line, as `prompt-capture export` writes.

A JSON array of such objects, the output of `prompt-capture prompts --json` and the export of
Doccano are read, too.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from prompt_capture.domain.errors import InvalidFile
from prompt_capture.domain.field_names import Misspelling, find_misspelling
from prompt_capture.domain.prompts import FailedPrompt, LabelledPrompt
from prompt_capture.domain.review_fields import FIELDS as REVIEW_FIELDS
from prompt_capture.domain.text import strip_invisible
from prompt_capture.domain.text_files import REPEATED_KEY, has_repeated_key, parse_json_entries
from training.data.examples import EXPORTED_SOURCE, Example, InvalidExamples, LocatedExample
from training.data.files import DataFile
from training.data.formats.aliases import find_text_alias
from training.data.formats.numbered_labels import NumberedLabels
from training.data.formats.other_fields import (
    CORRECTED,
    UnreadSplits,
    reject_other_label,
    reject_other_split,
)
from training.data.formats.platforms import naming_platforms
from training.data.formats.reading import Reading
from training.data.formats.refusals import Refusal
from training.data.locations import Location
from training.data.remarks import Remarks

_PROMPT_FIELDS = {"prompt", "predicted_intent"}
_MEANT = ("text", "label", "secondary", "corrected", "split")
_KNOWN = frozenset(Example.model_fields)
_CORRECTED = "corrected_secondary_intents"

EXPORTED_FIELDS: Final = _KNOWN | {
    *("confidence", "count", "id", "model_version", "precision", "precision_ci_lower"),
    *(CORRECTED, _CORRECTED),
}
"""The fields that are read beside a text and a label, or that `prompt-capture export` writes."""

_CHOICES: Final = ("accept", "cats")
"""The fields in which Prodigy and spaCy write what an annotator chose."""

_CHOICE_FIELDS = EXPORTED_FIELDS.union(_CHOICES)
"""The fields that are read of a text without `label`."""

_LISTED_FIELDS = EXPORTED_FIELDS | {
    *REVIEW_FIELDS,
    *LabelledPrompt.model_fields,
    *FailedPrompt.model_fields,
}
"""The fields that `prompt-capture prompts --json` and review files have."""

_ALIASES = {"secondary_intent": "secondary", "secondary_intents": "secondary"}
_MIN_SCORE = 0.5
"""The score from which on a label of spaCy's `cats` holds."""

_FORM = 'Write one {"text": ..., "label": ...} per line'


def read(file: DataFile, reading: Reading) -> Iterator[LocatedExample]:
    """Yield the examples of a file. Raise `InvalidExamples`."""
    with naming_platforms(file):
        yield from _read(file, reading)


def _read(file: DataFile, reading: Reading) -> Iterator[LocatedExample]:
    splits, unread = UnreadSplits(), _UnreadFields()
    numbered = NumberedLabels(reading.remarks)
    for values, location in read_values(file, reading.report):
        unread.add(values)
        if refusal := reading.find_refusal(values, location):
            unread.refuse(refusal)
            continue
        example = _to_example(values, location) if reading.needs_labels else _to_text(values)
        if reading.needs_labels and (misspelling := _find_misspelling(tuple(values))):
            raise InvalidExamples(f"{location}: {misspelling.name} {misspelling.reason}.")
        if reading.needs_labels:
            reject_other_split(values, location)
            splits.add(values)
            reject_other_label(example, location)
            _reject_other_choice(values, location)
            _reject_other_secondary(example, location)
            example = numbered.name(example, location)
        if "text" not in example:
            remedy = _describe_alias(values) or _FORM
            raise InvalidExamples(f"{location} has no text. {remedy}.")
        if located := reading.accept(example, location):
            yield located
    splits.remark(reading.remarks, file.location())
    reading.leave_out_fields(unread.list_except({*splits, numbered.field}), file.location())


class _UnreadFields:
    """Collects the fields of a file that are not read and have a value."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}
        self._refusing: set[str] = set()

    def add(self, values: Mapping[str, Any]) -> None:
        """Take the fields of a line. Those of an exported line are all known."""
        if values.get("source") == EXPORTED_SOURCE:
            return
        known = _list_read_fields(values)
        unread = (name for name, value in values.items() if name not in known)
        self._names.update(dict.fromkeys(name for name in unread if values[name] is not None))

    def refuse(self, refusal: Refusal) -> None:
        """Take the field that says that the label of a line does not hold: it is read."""
        self._refusing.add(refusal.name.partition(".")[0])

    def list_except(self, others: Collection[str]) -> list[str]:
        """Return the names, without those that are named otherwise or read in some lines."""
        return [name for name in self._names if name not in others and name not in self._refusing]


def _list_read_fields(values: Mapping[str, Any]) -> Collection[str]:
    """Return the fields that are read of a line like this, and those that exports write."""
    if _is_prompt(values):
        return _LISTED_FIELDS
    return EXPORTED_FIELDS if "label" in values else _CHOICE_FIELDS


def read_values(
    file: DataFile, report: Callable[[int], None]
) -> Iterator[tuple[dict[str, Any], Location]]:
    """Yield the object on each line that is not blank, or in a JSON array, and its location.

    Raise `InvalidExamples`.
    """
    lines = file.lines(report)
    is_first = True
    for number, line in lines:
        if not line.strip():
            continue
        if is_first and line.lstrip("\ufeff \t").startswith("["):
            content = "\n".join([*[""] * (number - 1), line, *(rest for _, rest in lines)])
            yield from _parse_array(content, file)
            return
        is_first = False
        location = file.location("line", number)
        yield _parse(line, location), location


def fit(examples: Sequence[LocatedExample], remarks: Remarks) -> Sequence[LocatedExample]:
    """Return all examples: JSON holds every text."""
    return examples


def encode(examples: Sequence[LocatedExample]) -> bytes:
    """Return JSON lines with all fields of the examples that are set."""
    lines = (
        json.dumps(example.model_dump(exclude_defaults=True)) for example, _location in examples
    )
    return "".join(f"{line}\n" for line in lines).encode()


def _to_example(values: Mapping[str, Any], location: Location) -> Mapping[str, Any]:
    """Return the fields of an example for a line of this or another program.

    These are `prompt-capture prompts --json`, Doccano, which writes labels as a list, Label Studio,
    which writes several choices as an object, Prodigy with the choices that are accepted, and spaCy
    with a score for each label.
    """
    labels = values.get("label")
    if "label" not in values:
        labels = _list_choices(values)
    if isinstance(labels, dict):
        labels = labels.get("choices")
    if isinstance(labels, list):
        if len(labels) > 1 and isinstance(values.get("text"), str):
            raise InvalidExamples(
                f"{location} has several labels. Write the intent as `label`, and the further "
                "ones as the list `secondary`."
            )
        return {**values, "label": labels[0] if labels else None}
    if not _is_prompt(values):
        return values
    secondary = values.get("corrected_secondary_intents")
    return {
        **values,
        "text": values["prompt"],
        "secondary": secondary,
        "corrected": values.get("corrected_intent") is not None,
        "source": EXPORTED_SOURCE,
    }


def _list_choices(values: Mapping[str, Any]) -> list[Any] | None:
    """Return the labels in Prodigy's field `accept`, or else those that hold in spaCy's `cats`."""
    if isinstance(accepted := values.get("accept"), list):
        return accepted
    if isinstance(scores := values.get("cats"), dict):
        return [
            name
            for name, score in scores.items()
            if isinstance(score, int | float) and score >= _MIN_SCORE
        ]
    return None


def _reject_other_choice(values: Mapping[str, Any], location: Location) -> None:
    """Raise `InvalidExamples` where the choice of an annotator contradicts the label.

    Prodigy keeps the label that a text had before, such as that of a model. Scores of `cats` of
    which none holds say nothing.
    """
    label = _unwrap(values.get("label"))
    if not isinstance(label, str):
        return
    for name in _CHOICES:
        choices = _list_choices({name: values.get(name)})
        says_nothing = choices is None or (name == "cats" and not choices)
        if not says_nothing and _unwrap(choices) != strip_invisible(label):
            raise InvalidExamples(
                f"{location}: label and {name} differ. Keep the one that the annotator "
                "decided, and delete the other."
            )


def _unwrap(value: object) -> object:
    """Return the only item of a list, and any other value as it is."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _reject_other_secondary(example: Mapping[str, Any], location: Location) -> None:
    """Raise `InvalidExamples` where the secondary intents of a correction would be ignored."""
    corrected = example.get(_CORRECTED)
    if corrected and corrected != example.get("secondary"):
        meant = Misspelling(_CORRECTED, "secondary")
        raise InvalidExamples(f"{location}: {meant.name} {meant.reason}.")


def _describe_alias(values: Mapping[str, Any]) -> str:
    """Say how to rename the field that seems to be the text, if there is one."""
    texts = (name for name, value in values.items() if isinstance(value, str))
    found = find_text_alias(texts)
    return f"Rename the field {found} to text" if found else ""


def _to_text(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the field `text` of a line whose label does not matter."""
    return {"text": values["prompt"]} if _is_prompt(values) else values


def _is_prompt(values: Mapping[str, Any]) -> bool:
    """Return whether a line is one of `prompt-capture prompts --json`."""
    return "text" not in values and values.keys() >= _PROMPT_FIELDS


@lru_cache(maxsize=1_000)  # the lines of a file have few sets of fields
def _find_misspelling(names: tuple[str, ...]) -> Misspelling | None:
    """Return the first field that would be ignored and seems to be one that is read."""
    return find_misspelling(names, _KNOWN, _MEANT, _ALIASES)


def _parse_array(content: str, file: DataFile) -> Iterator[tuple[dict[str, Any], Location]]:
    try:
        entries = parse_json_entries(content)
    except InvalidFile as error:
        raise file.invalid(f"It begins like a JSON array. {error} {_FORM}.") from None
    for number, values in enumerate(entries, 1):
        location = file.location("entry", number)
        yield _check_object(values, location), location


def _parse(line: str, location: Location) -> dict[str, Any]:
    try:
        values = parse_json_entries(line.removeprefix("\ufeff"))
    except InvalidFile:
        hint = " without a comma at its end" if line.rstrip().endswith(",") else ""
        raise InvalidExamples(f"{location} is not valid JSON. {_FORM}{hint}.") from None
    return _check_object(values, location)


def _check_object(values: object, location: Location) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise InvalidExamples(f"{location} is not a JSON object. {_FORM}.")
    if has_repeated_key(values):
        raise InvalidExamples(f"{location}: {REPEATED_KEY}")
    return values
