"""Compare two models on the same messages: what is shown to be better, and what to be worse."""

import math
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from scipy.stats import norm

from training.calibrate.predictions import Predictions
from training.report.evaluation import is_accepted_with_confidence, is_recognised_as_out_of_scope
from training.report.paired_tests import (
    MIN_CALIBRATION_MESSAGES,
    SIGNIFICANCE,
    Confidences,
    calibration_test,
    holm,
    mcnemar_mid_p,
    select_testable,
    smallest_difference,
)

Mask = NDArray[np.bool_]

Verdict = Literal["better", "worse", "no significant difference"]
VetoedMeasure = Literal[
    "accuracy", "recall", "out_of_scope_recall", "false_accept_rate", "calibration"
]


class RateComparison(BaseModel):
    """The share of `n` messages that satisfy a condition: of the new model minus that of the old.

    `only_new` and `only_old` count the messages that satisfy it with one model alone.
    `smallest_difference` is the smallest difference that `n` messages show with a power of 80%;
    None where they are too few for any.
    """

    n: int
    difference: float
    only_new: int
    only_old: int
    p_value: float
    smallest_difference: float | None


class OutOfScopeComparison(BaseModel):
    """Rates of the out-of-scope messages, with Holm's correction over both.

    `recall` is the share that is recognised: predicted as out of scope, or with a scope below 0.5.
    `false_accept_rate` is the share that gets another intent with a confidence above 0.85.
    """

    recall: RateComparison
    false_accept_rate: RateComparison


class CalibrationComparison(BaseModel):
    """The excess calibration error of the new model minus that of the old one.

    The excess is what the calibration error (ECE) has beyond what chance explains.
    """

    difference: float
    p_value: float
    smallest_difference: float


class Veto(BaseModel):
    """A measure in which the new model is shown to be worse; for a recall, that of an `intent`."""

    measure: VetoedMeasure
    intent: str | None = None
    difference: float
    p_value: float


class Comparison(BaseModel):
    """The accuracy of the new model minus that of the old one, on the same messages.

    `ci_lower` and `ci_upper` bound the difference with 95% confidence. `p_value` is that of
    McNemar's mid-p test. `only_new_correct` and `only_old_correct` count the messages that one
    model alone predicts correctly. `smallest_difference` is that of `RateComparison`.

    `intents` compares the recall of each intent, with Holm's correction over those intents with
    enough discordant messages to show anything; the p-value of the others is 1. `out_of_scope` is
    None without out-of-scope messages. `vetoes` lists what is shown to be worse; a difference that
    is not shown is no veto.
    """

    accuracy_difference: float
    ci_lower: float
    ci_upper: float
    p_value: float
    only_new_correct: int
    only_old_correct: int
    smallest_difference: float | None
    verdict: Verdict
    intents: dict[str, RateComparison]
    out_of_scope: OutOfScopeComparison | None
    calibration: CalibrationComparison
    vetoes: list[Veto]


def compare(new: Predictions, old: Predictions) -> Comparison:
    """Compare two models in accuracy, recall of each intent, out-of-scope messages and calibration.

    The verdict is that of McNemar's mid-p test of the accuracy. The interval is that of Bonett and
    Price (2012) for paired proportions. Raises `ValueError` where the two models did not classify
    the same messages.
    """
    if list(new.texts) != list(old.texts) or not np.array_equal(new.truth, old.truth):
        raise ValueError("The two models did not classify the same messages.")
    discordant = _count_discordant(new.correct, old.correct)
    accuracy = _make_rate(len(new.texts), discordant, mcnemar_mid_p(*discordant), SIGNIFICANCE)
    lower, upper = _interval(accuracy)
    verdict: Verdict = "no significant difference"
    if accuracy.p_value <= SIGNIFICANCE:
        verdict = "better" if accuracy.difference > 0 else "worse"
    intents = _compare_intents(new, old)
    out_of_scope = _compare_out_of_scope(new, old)
    calibration = CalibrationComparison.model_validate(
        calibration_test(_confidences(new), _confidences(old)), from_attributes=True
    )
    return Comparison(
        accuracy_difference=accuracy.difference,
        ci_lower=lower,
        ci_upper=upper,
        p_value=accuracy.p_value,
        only_new_correct=accuracy.only_new,
        only_old_correct=accuracy.only_old,
        smallest_difference=accuracy.smallest_difference,
        verdict=verdict,
        intents=intents,
        out_of_scope=out_of_scope,
        calibration=calibration,
        vetoes=list(_vetoes(accuracy, intents, out_of_scope, calibration)),
    )


def describe_comparison(comparison: Comparison, new: str, old: str) -> str:
    """Describe a comparison of the models named `new` and `old` in one sentence."""
    verdicts = {
        "better": f"{new} is better than {old}",
        "worse": f"{new} is worse than {old}",
        "no significant difference": f"There is no significant difference between {new} and {old}",
    }
    return (
        f"{verdicts[comparison.verdict]}: "
        f"{comparison.accuracy_difference * 100:+.1f} points of accuracy "
        f"(95% confidence interval {comparison.ci_lower * 100:+.1f} to "
        f"{comparison.ci_upper * 100:+.1f}, McNemar mid-p = {comparison.p_value:.2g}; "
        f"{comparison.only_new_correct} messages correct with {new} alone, "
        f"{comparison.only_old_correct} with {old} alone)."
    )


