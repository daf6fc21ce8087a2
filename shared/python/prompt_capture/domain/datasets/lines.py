"""The lines of datasets: the label of a text, the reliability of the label, and its split."""

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, get_args

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

from prompt_capture.domain.datasets.rows import ExportRow
from prompt_capture.domain.predictions import MIN_SCOPE, UNKNOWN_INTENT
from prompt_capture.domain.text import canonical_text
from prompt_capture.domain.text_files import escape_separators

Tier = Literal["person", "near_duplicate", "outcome", "rule", "confident"]
TIERS: tuple[Tier, ...] = get_args(Tier)
"""The origins of labels, the most reliable first. A text's best tier determines its label."""

DECIDED_TIERS: frozenset[Tier] = frozenset({"person", "near_duplicate"})
"""The tiers whose labels a reviewer decided, so that no audit measures them. In `near_duplicate`,
the reviewer decided another text and said that this one is alike: such labels train, and are never
part of a test set, an audit, or a figure about reviewers.
"""

Split = Literal["train", "dev", "gold"]

ExclusionReason = Literal[
    "disputed",
    "unlabelled",
    "conflicting_labels",
    "intent_not_requested",
    "ineligible_for_gold",
    "ineligible_for_labelled",
    "gold_split",
    "dev_unlabelled_by_person",
    "tier_below_floor",
    "near_heldout",
    "near_disagreement",
    "too_few_users",
    "changed_during_export",
]
"""Why a message or a text has no line, or not all of its rows in it."""

_SPLIT_SALT = "prompt-capture: split: "
_GOLD_PERCENT = 10
_DEV_PERCENT = 10
_BUCKETS = 2**32


class CandidateLine(NamedTuple):
    """A line that may become part of a dataset, with the rows and senders that it represents.

    `split` is "" in a dataset without splits. `audit_probability` is that of the text, and None
    unless its label comes from a completed audit. `secondary` are the secondary intents: those that
    reviewers stated, or None; in a review file, the predicted ones. Only entries of review files
    have `created_at` and `reasons`.
    """

    id: str
    text: str
    label: str
    confidence: float | None
    corrected: bool
    tier: Tier | None
    split: Split | Literal[""]
    model_version: str
    times_sent: int
    row_ids: tuple[str, ...]
    senders: tuple[str, ...] = ()
    audit_probability: float | None = None
    created_at: str = ""
    reasons: tuple[str, ...] = ()
    secondary: list[str] | None = None


@dataclass(frozen=True)
class Criteria:
    """What a request demands of rows and labels.

    `is_near_heldout` returns whether a text is a near-duplicate of a dev or gold text. Audits
    before `audits_complete_before` are complete; None: none are.
    """

    threshold: float
    intents: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    model_versions: tuple[str, ...] = ()
    since: datetime | None = None
    audits_complete_before: datetime | None = None
    admitted_tiers: frozenset[Tier] = frozenset(TIERS)
    is_near_heldout: Callable[[str], bool] = lambda text: False

    def filter_rows(self, rows: Sequence[ExportRow]) -> Sequence[ExportRow]:
        """Return the rows that pass the filters of time, source and model version."""
        if not (self.since or self.sources or self.model_versions):
            return rows
        return [row for row in rows if self._matches(row)]

    def accepts_intent(self, intent: str) -> bool:
        """Return whether the request asks for this intent."""
        return not self.intents or intent in self.intents

    def _matches(self, row: ExportRow) -> bool:
        return (
            (self.since is None or datetime.fromisoformat(row.created_at) >= self.since)
            and (not self.sources or row.source in self.sources)
            and (not self.model_versions or row.model_version in self.model_versions)
        )


class DatasetCounts(BaseModel):
    """The number of lines of a dataset, in total and by property."""

    model_config = ConfigDict(extra="forbid")

    lines: int = 0
    messages: int = 0
    audited: int = 0
    by_intent: Counter[str] = Field(default_factory=Counter)
    by_tier: Counter[str] = Field(default_factory=Counter)
    by_split: Counter[str] = Field(default_factory=Counter)
    by_model_version: Counter[str] = Field(default_factory=Counter)

    def add(self, candidates: Sequence[CandidateLine]) -> None:
        """Count lines before they are written."""
        self.lines += len(candidates)
        self.messages += sum(candidate.times_sent for candidate in candidates)
        self.audited += sum(candidate.audit_probability is not None for candidate in candidates)
        self.by_intent.update(candidate.label for candidate in candidates)
        self.by_tier.update(candidate.tier or "confident" for candidate in candidates)
        self.by_model_version.update(candidate.model_version for candidate in candidates)
        self.by_split.update(candidate.split for candidate in candidates if candidate.split)

    def add_entry(self, entry: Mapping[str, Any]) -> None:
        """Count a written line, or an entry of a review file."""
        self.lines += 1
        self.messages += entry.get("count", 1)
        self.audited += entry.get("audited", False)
        self.by_intent[entry.get("label") or entry.get("predicted_intent") or ""] += 1
        for counter, field in (
            (self.by_split, "split"),
            (self.by_model_version, "model_version"),
        ):
            if field in entry:
                counter[entry[field]] += 1
        if "corrected" in entry:
            default_tier = "person" if entry["corrected"] else "confident"
            self.by_tier[entry.get("tier") or default_tier] += 1


