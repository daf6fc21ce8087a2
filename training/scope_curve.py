"""How well messages for nobody are told from those for this assistant."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score, roc_curve

from training.predictions import Predictions
from training.scope import KEPT_SHARE


@dataclass(frozen=True)
class ScopeCurve:
    """What each threshold on the scope score keeps and finds.

    `kept` [points] is the share of in-scope messages at or above the threshold, `found` [points]
    the share of out-of-scope messages below it; `found_at_95_kept` is the share found at the
    threshold that keeps 95%, and `area` (AUROC) the chance that an in-scope message scores higher
    than one out of scope.
    """

    kept: NDArray[np.floating]
    found: NDArray[np.floating]
    found_at_95_kept: float
    area: float


def scope_curve(predictions: Predictions) -> ScopeCurve | None:
    """Answer the curve, or None where the messages are not of both kinds."""
    inside, scope = predictions.in_scope, predictions.scope
    if inside.all() or not inside.any():
        return None
    lost, found, _ = roc_curve(~inside, -scope)
    threshold = np.quantile(scope[inside], 1 - KEPT_SHARE)
    return ScopeCurve(
        kept=1 - lost,
        found=found,
        found_at_95_kept=float((scope[~inside] < threshold).mean()),
        area=float(roc_auc_score(inside, scope)),
    )