def describe_vetoes(comparison: Comparison) -> Iterator[str]:
    """Yield a sentence for each measure in which the new model is shown to be worse."""
    names: dict[VetoedMeasure, str] = {
        "accuracy": "accuracy",
        "out_of_scope_recall": "recall of out-of-scope messages",
        "false_accept_rate": "out-of-scope messages accepted with confidence",
    }
    for veto in comparison.vetoes:
        if veto.measure == "calibration":
            change = f"excess calibration error: {veto.difference:+.3f}"
        else:
            name = names.get(veto.measure, f"recall of {veto.intent}")
            change = f"{name}: {veto.difference * 100:+.1f} points"
        yield f"Veto: {change} (p = {veto.p_value:.2g})."


def describe_power(comparison: Comparison, n: int) -> Iterator[str]:
    """Yield which differences the `n` messages of a comparison can show, and which they cannot."""
    if comparison.smallest_difference is None:
        yield f"{n:,} messages are too few to show any difference in accuracy."
    else:
        yield (
            f"{n:,} messages show a difference in accuracy from "
            f"{comparison.smallest_difference * 100:.1f} points on, with a power of 80%."
        )
    hidden = [
        f"{label} ({one.n:,})"
        for label, one in sorted(comparison.intents.items())
        if one.smallest_difference is None
    ]
    if hidden:
        intents = f"{len(hidden):,} intents" if len(hidden) > 1 else "one intent"
        yield (
            f"The loss of {intents} would not be shown, even if all messages were lost. "
            f"Add messages: {', '.join(hidden)}."
        )


def _compare_intents(new: Predictions, old: Predictions) -> dict[str, RateComparison]:
    labels = [str(label) for label in np.unique(new.truth)]
    rows = [new.truth == label for label in labels]
    pairs = [(new.correct[each], old.correct[each]) for each in rows]
    return dict(zip(labels, _compare_rates(pairs), strict=True))


def _compare_out_of_scope(new: Predictions, old: Predictions) -> OutOfScopeComparison | None:
    rows = ~new.in_scope
    if not rows.any():
        return None
    recall, accepted = _compare_rates(
        [
            (is_recognised_as_out_of_scope(new)[rows], is_recognised_as_out_of_scope(old)[rows]),
            (is_accepted_with_confidence(new)[rows], is_accepted_with_confidence(old)[rows]),
        ]
    )
    return OutOfScopeComparison(recall=recall, false_accept_rate=accepted)


def _compare_rates(pairs: Sequence[tuple[Mask, Mask]]) -> list[RateComparison]:
    """Compare the rates of a family of conditions, each with the masks of both models."""
    counts = [_count_discordant(new, old) for new, old in pairs]
    family = select_testable([sum(each) for each in counts])
    corrected = holm([mcnemar_mid_p(*counts[row]) for row in family])
    p_values = dict(zip(family, corrected, strict=True))
    return [
        _make_rate(
            len(new), counts[row], p_values.get(row, 1.0), SIGNIFICANCE / len({*family, row})
        )
        for row, (new, _old) in enumerate(pairs)
    ]


def _count_discordant(new: Mask, old: Mask) -> tuple[int, int]:
    """Return how many messages satisfy a condition with the new model alone, and the old alone."""
    return int((new & ~old).sum()), int((old & ~new).sum())


def _make_rate(
    n: int, discordant: tuple[int, int], p_value: float, significance: float
) -> RateComparison:
    only_new, only_old = discordant
    return RateComparison(
        n=n,
        difference=(only_new - only_old) / n,
        only_new=only_new,
        only_old=only_old,
        p_value=p_value,
        smallest_difference=smallest_difference(n, (only_new + only_old) / n, significance),
    )


def _vetoes(
    accuracy: RateComparison,
    intents: dict[str, RateComparison],
    out_of_scope: OutOfScopeComparison | None,
    calibration: CalibrationComparison,
) -> Iterator[Veto]:
    measures: list[tuple[VetoedMeasure, str | None, RateComparison | CalibrationComparison]] = [
        ("accuracy", None, accuracy),
        *(("recall", label, recall) for label, recall in intents.items()),
    ]
    if out_of_scope:
        measures.append(("out_of_scope_recall", None, out_of_scope.recall))
        measures.append(("false_accept_rate", None, out_of_scope.false_accept_rate))
    if accuracy.n >= MIN_CALIBRATION_MESSAGES:
        measures.append(("calibration", None, calibration))
    for measure, intent, result in measures:
        less_is_better = measure in {"false_accept_rate", "calibration"}
        is_worse = result.difference > 0 if less_is_better else result.difference < 0
        if is_worse and result.p_value <= SIGNIFICANCE:
            yield Veto(
                measure=measure,
                intent=intent,
                difference=result.difference,
                p_value=result.p_value,
            )


def _confidences(predictions: Predictions) -> Confidences:
    return Confidences(predictions.confidences, predictions.correct)


def _interval(accuracy: RateComparison) -> tuple[float, float]:
    n = accuracy.n
    share_won, share_lost = (accuracy.only_new + 1) / (n + 2), (accuracy.only_old + 1) / (n + 2)
    difference = share_won - share_lost
    error = math.sqrt((share_won + share_lost - difference**2) / (n + 2))
    half_width = float(norm.ppf(1 - SIGNIFICANCE / 2)) * error
    return max(-1.0, difference - half_width), min(1.0, difference + half_width)
