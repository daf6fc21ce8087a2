"""Projects of Azure's conversational language understanding (CLU) and of its predecessor LUIS.

CLU's utterance lists and LUIS's batch tests, which are lists of utterances, are read, too.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from prompt_capture.domain.errors import InvalidFile
from prompt_capture.domain.field_names import find_misspelling
from prompt_capture.domain.text_files import parse_json
from training.data.examples import TRAINING_SPLIT, InvalidExamples, LocatedExample
from training.data.files import DataFile
from training.data.formats.aliases import find_text_alias
from training.data.formats.other_fields import UnreadSplits, reject_other_label, reject_other_split
from training.data.formats.platforms import naming_platforms
from training.data.formats.reading import Reading
from training.data.formats.refusals import find_refusal
from training.data.locations import Location
from training.data.remarks import Remarks

_MAX_TEXT = 500
"""The longest utterance that Azure takes, in UTF-16 code units."""

_NO_INTENT = "None"
_TEST_SPLIT = "test"
_DATASET = "dataset"
_FIELDS = ("text", "intent", "intentName", "entities", "entityLabels", _DATASET, "language")
_FIELDS_OF_JSON_LINES = ("split", "secondary", "corrected")
"""What JSON lines say of a text, and no utterance does."""

_ALIASES = dict.fromkeys(
    ("secondary_intent", "secondary_intents", "corrected_secondary_intents", "intents"), "secondary"
)

_BATCH_TEST = "LabeledTestSetUtterances"
"""The key of the utterances in a batch test for LUIS version 3."""

_PROJECT_KEYS = frozenset({"assets", "luis_schema_version", "projectFileVersion"})
"""What a project of Azure has, and no list of utterances of another program."""


def read(file: DataFile, reading: Reading) -> Iterator[LocatedExample]:
    """Yield the utterances of a CLU or LUIS project, a CLU utterance list, or a LUIS batch test.

    Raise `InvalidExamples`.
    """
    with naming_platforms(file, is_known=True):
        yield from _read(file, reading)


def _read(file: DataFile, reading: Reading) -> Iterator[LocatedExample]:
    content = _parse(file)
    utterances, default_split = _find_utterances(file, content)
    if unused := _count_unused_intents(content, utterances):
        reading.remarks.leave_out("intents without utterances", file.location(), unused)
    find_split = _split_finder(utterances, default_split)
    is_project = isinstance(content, dict) and not _PROJECT_KEYS.isdisjoint(content)
    others = _OtherFields(is_project)
    for number, utterance in enumerate(utterances, 1):
        location = file.location("utterance", number)
        _check_utterance(utterance, location)
        if reading.needs_labels:
            others.add(utterance, location)
        entities = utterance.get("entities", utterance.get("entityLabels"))
        if isinstance(entities, list) and entities:
            reading.remarks.leave_out("entity annotations", location, len(entities))
        values = {
            "text": utterance.get("text"),
            "label": utterance.get(_find_label_field(utterance)),
            "split": find_split(utterance),
        }
        if located := reading.accept(values, location):
            yield located
    others.remark(reading, file.location())
    for number in range(1, _count_patterns(content) + 1):
        reading.remarks.leave_out("patterns", file.location("pattern", number))


def leave_out_long(
    examples: Sequence[LocatedExample], remarks: Remarks
) -> Iterator[LocatedExample]:
    """Yield the examples that Azure imports. One text that is too long makes it refuse the file."""
    for located in examples:
        if len(located.example.text.encode("utf-16-le", "surrogatepass")) // 2 <= _MAX_TEXT:
            yield located
        else:
            reason = f"texts over {_MAX_TEXT} characters, the limit of Azure"
            remarks.leave_out(reason, located.location)


def to_json(project: Mapping[str, Any]) -> bytes:
    """Return a project as a JSON file."""
    return json.dumps(project, ensure_ascii=False, indent=1).encode()


def list_labels(examples: Sequence[LocatedExample]) -> list[str]:
    """Return each label once, in the order of the examples."""
    return list(dict.fromkeys(example.label for example, _location in examples))


def _find_utterances(file: DataFile, content: Any) -> tuple[list[Any], str | None]:
    """Return the utterances of a file, and the split of those that do not name theirs."""
    if isinstance(content, list):
        return content, None
    if isinstance(content.get(_BATCH_TEST), list):
        return content[_BATCH_TEST], _TEST_SPLIT
    assets = content.get("assets")
    project = assets if isinstance(assets, dict) else content
    utterances = project.get("utterances")
    if not isinstance(utterances, list):
        raise file.invalid(_describe_other_file(content, project))
    return utterances, None


class _OtherFields:
    """Rejects fields of other programs that would not be read, and collects the others."""

    def __init__(self, is_project: bool) -> None:
        self._is_project = is_project
        self._splits = UnreadSplits()
        self._unread: dict[str, None] = {}

    def add(self, utterance: Mapping[str, Any], location: Location) -> None:
        """Take the fields of an utterance. Raise `InvalidExamples`."""
        if not self._is_project and (refusal := find_refusal(utterance)):
            raise _describe_unread(refusal.name, location)
        _reject_json_lines(utterance, location)
        reject_other_label(utterance, location, _find_label_field(utterance))
        others = {name: utterance[name] for name in utterance if name not in _FIELDS}
        self._splits.add(others)
        self._unread.update((name, None) for name in others if others[name] is not None)

    def remark(self, reading: Reading, location: Location) -> None:
        """Name the fields that may state splits, and where no project has the others, these."""
        self._splits.remark(reading.remarks, location)
        if not self._is_project:
            names = [name for name in self._unread if name not in set(self._splits)]
            reading.leave_out_fields(names, location)


def _find_label_field(utterance: Mapping[str, Any]) -> str:
    """Return the field of the intent: that of CLU, or of a batch test for LUIS."""
    return "intent" if "intent" in utterance else "intentName"


def _check_utterance(utterance: Any, location: Location) -> None:
    """Raise `InvalidExamples` for what is no object, or has its text under another name."""
    if not isinstance(utterance, dict):
        raise InvalidExamples(f"{location} is not a JSON object.")
    if "text" not in utterance and (alias := find_text_alias(utterance)):
        raise InvalidExamples(f"{location} has no text. Rename the field {alias} to text.")


def _reject_json_lines(utterance: Mapping[str, Any], location: Location) -> None:
    """Raise `InvalidExamples` for the fields of other programs that would not be read.

    A list of objects with `text` and `intent` is a list of utterances, from any program.
    """
    if unread := next(filter(utterance.get, _FIELDS_OF_JSON_LINES), None):
        raise _describe_unread(unread, location)
    stated = [name for name, value in utterance.items() if value]
    known = (*_FIELDS, *_FIELDS_OF_JSON_LINES)
    if misspelling := find_misspelling(stated, known, _FIELDS_OF_JSON_LINES, _ALIASES):
        raise InvalidExamples(f"{location}: {misspelling.name} {misspelling.reason}.")
    others = {name: value for name, value in utterance.items() if name != _DATASET}
    reject_other_split(others, location)


def _describe_unread(name: str, location: Location) -> InvalidExamples:
    return InvalidExamples(
        f"{location}: {name} is no field of an utterance of CLU or LUIS. Rename the field "
        "intent to label, so that the file is read as JSON lines with this field."
    )


def _is_training_set(dataset: object) -> bool:
    """Return whether an utterance is in the training set of CLU, where it is by default."""
    return dataset is None or (
        isinstance(dataset, str) and dataset.strip().casefold() in {"", TRAINING_SPLIT}
    )


def _split_finder(
    utterances: Sequence[Any], default_split: str | None
) -> Callable[[Mapping[str, Any]], Any]:
    """Return what finds the split of an utterance. `default_split` is that of a file as a whole.

    Where a project states its test set, the other utterances train only. CLU splits others itself.
    """
    datasets = [each.get(_DATASET) for each in utterances if isinstance(each, dict)]
    training_split = None if all(map(_is_training_set, datasets)) else TRAINING_SPLIT

    def find_split(utterance: Mapping[str, Any]) -> Any:
        dataset = utterance.get(_DATASET, default_split)
        return training_split if _is_training_set(dataset) else dataset

    return find_split


def _count_unused_intents(content: Any, utterances: Sequence[Any]) -> int:
    """Return how many intents of a project have no utterance. Each project has the intent None."""
    project = content.get("assets", content) if isinstance(content, dict) else {}
    intents = project.get("intents") if isinstance(project, dict) else None
    if not isinstance(intents, list):
        return 0
    names = {
        name
        for each in intents
        if isinstance(each, dict)
        and isinstance(name := each.get("category", each.get("name")), str)
    }
    used = [each.get("intent") for each in utterances if isinstance(each, dict)]
    return sum(name not in used for name in names - {_NO_INTENT})


def _count_patterns(content: Any) -> int:
    """Return how many patterns a LUIS app has."""
    patterns = content.get("patterns") if isinstance(content, dict) else None
    return len(patterns) if isinstance(patterns, list) else 0


def _parse(file: DataFile) -> dict[str, Any] | list[Any]:
    text = file.read_text()
    try:
        content = parse_json(text)
    except InvalidFile as error:
        hint = (
            " A .lu file is another format: export the LUIS version as JSON."
            if text.lstrip().startswith(("#", ">", "-"))
            else ""
        )
        raise file.invalid(f"{error}{hint}") from None
    if isinstance(content, dict | list):
        return content
    raise file.invalid("It is not a project. Export the project as JSON.")


def _describe_other_file(content: Mapping[str, Any], project: Mapping[str, Any]) -> str:
    metadata = content.get("metadata")
    kind = project.get("projectKind") or (
        metadata.get("projectKind") if isinstance(metadata, dict) else None
    )
    if isinstance(kind, str) and kind.isalnum():
        return f"It is a project of the kind {kind} without utterances. Export the conversation."
    return (
        "It has no list of utterances. Export a CLU project of the kind Conversation, or a "
        "version of a LUIS app, as JSON."
    )
