"""Review files (JSON, CSV, Label Studio's tasks and exports), and the decisions in them."""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple
from uuid import UUID

from pydantic import ValidationError

from prompt_capture.domain.changes import match_intent, match_secondary_intent
from prompt_capture.domain.csv_tables import (
    Table,
    TableRow,
    read_first_names,
    read_table,
    write_table,
)
from prompt_capture.domain.decisions_elsewhere import describe_decision
from prompt_capture.domain.errors import InvalidEntry, InvalidFile, InvalidReview
from prompt_capture.domain.field_names import list_unknown
from prompt_capture.domain.intent_lists import read_intents, write_intents
from prompt_capture.domain.label_studio import (
    FLATTENED_FIELDS,
    find_flattened_misspelling,
    is_flattened_task,
    is_task,
    read_flattened_task,
    read_task,
    to_task,
)
from prompt_capture.domain.long_texts import redact_start
from prompt_capture.domain.moved_prompts import StatedPrompt
from prompt_capture.domain.review_arrangements import describe_arrangement
from prompt_capture.domain.review_fields import (
    FIELDS,
    PREDICTED_SECONDARY,
    REASONS,
    SECONDARY,
    EntryFields,
    find_misspelt_column,
    find_misspelt_decision,
)
from prompt_capture.domain.reviewed_prompts import (
    EntryError,
    ReviewedPrompt,
    Unit,
    merge_decisions,
)
from prompt_capture.domain.text import canonical_text, strip_invisible
from prompt_capture.domain.text_files import (
    REPEATED_KEY,
    has_repeated_key,
    parse_first_value,
    parse_json_entries,
    replace_surrogates,
    split_lines,
)
from prompt_capture.domain.types import MAX_NOTE_LENGTH, describe_first_error

ReviewFormat = Literal["json", "csv", "label-studio"]

SUFFIXES: Mapping[ReviewFormat, str] = {
    "json": "json",
    "csv": "csv",
    "label-studio": "tasks.json",
}

_TABLES = (("id", "corrected_intent"), ("id", "annotation_id"))
"""The columns that a CSV must have: our own, or an export of Label Studio."""

_NO_LIST = "The file is not a review file: it must be a list of entries, or have one on each line."

_NUMBER = re.compile(
    r"\s*(?:[-+]?\d*[.,\u066b]?\d*(?:e[-+]?\d+)?\s*%?|#+[A-Z/0!]*)\s*", re.IGNORECASE
)
"""A number as spreadsheets of any language show it, an error, a cell too narrow, or nothing."""

_SHAPES = {
    "confidence": (_NUMBER, "no number"),
    "created_at": (re.compile(r"\s*\S?\s*|.*[\d#].*", re.DOTALL), "no time"),
    "reasons": (re.compile(rf"(?:{'|'.join(REASONS)}|\W)*", re.IGNORECASE), "no reason"),
}
"""What the cells of some columns match, whatever the spreadsheet, and what they are otherwise."""


class StatedPrediction(NamedTuple):
    """The prediction that an entry states for a prompt. It may be another than the recorded one.

    None stands for what the entry does not state, or decides: that it differs does not matter.
    """

    id: UUID
    intent: str | None
    secondary: frozenset[str] | None
    is_decided: bool


@dataclass(frozen=True)
class Review:
    """The content of a review file: decisions by entry number, and errors.

    `undecided` counts the entries without a decision. `repeated` are the entries that decide a
    prompt in the same way as an earlier entry. `ignored` names the fields that are not read.
    `unrecorded_notes` are the entries with notes and without a decision, and `rejected` those with
    an annotation that a reviewer rejected. `prompts` has the prompt of each entry that states its
    text, valid or not, and `predictions` the predicted intents that each entry states and does not
    decide. `content` is the file.
    """

    decided: dict[int, ReviewedPrompt]
    undecided: int
    errors: list[EntryError]
    repeated: list[int] = field(default_factory=list)
    unit: Unit = "entry"
    ignored: tuple[str, ...] = ()
    unrecorded_notes: tuple[int, ...] = ()
    rejected: tuple[int, ...] = ()
    prompts: Mapping[int, StatedPrompt] = field(default_factory=dict, repr=False)
    predictions: Mapping[int, StatedPrediction] = field(default_factory=dict)
    content: str = field(default="", repr=False)

    def match(self, catalogue: Collection[str]) -> "Review":
        """Return the same review, read with the intents of a catalogue."""
        return read_review(self.content, catalogue)

    @property
    def shortened_notes(self) -> tuple[int, ...]:
        """The entries whose notes are recorded shortened."""
        return tuple(
            number
            for number, reviewed in self.decided.items()
            if reviewed.notes and redact_start(reviewed.notes, MAX_NOTE_LENGTH)[1]
        )


