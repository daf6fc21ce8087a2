"""When a stage leaves a message to the next one, and how the two answer it together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from prompt_capture.adapters.onnx.classifier import blend_probabilities
from prompt_capture.adapters.onnx.model_artifact import Blend
from prompt_capture.domain.predictions import MIN_SCOPE

Floats = NDArray[np.floating]

MAX_ACCURACY_LOSS = 0.004
"""How much accuracy a stage may be expected to cost by answering alone. Less is measured: on HWU64,
0.1 points."""
MAX_IN_SCOPE_SHARE = 0.9
"""The largest share of the messages in scope that a stage takes for in scope on its own."""
NO_BLEND = Blend(own=1.0, earlier=0.0)
MIN_ROWS = 100
"""With fewer examples, a stage answers alone: two weights cannot be fitted to so few."""


@dataclass(frozen=True)
class StageOutputs:
    """Calibrated `probabilities` [n, labels] and `scope` [n] of one or several stages.

    No intent may have more than `most` [n].
    """

    probabilities: Floats
    scope: Floats
    most: Floats | float = 1.0

    @property
    def margins(self) -> Floats:
        """The best probability minus the second best: [n]."""
        two = np.partition(self.probabilities, -2, axis=1)[:, -2:]
        margins: Floats = two[:, 1] - two[:, 0]
        return margins

    def blended_with(
        self, earlier: "StageOutputs", blend: Blend, is_intent: NDArray[np.bool_]
    ) -> "StageOutputs":
        """Return what this stage answers together with the stage before it.

        `is_intent` [labels] is false for out-of-scope labels.
        """
        probabilities = blend_probabilities(
            blend, self.probabilities, earlier.probabilities, is_intent, self.most
        )
        return StageOutputs(probabilities, self.scope, self.most)

    def escalates(self, min_margin: float, min_scope: float) -> NDArray[np.bool_]:
        """Return which messages [n] are left to the next stage."""
        escalated: NDArray[np.bool_] = (self.scope < min_scope) | (self.margins < min_margin)
        return escalated

    def escalate(
        self, min_margin: float, min_scope: float, later: "StageOutputs"
    ) -> "StageOutputs":
        """Return these outputs, with those of the later stages in the escalated rows."""
        escalated = self.escalates(min_margin, min_scope)
        return StageOutputs(
            np.where(escalated[:, None], later.probabilities, self.probabilities),
            np.where(escalated, later.scope, self.scope),
        )


def fit_blend(
    own: StageOutputs,
    earlier: StageOutputs,
    columns: NDArray[np.intp],
    weights: Floats,
    is_intent: NDArray[np.bool_],
) -> Blend:
    """Return the blend that minimises the negative log-likelihood of the intents.

    `columns` [n] are those of the true labels, and `weights` [n] those of the examples. Examples
    that are out of scope, by `is_intent` [labels], do not count. The loss is convex in the two
    weights of the blend, so that one example more or less hardly moves them.
    """
    (rows,) = np.nonzero(is_intent[columns] & (weights > 0))
    if len(rows) < MIN_ROWS:
        return NO_BLEND

    def loss(parameters: Floats) -> float:
        # Rounding takes the search a little out of its bounds.
        own_weight, earlier_weight = np.maximum(parameters, 0)
        blend = Blend(own=own_weight, earlier=earlier_weight)
        blended = own.blended_with(earlier, blend, is_intent).probabilities
        total = blended[:, is_intent].sum(axis=1)
        probabilities = blended[rows, columns[rows]] / total[rows]
        return float(np.average(-np.log(np.maximum(probabilities, 1e-12)), weights=weights[rows]))

    fitted = minimize(loss, [1.0, 0.0], method="Powell", bounds=[(0, 3), (0, 3)]).x
    fitted = np.maximum(fitted, 0)
    return Blend(own=round(float(fitted[0]), 4), earlier=round(float(fitted[1]), 4))


def fit_min_scope(own: StageOutputs, in_scope: NDArray[np.bool_], weights: Floats) -> float:
    """Return the scope below which the stage leaves a message to the next one.

    It lies well above the limit of what is in scope. A student is a worse judge of scope than an
    encoder, but good at what is clearly in scope: what it does not call that, the encoder decides.
    """
    fair = in_scope & (weights > 0)
    if not fair.any():
        return 1.0
    return max(MIN_SCOPE, float(np.quantile(own.scope[fair], 1 - MAX_IN_SCOPE_SHARE)))


def fit_min_margin(
    own: StageOutputs, min_scope: float, later: StageOutputs, weights: Floats
) -> float:
    """Return the lowest margin at which answering alone costs `MAX_ACCURACY_LOSS` at most.

    The cost of an answer is by how much less probable it is than the later stages' best one, by
    their own probabilities. Those are calibrated, so that the mean cost is the expected loss of
    accuracy. Unlike the count of wrong answers it changes little with a single example, and
    examples with a wrong label do not add to it.
    """
    best = own.probabilities.argmax(axis=1)
    total = later.probabilities.sum(axis=1)
    cost = later.probabilities.max(axis=1) - later.probabilities[np.arange(len(best)), best]
    cost = np.where(own.scope >= min_scope, cost / total, 0) * weights / weights.sum()
    order = np.argsort(-own.margins, kind="stable")
    affordable = np.cumsum(cost[order]) <= MAX_ACCURACY_LOSS
    if affordable.all():
        return 0.0
    first_beyond = own.margins[order[np.argmin(affordable)]]
    # Examples with the same margin are answered alone together, or not at all.
    larger = own.margins[own.margins > first_beyond]
    return float(larger.min()) if len(larger) else 1.0
