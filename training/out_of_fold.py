"""Out-of-fold scores: the outputs of a model for examples that it was not fitted to.

The scores are not calibrated yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class StageScores:
    """The outputs of one stage for n texts: `logits` [n, labels] and `similarity` [n].

    The similarity is the cosine of a text's embedding and the nearest intent centroid.
    """

    logits: Floats
    similarity: Floats

    @classmethod
    def concatenate(cls, folds: Sequence["StageScores"]) -> "StageScores":
        """Concatenate the scores of several folds."""
        return cls(
            np.concatenate([fold.logits for fold in folds]),
            np.concatenate([fold.similarity for fold in folds]),
        )


@dataclass(frozen=True)
class ClauseScores:
    """The outputs of each stage for clauses; `intents` holds all intents of a clause's message."""

    intents: Sequence[frozenset[str]]
    stages: Sequence[StageScores]


@dataclass(frozen=True)
class OutOfFoldScores:
    """Held-out examples, and the outputs of each stage for them and for their clauses.

    `truth` [n] holds the labels of the examples. `labels` are the columns of the logits, in order.
    """

    texts: Sequence[str]
    truth: NDArray[np.str_]
    labels: tuple[str, ...]
    stages: Sequence[StageScores]
    clauses: ClauseScores

    @classmethod
    def concatenate(cls, folds: Sequence["OutOfFoldScores"]) -> "OutOfFoldScores":
        """Concatenate several folds, which must have the same labels and stages."""
        return cls(
            [text for fold in folds for text in fold.texts],
            np.concatenate([fold.truth for fold in folds]),
            folds[0].labels,
            _concatenate_stages([fold.stages for fold in folds]),
            ClauseScores(
                [intents for fold in folds for intents in fold.clauses.intents],
                _concatenate_stages([fold.clauses.stages for fold in folds]),
            ),
        )


def _concatenate_stages(folds: Sequence[Sequence[StageScores]]) -> list[StageScores]:
    return [StageScores.concatenate(stage) for stage in zip(*folds, strict=True)]
