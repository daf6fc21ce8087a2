"""What a clause's confidence is worth: whether its message asks for that intent at all.

A fragment ("thursdays at 5") is answered with a confidence as if it were a message, though the one
that it was cut from may ask for nothing but its other half. Hence Platt scaling (Platt 1999) of
what the model says of clauses, on messages that no fit has seen: those that can be cut, and as many
that are made of two others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from prompt_capture.adapters.model_artifact import ClauseCalibration, log_odds
from prompt_capture.domain.clauses import clauses
from prompt_capture.domain.predictions import UNKNOWN_INTENT
from training.examples import Example
from training.predictions import OUT_OF_SCOPE_LABELS

Floats = NDArray[np.floating]

JOINTS = (" and ", ". ", " then ", ", and also ")
MIN_CLAUSES = 100


@dataclass(frozen=True)
class Clauses:
    """Clauses, and for each of them all that its message asks for."""

    texts: list[str]
    intents: list[frozenset[str]]


def cut(examples: Sequence[Example], seed: int) -> Clauses:
    """Cut those that can be cut, and as many pairs of the others, made up at random."""
    parts = [(clauses(example.text), example.intents) for example in examples]
    found = [(each, intents) for each, intents in parts if len(each) > 1]
    halves = [(each[0], intents) for each, intents in parts if _is_whole(each, intents)]
    found += _pairs(halves, len(found), seed)
    return Clauses(
        [clause for each, _ in found for clause in each],
        [intents for each, intents in found for _ in each],
    )


def _is_whole(parts: Sequence[str], intents: frozenset[str]) -> bool:
    """Whether a message asks for one thing, and may be half of another."""
    is_long = len(parts) == 1 and len(parts[0].split()) > 1
    return is_long and len(intents) == 1 and not intents & OUT_OF_SCOPE_LABELS


def _pairs(
    halves: Sequence[tuple[str, frozenset[str]]], most: int, seed: int
) -> Iterator[tuple[list[str], frozenset[str]]]:
    random = np.random.default_rng(seed)
    order = random.permutation(len(halves))
    for first, second in list(zip(order[::2], order[1::2], strict=False))[:most]:
        (one, intents), (other, further) = halves[first], halves[second]
        joint = JOINTS[random.integers(len(JOINTS))]
        yield clauses(f"{one.rstrip('.!?')}{joint}{other}"), intents | further


def calibrate_clauses(
    probabilities: Floats, labels: Sequence[str], intents: Sequence[frozenset[str]]
) -> ClauseCalibration | None:
    """Fit to what was answered for clauses: `probabilities` [clauses, labels].

    `intents` holds what each one's message asks for. None where there are too few clauses, or
    where confidence tells nothing.
    """
    answered = np.array(labels)[probabilities.argmax(axis=1)]
    told = answered != UNKNOWN_INTENT
    right = np.array([one in asked for one, asked in zip(answered, intents, strict=True)], bool)
    if told.sum() < MIN_CLAUSES or len(np.unique(right[told])) < 2:
        return None
    odds = np.array([[log_odds(float(one))] for one in probabilities.max(axis=1)[told]])
    fitted = LogisticRegression(C=1e6).fit(odds, right[told])
    weight, bias = round(float(fitted.coef_[0, 0]), 4), round(float(fitted.intercept_[0]), 4)
    return ClauseCalibration(weight=weight, bias=bias) if weight > 0 else None
