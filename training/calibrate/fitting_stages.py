"""Leave out the earlier stages of a cascade where they no longer fit.

A student imitates one encoder for the messages of its time. New heads alone do not make up for
intents and words that it does not tell apart: it then answers few messages, or answers them worse.
"""

from typing import Final

from training.calibrate.cascade import CascadeCalibration, OutOfFoldScores, calibrate

MIN_ANSWERED: Final = 0.2
"""The share of the fair sample that the first stage must answer, or else it saves little time."""
MAX_ACCURACY_LOSS: Final = 0.01
"""How much less accurate the cascade may be on the fair sample than its last stage alone."""


def calibrate_fitting_stages(scores: OutOfFoldScores) -> CascadeCalibration | None:
    """Calibrate the cascade, or its last stage alone where the earlier ones no longer fit.

    The number of stages of the result says which. Return None as `calibrate` does.
    """
    cascade = calibrate(scores)
    if cascade is None or len(scores.stages) == 1:
        return cascade
    alone = calibrate(scores.of_last_stage())
    assert alone is not None  # noqa: S101 - it has the same fair sample
    loss = alone.predictions.accuracy - cascade.predictions.accuracy
    fits = cascade.answered_early >= MIN_ANSWERED and loss <= MAX_ACCURACY_LOSS
    return cascade if fits else alone
