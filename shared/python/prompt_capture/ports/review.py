"""What reviewers need to read prompts, and to import a review file."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from prompt_capture.domain.changes import Correction, Decision, ReviewStatus
from prompt_capture.domain.predictions import PredictedIntents
from prompt_capture.domain.prompts import FailedPrompt, LabelledPrompt, ReviewablePrompt


class ReviewStore(Protocol):
    """The store that a review file is imported into. Every method raises `StoreUnavailable`."""

    async def record_review(
        self,
        log_id: UUID,
        correction: Correction,
        seen: Decision | None,
        seen_correction: int | None = None,
    ) -> ReviewStatus:
        """Record a correction, unless the decision on the text is another one than seen.

        `seen` is the decision that the reviewer saw; None: the text had none. Copies of the text
        that the same reviewer decides alike count as seen, and what they say about secondary
        intents stays where the correction says nothing. With `seen_correction`, a vote of the same
        reviewer for another intent stays if it is later than this correction. Raise `UnknownIntent`
        and `ReviewerErased`.
        """

    async def find_latest_correction(self) -> int:
        """Return the number of the latest correction of any text; 0: there is none.

        Every correction with a smaller number is on record by then.
        """

    async def get_decisions(self, log_ids: Sequence[UUID]) -> dict[UUID, Decision | None]:
        """Return the decision on each prompt that exists.

        None: nobody has decided on the prompt, or it is disputed.
        """

    async def find_votes(self, log_ids: Sequence[UUID], reviewer: str) -> dict[UUID, str]:
        """Return the intent of a reviewer's vote on the text of each prompt that has one."""

    async def get_texts(self, log_ids: Sequence[UUID]) -> dict[UUID, str]:
        """Return the text of each prompt that exists."""

    async def get_predictions(self, log_ids: Sequence[UUID]) -> dict[UUID, PredictedIntents]:
        """Return the intents that were predicted for each prompt that exists."""

    async def known_intents(self) -> list[str]:
        """Return the intents of the catalogue that a correction may use."""


class PromptReader(Protocol):
    """The prompts that need attention or teach the model.

    Every method streams in the order of capture, from `since` (inclusive) on, and raises
    `StoreUnavailable`.
    """

    def get_low_confidence_prompts(
        self, threshold: float = 0.7, since: datetime | None = None
    ) -> AsyncIterator[ReviewablePrompt]:
        """Stream the uncorrected prompts with a confidence below `threshold`."""

    def get_failed_workflow_prompts(
        self, since: datetime | None = None
    ) -> AsyncIterator[FailedPrompt]:
        """Stream the prompts whose workflow failed."""

    def get_prompts_for_retraining(
        self, threshold: float = 0.85, since: datetime | None = None
    ) -> AsyncIterator[LabelledPrompt]:
        """Stream the corrected prompts, and those with a confidence above `threshold`."""