class WrittenEntry(NamedTuple):
    """An entry as it is written, and its number: that of its line, but of its place in a list.

    `problem` says what is wrong with it, where something is.
    """

    number: int
    values: Any
    problem: str | None = None


def write_entries(entries: Sequence[Mapping[str, Any]], review_format: ReviewFormat) -> bytes:
    """Return the content of a review file."""
    if review_format != "json":
        entries = [_with_joined_lists(entry) for entry in entries]
    if review_format == "csv":
        return write_table(FIELDS, entries)
    is_label_studio = review_format == "label-studio"
    values = [to_task(entry, FIELDS) for entry in entries] if is_label_studio else entries
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


def read_review(content: str, catalogue: Collection[str] = ()) -> Review:
    """Read a review file of any format that the export or Label Studio writes.

    An intent that the catalogue has in another case is that intent, before anything is checked or
    compared. Entries that are not valid do not affect the others, and neither do prompts on which
    entries disagree. Raise `InvalidReview` where the file as a whole is not valid.
    """
    ignored = _list_unnamed_columns(content) if _is_table(content) else []
    decided: dict[int, ReviewedPrompt] = {}
    prompts: dict[int, StatedPrompt] = {}
    predictions: dict[int, StatedPrediction] = {}
    errors, undecided, unrecorded, rejected = [], 0, list[int](), list[int]()
    for entry in list_entries(content):
        if prompt := _read_prompt(entry.values):
            prompts[entry.number] = prompt
        try:
            fields = _read_fields(entry, catalogue)
            reviewed = _read_decision(fields.values, catalogue)
        except InvalidEntry as error:
            errors.append(EntryError(entry.number, str(error)))
            continue
        ignored.extend(fields.ignored)
        if fields.is_rejected:
            rejected.append(entry.number)
        if prediction := _read_prediction(fields.values, reviewed):
            predictions[entry.number] = prediction
        if reviewed is None:
            undecided += 1
            if _has_content(fields.values.get("notes")):
                unrecorded.append(entry.number)
        else:
            decided[entry.number] = reviewed
    unit: Unit = "entry" if is_json_list(content) else "line"
    merged = merge_decisions(decided, unit)
    errors = sorted(errors + merged.errors, key=lambda error: error.entry)
    return Review(
        merged.decided,
        undecided,
        errors,
        merged.repeated,
        unit,
        tuple(dict.fromkeys(ignored)),
        tuple(unrecorded),
        tuple(rejected),
        prompts,
        predictions,
        content,
    )


def read_entries(content: str) -> dict[int, Any]:
    """Return the entries by number: the line in a CSV, otherwise the position in the list, from 1.

    An entry of Label Studio's JSON export is the data of its task. The content determines the
    format. What is wrong with a decision does not matter. Raise `InvalidReview`.
    """
    return {
        entry.number: entry.values["data"]
        if isinstance(entry.values, dict) and isinstance(entry.values.get("data"), dict)
        else entry.values
        for entry in list_entries(content)
    }


def read_log_id(value: object) -> UUID | None:
    """Return the id of a prompt that a field states; None: it states none."""
    try:
        return UUID(strip_invisible(str(value)))
    except ValueError:
        return None


def find_log_id(fields: Mapping[str, Any]) -> UUID | None:
    """Return the id of the prompt of an entry, or of the data of a task.

    Label Studio's own number replaces `id` in some exports, beside `log_id`.
    """
    stated = (read_log_id(fields.get(name)) for name in ("log_id", "id"))
    return next(filter(None, stated), None)


def _read_prompt(values: Any) -> StatedPrompt | None:
    """Return the id and the text of an entry or a task, if it has a text."""
    data = values.get("data") if isinstance(values, Mapping) else None
    fields = data if isinstance(data, Mapping) else values
    text = fields.get("prompt") if isinstance(fields, Mapping) else None
    if not isinstance(text, str):
        return None
    return StatedPrompt(find_log_id(fields), canonical_text(replace_surrogates(text)))


