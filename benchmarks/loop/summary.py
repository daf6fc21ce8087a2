"""Summaries of runs: means, standard errors, and differences to people's labels alone."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.loop.policies import REFERENCE
from benchmarks.loop.results import Curve, Estimate, RoundScores
from benchmarks.loop.service import Answers
from benchmarks.loop.simulation import RoundOutcome, RunOutcome
from training.calibrate.confidence import expected_calibration_error
from training.report.evaluation import CONFIDENT

Floats = NDArray[np.floating]

Runs = Sequence[RunOutcome]
"""The runs of one order and policy, by seed."""


def summarise(runs: Mapping[tuple[str, str], Runs], is_redrawn: bool) -> tuple[Curve, ...]:
    """Summarise the runs of each order and policy. `is_redrawn` is that of their streams."""
    return tuple(
        _summarise_curve(order, policy, each, runs.get((order, REFERENCE)), is_redrawn)
        for (order, policy), each in runs.items()
    )


def estimate_mean(runs: Sequence[Floats], is_redrawn: bool) -> Estimate:
    """Return the mean of values that each run has for its held-out messages.

    The standard error has the variance over the runs, divided by their number. Where all runs share
    the held-out messages, the variance of the mean over these does not shrink with more runs.
    """
    means = np.array([values.mean() for values in runs])
    variance = float(np.var(means, ddof=1)) / len(means) if len(means) > 1 else 0.0
    if not is_redrawn or len(means) == 1:
        variance += float(np.mean([values.var() / len(values) for values in runs]))
    return Estimate(value=float(means.mean()), standard_error=variance**0.5)


def _summarise_curve(
    order: str, policy: str, runs: Runs, reference: Runs | None, is_redrawn: bool
) -> Curve:
    rounds = zip(*(run.rounds for run in runs), strict=True)
    others = zip(*(run.rounds for run in reference), strict=True) if reference else None
    if policy == REFERENCE:
        others = None
    return Curve(
        order=order,
        policy=policy,
        rounds=tuple(
            _summarise_round(each, next(others) if others else None, is_redrawn) for each in rounds
        ),
        intervals=sum(run.intervals for run in runs),
        covering=sum(run.covering for run in runs),
    )


def _summarise_round(
    outcomes: Sequence[RoundOutcome], reference: Sequence[RoundOutcome] | None, is_redrawn: bool
) -> RoundScores:
    answers = [outcome.answers for outcome in outcomes]
    correct = np.concatenate([each.correct for each in answers])
    confidences = np.concatenate([each.confidences for each in answers])
    confident = confidences > CONFIDENT
    reported = [outcome.reported for outcome in outcomes if outcome.reported is not None]
    gain = None
    if reference:
        pairs = zip(answers, [outcome.answers for outcome in reference], strict=True)
        differences = [one.correct.astype(float) - other.correct for one, other in pairs]
        gain = estimate_mean(differences, is_redrawn)
    return RoundScores(
        reviews=round(np.mean([outcome.reviews for outcome in outcomes])),
        people=float(np.mean([outcome.people for outcome in outcomes])),
        predicted=float(np.mean([outcome.predicted for outcome in outcomes])),
        in_scope=estimate_mean(
            [each.correct[each.in_scope].astype(float) for each in answers], is_redrawn
        ),
        decisions=_estimate_decisions(answers, is_redrawn),
        gain=gain,
        confident=float(confident.mean()),
        confident_right=float(correct[confident].mean()) if confident.any() else None,
        ece=expected_calibration_error(confidences, correct),
        overstatement=(
            float(np.mean(reported) - correct.mean()) if len(reported) == len(outcomes) else None
        ),
    )


def _estimate_decisions(answers: Sequence[Answers], is_redrawn: bool) -> Estimate | None:
    if all(each.in_scope.all() for each in answers):
        return None
    return estimate_mean([each.correct.astype(float) for each in answers], is_redrawn)
