"""Fair samples: the examples that a model may be measured and calibrated on.

Predicted labels agree with the model that predicted them, and the review queue selects the hardest
messages. Both train, but would make every figure wrong. What remains are the messages of the
uniform audit, and seeds: examples that were written, which are a sample of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from training.data.examples import Example

Floats = NDArray[np.floating]
SampleOrigin = Literal["audited", "seed"]

MIN_AUDITED = 30
"""With fewer audited messages, the figures are those of the seeds."""
MIN_SEEDS = 30
"""With fewer audited messages and fewer seeds, there is no fair sample."""
FULL_AUDIT = 500
"""With as many audited messages, seeds no longer take part in the calibration."""


@dataclass(frozen=True)
class HeldOutOrigins:
    """The origins of n held-out examples: `is_seed` [n], and `audit_weights` [n].

    The weight of an audited example is the number of messages that it stands for, and 0 for others.
    """

    is_seed: NDArray[np.bool_]
    audit_weights: Floats

    @classmethod
    def of(cls, examples: Sequence[Example]) -> "HeldOutOrigins":
        """Return the origins of examples."""
        return cls(
            np.array([example.origin == "seed" for example in examples], bool),
            np.array([example.audit_weight for example in examples], float),
        )

    @classmethod
    def all_seeds(cls, n: int) -> "HeldOutOrigins":
        """Return the origins of n examples that were all written."""
        return cls(np.ones(n, bool), np.zeros(n))

    @classmethod
    def concatenate(cls, folds: Sequence["HeldOutOrigins"]) -> "HeldOutOrigins":
        """Concatenate the origins of several folds."""
        return cls(
            np.concatenate([fold.is_seed for fold in folds]),
            np.concatenate([fold.audit_weights for fold in folds]),
        )


@dataclass(frozen=True)
class FairSample:
    """The fair sample among n held-out examples.

    Figures are measured on the `rows` [n], weighted by `weights` [n]. Calibration uses
    `calibration_weights` [n], in which seeds complement an audit that is not `FULL_AUDIT` yet. All
    weights are 0 for examples that are neither audited nor seeds.
    """

    origin: SampleOrigin
    rows: NDArray[np.bool_]
    weights: Floats
    calibration_weights: Floats


def find_fair_sample(origins: HeldOutOrigins) -> FairSample | None:
    """Return the audited examples as the fair sample, or else the seeds, or None with too few.

    Audited weights are scaled to a mean of 1, so that all weights are in examples.
    """
    audited = origins.audit_weights > 0
    n_audited, n_seeds = int(audited.sum()), int(origins.is_seed.sum())
    messages = float(origins.audit_weights.sum())
    weights = origins.audit_weights * (n_audited / messages if messages else 0.0)
    lacking = max(0, FULL_AUDIT - n_audited) if n_audited else n_seeds
    share = min(1.0, lacking / max(n_seeds, 1))
    calibration_weights = weights + origins.is_seed * share
    if n_audited >= MIN_AUDITED:
        return FairSample("audited", audited, weights, calibration_weights)
    if n_seeds >= MIN_SEEDS:
        seeds = origins.is_seed
        return FairSample("seed", seeds, seeds.astype(float), calibration_weights)
    return None


def weighted_quantile(values: Floats, share: float, weights: Floats) -> float:
    """Return the lowest value below or at which lies at least `share` of the weights [n]."""
    order = np.argsort(values, kind="stable")
    order = order[weights[order] > 0]
    reached = np.cumsum(weights[order]) >= share * weights.sum() - 1e-9
    return float(values[order[np.argmax(reached)]])
