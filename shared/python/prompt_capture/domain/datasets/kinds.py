"""The kinds of datasets. To add one, write its class and register it in `KINDS`."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, ClassVar, Final, Literal

from prompt_capture.domain.datasets.audits import Precision, admit_tiers
from prompt_capture.domain.datasets.lines import (
    DECIDED_TIERS,
    TIERS,
    CandidateLine,
    Criteria,
    DatasetCounts,
    ExclusionReason,
    Tier,
    audit_probability,
    label_text,
    reviewed_intent,
    stated_secondary_intents,
    tier_of,
    to_json_line,
)
from prompt_capture.domain.datasets.rows import ErasedLine, ErasedRow, ExportRow, Window
from prompt_capture.domain.review_files import SUFFIXES, ReviewFormat, write_entries
from prompt_capture.domain.review_removal import list_prompts, remove_entries

LOW_PRECISION: Final = 0.9
"""Below this lower bound, more than one label in ten may be wrong."""

_OWN_DECISION: Final = frozenset({"disagreement", "random_audit"})
"""A text with one of these reasons needs a decision of its own, even as a near-duplicate."""

Entry = dict[str, Any]
"""The JSON fields of a line, or of an entry of a review file."""

Precisions = Mapping[Tier, Precision]
AdmittedTiers = tuple[frozenset[Tier], dict[str, str]]
Selected = Iterator[CandidateLine | ExclusionReason]
"""The lines of a text, and the reasons for lines that it does not have."""

EditEntry = Callable[[Entry], Entry | None]
"""Returns an entry as it is, or a changed copy, or None to remove it."""


class DatasetKind(ABC):
    """Everything in which the kinds of datasets differ. Kinds have no state.

    The defaults describe one file with a JSON line per message.

    - `mode` and `policy` of a request name its kind. The policy None matches every policy.
    - `name` is part of object keys, and has lower-case letters only. `is_retained` selects the
      prefix of retained datasets.
    - `default_threshold` is the confidence threshold of a request without one.
    - `id_type`: a line represents a message ("row"), or a text with all its copies ("text").
    - `splits` have an object even if they are empty. "" is the only one without splits.
    - `has_tombstones`: a dataset of changes lists the ids that no longer have a line.
    - `is_anonymizable`: a request can ask for pseudonyms and k-anonymity.
    - `excludes_near_heldout`: training texts similar to dev and gold texts have no line.
    - `is_trained_on`: texts similar to those in the pool of disagreements have no line, either. No
      dataset has lines of that pool: they are evidence about models.
    - `is_sorted_file`: the dataset is one file in the order of capture, and fits in memory.
    - `is_filled_in`: reviewers edit the file.
    """

    mode: ClassVar[str]
    policy: ClassVar[str | None] = None
    name: ClassVar[str]
    is_retained: ClassVar[bool] = False
    default_threshold: ClassVar[float] = 0.85
    id_type: ClassVar[Literal["row", "text"]] = "row"
    splits: ClassVar[tuple[str, ...]] = ("",)
    has_tombstones: ClassVar[bool] = True
    is_anonymizable: ClassVar[bool] = True
    excludes_near_heldout: ClassVar[bool] = False
    is_trained_on: ClassVar[bool] = True
    is_sorted_file: ClassVar[bool] = False
    is_filled_in: ClassVar[bool] = False

    @abstractmethod
    def select(self, rows: Sequence[ExportRow], criteria: Criteria) -> Selected:
        """Yield the lines of a text, given all of its rows."""

    @abstractmethod
    def to_entry(self, candidate: CandidateLine, precision: Precision | None) -> Entry:
        """Return a line. `precision` is the precision of its tier, where that is known."""

    def suffix(self, review_format: ReviewFormat) -> str:
        """Return the suffix of the one file, or "" for a folder of compressed parts by split."""
        return "jsonl"

    def encode(self, entries: Iterable[Entry], review_format: ReviewFormat) -> bytes:
        """Return the content of some lines, or of a complete file."""
        return "".join([f"{to_json_line(entry)}\n" for entry in entries]).encode()

    def decode(self, file: IO[bytes]) -> Iterator[Entry]:
        """Yield the lines of a decompressed object."""
        yield from map(json.loads, file)

    def rewrite(
        self, file: IO[bytes], edit: EditEntry, review_format: ReviewFormat
    ) -> Iterator[tuple[bytes, int]]:
        """Yield the edited content of an object: pieces, and the number of lines in each.

        Unchanged lines stay the same byte for byte.
        """
        for line in file:
            entry = json.loads(line)
            edited = edit(entry)
            if edited is entry:
                yield line, 1
            elif edited is not None:
                yield self.encode([edited], review_format), 1

    def line_id(self, row: ExportRow | ErasedRow | ErasedLine) -> str:
        """Return the id of the line that represents a row."""
        return row.id

    def writes_tombstones(self, window: Window) -> bool:
        """Return whether a dataset lists the ids that no longer have a line."""
        return self.has_tombstones and not window.is_whole

    def remaining_count(self, line: ErasedLine, min_users: int) -> int | None:
        """Return the count of a line without erased users, or None if it must be removed."""
        return None

    def admit_tiers(self, precisions: Precisions, floor: float) -> AdmittedTiers:
        """Return the tiers whose labels qualify, and for each other tier the reason."""
        return frozenset(TIERS), {}

    def warnings(self, counts: DatasetCounts, precisions: Precisions) -> tuple[str, ...]:
        """Return what to know about the labels before training on them."""
        return ()


class ConfidenceDataset(DatasetKind):
    """Training data: messages that reviewers decided, or predicted above the threshold."""

    mode = "retraining"
    policy = "confidence"
    name = "retraining"
    is_anonymizable = False

    def select(self, rows: Sequence[ExportRow], criteria: Criteria) -> Selected:
        rows = criteria.filter_rows(rows)
        if any(row.is_disputed for row in rows):
            return
        reviewed = reviewed_intent(rows)
        secondary = stated_secondary_intents(rows)
        is_corrected = reviewed is not None
        probability = audit_probability(rows, criteria.audits_complete_before)
        for row in rows:
            is_decided = is_corrected or row.near_duplicate_intent is not None
            if row.is_retained or not (is_decided or (row.confidence or 0) > criteria.threshold):
                continue
            label = reviewed or row.label
            if not criteria.accepts_intent(label):
                yield "intent_not_requested"
                continue
            yield CandidateLine(
                id=row.id,
                text=row.prompt,
                label=label,
                confidence=row.confidence,
                corrected=is_corrected,
                tier=tier_of(row, criteria.threshold),
                split="",
                model_version=row.model_version,
                times_sent=1,
                row_ids=(row.id,),
                audit_probability=probability,
                secondary=secondary,
            )

    def to_entry(self, candidate: CandidateLine, precision: Precision | None) -> Entry:
        return _common_fields(candidate)

    def warnings(self, counts: DatasetCounts, precisions: Precisions) -> tuple[str, ...]:
        unreviewed = counts.lines - sum(counts.by_tier[tier] for tier in DECIDED_TIERS)
        precision = precisions["confident"]
        is_precise = precision.ci_lower is not None and precision.ci_lower >= LOW_PRECISION
        if not unreviewed or is_precise:
            return ()
        summary = f"{unreviewed:,} labels are unreviewed predictions. Their precision: {precision}."
        return (f"{summary} The policy `audited` exports only labels of a confirmed precision.",)


class TextDataset(DatasetKind):
    """A dataset with one line per text, labelled by its best tier, in compressed parts by split."""

    id_type = "text"
    splits: ClassVar[tuple[str, ...]] = ("train", "dev")

    @abstractmethod
    def exclusion(self, candidate: CandidateLine, criteria: Criteria) -> ExclusionReason | None:
        """Return why a labelled text has no line, or None where it has one."""

    def select(self, rows: Sequence[ExportRow], criteria: Criteria) -> Selected:
        rows = criteria.filter_rows(rows)
        if not rows:
            return
        candidate = label_text(rows, criteria)
        if not isinstance(candidate, CandidateLine):
            yield candidate
        elif not criteria.accepts_intent(candidate.label):
            yield "intent_not_requested"
        else:
            yield self.exclusion(candidate, criteria) or candidate

    def to_entry(self, candidate: CandidateLine, precision: Precision | None) -> Entry:
        return _common_fields(candidate) | {
            "precision": precision.precision if precision else None,
            "precision_ci_lower": precision.ci_lower if precision else None,
            "split": candidate.split,
            "count": candidate.times_sent,
            "model_version": candidate.model_version,
        }

    def suffix(self, review_format: ReviewFormat) -> str:
        return ""

    def line_id(self, row: ExportRow | ErasedRow | ErasedLine) -> str:
        return row.text_id

    def remaining_count(self, line: ErasedLine, min_users: int) -> int | None:
        """Return the number of other rows, or None where too few other users sent the text."""
        return line.other_rows if line.other_users >= min_users else None


class AuditedDataset(TextDataset):
    """Training data: texts whose label has a tier that an audit found precise."""

    mode = "retraining"
    policy = "audited"
    name = "audited"
    excludes_near_heldout = True

    def exclusion(self, candidate: CandidateLine, criteria: Criteria) -> ExclusionReason | None:
        if candidate.split == "gold":
            return "gold_split"
        if candidate.split == "dev" and candidate.tier != "person":
            return "dev_unlabelled_by_person"
        if candidate.tier not in criteria.admitted_tiers:
            return "tier_below_floor"
        if candidate.split == "train" and criteria.is_near_heldout(candidate.text):
            return "near_heldout"
        return None

    def admit_tiers(self, precisions: Precisions, floor: float) -> AdmittedTiers:
        return admit_tiers(precisions, floor)

    def warnings(self, counts: DatasetCounts, precisions: Precisions) -> tuple[str, ...]:
        return () if counts.lines else ("The dataset is empty: no label reaches the floor.",)


class GoldDataset(TextDataset):
    """Test data: texts of the gold split with a label from a reviewer."""

    mode = "gold"
    name = "gold"
    is_retained = True
    is_trained_on = False
    splits = ("gold",)

    def exclusion(self, candidate: CandidateLine, criteria: Criteria) -> ExclusionReason | None:
        is_eligible = candidate.tier == "person" and candidate.split == "gold"
        return None if is_eligible else "ineligible_for_gold"


class LabelledDataset(TextDataset):
    """All other texts with a label from a reviewer."""

    mode = "labelled"
    name = "labelled"
    is_retained = True

    def exclusion(self, candidate: CandidateLine, criteria: Criteria) -> ExclusionReason | None:
        is_eligible = candidate.tier == "person" and candidate.split != "gold"
        return None if is_eligible else "ineligible_for_labelled"


class ReviewFile(DatasetKind):
    """Messages that wait for review, and other uncertain ones, for reviewers to fill in.

    Entries have the ids of rows, since the import needs them.
    """

    mode = "review"
    name = "review"
    default_threshold = 0.7
    has_tombstones = False
    is_anonymizable = False
    is_trained_on = False
    is_sorted_file = True
    is_filled_in = True

    def select(self, rows: Sequence[ExportRow], criteria: Criteria) -> Selected:
        if reviewed_intent(rows) is not None:
            return
        for row in criteria.filter_rows(rows):
            if row.is_retained or not criteria.accepts_intent(row.predicted_intent):
                continue
            reasons = set(row.reasons or ())
            if row.near_duplicate_intent is not None and reasons.isdisjoint(_OWN_DECISION):
                continue
            other_reasons = reasons - {"low_confidence"}
            if other_reasons or (row.confidence or 0) < criteria.threshold:
                yield CandidateLine(
                    id=row.id,
                    text=row.prompt,
                    label=row.predicted_intent,
                    confidence=row.confidence,
                    corrected=False,
                    tier=None,
                    split="",
                    model_version=row.model_version,
                    times_sent=1,
                    row_ids=(row.id,),
                    created_at=row.created_at,
                    reasons=tuple(row.reasons or ()),
                    secondary=row.predicted_secondary_intents,
                )

    def to_entry(self, candidate: CandidateLine, precision: Precision | None) -> Entry:
        """Return an entry. The reviewer fills in the last three fields."""
        return {
            "id": candidate.id,
            "prompt": candidate.text,
            "predicted_intent": candidate.label,
            "predicted_secondary_intents": candidate.secondary or [],
            "confidence": candidate.confidence,
            "created_at": candidate.created_at,
            "reasons": list(candidate.reasons),
            "corrected_intent": None,
            "corrected_secondary_intents": None,
            "notes": None,
        }

    def suffix(self, review_format: ReviewFormat) -> str:
        return SUFFIXES[review_format]

    def encode(self, entries: Iterable[Entry], review_format: ReviewFormat) -> bytes:
        return write_entries(list(entries), review_format)

    def decode(self, file: IO[bytes]) -> Iterator[Entry]:
        """Yield the id, the prompt and the predicted intent of each entry, in any format."""
        yield from list_prompts(file.read())

    def rewrite(
        self, file: IO[bytes], edit: EditEntry, review_format: ReviewFormat
    ) -> Iterator[tuple[bytes, int]]:
        """Yield the edited file as one piece, in the form in which reviewers left it."""
        yield remove_entries(file.read(), lambda log_id: edit({"id": log_id}) is None)


def _common_fields(candidate: CandidateLine) -> Entry:
    stated = {} if candidate.secondary is None else {"secondary": candidate.secondary}
    return {
        "text": candidate.text,
        "label": candidate.label,
        **stated,
        "confidence": candidate.confidence,
        "source": "production",
        "corrected": candidate.corrected,
        "id": candidate.id,
        "tier": candidate.tier,
        "audited": candidate.audit_probability is not None,
        "audit_probability": candidate.audit_probability,
    }


KINDS: Final[tuple[DatasetKind, ...]] = (
    ConfidenceDataset(),
    AuditedDataset(),
    ReviewFile(),
    GoldDataset(),
    LabelledDataset(),
)
"""All kinds of datasets. The modes and policies of requests, and their order, come from here."""

MODES: Final = tuple(dict.fromkeys(kind.mode for kind in KINDS))
POLICIES: Final = tuple(kind.policy for kind in KINDS if kind.policy is not None)
