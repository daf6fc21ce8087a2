"""Suspects: mislabelled rows are found, ranked, explained, and readable for training."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.unit.predictions import make_predictions
from training.calibrate.predictions import Predictions
from training.data.examples import Example, resolve_conflicts
from training.data.reading import read_examples
from training.report.suspects import Suspect, find_suspects, write_suspects

LABELS = ("email", "greeting", "reminder")


@pytest.fixture(scope="module")
def mislabelled() -> Predictions:
    """Sixty correct predictions and two mislabelled rows; the second is more suspect."""
    rows = [(f"{label} {n}", label, label, 0.9) for label in LABELS for n in range(20)]
    return make_predictions(
        [*rows, ("hey you", "email", "greeting", 0.95), ("wake me", "greeting", "reminder", 0.99)]
    )


def test_the_most_suspect_label_comes_first(mislabelled: Predictions) -> None:
    suspects = find_suspects(mislabelled)

    assert [(each.text, each.label, each.suggested) for each in suspects] == [
        ("wake me", "greeting", "reminder"),
        ("hey you", "email", "greeting"),
    ]
    assert suspects[0].confidence == 0.99
    assert suspects[0].reason == (
        "A model that was not trained on this row gives its label a probability of 0.5%."
    )


def test_the_reason_mentions_labels_that_may_overlap() -> None:
    rows = [(f"{label} {n}", label, label, 0.9) for label in LABELS for n in range(40)]
    rows += [(f"mail {n}", "email", "reminder", 0.9) for n in range(8)]

    suspects = find_suspects(make_predictions(rows))

    overlapping = [each for each in suspects if "labels may overlap" in each.reason]
    assert len(overlapping) >= 5
    assert f"{len(overlapping)} rows with this label" in overlapping[0].reason


def test_rows_with_labels_that_the_model_does_not_know_are_skipped(
    mislabelled: Predictions,
) -> None:
    *truth, _ = mislabelled.truth.tolist()
    changed = replace(mislabelled, truth=np.array([*truth, "never seen"]))

    suspects = find_suspects(changed)

    assert [each.text for each in suspects] == ["hey you"]


def test_correct_labels_are_not_suspects() -> None:
    rows = [(f"{label} {n}", label, label, 0.9) for label in LABELS for n in range(20)]

    assert find_suspects(make_predictions(rows)) == []
    assert find_suspects(make_predictions(rows[:20])) == []


def test_the_file_has_one_line_per_suspect(mislabelled: Predictions, tmp_path: Path) -> None:
    file = tmp_path / "suspects.jsonl"

    write_suspects(file, find_suspects(mislabelled))

    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [line["text"] for line in lines] == ["wake me", "hey you"]
    assert list(lines[0]) == ["text", "label", "suggested", "confidence", "reason", "corrected"]


@pytest.mark.parametrize("text", ["café 🎉", "one\u2028line\x85", "\ud800 alone", 'a "b"\nc'])
def test_any_text_survives_writing_and_reading(text: str, tmp_path: Path) -> None:
    suspect = Suspect(text=text, label="a", suggested="b", confidence=0.9, reason="none")

    write_suspects(tmp_path / "suspects.jsonl", [suspect])

    (read,) = read_examples([tmp_path / "suspects.jsonl"])
    assert read.text == text
    assert len((tmp_path / "suspects.jsonl").read_text("utf-8").splitlines()) == 1


def test_training_reads_the_reviewed_file_together_with_its_data(
    mislabelled: Predictions, tmp_path: Path
) -> None:
    data, file = tmp_path / "data.jsonl", tmp_path / "suspects.jsonl"
    pairs = zip(mislabelled.texts, mislabelled.truth.tolist(), strict=True)
    data.write_text("\n".join(json.dumps({"text": text, "label": label}) for text, label in pairs))
    write_suspects(file, find_suspects(mislabelled))

    untouched = resolve_conflicts(read_examples([data, file]))
    assert untouched == resolve_conflicts(read_examples([data]))

    first, second = file.read_text("utf-8").splitlines()
    corrected = json.loads(first) | {"label": "reminder", "corrected": True}
    file.write_text(f"{json.dumps(corrected)}\n{second}\n", "utf-8")

    resolved = resolve_conflicts(read_examples([file, data]))
    assert len(resolved) == len(untouched)
    assert Example(text="wake me", label="reminder") in resolved


def test_mislabelled_rows_among_realistic_predictions_are_found() -> None:
    """A tenth of 300 labels is replaced by the next label."""
    random = np.random.default_rng(0)
    correct = np.repeat([0, 1, 2], 100)
    logits = random.normal(0, 1, (300, 3))
    logits[np.arange(300), correct] += 4
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    mislabelled = np.arange(0, 300, 10)
    given = correct.copy()
    given[mislabelled] = (given[mislabelled] + 1) % 3
    labels = np.array(LABELS)

    suspects = find_suspects(
        Predictions(
            [str(n) for n in range(300)], labels[given], LABELS, probabilities, np.ones(300)
        )
    )

    rows = {int(each.text) for each in suspects}
    assert len(rows & set(mislabelled.tolist())) >= 25
    assert len(rows) <= 40
