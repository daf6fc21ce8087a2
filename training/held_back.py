"""What a model said of examples that it was not fitted to, before calibration."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class StageScores:
    """What one stage said of n texts: `logits` [n, labels].

    `likeness` [n] is that of each embedding to the nearest intent's mean.
    """

    logits: Floats
    likeness: Floats

    @classmethod
    def joined(cls, turns: Sequence["StageScores"]) -> "StageScores":
        """Put several turns together."""
        return cls(
            np.concatenate([one.logits for one in turns]),
            np.concatenate([one.likeness for one in turns]),
        )


@dataclass(frozen=True)
class ClauseScores:
    """What each stage said of the clauses of messages: `intents` is all that each one asks for."""

    intents: Sequence[frozenset[str]]
    stages: Sequence[StageScores]


@dataclass(frozen=True)
class HeldBack:
    """Examples that were held back, and what each stage said of them and of their clauses.

    `truth` [n] holds their labels; `labels` are the columns of the logits, in order.
    """

    texts: Sequence[str]
    truth: NDArray[np.str_]
    labels: tuple[str, ...]
    stages: Sequence[StageScores]
    clauses: ClauseScores

    @classmethod
    def joined(cls, turns: Sequence["HeldBack"]) -> "HeldBack":
        """Put several turns together; all have the same labels and stages."""
        return cls(
            [text for turn in turns for text in turn.texts],
            np.concatenate([turn.truth for turn in turns]),
            turns[0].labels,
            _joined([turn.stages for turn in turns]),
            ClauseScores(
                [intents for turn in turns for intents in turn.clauses.intents],
                _joined([turn.clauses.stages for turn in turns]),
            ),
        )


def _joined(turns: Sequence[Sequence[StageScores]]) -> list[StageScores]:
    return [StageScores.joined(stage) for stage in zip(*turns, strict=True)]
