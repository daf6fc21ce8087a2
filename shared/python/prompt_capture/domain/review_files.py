"""Review files (JSON, CSV, Label Studio's tasks and exports), and the decisions in them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator

from prompt_capture.domain.changes import Decision, validate_secondary_intents
from prompt_capture.domain.csv_tables import read_table, write_table
from prompt_capture.domain.errors import InvalidEntry, InvalidFile, InvalidReview
from prompt_capture.domain.intent_lists import read_intents, write_intents
from prompt_capture.domain.label_studio import (
    is_flattened_task,
    is_task,
    read_flattened_task,
    read_task,
    to_task,
)
from prompt_capture.domain.text_files import parse_json, replace_surrogates
from prompt_capture.domain.types import Label, Note, describe_first_error

ReviewFormat = Literal["json", "csv", "label-studio"]

SUFFIXES: Mapping[ReviewFormat, str] = {
    "json": "json",
    "csv": "csv",
    "label-studio": "tasks.json",
}

_COLUMNS = (
    "id",
    "prompt",
    "predicted_intent",
    "predicted_secondary_intents",
    "confidence",
    "created_at",
    "reasons",
    "corrected_intent",
    "corrected_secondary_intents",
    "notes",
)
_SECONDARY = "corrected_secondary_intents"
_TABLES = (("id", "corrected_intent"), ("id", "annotation_id"))
"""The columns that a CSV must have: our own, or an export of Label Studio."""


class ReviewedPrompt(BaseModel):
    """A reviewer's decision about a prompt. Fields for information only are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)

    id: UUID
    corrected_intent: Label
    corrected_secondary_intents: tuple[Label, ...] | None = None
    notes: Note | None = None

    @field_validator("corrected_secondary_intents")
    @classmethod
    def _validate_secondary_intents(
        cls, labels: tuple[str, ...] | None, info: ValidationInfo
    ) -> tuple[str, ...] | None:
        validate_secondary_intents(info.data.get("corrected_intent", ""), labels or ())
        return labels

    @property
    def decision(self) -> Decision:
        """The intents that the reviewer decided."""
        return Decision(self.corrected_intent, self.corrected_secondary_intents)


@dataclass(frozen=True)
class EntryError:
    """An entry that is not valid: its number in the file (a CSV's line), from 1, and the reason."""

    entry: int
    reason: str


@dataclass(frozen=True)
class Review:
    """The content of a review file: decisions by entry number, and errors.

    `undecided` counts the entries without a decision. `repeated` are the entries that decide a
    prompt in the same way as an earlier entry. `unit` is what an entry's number counts: `entry`, or
    the `line` of a CSV.
    """

    decided: dict[int, ReviewedPrompt]
    undecided: int
    errors: list[EntryError]
    repeated: list[int] = field(default_factory=list)
    unit: Literal["entry", "line"] = "entry"


class _Entry(NamedTuple):
    """An entry as it is written. `problem` says what is wrong with it, where something is."""

    number: int
    values: Any
    problem: str | None = None


def write_entries(entries: Sequence[Mapping[str, Any]], review_format: ReviewFormat) -> bytes:
    """Return the content of a review file."""
    if review_format != "json":
        entries = [_with_joined_lists(entry) for entry in entries]
    if review_format == "csv":
        return write_table(_COLUMNS, entries)
    is_label_studio = review_format == "label-studio"
    values = [to_task(entry, _COLUMNS) for entry in entries] if is_label_studio else entries
    lines = ",\n  ".join(json.dumps(value, ensure_ascii=False) for value in values)
    return replace_surrogates(f"[\n  {lines}\n]\n").encode() if entries else b"[]\n"


