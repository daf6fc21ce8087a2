"""What a verdict says about intents, confusions and confidences: counts and rates, and no text."""

import json

import numpy as np
import pytest

from prompt_capture.domain.evaluation import DecidedText
from training.calibrate.predictions import Predictions
from training.gate.evidence import CapturedCounts, EvidenceText, PairedEvidence, pair_evidence
from training.gate.figures import (
    MAX_CONFUSIONS,
    MAX_INTENTS,
    compare_intents,
    count_bands,
    count_confusions,
)
from training.gate.paired_rates import score_interval, score_statistic

from .gate_evidence import join, make_evidence


def predict(
    truth: list[str], predicted: list[str], confidences: list[float] | None = None
) -> Predictions:
    """Return predictions with these intents, and with a confidence of 0.9 unless it is given."""
    labels = tuple(sorted({*truth, *predicted}))
    probabilities = np.zeros((len(truth), len(labels)))
    for row, intent in enumerate(predicted):
        probabilities[row, labels.index(intent)] = confidences[row] if confidences else 0.9
    return Predictions(
        ["a text"] * len(truth), np.array(truth), labels, probabilities, np.ones(len(truth))
    )


def test_answers_are_counted_by_tenths_of_the_confidence() -> None:
    gold = predict(["a", "a", "b", "b"], ["a", "b", "b", "b"], [0.31, 0.39, 0.95, 1.0])

    bands = [each.model_dump() for each in count_bands(gold)]

    assert bands == [
        {"band": 3, "texts": 2, "correct": 1},
        {"band": 9, "texts": 2, "correct": 2},
    ]


def test_the_most_frequent_confusions_come_first_and_right_answers_are_none() -> None:
    gold = predict(["a", "a", "a", "b", "b"], ["b", "b", "c", "b", "a"])

    confusions = [(each.intent, each.predicted, each.texts) for each in count_confusions(gold)]

    assert confusions == [("a", "b", 2), ("a", "c", 1), ("b", "a", 1)]


def test_without_gold_texts_there_are_no_bands_and_no_confusions() -> None:
    nothing = predict(["a"], ["a"]).select(np.zeros(1, bool), np.ones(1))

    assert (list(count_bands(nothing)), count_confusions(nothing)) == ([], [])


def test_the_intents_that_change_most_come_first_with_their_recalls() -> None:
    evidence = join(
        make_evidence(won=1, lost=1, agreed=8, intent="a"),
        make_evidence(won=0, lost=6, agreed=34, intent="b"),
    )

    first, second = compare_intents(evidence)

    assert (first.intent, first.gold, first.candidate, first.champion) == ("b", 40, 34, 40)
    assert (first.won, first.lost, first.difference) == (0, 6, -0.15)
    assert -0.3 < first.ci_lower < -0.15 < first.ci_upper < 0
    assert (second.intent, second.difference) == ("a", 0.0)
    assert second.ci_lower < 0 < second.ci_upper


def test_disagreements_count_for_the_messages_that_they_stand_for() -> None:
    drawn = make_evidence(won=6, lost=2, intent="a")
    evidence = PairedEvidence(
        **(vars(drawn) | {"is_gold": np.zeros(8, bool)}),
    )
    captured = CapturedCounts(texts=1_000, disagreements=16, agreed={"a": 184})

    [change] = compare_intents(join(evidence, captured=captured))

    assert (change.gold, change.candidate, change.champion) == (0, 0, 0)
    assert change.difference == pytest.approx(4 / (8 + 184 / 2))


@pytest.mark.parametrize(("won", "lost", "n"), [(7, 25, 50), (0, 0, 30), (0, 6, 40), (3, 1, 96.5)])
def test_an_interval_holds_the_differences_that_the_score_test_does_not_reject(
    won: int, lost: int, n: float
) -> None:
    lower, upper = score_interval(won, lost, n)

    assert lower <= (won - lost) / n <= upper
    assert score_statistic(won, lost, n, lower) == pytest.approx(1.95996, abs=1e-3)
    assert score_statistic(won, lost, n, upper) == pytest.approx(-1.95996, abs=1e-3)


@pytest.mark.parametrize(("won", "lost"), [(9, 0), (0, 9)])
def test_an_interval_ends_where_no_larger_difference_is_possible(won: int, lost: int) -> None:
    lower, upper = score_interval(won, lost, 9)

    assert -1 <= lower < upper <= 1
    assert (upper if won else lower) == (1 if won else -1)


def test_an_interval_contains_the_difference_in_95_of_100_samples() -> None:
    shares, samples = (0.06, 0.12, 0.82), 4_000
    counts = np.random.default_rng(0).multinomial(80, shares, samples)

    held = 0
    for (won, lost, _), times in zip(*np.unique(counts, axis=0, return_counts=True), strict=True):
        lower, upper = score_interval(int(won), int(lost), 80)
        held += int(times) * (lower <= shares[0] - shares[1] <= upper)

    assert 0.94 < held / samples < 0.965


def test_a_verdict_on_any_number_of_intents_fits_into_an_event_of_the_ledger() -> None:
    intents = [f"{number:0>100}" for number in range(300)]
    gold = predict(intents, [*intents[1:], intents[0]])
    texts = [
        EvidenceText(DecidedText(str(number), "a text", intent, (0,), None), "gold")
        for number, intent in enumerate(intents)
    ]
    changes = compare_intents(pair_evidence(texts, gold, predict(intents, intents)))
    confusions = count_confusions(gold)

    assert (len(changes), len(confusions)) == (MAX_INTENTS, MAX_CONFUSIONS)
    content = [each.model_dump() for each in (*changes, *confusions, *confusions)]
    assert len(json.dumps(content)) < 60_000
