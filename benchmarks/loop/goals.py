"""The goals of the loop, and whether the results reach them."""

from collections.abc import Iterator

from benchmarks.goals import MeasuredGoal
from benchmarks.loop.policies import REFERENCE, WITHOUT_UNKNOWN
from benchmarks.loop.results import Curve, StreamResult

MEASURED_ORDER = "queue"
"""The goals are those of the product's own queue."""

STREAM_ACCURACY = {"hwu64": 0.903}
"""Of the best policy, after all reviews."""

TRAFFIC = frozenset({"sofmattress"})
CONFIDENT_RIGHT, CONFIDENT_SHARE = 0.95, 0.25
DECISIONS_RIGHT = 0.78
MAX_IN_SCOPE_LOSS = 0.05


def check_goals(result: StreamResult) -> Iterator[MeasuredGoal]:
    """Yield the goals of a dataset for which the run has the curves."""
    curves = {curve.policy: curve for curve in result.curves if curve.order == MEASURED_ORDER}
    without_unknown = curves.pop(WITHOUT_UNKNOWN, None)
    if not curves:
        return
    if (target := STREAM_ACCURACY.get(result.name)) is not None:
        best = max(curves.values(), key=lambda curve: curve.last.accuracy.value)
        accuracy = best.last.accuracy
        yield MeasuredGoal(
            f"{target:.1%} right with the best policy",
            f"{best.policy}: {accuracy.value:.1%} ±{accuracy.standard_error:.1%}",
            accuracy.value >= target,
        )
    if REFERENCE in curves and len(curves) > 1:
        yield _check_no_loss(curves)
    if result.name in TRAFFIC and REFERENCE in curves:
        yield from _check_traffic(curves[REFERENCE], without_unknown)


def _check_no_loss(curves: dict[str, Curve]) -> MeasuredGoal:
    gains = {name: curve.last.gain for name, curve in curves.items() if curve.last.gain}
    return MeasuredGoal(
        "no policy worse than people's labels alone by more than one paired standard error",
        ", ".join(
            f"{name}: {100 * gain.value:+.1f} ±{100 * gain.standard_error:.1f}"
            for name, gain in gains.items()
        ),
        not any(gain.is_below_zero for gain in gains.values()),
    )


def _check_traffic(curve: Curve, without_unknown: Curve | None) -> Iterator[MeasuredGoal]:
    scores = curve.last
    right = scores.confident_right or 0.0
    yield MeasuredGoal(
        f"{CONFIDENT_RIGHT:.0%} right of at least {CONFIDENT_SHARE:.0%} above 0.85",
        f"{right:.1%} of {scores.confident:.1%}",
        right >= CONFIDENT_RIGHT and scores.confident >= CONFIDENT_SHARE,
    )
    yield MeasuredGoal(
        f"{DECISIONS_RIGHT:.0%} of all decisions right",
        f"{scores.accuracy.value:.1%} ±{scores.accuracy.standard_error:.1%}",
        scores.accuracy.value >= DECISIONS_RIGHT,
    )
    if without_unknown:
        loss = without_unknown.last.in_scope.value - scores.in_scope.value
        yield MeasuredGoal(
            f"at most {100 * MAX_IN_SCOPE_LOSS:.0f} points lost in scope by knowing `unknown`",
            f"{100 * loss:.1f} points",
            loss <= MAX_IN_SCOPE_LOSS,
        )
