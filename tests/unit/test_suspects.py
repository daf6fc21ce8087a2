"""Rows that are probably mislabelled: found, ranked, explained, and fit for training to read."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.unit.answers import answers
from training.examples import Example, read_examples, without_conflicts
from training.predictions import Predictions
from training.report.suspects import Suspect, find_suspects, write_suspects

LABELS = ("email", "greeting", "reminder")


@pytest.fixture(scope="module")
def mislabelled() -> Predictions:
    """Sixty rows that the model answers rightly, two labelled wrongly, one worse than the other."""
    rows = [(f"{label} {n}", label, label, 0.9) for label in LABELS for n in range(20)]
    return answers(
        [*rows, ("hey you", "email", "greeting", 0.95), ("wake me", "greeting", "reminder", 0.99)]
    )


def test_wrong_labels_are_found_the_worst_first(mislabelled: Predictions) -> None:
    found = find_suspects(mislabelled)

    assert [(each.text, each.label, each.suggested) for each in found] == [
        ("wake me", "greeting", "reminder"),
        ("hey you", "email", "greeting"),
    ]
    assert found[0].confidence == 0.99
    assert found[0].reason == "A model that had not seen it gives its label 0.5%."


def test_a_pair_of_labels_that_is_often_confused_is_said_to_overlap() -> None:
    rows = [(f"{label} {n}", label, label, 0.9) for label in LABELS for n in range(40)]
    rows += [(f"mail {n}", "email", "reminder", 0.9) for n in range(8)]

    found = find_suspects(answers(rows))

    alike = [each for each in found if "perhaps they overlap" in each.reason]
    assert len(alike) >= 5
    assert f"{len(alike)} rows of that label" in alike[0].reason


def test_labels_that_the_model_does_not_know_are_not_judged(mislabelled: Predictions) -> None:
    *truth, _ = mislabelled.truth.tolist()
    changed = replace(mislabelled, truth=np.array([*truth, "never seen"]))

    found = find_suspects(changed)

    assert [each.text for each in found] == ["hey you"]


def test_right_labels_are_not_suspected() -> None:
    rows = [(f"{label} {n}", label, label, 0.9) for label in LABELS for n in range(20)]

    assert find_suspects(answers(rows)) == []
    assert find_suspects(answers(rows[:20])) == []


def test_the_file_says_what_to_look_at_line_by_line(
    mislabelled: Predictions, tmp_path: Path
) -> None:
    file = tmp_path / "suspects.jsonl"

    write_suspects(file, find_suspects(mislabelled))

    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [line["text"] for line in lines] == ["wake me", "hey you"]
    assert list(lines[0]) == ["text", "label", "suggested", "confidence", "reason", "corrected"]


@pytest.mark.parametrize("text", ["café 🎉", "one\u2028line", "\ud800 alone", 'a "b"\nc'])
def test_any_text_comes_back_as_it_was(text: str, tmp_path: Path) -> None:
    suspect = Suspect(text=text, label="a", suggested="b", confidence=0.9, reason="none")

    write_suspects(tmp_path / "suspects.jsonl", [suspect])

    (read,) = read_examples([tmp_path / "suspects.jsonl"])
    assert read.text == text


def test_training_reads_the_reviewed_file_beside_its_data(
    mislabelled: Predictions, tmp_path: Path
) -> None:
    data, file = tmp_path / "data.jsonl", tmp_path / "suspects.jsonl"
    pairs = zip(mislabelled.texts, mislabelled.truth.tolist(), strict=True)
    data.write_text("\n".join(json.dumps({"text": text, "label": label}) for text, label in pairs))
    write_suspects(file, find_suspects(mislabelled))

    untouched = without_conflicts(read_examples([data, file]))
    assert untouched == without_conflicts(read_examples([data]))

    first, second = file.read_text("utf-8").splitlines()
    decided = json.loads(first) | {"label": "reminder", "corrected": True}
    file.write_text(f"{json.dumps(decided)}\n{second}\n", "utf-8")

    kept = without_conflicts(read_examples([file, data]))
    assert len(kept) == len(untouched)
    assert Example(text="wake me", label="reminder", corrected=True) in kept


def test_a_wrong_label_among_real_answers_is_found() -> None:
    """Numbers as a model gives them: a tenth of 300 labels moved to the next one."""
    random = np.random.default_rng(0)
    right = np.repeat([0, 1, 2], 100)
    logits = random.normal(0, 1, (300, 3))
    logits[np.arange(300), right] += 4
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    moved = np.arange(0, 300, 10)
    given = right.copy()
    given[moved] = (given[moved] + 1) % 3
    labels = np.array(LABELS)

    found = find_suspects(
        Predictions(
            [str(n) for n in range(300)], labels[given], LABELS, probabilities, np.ones(300)
        )
    )

    rows = {int(each.text) for each in found}
    assert len(rows & set(moved.tolist())) >= 25
    assert len(rows) <= 40
