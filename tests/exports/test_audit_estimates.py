"""The audit's estimate is a fair one, however little of the queue reviewers decide."""

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from prompt_capture.domain.datasets.audits import (
    MIN_AUDITED_ROWS,
    ShareEstimate,
    estimate_share,
    wilson_interval,
)
from tests.audits import Audit, complete_before, sum_audits

RUNS = 1_000
REVIEWED_SHARE = 0.1
"""Of the queue, from its top."""


class Traffic:
    """Random messages with confidences, predictions and audits, in the order of capture."""

    def __init__(
        self, random: np.random.Generator, accuracy: float, messages: int, rates: tuple[float, ...]
    ) -> None:
        # Less confident predictions are more often wrong.
        self.confidence = random.beta(5, 5 * (1 - accuracy) / accuracy, messages)
        self.is_correct = random.random(messages) < self.confidence
        self.probability = np.repeat(rates, math.ceil(messages / len(rates)))[:messages]
        self.is_audited = random.random(messages) < self.probability
        self.accuracy = float(self.is_correct.mean())

    def decided(self, audits_first: bool) -> NDArray[np.bool_]:
        """Return which messages reviewers decide: the top tenth of the queue."""
        is_queued = self.is_audited | (self.confidence < 0.7)
        (queue,) = np.nonzero(is_queued)
        if audits_first:
            # Audits in the order of capture, then the rest.
            keys = np.where(self.is_audited[queue], queue - len(is_queued), self.confidence[queue])
        else:
            keys = self.confidence[queue]
        queue = queue[np.argsort(keys, kind="stable")]
        decided = np.zeros(len(is_queued), bool)
        decided[queue[: round(REVIEWED_SHARE * len(queue))]] = True
        return decided

    def estimate(self, decided: NDArray[np.bool_]) -> ShareEstimate | None:
        """Return the estimate from the audits up to the first one that is not decided."""
        waiting = np.nonzero(self.is_audited & ~decided)[0]
        end = waiting[0] if len(waiting) else len(decided)
        (complete,) = np.nonzero(self.is_audited[:end])
        if len(complete) < MIN_AUDITED_ROWS:
            return None
        pairs = zip(
            self.probability[complete].tolist(), self.is_correct[complete].tolist(), strict=True
        )
        return estimate_share([sum_audits(pairs)])


@pytest.mark.parametrize(
    ("messages", "rates"),
    [(5_000, (0.1,)), (10_000, (0.05,)), (25_000, (0.02,)), (10_000, (0.04, 0.08))],
)
def test_the_interval_covers_the_truth_with_a_tenth_of_the_queue_reviewed_worst_first(
    messages: int, rates: tuple[float, ...]
) -> None:
    random = np.random.default_rng(16)
    covered, audited, worst_covered, worst_figures = 0, 0, 0, 0
    for run in range(RUNS):
        accuracy = (0.75, 0.8, 0.85, 0.9, 0.95, 0.98)[run % 6]
        traffic = Traffic(random, accuracy, messages, rates)
        decided = traffic.decided(audits_first=True)
        estimate = traffic.estimate(decided)
        assert estimate is not None
        covered += estimate.lower <= traffic.accuracy <= estimate.upper
        audited += int((traffic.is_audited & decided).sum())

        # What reviewers decide is no sample: not even audits, unless they are complete.
        worst = traffic.decided(audits_first=False)
        worst_figures += traffic.estimate(worst) is not None
        share = float(traffic.is_correct[worst].mean())
        lower, upper = wilson_interval(share, float(worst.sum()))
        worst_covered += lower <= traffic.accuracy <= upper

    assert 0.93 <= covered / RUNS <= 0.97
    assert 30 < audited / RUNS < 500
    assert worst_covered / RUNS < 0.2
    assert worst_figures == 0


def test_with_one_probability_the_estimate_is_the_plain_share() -> None:
    estimate = estimate_share([sum_audits([(0.05, number < 90) for number in range(100)])])

    assert estimate is not None
    assert estimate.share == pytest.approx(0.9)
    assert estimate[1:] == pytest.approx(wilson_interval(0.9, 100))


def test_rows_that_were_drawn_rarely_weigh_more() -> None:
    rare, common = [(0.1, False)] * 20, [(0.5, True)] * 100

    estimate = estimate_share([sum_audits([*rare, *common])])

    assert estimate is not None
    assert estimate.share == pytest.approx(0.5), "both stand for 200 messages"


def test_there_is_no_estimate_without_audits() -> None:
    assert estimate_share([]) is None


NOW = datetime(2026, 11, 24, tzinfo=UTC)


def at(days_ago: float) -> datetime:
    """Return a time before now."""
    return NOW - timedelta(days=days_ago)


def test_the_audit_is_complete_up_to_the_first_one_that_waits() -> None:
    audits = [Audit(at(3), "decided"), Audit(at(2), "waiting"), Audit(at(1), "decided")]

    assert complete_before(audits, NOW) == at(2)
    assert complete_before(audits[1:], NOW) is None
    assert complete_before(audits[:1], NOW) == NOW


def test_a_few_audits_that_cannot_be_decided_hold_up_nothing() -> None:
    decided = [Audit(at(20 - number), "decided") for number in range(20)]
    stuck = Audit(at(18.5), "waiting")
    disputed = Audit(at(2.5), "disputed")

    assert complete_before([*decided, stuck, disputed], NOW) == NOW
    assert complete_before([*decided[:5], stuck], NOW) == at(18.5), "more than a tenth"
    assert complete_before([*decided, Audit(at(2.5), "waiting")], NOW) == at(2.5), "too recent"


def test_a_decision_before_a_message_was_captured_does_not_pass_it_over() -> None:
    decided = [Audit(at(40), "decided", f"{number}", at(27)) for number in range(20)]
    copy = Audit(at(1), "decided", "0", at(27))

    assert complete_before([*decided, Audit(at(20), "waiting"), copy], NOW) == at(20)
    assert complete_before([*decided, Audit(at(30), "waiting"), copy], NOW) == NOW


def test_a_text_that_is_often_sent_counts_once_among_the_undecided() -> None:
    decided = [Audit(at(20 - number), "decided") for number in range(20)]
    disputed = [Audit(at(0.5), "disputed", "thanks") for _ in range(100)]

    assert complete_before([*decided, *disputed], NOW) == NOW


@pytest.mark.parametrize("are_correct", [True, False])
def test_the_interval_covers_the_truth_whatever_the_undecided_are(are_correct: bool) -> None:
    random = np.random.default_rng(14)
    covered = 0
    for _ in range(RUNS):
        is_correct = random.random(400) < 0.9
        pairs: list[tuple[float, bool | None]] = [(0.05, bool(right)) for right in is_correct[:360]]
        estimate = estimate_share([sum_audits([*pairs, *[(0.05, None)] * 40])])
        assert estimate is not None
        truth = 0.9 * 0.9 + 0.1 * are_correct
        covered += estimate.lower <= truth <= estimate.upper

    assert covered / RUNS >= 0.95
