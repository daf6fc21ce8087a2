"""The in-memory registry of models, for unit tests."""

from collections.abc import Sequence
from datetime import UTC, datetime

from prompt_capture.domain.errors import (
    ModelConflict,
    ModelNotFound,
    ModelQuarantined,
    NothingToRollBack,
    StoreUnavailable,
)
from prompt_capture.domain.models import (
    EventKind,
    ModelEvent,
    ModelState,
    NewModel,
    RegisteredModel,
    RegistryDecision,
)


class InMemoryModelRegistry:
    """Keeps models and the ledger in memory. `is_reachable = False` simulates an outage."""

    def __init__(self) -> None:
        self.registered: dict[str, tuple[NewModel, ModelEvent]] = {}
        self.ledger: list[ModelEvent] = []
        self.champion: str | None = None
        self.is_reachable = True

    async def register(self, model: NewModel, decision: RegistryDecision) -> RegisteredModel:
        self._check_reachable()
        version = model.address.version
        if version not in self.registered:
            event = self._append("registered", version, decision, None)
            self.registered[version] = model, event
        elif self.registered[version][0].address != model.address:
            raise ModelConflict("The version belongs to another model.")
        return await self.model(version)

    async def promote(self, version: str, decision: RegistryDecision) -> ModelEvent | None:
        model = await self.model(version)
        if model.state == "quarantined":
            raise ModelQuarantined("The model is quarantined.")
        if model.state == "champion":
            return None
        event = self._append("promoted", version, decision, self.champion)
        self.champion = version
        return event

    async def roll_back(self, decision: RegistryDecision) -> ModelEvent:
        self._check_reachable()
        if self.champion is None:
            raise NothingToRollBack("The packaged model serves.")
        before, target = self.champion, self._replaced_by(self.champion)
        passed: set[str] = set()
        while target is not None and self._is_quarantined(target):
            passed.add(target)
            target = self._replaced_by(target)
            target = None if target in passed else target
        self.champion = target
        return self._append("rolled_back", target, decision, before)

    async def quarantine(self, version: str, decision: RegistryDecision) -> ModelEvent | None:
        model = await self.model(version)
        if model.state == "quarantined":
            return None
        event = self._append("quarantined", version, decision, None)
        if model.state == "champion":
            await self.roll_back(decision)
        return event

    async def models(self) -> Sequence[RegisteredModel]:
        self._check_reachable()
        return [await self.model(version) for version in reversed(self.registered)]

    async def model(self, version: str) -> RegisteredModel:
        self._check_reachable()
        if version not in self.registered:
            raise ModelNotFound("The registry has no such model.")
        model, event = self.registered[version]
        return RegisteredModel(
            **dict(model),
            state=self._state(version),
            registered_at=event.at,
            registered_by=event.actor,
            catalogue_version="1",
        )

    async def events(self, version: str | None = None) -> Sequence[ModelEvent]:
        self._check_reachable()
        return [
            event
            for event in reversed(self.ledger)
            if version is None or version in (event.version, event.replaced)
        ]

    async def serving_event(self, at: datetime) -> ModelEvent | None:
        self._check_reachable()
        changes = [e for e in self.ledger if e.kind in {"promoted", "rolled_back"} and e.at <= at]
        return changes[-1] if changes else None

    def _append(
        self,
        kind: EventKind,
        version: str | None,
        decision: RegistryDecision,
        replaced: str | None,
    ) -> ModelEvent:
        event = ModelEvent(
            id=len(self.ledger) + 1,
            at=datetime.now(UTC),
            kind=kind,
            version=version,
            replaced=replaced,
            actor=decision.actor,
            reason=decision.reason,
            evidence=decision.evidence,
        )
        self.ledger.append(event)
        return event

    def _replaced_by(self, version: str) -> str | None:
        """Return the champion that the latest promotion of a model replaced."""
        promotions = [e for e in self.ledger if (e.kind, e.version) == ("promoted", version)]
        return promotions[-1].replaced

    def _is_quarantined(self, version: str) -> bool:
        return any((e.kind, e.version) == ("quarantined", version) for e in self.ledger)

    def _state(self, version: str) -> ModelState:
        if self._is_quarantined(version):
            return "quarantined"
        if version == self.champion:
            return "champion"
        was_promoted = any((e.kind, e.version) == ("promoted", version) for e in self.ledger)
        return "retired" if was_promoted else "candidate"

    def _check_reachable(self) -> None:
        if not self.is_reachable:
            raise StoreUnavailable("The store did not respond.")