def _has_content(notes: object) -> bool:
    """Return whether notes are more than white space."""
    texts = notes if isinstance(notes, list) else [notes]
    return any(text.strip() if isinstance(text, str) else text is not None for text in texts)


def _begins_with(content: str, characters: str | tuple[str, ...]) -> bool:
    return content.lstrip("\ufeff \t\r\n").startswith(characters)


def is_json_list(content: str) -> bool:
    """Return whether the entries are those of a JSON list."""
    return _begins_with(content, "[")


def _is_table(content: str) -> bool:
    return not _begins_with(content, ("[", "{"))


def list_entries(content: str) -> Iterator[WrittenEntry]:
    """Yield the entries of a file; blank rows and repeated headers of a CSV are none.

    Raise `InvalidReview`.
    """
    first = None if _is_table(content) else parse_first_value(content)
    if first and (arrangement := describe_arrangement(first)):
        end = "" if arrangement.endswith(".json") else "."
        raise InvalidReview(f"The file is not a review file. {arrangement}{end}")
    try:
        if is_json_list(content):
            text = content.removeprefix("\ufeff")
            is_whole = first is not None and not first.has_more
            entries = first.value if first and is_whole else parse_json_entries(text)
            for number, values in enumerate(entries, 1):
                yield _to_entry(number, values)
        elif _is_table(content):
            yield from _list_rows(content)
        else:
            yield from _list_json_lines(content)
    except InvalidFile as error:
        raise InvalidReview(str(error)) from None


def _to_entry(number: int, values: Any) -> WrittenEntry:
    problem = REPEATED_KEY.removesuffix(".") if has_repeated_key(values) else None
    return WrittenEntry(number, values, problem and f"entry: {problem}")


def _list_json_lines(content: str) -> Iterator[WrittenEntry]:
    """Yield the entry on each line that is not blank. Raise `InvalidFile` if the first is none."""
    is_first = True
    for number, line in enumerate(split_lines(content), 1):
        if not line.strip():
            continue
        try:
            values = parse_json_entries(line.removeprefix("\ufeff"))
        except InvalidFile as error:
            if is_first:
                raise InvalidFile(_NO_LIST) from None
            reason = str(error).replace("(line 1, column", "(column").removesuffix(".")
            yield WrittenEntry(number, None, f"entry: {reason}")
        else:
            if is_first and not _is_entry(values):
                raise InvalidFile(_NO_LIST)
            yield _to_entry(number, values)
        is_first = False


def _is_entry(values: Any) -> bool:
    """Return whether an object is an entry, or a task of Label Studio, valid or not."""
    return not values.keys().isdisjoint({"id", "corrected_intent"}) or is_task(values)


def _list_rows(content: str) -> Iterator[WrittenEntry]:
    for row in _open_table(content):
        if not (row.is_blank or row.is_header or row.is_rule):
            problem = row.problem or row.join or _describe_shift(row)
            yield WrittenEntry(row.line, row.cells, problem and f"the row {problem}")


def _open_table(content: str, optional: Collection[str] = ()) -> Table:
    """Return the table in a CSV. Raise `InvalidReview`, which names the column that is missing."""
    try:
        return read_table(content, _TABLES, optional)
    except InvalidFile as error:
        reason = str(error)
        if misspelling := find_misspelt_column(read_first_names(content)):
            reason = (
                f"There is no column {misspelling.meant}. If {misspelling.name} is this column, "
                "rename it. If not, add the column."
            )
        raise InvalidReview(reason) from None


def _list_unnamed_columns(content: str) -> list[str]:
    """Return the columns that have no name, of which no cell is read.

    Raise `InvalidReview` where a decision may be in a column that is not read.
    """
    table = _open_table(content, FLATTENED_FIELDS)
    is_flattened = is_flattened_task(dict.fromkeys(table.names))
    find = find_flattened_misspelling if is_flattened else find_misspelt_decision
    if misspelling := find(table.names):
        raise InvalidReview(f"The column {misspelling.name} {misspelling.reason}.")
    return list(table.unnamed)


def _describe_shift(row: TableRow) -> str | None:
    """Say what is wrong with a row whose cells are under the names of others."""
    for column, (shape, otherwise) in _SHAPES.items():
        if not shape.fullmatch(row.cells.get(column, "")):
            return (
                f"seems to have a cell too many or too few: the one under {column} is {otherwise}. "
                "Move the cells to their columns"
            )
    return None


