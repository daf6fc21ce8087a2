"""Verdicts in sentences."""

from collections.abc import Iterator

from training.gate.models import Ground
from training.gate.verdict import Verdict
from training.gate.vetoes import GateMeasure, GateVeto

_DECISIONS = {
    "promote": "Promote {candidate}",
    "hold": "Hold {candidate}: the evidence does not decide yet",
    "reject": "Reject {candidate}",
}
_GROUNDS: dict[Ground, str] = {
    "smaller": "smaller than the champion",
    "faster": "faster than the champion",
    "needed": "needed, since it knows an intent that the champion does not know",
}
_MEASURES: dict[GateMeasure, str] = {
    "accuracy": "accuracy",
    "out_of_scope_recall": "recall of out-of-scope messages",
    "false_accept_rate": "out-of-scope messages not accepted with confidence",
}


def describe_verdict(verdict: Verdict) -> Iterator[str]:
    """Yield the decision, then its reasons, each as a sentence."""
    yield f"{_DECISIONS[verdict.decision].format(candidate=verdict.candidate)}."
    yield from describe_reasons(verdict)


def describe_reasons(verdict: Verdict) -> Iterator[str]:
    """Yield what the decision rests on, each as a sentence."""
    yield from map(describe_veto, verdict.vetoes)
    yield _describe_superiority(verdict)
    yield from _describe_non_inferiority(verdict)
    if verdict.decision == "hold":
        yield from _describe_outlook(verdict)
    yield from _describe_robustness(verdict)


def describe_veto(veto: GateVeto) -> str:
    """Return a veto as a sentence."""
    if veto.measure == "intents":
        return f"Veto: the candidate does not know the intent {veto.intent}."
    if veto.measure in {"size", "latency"}:
        name = {"size": "size", "latency": "time per message"}[veto.measure]
        change = f"{name} {veto.difference:+.0%}, where {veto.margin:+.0%} is allowed"
    elif veto.measure == "calibration":
        change = f"excess calibration error {veto.difference:+.3f}, more than {veto.margin:g} worse"
    else:
        name = _MEASURES.get(veto.measure, f"recall of {veto.intent}")
        by = f" by more than {_points(veto.margin)}" if veto.margin else ""
        change = f"{name} {veto.difference * 100:+.1f} points, shown to be worse{by}"
    return f"Veto: {change}{'' if veto.p_value is None else f' (p = {veto.p_value:.2g})'}."


def _describe_superiority(verdict: Verdict) -> str:
    shown = "is shown to be better" if verdict.is_superior else "is not shown to be better"
    level = f"at most {verdict.level:.2g} promotes" if verdict.level else "no look at it is left"
    return (
        f"{verdict.candidate} {shown} than {verdict.champion}: "
        f"{verdict.difference * 100:+.1f} points of accuracy (95% confidence interval "
        f"{verdict.ci_lower * 100:+.1f} to {verdict.ci_upper * 100:+.1f}), "
        f"p = {verdict.p_value:.2g} where {level}. Look {verdict.look} at {verdict.labels:,} "
        f"labels: {verdict.won:,} correct with {verdict.candidate} alone, {verdict.lost:,} with "
        f"{verdict.champion} alone."
    )


def _describe_non_inferiority(verdict: Verdict) -> Iterator[str]:
    test = verdict.non_inferiority
    if test is None:
        return
    shown = "It is shown" if test.is_shown else "It is not shown"
    yield (
        f"The candidate is {' and '.join(_GROUNDS[each] for each in test.grounds)}. {shown} to be "
        f"worse by less than {_points(test.margin)} (p = {test.p_value:.2g} where at most "
        f"{test.level:.2g} promotes; power {test.power:.0%} if the models are equally accurate)."
    )


def _describe_outlook(verdict: Verdict) -> Iterator[str]:
    difference = _points(verdict.relevant_difference)
    yield (
        f"Power: this look shows a candidate that is {difference} better with a probability of "
        f"{verdict.power:.0%}."
    )
    if verdict.labels_missing:
        yield (
            f"About {verdict.labels_missing:,} more labels would show a difference of {difference} "
            "with a probability of 80%."
        )
    elif verdict.labels_missing == 0:
        yield f"The candidate is probably not {difference} better."
    elif not verdict.looks_left:
        yield "More labels cannot decide about this candidate any more. Train another one."


def _describe_robustness(verdict: Verdict) -> Iterator[str]:
    if verdict.robustness is None:
        return
    if verdict.robustness.holds:
        yield "The promotion depends on no single reviewer and on no single sender."
        return
    yield (
        "The promotion depends on single persons: without any one of "
        f"{verdict.robustness.reviewers:,} reviewers and {verdict.robustness.senders:,} senders, "
        "the evidence does not support it. A person should decide."
    )


def _points(share: float) -> str:
    points = f"{share * 100:g}"
    return f"{points} {'point' if points == '1' else 'points'}"
