"""The fields of the entries in review files."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, NamedTuple

from prompt_capture.domain.field_names import Misspelling, find_misspelling

SECONDARY: Final = "corrected_secondary_intents"
PREDICTED_SECONDARY: Final = "predicted_secondary_intents"
DECISION_FIELDS: Final = ("corrected_intent", SECONDARY, "notes")
"""What reviewers fill in."""

FIELDS: Final = (
    "id",
    "prompt",
    "predicted_intent",
    PREDICTED_SECONDARY,
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


_ID_ALIASES: Final = dict.fromkeys(("log_id", "prompt_id", "uuid"), "id")
_COLUMN_ALIASES: Final = {
    **_ALIASES,
    **_ID_ALIASES,
    **dict.fromkeys(("intent", "label", "final_intent", "new_intent"), "corrected_intent"),
}
"""The names that a column may have where there is no table without it."""


class EntryFields(NamedTuple):
    """The fields of an entry by name, and the names of those that are not read.

    `is_rejected` says that a reviewer rejected an annotation of it, which does not count.
    """

    values: dict[str, Any]
    ignored: tuple[str, ...] = ()
    is_rejected: bool = False


def find_misspelt_decision(
    names: Iterable[str],
    known: Collection[str] = FIELDS,
    decisions: Collection[str] = DECISION_FIELDS,
    aliases: Mapping[str, str] = _ALIASES,
) -> Misspelling | None:
    """Return the first name that is not known and seems to be one of the decisions."""
    return find_misspelling(names, known, decisions, aliases)


def find_misspelt_column(names: Iterable[str]) -> Misspelling | None:
    """Return the first column that seems to be one that a table must have, and does not.

    The table has columns of a review file besides.
    """
    names = list(names)
    missing = {"id", "corrected_intent"}.difference(names)
    found = find_misspelling(names, FIELDS, missing, _COLUMN_ALIASES)
    return found if not set(FIELDS).isdisjoint(names) else None
