"""The classification of a message."""

from typing import Literal, NamedTuple

from prompt_capture.domain.types import FrozenModel, Label, Probability

Source = Literal["rule", "model"]

UNKNOWN_INTENT = "unknown"
"""The label of messages whose intent cannot be recognised, or is none of the catalogue's."""

OUT_OF_SCOPE_LABELS = frozenset({UNKNOWN_INTENT, "oos"})
"""Labels of out-of-scope messages: this project's, and that of public data sets."""

SMALL_TALK_INTENTS = ("greeting", "thanks", "chitchat")
"""Intents of the catalogue that ask for nothing. Beside a request, they do not count."""

MIN_SCOPE = 0.5
"""Below this scope, a message is probably not meant for this assistant."""


MAX_SECONDARY_INTENTS = 10
"""More than a message has clauses. The database accepts as many of the longest labels."""


class SecondaryIntent(FrozenModel):
    """A further intent that the same message carries."""

    intent: Label
    confidence: Probability


class RunnerUp(FrozenModel):
    """The model's second-best intent for the same text, and its calibrated probability."""

    intent: Label
    confidence: Probability


class PredictedIntents(NamedTuple):
    """The intents of a prediction on record."""

    intent: str
    secondary: tuple[str, ...]


class Prediction(FrozenModel):
    """The intent of one message, its confidence, and which classifier predicted it.

    `confidence` is a calibrated probability between 0 and 1: that the intent is right, given that
    the message is meant for this assistant. `scope` is the probability that it is (see
    `MIN_SCOPE`). A model without a label for other messages is less confident where the scope is
    low. `scope` and `runner_up` are None where a rule matched.
    """

    intent: Label
    confidence: Probability
    scope: Probability | None = None
    runner_up: RunnerUp | None = None
    secondary_intents: tuple[SecondaryIntent, ...] = ()
    source: Source
    model_version: Label
