"""The fields of the entries in review files."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, NamedTuple

from prompt_capture.domain.field_names import Misspelling, find_misspelling

SECONDARY: Final = "corrected_secondary_intents"
DECISION_FIELDS: Final = ("corrected_intent", SECONDARY, "notes")
"""What reviewers fill in."""

FIELDS: Final = (
    "id",
    "prompt",
    "predicted_intent",
    "predicted_secondary_intents",
    "confidence",
    "created_at",
    "reasons",
    *DECISION_FIELDS,
)
"""The fields that the export writes, in order."""

REASONS: Final = (
    "disagreement",
    "random_audit",
    "failed_workflow",
    "out_of_scope",
    "low_confidence",
    "needs_review",
    "random_fill",
    "model_disagreement",
)
"""The reasons of the review queue, as the database knows them."""

_ALIASES: Final = {
    "corrected": "corrected_intent",
    "correction": "corrected_intent",
    "secondary": SECONDARY,
    "secondary_intent": SECONDARY,
    "secondary_intents": SECONDARY,
}


class EntryFields(NamedTuple):
    """The fields of an entry by name, and the names of those that are not read."""

    values: dict[str, Any]
    ignored: tuple[str, ...] = ()


def find_misspelt_decision(
    names: Iterable[str],
    known: Collection[str] = FIELDS,
    decisions: Collection[str] = DECISION_FIELDS,
    aliases: Mapping[str, str] = _ALIASES,
) -> Misspelling | None:
    """Return the first name that is not known and seems to be one of the decisions."""
    return find_misspelling(names, known, decisions, aliases)
