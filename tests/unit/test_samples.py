"""Fair samples: which examples a model is measured and calibrated on."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training.calibrate.samples import (
    FULL_AUDIT,
    MIN_AUDITED,
    MIN_SEEDS,
    HeldOutOrigins,
    find_fair_sample,
    weighted_quantile,
)
from training.data.examples import Example, Origin, prepare_examples, separate_predicted
from training.data.reading import read_examples

EXPORTED = {"confidence": 0.9, "source": "production", "id": "1"}


def _exported(text: str, label: str, **fields: Any) -> Example:
    return Example.model_validate({"text": text, "label": label, **EXPORTED, **fields})


def _person(text: str, label: str, **fields: Any) -> Example:
    return _exported(text, label, corrected=True, tier="person", **fields)


@pytest.mark.parametrize(
    ("line", "origin"),
    [
        ({}, "seed"),
        ({"tier": 3, "audited": "yes", "source": "a survey"}, "seed"),
        ({"corrected": True}, "reviewed"),
        (EXPORTED | {"corrected": False}, "predicted"),
        (EXPORTED | {"corrected": True}, "reviewed"),
        (EXPORTED | {"corrected": False, "tier": "confident"}, "predicted"),
        (EXPORTED | {"corrected": False, "tier": "outcome", "audited": True}, "predicted"),
        (EXPORTED | {"corrected": True, "tier": "person", "audited": False}, "reviewed"),
        (
            EXPORTED
            | {"corrected": True, "tier": "person", "audited": True, "audit_probability": 0.1},
            "audited",
        ),
    ],
)
def test_the_origin_of_a_line_follows_from_the_fields_of_exports(
    tmp_path: Path, line: dict[str, Any], origin: Origin
) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text(json.dumps({"text": "hi", "label": "greeting", **line}))

    (example,) = read_examples([file])

    assert example.origin == origin


def test_a_written_label_wins_over_a_later_predicted_one() -> None:
    (example,) = prepare_examples(
        [Example(text="Move it", label="reschedule"), _exported("move it", "email")]
    )

    assert (example.label, example.origin) == ("reschedule", "seed")


def test_a_text_with_an_audited_copy_is_audited_and_stands_for_all_its_messages() -> None:
    (example,) = prepare_examples(
        [
            _person("move it", "email", audited=True, audit_probability=0.1),
            _person("Move it", "email", audited=True, audit_probability=0.2),
            _exported("move it", "status"),
            _person("move it", "reschedule"),
            Example(text="move it", label="cancel"),
        ]
    )

    assert (example.label, example.origin) == ("reschedule", "audited")
    assert example.audit_weight == pytest.approx(15)


def test_a_seed_with_a_corrected_label_is_still_a_seed() -> None:
    (example,) = prepare_examples(
        [Example(text="move it", label="email"), _person("move it", "reschedule")]
    )

    assert (example.label, example.origin) == ("reschedule", "seed")


def _origins(audited: int, seeds: int, others: int) -> HeldOutOrigins:
    n = audited + seeds + others
    is_seed = np.zeros(n, bool)
    is_seed[audited : audited + seeds] = True
    return HeldOutOrigins(is_seed, np.where(np.arange(n) < audited, 10.0, 0.0))


def test_figures_come_from_the_audit_where_it_is_large_enough() -> None:
    sample = find_fair_sample(_origins(MIN_AUDITED, 1_000, 1_000))

    assert sample is not None
    assert sample.origin == "audited"
    assert sample.rows.sum() == MIN_AUDITED
    assert not sample.calibration_weights[-1_000:].any()


def test_figures_come_from_the_seeds_where_the_audit_is_small() -> None:
    sample = find_fair_sample(_origins(MIN_AUDITED - 1, MIN_SEEDS, 1_000))

    assert sample is not None
    assert sample.origin == "seed"
    assert sample.rows.sum() == MIN_SEEDS
    assert sample.calibration_weights[: MIN_AUDITED - 1] == pytest.approx(1)


def test_there_is_no_fair_sample_without_audits_or_seeds() -> None:
    assert find_fair_sample(_origins(MIN_AUDITED - 1, MIN_SEEDS - 1, 1_000)) is None


def test_seeds_complement_a_small_audit_in_the_calibration_and_not_a_large_one() -> None:
    small = find_fair_sample(_origins(100, 2_000, 0))
    large = find_fair_sample(_origins(FULL_AUDIT, 2_000, 0))

    assert small is not None
    assert large is not None
    assert small.calibration_weights[100:].sum() == pytest.approx(FULL_AUDIT - 100)
    assert not large.calibration_weights[FULL_AUDIT:].any()


def test_a_weighted_quantile_ignores_values_without_weight() -> None:
    values = np.array([5.0, 1.0, 2.0, 3.0])

    assert weighted_quantile(values, 0.5, np.array([0.0, 1.0, 1.0, 1.0])) == 2
    assert weighted_quantile(values, 0.5, np.array([0.0, 1.0, 1.0, 9.0])) == 3
    assert weighted_quantile(values, 0.0, np.ones(4)) == 1


def test_predicted_labels_are_renewed_unless_nothing_else_teaches_their_intent() -> None:
    person, seed = _person("a", "email"), Example(text="b", label="status")
    renewed, only = _exported("c", "email"), _exported("d", "reminder")

    kept, texts = separate_predicted([person, seed, renewed, only])

    assert kept == [person, seed, only]
    assert texts == ["c"]
