"""An in-memory registry of models. It passes the same contract tests as the real one."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from prompt_capture.domain.errors import (
    ModelConflict,
    ModelNotFound,
    ModelQuarantined,
    NothingToRollBack,
    NotTheChampion,
    ReviewerErased,
    SplitConflict,
    StoreUnavailable,
    VerdictMissing,
)
from prompt_capture.domain.evaluation import SCHEDULE_ACTOR, NewVerdict
from prompt_capture.domain.models import (
    EventKind,
    ModelEvent,
    ModelState,
    NewModel,
    RegisteredModel,
    RegistryDecision,
)
from prompt_capture.domain.splits import OutcomeGroup, ServingModels, Split, SplitResults


@dataclass(frozen=True)
class _Promotion:
    """A promotion that is in force, and the one that was in force before it."""

    version: str
    earlier: "_Promotion | None"


class InMemoryModelRegistry:
    """Keeps models and ledger in memory. `is_reachable = False` simulates an outage.

    Nothing is decided in the name of the operators in `erased`.
    """

    def __init__(self, intents: Iterable[str] = ()) -> None:
        self.change_catalogue(intents)
        self._models: dict[str, RegisteredModel] = {}
        self._ledger: list[ModelEvent] = []
        self._in_force: _Promotion | None = None
        self._split: Split | None = None
        self.groups: tuple[OutcomeGroup, ...] = ()
        self.erased: set[str] = set()
        self.is_reachable = True

    async def register(self, model: NewModel, decision: RegistryDecision) -> RegisteredModel:
        self._check(decision)
        version, manifest = model.address.version, model.address.manifest_sha256
        for other in self._models.values():
            is_same_version = other.address.version == version
            if is_same_version != (other.address.manifest_sha256 == manifest):
                raise ModelConflict("The version or the manifest belongs to another model.")
        if version not in self._models:
            self._models[version] = RegisteredModel(
                **dict(model),
                state="candidate",
                registered_at=datetime.now(UTC),
                registered_by=decision.actor,
                catalogue_version=self._catalogue_version,
            )
            self._append("registered", version, decision)
        return await self.model(version)

    async def promote(
        self, version: str, decision: RegistryDecision, force: bool = False
    ) -> ModelEvent | None:
        self._check(decision)
        if (await self.model(version)).state == "quarantined":
            raise ModelQuarantined("The model is quarantined.")
        if version == self._champion():
            return None
        verdict = self._supporting_verdict(version)
        is_scheduled = decision.actor == SCHEDULE_ACTOR
        if verdict is None and (not force or is_scheduled):
            raise VerdictMissing("No verdict supports the promotion.")
        if self._split is not None and is_scheduled:
            raise VerdictMissing("A split is under way.")
        ground = {"forced": True} if verdict is None else {"verdict": verdict.id}
        justified = decision.model_copy(update={"evidence": {**decision.evidence, **ground}})
        event = self._append("promoted", version, justified, self._champion())
        self._in_force = _Promotion(version, self._in_force)
        self._end_split(decision)
        return event

    async def record_verdict(self, verdict: NewVerdict, decision: RegistryDecision) -> ModelEvent:
        """Append a verdict to the ledger, as an `EvaluationStore` does."""
        self._check(decision)
        for version in filter(None, (verdict.version, verdict.champion)):
            await self.model(version)
        looks = [event for event in await self.events(verdict.version) if event.kind == "verdict"]
        if verdict.looks_before != len(looks):
            raise ModelConflict("Another verdict on the model was recorded meanwhile.")
        said = {
            **verdict.evidence,
            "decision": verdict.decision,
            "champion": verdict.champion,
            "look": verdict.looks_before + 1,
            "catalogue_version": self._catalogue_version,
        }
        return self._append(
            "verdict", verdict.version, decision.model_copy(update={"evidence": said})
        )

    async def roll_back(
        self, decision: RegistryDecision, champion: str | None = None
    ) -> ModelEvent:
        self._check(decision)
        if champion not in (None, self._champion()):
            latest = await self.serving_event(datetime.max.replace(tzinfo=UTC))
            if latest and (latest.kind, latest.replaced) == ("rolled_back", champion):
                return latest
            raise NotTheChampion(f"{champion} is not the champion.")
        if self._in_force is None:
            raise NothingToRollBack("The packaged model serves.")
        replaced, earlier = self._in_force.version, self._in_force.earlier
        while earlier and (earlier.version == replaced or self._is_quarantined(earlier.version)):
            earlier = earlier.earlier
        self._in_force = earlier
        event = self._append("rolled_back", self._champion(), decision, replaced)
        self._end_split(decision)
        return event

    async def quarantine(self, version: str, decision: RegistryDecision) -> ModelEvent | None:
        self._check(decision)
        if (await self.model(version)).state == "quarantined":
            return None
        event = self._append("quarantined", version, decision)
        if self._split and self._split.challenger.version == version:
            self._end_split(decision)
        if version == self._champion():
            await self.roll_back(decision)
        return event

    async def split(
        self, challenger: str, share: float, decision: RegistryDecision
    ) -> ModelEvent | None:
        self._check(decision)
        model = await self.model(challenger)
        if model.state == "quarantined":
            raise ModelQuarantined("The model is quarantined.")
        current = self._split
        if model.state == "champion" or (current and current.challenger != model.address):
            raise SplitConflict("The model is the champion, or another split is under way.")
        if current and current.share == share:
            return None
        evidence = {**decision.evidence, "share": share}
        event = self._append(
            "split_changed" if current else "split_started",
            challenger,
            decision.model_copy(update={"evidence": evidence}),
        )
        started = current or Split(
            id=event.id, challenger=model.address, share=share, key=f"{event.id:064x}"
        )
        self._split = started.model_copy(update={"share": share})
        return event

    async def stop_split(
        self, decision: RegistryDecision, split: int | None = None
    ) -> ModelEvent | None:
        self._check(decision)
        if self._split is None or split not in (None, self._split.id):
            return None
        return self._end_split(decision)

    def _end_split(self, decision: RegistryDecision) -> ModelEvent | None:
        ended, self._split = self._split, None
        if ended is None:
            return None
        return self._append("split_stopped", ended.challenger.version, decision)

    async def split_results(self) -> SplitResults | None:
        self._raise_if_unreachable()
        starts = [event for event in self._ledger if event.kind == "split_started"]
        if not starts:
            return None
        start = starts[-1]
        shares = [event.evidence["share"] for event in self._ledger if "share" in event.evidence]
        earlier = [event for event in self._ledger if event.id < start.id]
        changes = [event for event in earlier if event.kind in {"promoted", "rolled_back"}]
        stops = [event for event in self._ledger[start.id :] if event.kind == "split_stopped"]
        return SplitResults.model_validate(
            {
                "id": start.id,
                "champion": changes[-1].version if changes else None,
                "challenger": start.version,
                "started_at": start.at,
                "share": self._split.share if self._split else None,
                "latest_share": shares[-1],
                "stopped": stops[0] if stops else None,
                "messages": 0,
                "fallbacks": 0,
                "groups": self.groups,
            }
        )

    async def models(self) -> Sequence[RegisteredModel]:
        self._raise_if_unreachable()
        return [await self.model(version) for version in reversed(self._models)]

    async def model(self, version: str) -> RegisteredModel:
        self._raise_if_unreachable()
        if version not in self._models:
            raise ModelNotFound("The registry has no model with this version.")
        return self._models[version].model_copy(update={"state": self._state(version)})

    async def events(self, version: str | None = None) -> Sequence[ModelEvent]:
        self._raise_if_unreachable()
        return [
            event
            for event in reversed(self._ledger)
            if version is None or version in {event.version, event.replaced}
        ]

    async def serving_event(self, at: datetime) -> ModelEvent | None:
        self._raise_if_unreachable()
        changes = [event for event in self._ledger if event.kind in {"promoted", "rolled_back"}]
        return next((event for event in reversed(changes) if event.at <= at), None)

    async def serving(self) -> ServingModels:
        """Return what serves, as a `ServingSource` does."""
        self._raise_if_unreachable()
        champion = self._champion()
        address = self._models[champion].address if champion else None
        return ServingModels(champion=address, split=self._split)

    def change_catalogue(self, intents: Iterable[str]) -> None:
        """Replace the intents of the catalogue."""
        names = json.dumps(sorted(intents), ensure_ascii=False)
        self._catalogue_version = sha256(names.encode()).hexdigest()

    def _supporting_verdict(self, version: str) -> ModelEvent | None:
        changes = [one.id for one in self._ledger if one.kind in {"promoted", "rolled_back"}]
        verdicts = [one for one in self._ledger if one.kind == "verdict" and one.version == version]
        if not verdicts or verdicts[-1].id < max(changes, default=0):
            return None
        said = verdicts[-1].evidence
        stands = (said["decision"], said["champion"], said["catalogue_version"]) == (
            "promote",
            self._champion(),
            self._catalogue_version,
        )
        return verdicts[-1] if stands else None

    def _champion(self) -> str | None:
        return self._in_force.version if self._in_force else None

    def _is_quarantined(self, version: str) -> bool:
        return any(one.kind == "quarantined" and one.version == version for one in self._ledger)

    def _state(self, version: str) -> ModelState:
        if self._is_quarantined(version):
            return "quarantined"
        if version == self._champion():
            return "champion"
        was_champion = any(event.replaced == version for event in self._ledger)
        return "retired" if was_champion else "candidate"

    def _append(
        self,
        kind: EventKind,
        version: str | None,
        decision: RegistryDecision,
        replaced: str | None = None,
    ) -> ModelEvent:
        earliest = [event.at + timedelta(microseconds=1) for event in self._ledger[-1:]]
        event = ModelEvent(
            id=len(self._ledger) + 1,
            at=max([datetime.now(UTC), *earliest]),
            kind=kind,
            version=version,
            replaced=replaced,
            **decision.model_dump(),
        )
        self._ledger.append(event)
        return event

    def _check(self, decision: RegistryDecision) -> None:
        self._raise_if_unreachable()
        if decision.actor in self.erased:
            raise ReviewerErased("The account of this operator was erased.")

    def _raise_if_unreachable(self) -> None:
        if not self.is_reachable:
            raise StoreUnavailable("The store did not respond.")