def _with_joined_lists(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an entry for a format without lists. An entry that was read from it has texts."""
    joined = {
        name: write_intents(value) if value else ""
        for name, value in entry.items()
        if isinstance(value, list)
    }
    return {**entry, **joined}


def read_review(content: str) -> Review:
    """Read a review file of any format that the export or Label Studio writes.

    Entries that are not valid do not affect the others, and neither do prompts on which entries
    disagree. Raise `InvalidReview` where the file as a whole is not valid.
    """
    decided: dict[int, ReviewedPrompt] = {}
    errors, undecided = [], 0
    for entry in _list_entries(content):
        try:
            reviewed = _read_decision(entry)
        except InvalidEntry as error:
            errors.append(EntryError(entry.number, str(error)))
            continue
        if reviewed is None:
            undecided += 1
        else:
            decided[entry.number] = reviewed
    unit: Literal["entry", "line"] = "entry" if _is_json(content) else "line"
    repeated, disagreements = _merge_repeated(decided, unit)
    remaining = {
        number: reviewed
        for number, reviewed in decided.items()
        if number not in repeated and reviewed.id not in disagreements
    }
    errors += disagreements.values()
    errors.sort(key=lambda error: error.entry)
    return Review(remaining, undecided, errors, repeated, unit)


def read_entries(content: str) -> dict[int, Any]:
    """Return the entries by number: the line in a CSV, otherwise the position in the list, from 1.

    An entry of Label Studio's JSON export is the data of its task. The content determines the
    format. Raise `InvalidReview`.
    """
    return {
        entry.number: entry.values["data"]
        if isinstance(entry.values, dict) and isinstance(entry.values.get("data"), dict)
        else entry.values
        for entry in _list_entries(content)
    }


def _is_json(content: str) -> bool:
    return content.lstrip("\ufeff \t\r\n").startswith(("[", "{"))


def _list_entries(content: str) -> Iterator[_Entry]:
    """Yield the entries of a file; rows of a CSV without content are no entries."""
    try:
        if not _is_json(content):
            for row in read_table(content, _TABLES):
                if not row.is_blank:
                    problem = f"the row {row.problem}" if row.problem else None
                    yield _Entry(row.line, row.cells, problem)
            return
        entries = parse_json(content.removeprefix("\ufeff"))
    except InvalidFile as error:
        raise InvalidReview(str(error)) from None
    if not isinstance(entries, list):
        raise InvalidReview("The file is not a review file: it must be a list of entries.")
    for number, entry in enumerate(entries, 1):
        yield _Entry(number, entry)


def _read_decision(entry: _Entry) -> ReviewedPrompt | None:
    """Return the decision in an entry, or None where it is left empty; raise `InvalidEntry`."""
    values = _read_values(entry)
    intent = values["corrected_intent"]
    secondary = read_intents(values.get(_SECONDARY), _SECONDARY)
    if intent is None or (isinstance(intent, str) and not intent.strip()):
        if secondary is not None:
            raise InvalidEntry(
                f"corrected_intent: it is empty, but {_SECONDARY} is not. Fill it in"
            )
        return None
    try:
        return ReviewedPrompt.model_validate(_prepare({**values, _SECONDARY: secondary}))
    except ValidationError as error:
        raise InvalidEntry(describe_first_error(error, "entry")) from None


def _read_values(entry: _Entry) -> Mapping[str, Any]:
    """Return the fields of an entry, with `corrected_intent`; raise `InvalidEntry`."""
    values = entry.values
    if entry.problem:
        raise InvalidEntry(entry.problem)
    if not isinstance(values, Mapping):
        raise InvalidEntry("entry: it is not an object")
    if is_task(values):
        return read_task(values)
    if is_flattened_task(values):
        return read_flattened_task(values)
    if "corrected_intent" not in values:
        raise InvalidEntry("corrected_intent: the field is missing. Leave it empty to not decide")
    return values


def _prepare(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry's fields without empty ones, with text that can be sent, and joined notes."""
    notes = values.get("notes")
    if isinstance(notes, list) and all(isinstance(note, str) for note in notes):
        notes = "\n".join(notes)
    fields = {**values, "notes": notes}
    return {
        name: replace_surrogates(value) if isinstance(value, str) else value
        for name, value in fields.items()
        if value not in ("", None)
    }


def _merge_repeated(
    decided: dict[int, ReviewedPrompt], unit: str
) -> tuple[list[int], dict[UUID, EntryError]]:
    """Return the entries that repeat an earlier decision, and the prompts with two decisions.

    An earlier decision that says nothing about secondary intents gets those of the repetition.
    """
    first: dict[UUID, int] = {}
    repeated: list[int] = []
    disagreements: dict[UUID, EntryError] = {}
    for number, reviewed in decided.items():
        earlier = first.setdefault(reviewed.id, number)
        if earlier == number:
            continue
        decisions = decided[earlier].decision, reviewed.decision
        stated = {each.secondary_intents for each in decisions} - {None}
        if decisions[0].intent == decisions[1].intent and len(stated) < 2:
            repeated.append(number)
            merged = {_SECONDARY: stated.pop() if stated else None}
            decided[earlier] = decided[earlier].model_copy(update=merged)
        else:
            reason = (
                f"id: this {unit} decides the prompt as {decisions[0]}, {unit} {number} as "
                f"{decisions[1]}. Nothing is recorded for the prompt. Delete the wrong decision"
            )
            disagreements.setdefault(reviewed.id, EntryError(earlier, reason))
    return repeated, disagreements