def _read_fields(entry: WrittenEntry, catalogue: Collection[str]) -> EntryFields:
    """Return the fields of an entry, with `corrected_intent`. Raise `InvalidEntry`."""
    values = entry.values
    if entry.problem:
        raise InvalidEntry(entry.problem)
    if not isinstance(values, Mapping):
        raise InvalidEntry("entry: it is not an object")
    if is_task(values):
        return read_task(values, catalogue)
    is_flattened = is_flattened_task(values)
    fields = read_flattened_task(values, catalogue) if is_flattened else _read_plain_entry(values)
    if _is_empty(fields.values["corrected_intent"]):
        _reject_decision_elsewhere(values, fields.ignored, catalogue)
    return fields


def _read_plain_entry(values: Mapping[str, Any]) -> EntryFields:
    """Return the fields of an entry as the export writes it."""
    if misspelling := find_misspelt_decision(values):
        raise InvalidEntry(f"{misspelling.name}: it {misspelling.reason}")
    if "corrected_intent" not in values:
        raise InvalidEntry("corrected_intent: the field is missing. Leave it empty to not decide")
    return EntryFields(dict(values), list_unknown(values, FIELDS))


def _is_empty(intent: object) -> bool:
    return intent is None or (isinstance(intent, str) and not strip_invisible(intent))


def _reject_decision_elsewhere(
    values: Mapping[str, Any], names: Sequence[str], catalogue: Collection[str]
) -> None:
    """Raise `InvalidEntry` where a field that is not read has a decision: it is not left empty."""
    for name in names:
        if found := describe_decision(name, values[name], catalogue):
            raise InvalidEntry(
                f"corrected_intent: it is empty, but {found}. If this is the decision, write it "
                f"into corrected_intent. If not, delete {name}"
            )


def _read_decision(values: Mapping[str, Any], catalogue: Collection[str]) -> ReviewedPrompt | None:
    """Return the decision in an entry, or None where it is left empty; raise `InvalidEntry`."""
    intent = values["corrected_intent"]
    secondary = read_intents(values.get(SECONDARY), SECONDARY)
    if _is_empty(intent):
        if secondary is not None:
            raise InvalidEntry(f"corrected_intent: it is empty, but {SECONDARY} is not. Fill it in")
        return None
    if isinstance(intent, str):
        intent = match_intent(strip_invisible(intent), catalogue)
    if secondary is not None:
        names = map(strip_invisible, secondary)
        secondary = tuple(match_secondary_intent(name, catalogue) for name in names)
    decision = {"corrected_intent": intent, SECONDARY: secondary}
    if read_log_id(values.get("id")) is None:
        raise InvalidEntry("id: it is missing, or no id of a prompt. Copy it from the export")
    try:
        return ReviewedPrompt.model_validate(_prepare({**values, **decision}))
    except ValidationError as error:
        raise InvalidEntry(describe_first_error(error, "entry")) from None


def _read_prediction(
    values: Mapping[str, Any], reviewed: ReviewedPrompt | None
) -> StatedPrediction | None:
    """Return the prediction that an entry states beside what it decides, if it has an id."""
    log_id = read_log_id(values.get("id"))
    predicted = _unwrap(values.get("predicted_intent"))
    is_stated = reviewed is None and not _is_empty(predicted)
    intent = strip_invisible(str(predicted)) if is_stated else None
    states_secondary = reviewed is not None and reviewed.corrected_secondary_intents is not None
    secondary = (
        None if states_secondary else _read_predicted_secondary(values.get(PREDICTED_SECONDARY))
    )
    if log_id is None or (intent is None and not secondary):
        return None
    return StatedPrediction(log_id, intent, secondary or None, reviewed is not None)


def _read_predicted_secondary(value: object) -> frozenset[str]:
    """Return the intents in a field; where it is no list of intents, what it has in their place."""
    try:
        intents = read_intents(value, PREDICTED_SECONDARY)
    except InvalidEntry:
        intents = (str(value),)
    return frozenset(map(strip_invisible, intents or ()))


def _unwrap(value: object) -> object:
    """Return the only item of a list, and any other value as it is."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _prepare(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that are not empty, with text that can be stored, and joined notes."""
    notes = values.get("notes")
    if isinstance(notes, list) and all(isinstance(note, str) for note in notes):
        notes = "\n".join(notes)
    fields = {**values, "notes": notes}
    return {
        name: replace_surrogates(value).replace("\0", "") if isinstance(value, str) else value
        for name, value in fields.items()
        if value not in ("", None)
    }
