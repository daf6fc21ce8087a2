"""The lines of datasets: the label of a text, the reliability of the label, and its split."""

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, get_args

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

from prompt_capture.domain.datasets.rows import AuditResult, ExportRow
from prompt_capture.domain.predictions import MIN_SCOPE, UNKNOWN_INTENT
from prompt_capture.domain.text import canonical_text
from prompt_capture.domain.types import FrozenModel

Tier = Literal["person", "outcome", "rule", "confident"]
TIERS: tuple[Tier, ...] = get_args(Tier)
"""The origins of labels, the most reliable first. A text's best tier determines its label."""

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
    "too_few_users",
    "changed_during_export",
]
"""Why a message or a text has no line, or not all of its rows in it."""

MIN_AUDITED_ROWS = 30
"""With fewer audited rows, the precision counts as unknown."""

_Z = 1.959963984540054
"""The 97.5th percentile of the normal distribution, for a 95% interval."""

_SPLIT_SALT = "prompt-capture: split: "
_GOLD_PERCENT = 10
_DEV_PERCENT = 10
_BUCKETS = 2**32

_LINE_SEPARATORS = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}
"""Characters that some readers treat as line ends. JSON lines must contain them escaped."""


class CandidateLine(NamedTuple):
    """A line that may become part of a dataset, with the rows and senders that it represents.

    `split` is "" in a dataset without splits. `secondary` are the secondary intents: those that
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
    created_at: str = ""
    reasons: tuple[str, ...] = ()
    secondary: list[str] | None = None


@dataclass(frozen=True)
class Criteria:
    """What a request demands of rows and labels.

    `is_near_heldout` returns whether a text is a near-duplicate of a dev or gold text.
    """

    threshold: float
    intents: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    model_versions: tuple[str, ...] = ()
    since: datetime | None = None
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
    by_intent: Counter[str] = Field(default_factory=Counter)
    by_tier: Counter[str] = Field(default_factory=Counter)
    by_split: Counter[str] = Field(default_factory=Counter)
    by_model_version: Counter[str] = Field(default_factory=Counter)

    def add(self, candidates: Sequence[CandidateLine]) -> None:
        """Count lines before they are written."""
        self.lines += len(candidates)
        self.messages += sum(candidate.times_sent for candidate in candidates)
        self.by_intent.update(candidate.label for candidate in candidates)
        self.by_tier.update(candidate.tier or "confident" for candidate in candidates)
        self.by_model_version.update(candidate.model_version for candidate in candidates)
        self.by_split.update(candidate.split for candidate in candidates if candidate.split)

    def add_entry(self, entry: Mapping[str, Any]) -> None:
        """Count a written line, or an entry of a review file."""
        self.lines += 1
        self.messages += entry.get("count", 1)
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


class Precision(FrozenModel):
    """The share of correct labels in a tier, with Wilson's 95% confidence interval.

    `precision`, `ci_lower` and `ci_upper` are None until enough rows were audited.
    """

    audited: int
    correct: int
    precision: float | None = None
    ci_lower: float | None = None
    ci_upper: float | None = None

    @classmethod
    def from_audits(cls, audits: Iterable[AuditResult]) -> "Precision":
        """Combine the audit results of several model versions."""
        results = list(audits)
        audited = sum(result.audited for result in results)
        correct = sum(result.correct for result in results)
        if audited < MIN_AUDITED_ROWS:
            return cls(audited=audited, correct=correct)
        lower, upper = wilson_interval(correct, audited)
        precision = round(correct / audited, 4)
        return cls(
            audited=audited, correct=correct, precision=precision, ci_lower=lower, ci_upper=upper
        )

    def __str__(self) -> str:
        if self.precision is None:
            return f"unknown ({self.audited} of {MIN_AUDITED_ROWS} rows audited)"
        return f"{self.precision:.1%} (95% CI {self.ci_lower:.1%} to {self.ci_upper:.1%})"


def wilson_interval(correct: int, audited: int) -> tuple[float, float]:
    """Return Wilson's 95% confidence interval of a share, rounded to four decimal places."""
    share = correct / audited
    centre = share + _Z**2 / (2 * audited)
    spread = _Z * math.sqrt(share * (1 - share) / audited + _Z**2 / (4 * audited**2))
    scale = 1 + _Z**2 / audited
    return max(0.0, round((centre - spread) / scale, 4)), min(
        1.0, round((centre + spread) / scale, 4)
    )


def tier_precisions(
    audits: Iterable[AuditResult], model_versions: Sequence[str]
) -> dict[Tier, Precision]:
    """Return the precision of each tier but `person`, which the others are measured against.

    Without `model_versions`, the audits of every model version count.
    """
    relevant = [
        audit for audit in audits if not model_versions or audit.model_version in model_versions
    ]
    return {
        tier: Precision.from_audits(audit for audit in relevant if audit.tier == tier)
        for tier in TIERS
        if tier != "person"
    }


def tier_of(row: ExportRow, threshold: float) -> Tier | None:
    """Return the tier of a row's label, or None where the row has no usable label."""
    if row.corrected_intent is not None:
        return "person"
    if row.was_successful is False or row.predicted_intent == UNKNOWN_INTENT:
        return None
    if row.was_successful:
        return "outcome"
    if row.source == "rule":
        return "rule"
    is_in_scope = row.scope is None or row.scope >= MIN_SCOPE
    return "confident" if is_in_scope and (row.confidence or 0) > threshold else None


def admit_tiers(
    precisions: Mapping[Tier, Precision], floor: float
) -> tuple[frozenset[Tier], dict[str, str]]:
    """Return the tiers that reach the floor, and for each other tier the reason.

    A tier reaches the floor if the lower bound of its confidence interval does. The tier `person`
    is always admitted, since the precision of the others is measured against it. A floor of 0
    admits every tier, even with an unknown precision.
    """
    excluded_tiers: dict[str, str] = {
        tier: f"precision {precision}, required lower bound {floor:.0%}"
        for tier, precision in precisions.items()
        if tier != "person" and (precision.ci_lower or 0) < floor
    }
    return frozenset(tier for tier in TIERS if tier not in excluded_tiers), excluded_tiers


def reviewed_intent(rows: Sequence[ExportRow]) -> str | None:
    """Return the reviewers' intent of a text. A correction of one copy applies to all copies."""
    row = _latest_corrected(rows)
    return row.corrected_intent if row else None


def reviewed_secondary_intents(rows: Sequence[ExportRow]) -> list[str] | None:
    """Return the secondary intents that reviewers stated for a text, or None."""
    row = _latest_corrected(rows)
    return row.corrected_secondary_intents if row else None


def _latest_corrected(rows: Sequence[ExportRow]) -> ExportRow | None:
    corrected = [row for row in rows if row.corrected_intent is not None]
    return max(corrected, key=lambda row: row.created_at, default=None)


def label_text(rows: Sequence[ExportRow], threshold: float) -> CandidateLine | ExclusionReason:
    """Return the one line of a text, labelled by its best tier, or why there is none."""
    if any(row.is_disputed for row in rows):
        return "disputed"
    tier, best_rows = _rows_of_best_tier(rows, threshold)
    if tier is None:
        return "unlabelled"
    labels = {row.corrected_intent or row.predicted_intent for row in best_rows}
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
        secondary=reviewed_secondary_intents(rows) if tier == "person" else None,
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
    line = to_json(fields).decode()
    return line if line.isascii() else line.translate(_LINE_SEPARATORS)
