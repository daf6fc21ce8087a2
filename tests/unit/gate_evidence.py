"""Evidence about two models, made up by counts."""

from collections.abc import Sequence

import numpy as np

from training.gate.evidence import NOBODY, CapturedCounts, ModelAnswers, PairedEvidence
from training.gate.models import ModelFacts

CHAMPION = ModelFacts("old", ("a", "b", "unknown"), 1_000, np.zeros(0))
CANDIDATE = ModelFacts("new", ("a", "b", "unknown"), 1_000, np.zeros(0))


def make_evidence(
    won: int = 0,
    lost: int = 0,
    agreed: int = 0,
    intent: str = "a",
    senders: Sequence[int] = (),
    reviewers: Sequence[int] = (),
) -> PairedEvidence:
    """Return gold texts of one intent: `agreed` are right with both models."""
    new = np.repeat([True, False, True], [won, lost, agreed])
    old = np.repeat([False, True, True], [won, lost, agreed])
    n = len(new)
    return PairedEvidence(
        intents=(intent,),
        truth=np.zeros(n, np.intp),
        candidate=make_answers(new),
        champion=make_answers(old),
        is_gold=np.ones(n, bool),
        senders=np.array(senders or [NOBODY] * n, int),
        reviewers=np.array(reviewers or [NOBODY] * n, int).reshape(n, 1),
    )


def make_answers(is_correct: np.ndarray) -> ModelAnswers:
    """Return answers that are as confident as they are right, none of which is out of scope."""
    n = len(is_correct)
    confidence = float(is_correct.mean()) if n else 1.0
    return ModelAnswers(is_correct, np.full(n, confidence), np.zeros(n, bool), np.ones(n, bool))


def join(*parts: PairedEvidence, captured: CapturedCounts | None = None) -> PairedEvidence:
    """Return all evidence together. Each part has its own intent."""
    intents = tuple(sorted({part.intents[0] for part in parts}))

    def answers(which: str) -> ModelAnswers:
        each = [getattr(part, which) for part in parts]
        fields = ("is_correct", "confidences", "is_out_of_scope", "is_accepted")
        return ModelAnswers(
            *(np.concatenate([getattr(one, name) for one in each]) for name in fields)
        )

    return PairedEvidence(
        intents=intents,
        truth=np.concatenate([part.truth + intents.index(part.intents[0]) for part in parts]),
        candidate=answers("candidate"),
        champion=answers("champion"),
        is_gold=np.concatenate([part.is_gold for part in parts]),
        senders=np.concatenate([part.senders for part in parts]),
        reviewers=np.concatenate([part.reviewers for part in parts]),
        captured=captured,
    )
