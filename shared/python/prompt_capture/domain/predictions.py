"""What a classifier says of a message."""

from typing import Literal

from prompt_capture.domain.types import FrozenModel, Label, Probability

Source = Literal["rule", "model"]

UNKNOWN_INTENT = "unknown"
"""The label that says: no intent can be told, or none of ours."""


MIN_SCOPE = 0.5
"""The scope below which it is doubtful that a message is for this assistant at all."""


class SecondaryIntent(FrozenModel):
    """A further intent that the same message carries."""

    intent: Label
    confidence: Probability


class RunnerUp(FrozenModel):
    """The model's second choice for the same text, and its calibrated probability."""

    intent: Label
    confidence: Probability


class Prediction(FrozenModel):
    """The intent of one message, how sure the classifier is, and which classifier it was.

    `confidence` is a calibrated probability between 0 and 1: that the intent is right, given that
    the message is for this assistant. `scope` says whether it is (see `MIN_SCOPE`); a model that
    has no label for other messages is less confident where it doubts that. `scope` and `runner_up`
    are None where a rule answered.
    """

    intent: Label
    confidence: Probability
    scope: Probability | None = None
    runner_up: RunnerUp | None = None
    secondary_intents: tuple[SecondaryIntent, ...] = ()
    source: Source
    model_version: Label
