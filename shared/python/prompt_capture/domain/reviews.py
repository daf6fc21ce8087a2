"""A review file that a person filled in, read entry by entry."""

from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from prompt_capture.domain.datasets.rows import ExportRow
from prompt_capture.domain.faults import first_fault
from prompt_capture.domain.review_files import read_entries
from prompt_capture.domain.types import Label, Note


class ReviewedPrompt(BaseModel):
    """What a reviewer wrote about a prompt; the fields that only inform are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)

    id: UUID
    corrected_intent: Label
    notes: Note | None = None


@dataclass(frozen=True)
class Fault:
    """An entry that cannot be used: its number in the file (a CSV's line), from 1, and why."""

    entry: int
    reason: str


@dataclass(frozen=True)
class Review:
    """The entries with a decision, by their number; those left empty; those at fault."""

    decided: dict[int, ReviewedPrompt]
    undecided: int
    faults: list[Fault]


def review_entry(row: ExportRow) -> dict[str, object]:
    """Make an entry of a review file, with the fields that the reviewer fills in."""
    return {
        "id": row.id,
        "prompt": row.prompt,
        "predicted_intent": row.predicted_intent,
        "confidence": row.confidence,
        "created_at": row.created_at,
        "corrected_intent": None,
        "notes": None,
    }


def read_review(text: str) -> Review:
    """Read a review file of any format that the export writes; raises `InvalidReview`.

    A faulty entry takes no other with it.
    """
    decided, faults, undecided = {}, [], 0
    first: dict[UUID, int] = {}
    for number, entry in read_entries(text).items():
        if isinstance(entry, dict) and not entry.get("corrected_intent"):
            undecided += 1
            continue
        try:
            reviewed = ReviewedPrompt.model_validate(_without_empty(entry))
        except ValidationError as error:
            faults.append(Fault(number, first_fault(error, "entry")))
            continue
        if first.setdefault(reviewed.id, number) == number:
            decided[number] = reviewed
        else:
            faults.append(Fault(number, f"id: entry {first[reviewed.id]} decides it already"))
    return Review(decided, undecided, faults)


def _without_empty(entry: object) -> object:
    if not isinstance(entry, dict):
        return entry
    return {name: value for name, value in entry.items() if value not in ("", None)}
