"""Serve the champion, and in a split the challenger: notice, load after the response, switch."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal
from uuid import UUID

from prompt_capture.domain.errors import PromptCaptureError
from prompt_capture.domain.models import ModelAddress
from prompt_capture.domain.review_criteria import ReviewCriteria
from prompt_capture.domain.splits import PACKAGED_MODEL_ALONE, ServingModels
from prompt_capture.workflows.detect_intent import IntentDetector

FIRST_RETRY_SECONDS = 5.0
MAX_RETRY_SECONDS = 300.0
"""The pause after a failure doubles from the first of these to the second."""

MIN_LOAD_SECONDS = 2.0
"""With less time, a later call loads a model: the environment would end in the middle."""

Load = Callable[[ModelAddress], Awaitable["ServedModel"]]
Change = Literal["ModelSwitched", "ModelFallback", "ChallengerFallback"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ServedModel:
    """A model that is ready to answer, and the criteria by which its answers need a review."""

    detector: IntentDetector
    review: ReviewCriteria


@dataclass(frozen=True)
class _Loaded:
    """A registered model that is loaded."""

    address: ModelAddress
    model: ServedModel


@dataclass(frozen=True)
class _Failure:
    address: ModelAddress
    pause: float
    retry_at: float


class _Slot:
    """Holds one registered model, and delays attempts to load it after failures."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.loaded: _Loaded | None = None
        self._clock = clock
        self._failure: _Failure | None = None

    def find(self, address: ModelAddress | None) -> ServedModel | None:
        """Return the model with this address, if it is loaded."""
        loaded = self.loaded
        return loaded.model if loaded is not None and loaded.address == address else None

    def fill(self, address: ModelAddress, model: ServedModel) -> None:
        self.loaded = _Loaded(address, model)
        self._failure = None

    def waits_for(self, address: ModelAddress) -> bool:
        """Return whether the pause after a failure to load this model has not ended."""
        failure = self._failure
        return (
            failure is not None and failure.address == address and self._clock() < failure.retry_at
        )

    def fail(self, address: ModelAddress) -> None:
        """Empty the slot, and begin the pause after a failure."""
        pause, previous = FIRST_RETRY_SECONDS, self._failure
        if previous is not None and previous.address == address:
            pause = min(2 * previous.pause, MAX_RETRY_SECONDS)
        self.loaded = None
        self._failure = _Failure(address, pause, self._clock() + pause)


class ModelSwitch:
    """Holds the models that answer, and replaces them when other ones serve.

    `packaged` loads the model that answers where no champion does, on its first use. In a split,
    the challenger answers its arm of the users as soon as it is loaded; the champion answers
    everybody else, and everybody where the challenger cannot be loaded. `record_change` receives
    each switch and each failure. One thread answers messages and another one loads.
    """

    def __init__(
        self,
        packaged: Callable[[], ServedModel],
        load: Load,
        record_change: Callable[[Change], None] = lambda change: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._packaged = cache(packaged)
        self._load = load
        self._record_change = record_change
        self._clock = clock
        self._serving = PACKAGED_MODEL_ALONE
        self._current: ServedModel | None = None
        self._champion, self._challenger = _Slot(clock), _Slot(clock)

    @property
    def current(self) -> ServedModel:
        """The model that answers where no split decides otherwise."""
        if self._current is None:
            self._current = self._packaged()
        return self._current

    def model_for(self, user_id: UUID | None) -> ServedModel:
        """Return the model that answers a message of a user, or one that is not captured."""
        split = self._serving.split
        if split is None or user_id is None or split.arm_of(user_id) == "champion":
            return self.current
        return self._challenger.find(split.challenger) or self.current

    def notice(self, serving: ServingModels) -> None:
        """Remember which models serve. The end of a split takes effect at once."""
        self._serving = serving

    def start(self, serving: ServingModels, champion: ServedModel | None) -> None:
        """Serve what was loaded before the first message. Without a champion, the packaged model.

        A later call of `load` loads a challenger.
        """
        self._serving = serving
        if serving.champion is None or champion is None:
            self._serve_packaged()
        else:
            self._champion.fill(serving.champion, champion)
            self._current = champion

    async def load(self, seconds: float) -> None:
        """Load within `seconds` what serves and is not loaded yet; drop what does not serve.

        After a failure, the packaged model answers in place of a champion, and the champion in
        place of a challenger, and a later call tries again.
        """
        ends_at = self._clock() + seconds
        await self._load_champion(self._serving.champion, seconds)
        split = self._serving.split
        await self._load_challenger(split.challenger if split else None, ends_at - self._clock())

    async def _load_champion(self, champion: ModelAddress | None, seconds: float) -> None:
        if champion is None:
            if self._champion.loaded is not None:
                self._serve_packaged()
                self._record_change("ModelSwitched")
            return
        model = await self._load_into(self._champion, champion, seconds, self.report_failure)
        if model is not None:
            self._current = model
            self._record_change("ModelSwitched")

    async def _load_challenger(self, challenger: ModelAddress | None, seconds: float) -> None:
        if challenger is None:
            self._challenger.loaded = None
            return
        await self._load_into(self._challenger, challenger, seconds, self._report_challenger)

    async def _load_into(
        self,
        slot: _Slot,
        address: ModelAddress,
        seconds: float,
        report: Callable[[Exception], None],
    ) -> ServedModel | None:
        """Load a model into a slot. Return it where this call loaded it."""
        if slot.find(address) or slot.waits_for(address) or seconds < MIN_LOAD_SECONDS:
            return None
        try:
            async with asyncio.timeout(seconds):
                model = await self._load(address)
        except Exception as error:  # noqa: BLE001 - another model answers whatever happens
            slot.fail(address)
            report(error)
            return None
        slot.fill(address, model)
        return model

    def report_failure(self, error: Exception) -> None:
        """Serve the packaged model in place of a champion that cannot be loaded, and log why."""
        self._serve_packaged()
        logger.error(
            "The champion cannot be served: the packaged model answers.",
            extra={"reason": _describe(error)},
        )
        self._record_change("ModelFallback")

    def _report_challenger(self, error: Exception) -> None:
        logger.error(
            "The challenger cannot be served: the champion answers its users.",
            extra={"reason": _describe(error)},
        )
        self._record_change("ChallengerFallback")

    def _serve_packaged(self) -> None:
        self._current = self._packaged()
        self._champion.loaded = None


def _describe(error: Exception) -> str:
    """Return the message of an error of ours, and the type of any other."""
    return str(error) if isinstance(error, PromptCaptureError) else type(error).__name__
