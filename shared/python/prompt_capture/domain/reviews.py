"""The entries of a review file, and the decisions that reviewers filled in."""

from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from prompt_capture.domain.datasets.rows import ExportRow
from prompt_capture.domain.review_files import read_entries
from prompt_capture.domain.types import Label, Note
from prompt_capture.domain.validation import describe_first_error


class ReviewedPrompt(BaseModel):
    """A reviewer's decision about a prompt. Fields for information only are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)

    id: UUID
    corrected_intent: Label
    notes: Note | None = None


@dataclass(frozen=True)
class EntryError:
    """An entry that is not valid: its number in the file (a CSV's line), from 1, and the reason."""

    entry: int
    reason: str


@dataclass(frozen=True)
class Review:
    """The content of a review file: decisions by entry number, empty entries, and errors."""

    decided: dict[int, ReviewedPrompt]
    undecided: int
    errors: list[EntryError]


def create_review_entry(row: ExportRow) -> dict[str, object]:
    """Return an entry for a review file. The reviewer fills in the last two fields."""
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
    """Read a review file of any format that the export writes.

    Entries that are not valid do not affect the others. Raise `InvalidReview` where the file as a
    whole is not valid.
    """
    decided, errors, undecided = {}, [], 0
    first_entries: dict[UUID, int] = {}
    for number, entry in read_entries(text).items():
        if isinstance(entry, dict) and not entry.get("corrected_intent"):
            undecided += 1
            continue
        try:
            reviewed = ReviewedPrompt.model_validate(_without_empty_fields(entry))
        except ValidationError as error:
            errors.append(EntryError(number, describe_first_error(error, "entry")))
            continue
        first = first_entries.setdefault(reviewed.id, number)
        if first == number:
            decided[number] = reviewed
        else:
            errors.append(EntryError(number, f"id: entry {first} already decides this prompt"))
    return Review(decided, undecided, errors)


def _without_empty_fields(entry: object) -> object:
    if not isinstance(entry, dict):
        return entry
    return {name: value for name, value in entry.items() if value not in ("", None)}
