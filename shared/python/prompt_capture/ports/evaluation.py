"""What comparisons of models need: texts, evidence, verdicts, runs, and the queue's scores.

Every method may raise `StoreUnavailable`.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from prompt_capture.domain.evaluation import (
    MAX_CAPTURED_TEXTS,
    CapturedText,
    Claim,
    Draw,
    DrawProgress,
    Evidence,
    NewVerdict,
    QueueScore,
    RetrainingRun,
    Tick,
    WaitingText,
)
from prompt_capture.domain.models import ModelEvent, RegistryDecision


class EvaluationStore(Protocol):
    """The texts and the evidence on which two models are compared, and the verdicts."""

    def captured_texts(
        self, days: int, seed: int = 0, max_texts: int = MAX_CAPTURED_TEXTS
    ) -> AsyncIterator[list[CapturedText]]:
        """Stream pages of distinct texts that were sent in the last `days`, in random order.

        Messages beyond the daily caps do not count. `seed` chooses where the order begins, so that
        the same texts come again.
        """

    async def draw_disagreements(self, draw: Draw) -> int:
        """Put disagreements into the pool, and return how many are new in it.

        A text that is in the pool, has a vote, was deleted, or is in an export that may still be
        running, is left out. From then on no export of training data holds the text or a
        near-duplicate of it. Raise `ModelNotFound` where the candidate is not registered.
        """

    async def draw_progress(self, candidate: str, champion: str) -> DrawProgress:
        """Return how many disagreements of two models were drawn, and how many are decided."""

    async def evidence(self, gold_text_ids: Sequence[str] = ()) -> Evidence:
        """Return all decided disagreements, and the current decisions on gold texts.

        `gold_text_ids` are the ids of lines of a gold dataset that is not anonymised. A text whose
        senders were erased since, or that is disputed, is missing from the result.
        """

    async def record_verdict(self, verdict: NewVerdict, decision: RegistryDecision) -> ModelEvent:
        """Append a verdict to the ledger. `decision.evidence` is ignored.

        Only a later promotion acts on it. Raise `ModelNotFound`, or `ModelConflict` where another
        verdict on the model was recorded meanwhile.
        """


class RetrainingRuns(Protocol):
    """The runs of the retraining. One at a time, and each tick once."""

    async def claim_run(self, tick: Tick, lease: timedelta) -> Claim | None:
        """Claim the run of a tick, until the lease ends, or take over one whose lease has ended.

        Return None where the tick has been run, or another run is under way.
        """

    async def save_progress(
        self, claim: Claim, progress: Mapping[str, object], lease: timedelta
    ) -> Claim:
        """Replace the progress, and extend the claim.

        Raise `ClaimLost` where somebody else took over the run, or it has ended.
        """

    async def finish_run(self, claim: Claim, outcome: str) -> None:
        """End a run for good. Raise `ClaimLost` as `save_progress` does.

        A run that is not finished is claimed again once its lease has ended.
        """

    async def latest_run(self) -> RetrainingRun | None:
        """Return the run that ended last."""

    async def count_new_labels(self, since: datetime | None) -> int:
        """Return how many texts were decided since, without those of the pool. None: ever."""


class QueueScores(Protocol):
    """What the model that serves says about the texts that wait for review.

    The queue's order uses it from the next night on, while that model is the champion. Captured
    predictions stay as they are.
    """

    def waiting_texts(
        self, max_texts: int = MAX_CAPTURED_TEXTS
    ) -> AsyncIterator[list[WaitingText]]:
        """Stream pages of the texts that wait for review, the most urgent first."""

    async def record_scores(self, version: str, scores: Sequence[QueueScore]) -> int:
        """Record scores by a model, and return how many.

        Texts that no longer wait, or that another transaction holds, are left out. Raise
        `ModelNotFound`.
        """
