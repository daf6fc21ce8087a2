"""How well the scope separates out-of-scope messages from those in scope."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score, roc_curve

from training.predictions import Predictions
from training.scope import IN_SCOPE_RECALL


@dataclass(frozen=True)
class ScopeCurve:
    """The trade-off of each threshold on the scope.

    `kept` [points] is the share of in-scope messages at or above the threshold, and `found`
    [points] the share of out-of-scope messages below it. `found_at_95_kept` is the share found at
    the threshold that keeps 95%. `auroc` is the area under the ROC curve: the probability that an
    in-scope message scores higher than an out-of-scope one.
    """

    kept: NDArray[np.floating]
    found: NDArray[np.floating]
    found_at_95_kept: float
    auroc: float


def scope_curve(predictions: Predictions) -> ScopeCurve | None:
    """Return the curve, or None where the labels are not both in scope and out of scope."""
    in_scope, scope = predictions.in_scope, predictions.scope
    if in_scope.all() or not in_scope.any():
        return None
    lost, found, _ = roc_curve(~in_scope, -scope)
    threshold = np.quantile(scope[in_scope], 1 - IN_SCOPE_RECALL)
    return ScopeCurve(
        kept=1 - lost,
        found=found,
        found_at_95_kept=float((scope[~in_scope] < threshold).mean()),
        auroc=float(roc_auc_score(in_scope, scope)),
    )
