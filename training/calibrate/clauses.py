"""Calibrate the confidence in a clause: whether its message asks for that intent at all.

The classifier treats a clause ("thursdays at 5") as if it were a whole message, although the
message that contains it may ask only for what another clause says. Platt scaling (Platt 1999)
corrects this. It is fitted to out-of-fold predictions for two kinds of clauses: those of messages
that can be split, and those of as many synthetic messages, each joined from two others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from prompt_capture.adapters.onnx.model_artifact import ClauseCalibration, log_odds
from prompt_capture.domain.predictions import (
    OUT_OF_SCOPE_LABELS,
    SMALL_TALK_INTENTS,
    UNKNOWN_INTENT,
)
from prompt_capture.domain.text import split_clauses
from training.data.examples import Example

Floats = NDArray[np.floating]

CONJUNCTIONS = (" and ", ". ", " then ", ", and also ")
MIN_CLAUSES = 100


@dataclass(frozen=True)
class ClauseSample:
    """Clauses, and for each of them all the intents of its message."""

    texts: list[str]
    intents: list[frozenset[str]]


def sample_clauses(examples: Sequence[Example], seed: int) -> ClauseSample:
    """Split the messages that have clauses, and as many random joined pairs of the others."""
    parts = [(split_clauses(example.text), example.intents) for example in examples]
    messages = [(each, intents) for each, intents in parts if len(each) > 1]
    single = [(each[0], intents) for each, intents in parts if _is_single_request(each, intents)]
    messages += _join_pairs(single, len(messages), seed)
    return ClauseSample(
        [clause for each, _ in messages for clause in each],
        [intents for each, intents in messages for _ in each],
    )


def _is_single_request(parts: Sequence[str], intents: frozenset[str]) -> bool:
    """Whether a message has one clause of two words or more and one intent in scope."""
    is_long = len(parts) == 1 and len(parts[0].split()) > 1
    return is_long and len(intents) == 1 and not intents & OUT_OF_SCOPE_LABELS


def _join_pairs(
    messages: Sequence[tuple[str, frozenset[str]]], max_pairs: int, seed: int
) -> Iterator[tuple[list[str], frozenset[str]]]:
    random = np.random.default_rng(seed)
    order = random.permutation(len(messages))
    for first, second in list(zip(order[::2], order[1::2], strict=False))[:max_pairs]:
        (one, intents), (other, other_intents) = messages[first], messages[second]
        conjunction = CONJUNCTIONS[random.integers(len(CONJUNCTIONS))]
        yield split_clauses(f"{one.rstrip('.!?')}{conjunction}{other}"), intents | other_intents


def fit_clause_calibration(
    probabilities: Floats, labels: Sequence[str], intents: Sequence[frozenset[str]]
) -> ClauseCalibration | None:
    """Fit Platt scaling to the predictions for clauses: `probabilities` [clauses, labels].

    `intents` holds all the intents of each clause's message. Return None where there are too few
    clauses, or where the confidence does not rise with the accuracy.
    """
    predicted = np.array(labels)[probabilities.argmax(axis=1)]
    is_request = ~np.isin(predicted, [UNKNOWN_INTENT, *SMALL_TALK_INTENTS])
    correct = np.array(
        [one in expected for one, expected in zip(predicted, intents, strict=True)], bool
    )
    if is_request.sum() < MIN_CLAUSES or len(np.unique(correct[is_request])) < 2:
        return None
    odds = np.array([[log_odds(float(one))] for one in probabilities.max(axis=1)[is_request]])
    fitted = LogisticRegression(C=1e6).fit(odds, correct[is_request])
    weight, bias = round(float(fitted.coef_[0, 0]), 4), round(float(fitted.intercept_[0]), 4)
    return ClauseCalibration(weight=weight, bias=bias) if weight > 0 else None