def tier_of(row: ExportRow, threshold: float) -> Tier | None:
    """Return the tier of a row's label, or None where the row has no usable label."""
    if row.corrected_intent is not None:
        return "person"
    if row.near_duplicate_intent is not None:
        return "near_duplicate"
    if row.was_successful is False or row.predicted_intent == UNKNOWN_INTENT:
        return None
    if row.was_successful:
        return "outcome"
    if row.source == "rule":
        return "rule"
    is_in_scope = row.scope is None or row.scope >= MIN_SCOPE
    return "confident" if is_in_scope and (row.confidence or 0) > threshold else None


def reviewed_intent(rows: Sequence[ExportRow]) -> str | None:
    """Return the reviewers' intent of a text. A correction of one copy applies to all copies."""
    row = _latest_corrected(rows)
    return row.corrected_intent if row else None


def stated_secondary_intents(rows: Sequence[ExportRow]) -> list[str] | None:
    """Return the secondary intents that reviewers stated with the label of a text, or None."""
    corrected = _latest_corrected(rows)
    if corrected is not None:
        return corrected.corrected_secondary_intents
    near = (row for row in rows if row.near_duplicate_intent is not None)
    return next((row.near_duplicate_secondary_intents for row in near), None)


def _latest_corrected(rows: Sequence[ExportRow]) -> ExportRow | None:
    corrected = [row for row in rows if row.corrected_intent is not None]
    return max(corrected, key=lambda row: row.created_at, default=None)


def audit_probability(rows: Sequence[ExportRow], complete_before: datetime | None) -> float | None:
    """Return the probability with which a text is in the completed audit; None: it is not in it.

    A text is in it if one of its rows was drawn before the cut-off `complete_before` and reviewers
    agree about its label. The rows are drawn independently, so the probability is
    1 - (1 - p1)(1 - p2)... over all rows of the text before the cut-off, whether drawn or not.
    """
    if complete_before is None or not any(row.is_audited for row in rows):
        return None
    if any(row.is_disputed for row in rows) or reviewed_intent(rows) is None:
        return None
    before = [row for row in rows if datetime.fromisoformat(row.created_at) < complete_before]
    if not any(row.is_audited for row in before):
        return None
    return round(1 - math.prod(1 - (row.audit_probability or 0) for row in before), 6)


def label_text(rows: Sequence[ExportRow], criteria: Criteria) -> CandidateLine | ExclusionReason:
    """Return the one line of a text, labelled by its best tier, or why there is none."""
    if any(row.is_disputed for row in rows):
        return "disputed"
    tier, best_rows = _rows_of_best_tier(rows, criteria.threshold)
    if tier is None:
        return "unlabelled"
    labels = {row.label for row in best_rows}
    if tier == "person":
        label = reviewed_intent(rows) or ""
    elif len(labels) > 1:
        return "conflicting_labels"
    else:
        (label,) = labels
    latest = max(best_rows, key=lambda row: (row.created_at, row.id))
    return CandidateLine(
        id=latest.text_id,
        text=latest.prompt,
        label=label,
        confidence=latest.confidence,
        corrected=tier == "person",
        tier=tier,
        split=split_of(latest.prompt),
        model_version=latest.model_version,
        times_sent=sum(row.times_sent for row in rows),
        row_ids=tuple(row.id for row in rows),
        senders=tuple({row.sender for row in rows if row.sender is not None}),
        audit_probability=audit_probability(rows, criteria.audits_complete_before),
        secondary=stated_secondary_intents(rows),
    )


def _rows_of_best_tier(
    rows: Sequence[ExportRow], threshold: float
) -> tuple[Tier | None, list[ExportRow]]:
    tiers = [tier_of(row, threshold) for row in rows]
    for best in TIERS:
        if best in tiers:
            return best, [row for row, tier in zip(rows, tiers, strict=True) if tier == best]
    return None, []


def split_of(text: str) -> Split:
    """Return the split of a text and all its copies. A tenth is gold, and a tenth is dev.

    The shares and the salt are deliberately not settings. With other values, texts would change
    their split, and models would be tested on texts that they were trained on.
    """
    digest = hashlib.sha256((_SPLIT_SALT + canonical_text(text)).encode()).digest()
    percent = int.from_bytes(digest[:4], "big") * 100 / _BUCKETS
    if percent < _GOLD_PERCENT:
        return "gold"
    return "dev" if percent < _GOLD_PERCENT + _DEV_PERCENT else "train"


def salted_id(line_id: str, series: str) -> str:
    """Return a pseudonym of a line id: the same in all datasets of one series, and in no other."""
    return hashlib.sha256(f"{series}\n{line_id}".encode()).hexdigest()[:32]


def to_json_line(fields: Mapping[str, object]) -> str:
    """Return fields as JSON that every reader treats as one line."""
    return escape_separators(to_json(fields).decode())
