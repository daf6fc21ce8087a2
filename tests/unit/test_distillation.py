"""What the students of the final model and of the folds share, and what they do not see."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from training.config import NoProgress
from training.fit.encoders import BaseEncoders, Encoder, FittedStage
from training.fit.heads import Head
from training.fit.networks import distil, student
from training.fit.networks.batches import TrainingSet
from training.fit.networks.distil import QUICK, Distiller
from training.fit.networks.student import StudentHyperparameters, train_student

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
KEPT = [f"{verb} the meeting on {day}" for verb in ("move", "cancel") for day in WEEKDAYS]
HELD_OUT = ["violin concerto"]


class _StopTraining(Exception):
    """Ends a distillation once its training set is known."""


@pytest.fixture(scope="module")
def encoder(shipped_base: BaseEncoders) -> Encoder:
    return shipped_base.encoders["student"]


def _training_texts(
    distiller: Distiller, encoder: Encoder, texts: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Return the texts that a student of `texts` learns from."""
    seen: list[str] = []

    def embed(chunk: Sequence[str], on_progress: Any = None) -> np.ndarray:
        seen.extend(chunk)
        return np.zeros((len(chunk), 2), np.float32)

    def stop(*_: object) -> None:
        raise _StopTraining

    head = Head(("a", "b"), np.zeros((2, 2)), np.zeros(2))
    with monkeypatch.context() as patch:
        patch.setattr(encoder, "embed", embed)
        patch.setattr(distil, "train_student", stop)
        with pytest.raises(_StopTraining):
            distiller.distil(FittedStage("encoder", encoder, head), texts, np.array(["a", "b"] * 5))
    return seen


def test_a_student_learns_from_no_synthetic_text_that_is_made_of_a_held_out_one(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [*KEPT, *HELD_OUT]
    distiller = Distiller(encoder, texts, ["unlabelled words"], 0, NoProgress(), QUICK)

    of_fold = _training_texts(distiller, encoder, KEPT, monkeypatch)

    all_synthetic = {one.text for one in distiller.synthetic}
    held_out_words = {"violin", "concerto"}
    assert any(held_out_words.intersection(text.split()) for text in all_synthetic)
    assert not any(held_out_words.intersection(text.split()) for text in of_fold)
    assert {*KEPT, "unlabelled words"} < set(of_fold)
    assert set(of_fold) - {*KEPT, "unlabelled words"} < all_synthetic


def test_students_of_texts_with_a_similar_vocabulary_share_what_is_compiled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    traced = []
    compute_logits = student.compute_logits

    def trace(*arguments: Any) -> Any:
        traced.append(1)
        return compute_logits(*arguments)

    monkeypatch.setattr(student, "compute_logits", trace)
    table = np.random.default_rng(0).normal(0, 1, (20, 4)).astype(np.float32)
    # No other test has so many filters, and so has compiled the step already.
    hyperparameters = StudentHyperparameters(filters=3, epochs=2)
    for count in (6, 9):
        ids = [[1, 3 + n, 2] for n in range(count)]
        targets = student.smooth_labels(np.arange(count) % 2, 2)
        train_student(table, TrainingSet(ids, targets), hyperparameters)

    assert len(traced) == 1
