"""What a run saved for whoever continues it."""

from datetime import timedelta
from typing import Any

from prompt_capture.domain.evaluation import Claim
from prompt_capture.domain.models import ModelAddress
from prompt_capture.domain.types import FrozenModel
from prompt_capture.ports.evaluation import RetrainingRuns

_AT_ONCE = timedelta(seconds=1)


class RunProgress(FrozenModel):
    """The choices and the results of the steps so far.

    `dataset` and `gold` are keys of manifests, `catalogue` the intents in use, `champion` the model
    to compare with, where None stands for the packaged model, and `candidate` the model that was
    published. `rescored_by` is the version that scored the review queue last. `left_out` says which
    examples the candidate did not learn.
    """

    has_started: bool = False
    catalogue: tuple[str, ...] = ()
    rescored_by: str | None = None
    dataset: str | None = None
    gold: str | None = None
    champion: ModelAddress | None = None
    candidate: ModelAddress | None = None
    card: str | None = None
    omitted_stages: int = 0
    left_out: str | None = None
    is_notified: bool = False


class SavedProgress:
    """The progress of a claimed run, saved after each change."""

    def __init__(self, runs: RetrainingRuns, claim: Claim, lease: timedelta) -> None:
        self.claim = claim
        self.progress = RunProgress.model_validate(claim.run.progress)
        self._runs = runs
        self._lease = lease

    async def update(self, **changes: Any) -> None:
        """Change the progress. Raise `ClaimLost` where somebody else took over the run."""
        self.progress = self.progress.model_copy(update=changes)
        await self._save(self._lease)

    async def release(self) -> None:
        """Let somebody else continue."""
        await self._save(_AT_ONCE)

    async def _save(self, lease: timedelta) -> None:
        saved = self.progress.model_dump(mode="json")
        self.claim = await self._runs.save_progress(self.claim, saved, lease)
