"""Serve the champion: notice that it changed, load it after the response, and switch to it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from prompt_capture.domain.errors import PromptCaptureError
from prompt_capture.domain.models import ModelAddress
from prompt_capture.domain.review_criteria import ReviewCriteria
from prompt_capture.workflows.detect_intent import IntentDetector

FIRST_RETRY_SECONDS = 5.0
MAX_RETRY_SECONDS = 300.0
"""The pause after a failure doubles from the first of these to the second."""

MIN_LOAD_SECONDS = 2.0
"""With less time, a later call loads the champion: the environment would end in the middle."""

Load = Callable[[ModelAddress], Awaitable["ServedModel"]]
Change = Literal["ModelSwitched", "ModelFallback"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ServedModel:
    """A model that is ready to answer, and the criteria by which its answers need a review."""

    detector: IntentDetector
    review: ReviewCriteria


@dataclass
class _Failure:
    champion: ModelAddress
    pause: float
    retry_at: float


class ModelSwitch:
    """Holds the model that answers, and replaces it when another one has become the champion.

    `packaged` answers until a champion is loaded, and whenever the champion cannot be loaded.
    `record_change` receives each switch and each failure. One thread answers messages and another
    one loads; a message is answered by `current` as it was when the message came.
    """

    def __init__(
        self,
        packaged: ServedModel,
        load: Load,
        record_change: Callable[[Change], None] = lambda change: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.current = packaged
        self._packaged = packaged
        self._load = load
        self._record_change = record_change
        self._clock = clock
        self._champion: ModelAddress | None = None
        self._serving: ModelAddress | None = None
        self._failure: _Failure | None = None

    def notice(self, champion: ModelAddress | None) -> None:
        """Remember which model is the champion. None stands for the packaged model."""
        self._champion = champion

    def switch(self, champion: ModelAddress, model: ServedModel) -> None:
        """Serve a champion that is loaded already."""
        self._champion = self._serving = champion
        self.current = model
        self._failure = None

    async def load_champion(self, seconds: float) -> None:
        """Load the champion within `seconds`, if it is not the model that serves.

        After a failure, the packaged model serves, and a later call tries again.
        """
        champion = self._champion
        if champion == self._serving or self._waits(champion) or seconds < MIN_LOAD_SECONDS:
            return
        if champion is None:
            self._serve_packaged()
            self._record_change("ModelSwitched")
            return
        try:
            async with asyncio.timeout(seconds):
                model = await self._load(champion)
        except Exception as error:  # noqa: BLE001 - the packaged model answers whatever happens
            self.report_failure(error)
            self._delay_retry(champion)
            return
        self.switch(champion, model)
        self._record_change("ModelSwitched")

    def report_failure(self, error: Exception) -> None:
        """Serve the packaged model in place of a champion that cannot be loaded, and log why."""
        self._serve_packaged()
        logger.error(
            "The champion cannot be served: the packaged model answers.",
            extra={"reason": _describe(error)},
        )
        self._record_change("ModelFallback")

    def _delay_retry(self, champion: ModelAddress) -> None:
        pause, previous = FIRST_RETRY_SECONDS, self._failure
        if previous is not None and previous.champion == champion:
            pause = min(2 * previous.pause, MAX_RETRY_SECONDS)
        self._failure = _Failure(champion, pause, self._clock() + pause)

    def _waits(self, champion: ModelAddress | None) -> bool:
        failure = self._failure
        return (
            failure is not None
            and failure.champion == champion
            and self._clock() < failure.retry_at
        )

    def _serve_packaged(self) -> None:
        self.current = self._packaged
        self._serving = None


def _describe(error: Exception) -> str:
    """Return the message of an error of ours, and the type of any other."""
    return str(error) if isinstance(error, PromptCaptureError) else type(error).__name__
