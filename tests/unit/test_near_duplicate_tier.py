"""Labels of near-duplicates train, as a tier of their own, and are never evidence."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from prompt_capture.domain.datasets.audits import admit_tiers, tier_precisions
from prompt_capture.domain.datasets.kinds import (
    AuditedDataset,
    ConfidenceDataset,
    DatasetKind,
    GoldDataset,
    LabelledDataset,
    ReviewFile,
)
from prompt_capture.domain.datasets.lines import CandidateLine, Criteria, Split, split_of
from prompt_capture.domain.datasets.rows import AuditResult, ExportRow
from training.calibrate.samples import HeldOutOrigins
from training.data.examples import Example, prepare_examples

CRITERIA = Criteria(threshold=0.85, audits_complete_before=datetime.now(UTC))


def text_in(split: Split) -> str:
    """Return a text that is in a split."""
    texts = (f"move the dentist to {number}" for number in count())
    return next(text for text in texts if split_of(text) == split)


def row(text: str, **fields: Any) -> ExportRow:
    """Return a row that was decided as a near-duplicate; `fields` replace others."""
    values: dict[str, Any] = {
        "id": "1", "text_id": "2", "change": "3", "prompt": text, "predicted_intent": "email",
        "confidence": 0.4, "scope": 1.0, "source": "model", "model_version": "test-1",
        "corrected_intent": None, "was_successful": None, "is_disputed": False,
        "created_at": "2026-11-01T00:00:00+00:00", "sender": None, "is_audited": True,
        "audit_probability": 0.05, "near_duplicate_intent": "help",
        "near_duplicate_secondary_intents": ["search"],
    }  # fmt: skip
    return ExportRow(**values | fields)


def select(kind: DatasetKind, *rows: ExportRow) -> list[CandidateLine | str]:
    return list(kind.select(rows, CRITERIA))


@pytest.mark.parametrize("kind", [AuditedDataset(), ConfidenceDataset()])
def test_training_datasets_have_such_labels_as_a_tier_of_their_own(kind: DatasetKind) -> None:
    [line] = select(kind, row(text_in("train")))

    assert isinstance(line, CandidateLine)
    entry = kind.to_entry(line, None)
    assert (entry["label"], entry["secondary"], entry["tier"]) == (
        "help", ["search"], "near_duplicate",
    )  # fmt: skip
    assert (entry["corrected"], entry["audited"], entry["audit_probability"]) == (
        False, False, None,
    )  # fmt: skip


def test_no_test_set_and_no_set_of_peoples_labels_has_them() -> None:
    assert select(GoldDataset(), row(text_in("gold"))) == ["ineligible_for_gold"]
    assert select(AuditedDataset(), row(text_in("gold"))) == ["gold_split"]
    assert select(AuditedDataset(), row(text_in("dev"))) == ["dev_unlabelled_by_person"]
    assert select(LabelledDataset(), row(text_in("train"))) == ["ineligible_for_labelled"]


@pytest.mark.parametrize(
    ("fields", "label", "tier"),
    [
        ({"corrected_intent": "search"}, "search", "person"),
        ({"was_successful": True}, "help", "near_duplicate"),
        ({"was_successful": False}, "help", "near_duplicate"),
        ({"source": "rule"}, "help", "near_duplicate"),
    ],
)
def test_they_come_after_a_persons_label_and_before_all_predictions(
    fields: dict[str, Any], label: str, tier: str
) -> None:
    [line] = select(AuditedDataset(), row(text_in("train"), **fields))

    assert isinstance(line, CandidateLine)
    assert (line.label, line.tier) == (label, tier)


def test_a_disputed_text_has_none() -> None:
    assert select(AuditedDataset(), row(text_in("train"), is_disputed=True)) == ["disputed"]


def test_review_files_have_them_only_where_they_need_a_decision_of_their_own() -> None:
    reasons = (["low_confidence"], ["low_confidence", "random_audit"], ["disagreement"])

    lines = [len(select(ReviewFile(), row("any", reasons=each))) for each in reasons]

    assert lines == [0, 1, 1]


def test_the_tier_is_admitted_without_an_audit_that_measures_it() -> None:
    audits = [AuditResult("near_duplicate", "test-1", 100, 1, 1.0, 1.0, 99.0, 99.0)]

    precisions = tier_precisions(audits, [])
    admitted, excluded = admit_tiers(precisions, floor=0.9)

    assert precisions.keys() == excluded.keys() == {"outcome", "rule", "confident"}
    assert admitted == {"person", "near_duplicate"}


def example(label: str, tier: str | None, **fields: Any) -> Example:
    line = {"text": "move it", "label": label, "tier": tier, **fields}
    return Example.model_validate(line | ({"source": "production"} if tier else {}))


def test_an_example_of_the_tier_trains_and_is_part_of_no_sample() -> None:
    near = example("help", "near_duplicate", audited=True, audit_probability=0.1)

    assert (near.origin, near.is_fair, near.audit_weight) == ("near_duplicate", False, 0.0)
    origins = HeldOutOrigins.of([near])
    assert not origins.is_seed.any()
    assert not origins.audit_weights.any()


@pytest.mark.parametrize(
    ("other", "label"),
    [
        (example("search", "person"), "search"),
        (example("search", None), "search"),
        (example("search", "outcome"), "help"),
        (example("search", "confident"), "help"),
    ],
)
def test_the_most_reliable_label_of_a_text_is_learnt(other: Example, label: str) -> None:
    for examples in permutations_of(example("help", "near_duplicate"), other):
        [learnt] = prepare_examples(examples)
        assert learnt.label == label


def permutations_of(one: Example, other: Example) -> list[list[Example]]:
    return [[one, other], [other, one]]
