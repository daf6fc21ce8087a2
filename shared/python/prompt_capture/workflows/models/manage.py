"""Decide which registered model serves, and look up which did."""

import logging
from collections.abc import Sequence
from datetime import datetime

from prompt_capture.domain.models import ModelEvent, RegisteredModel
from prompt_capture.domain.types import FrozenModel, Timestamp
from prompt_capture.ports.models import ModelRegistry
from prompt_capture.workflows.models.decisions import decision_of

logger = logging.getLogger(__name__)


class ModelHistory(FrozenModel):
    """A model and its events, the newest first."""

    model: RegisteredModel
    events: tuple[ModelEvent, ...]


class ServingRecord(FrozenModel):
    """Which model served at a moment, and the event since which it did.

    `model` is None for the packaged model, and `event` where none had been promoted before.
    """

    at: Timestamp
    model: RegisteredModel | None
    event: ModelEvent | None


class ManageModels:
    """The decisions of operators, and what they look up.

    Every method may raise `StoreUnavailable`. Only the reasons are free text, so the log has none.
    """

    def __init__(self, registry: ModelRegistry) -> None:
        self._registry = registry

    async def promote(
        self, version: str, actor: str, reason: str, force: bool = False
    ) -> ModelEvent | None:
        """Make a model the champion. Return None where it is the champion already.

        The latest verdict must support it, unless a person forces it. Raise `ModelNotFound`,
        `ModelQuarantined` or `VerdictMissing`.
        """
        event = await self._registry.promote(version, decision_of(actor, reason), force)
        _log("Model promoted.", event)
        return event

    async def roll_back(self, actor: str, reason: str, champion: str | None = None) -> ModelEvent:
        """Return to the model that the champion replaced. A repeated call is a second rollback.

        With `champion`, that version alone is replaced, and a repeated call returns the event of
        the first one. Raise `NothingToRollBack` or `NotTheChampion`.
        """
        event = await self._registry.roll_back(decision_of(actor, reason), champion)
        _log("Model rolled back.", event)
        return event

    async def split(
        self, challenger: str, share: float, actor: str, reason: str
    ) -> ModelEvent | None:
        """Let a challenger answer a share of the users, or change that share.

        Return None where it has that share already. Raise `ModelNotFound`, `ModelQuarantined` or
        `SplitConflict`.
        """
        event = await self._registry.split(challenger, share, decision_of(actor, reason))
        _log("Split started or changed.", event)
        return event

    async def stop_split(self, actor: str, reason: str) -> ModelEvent | None:
        """Return everybody to the champion. Return None where no split is under way."""
        event = await self._registry.stop_split(decision_of(actor, reason))
        _log("Split stopped.", event)
        return event

    async def quarantine(self, version: str, actor: str, reason: str) -> ModelEvent | None:
        """Exclude a model for good. Return None where it is quarantined already.

        Raise `ModelNotFound`.
        """
        event = await self._registry.quarantine(version, decision_of(actor, reason))
        _log("Model quarantined.", event)
        return event

    async def models(self) -> Sequence[RegisteredModel]:
        """Return all models, the newest first."""
        return await self._registry.models()

    async def model(self, version: str) -> ModelHistory:
        """Return a model with its events. Raise `ModelNotFound`."""
        model = await self._registry.model(version)
        return ModelHistory(model=model, events=tuple(await self._registry.events(version)))

    async def events(self, version: str | None = None) -> Sequence[ModelEvent]:
        """Return the ledger, or the events of one model, the newest first.

        Raise `ModelNotFound`.
        """
        if version is not None:
            return (await self.model(version)).events
        return await self._registry.events()

    async def serving_at(self, moment: datetime) -> ServingRecord:
        """Return which model served at a moment, and why."""
        event = await self._registry.serving_event(moment)
        version = event.version if event else None
        model = await self._registry.model(version) if version else None
        return ServingRecord(at=moment, model=model, event=event)


def _log(message: str, event: ModelEvent | None) -> None:
    if event:
        fields = {"model_version": event.version, "replaced": event.replaced, "event_id": event.id}
        logger.info(message, extra=fields)
