"""The registry of models through database functions, called over PostgREST."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx
from pydantic import ValidationError

from prompt_capture.adapters.supabase.postgrest import ErrorsByCode, PostgrestAdapter
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
from prompt_capture.domain.models import (
    ModelAddress,
    ModelEvent,
    NewModel,
    RegisteredModel,
    RegistryDecision,
    TrainingRecord,
)
from prompt_capture.domain.splits import ServingModels, SplitResults

_FORBIDDEN, _NOT_FOUND, _CONFLICT, _PRECONDITION = "PT403", "PT404", "PT409", "PT412"
"""The database's own error codes. What a conflict is depends on the function."""


class SupabaseModelRegistry:
    """Calls the functions of the registry, as the role `model_registrar`.

    A call is not repeated after a connection error: a second rollback would go back one model more.
    The client's read timeout is the deadline of each call. Lists are read page by page.
    """

    def __init__(self, client: httpx.AsyncClient, rest_url: str) -> None:
        self._postgrest = PostgrestAdapter(client, rest_url, client.timeout.read)

    async def register(self, model: NewModel, decision: RegistryDecision) -> RegisteredModel:
        conflict = ModelConflict(
            "The registry has another model with this version, or this model under another version."
        )
        arguments = {"model": _columns(model), **_decision(decision)}
        errors = {_CONFLICT: conflict, **_common_errors()}
        return _model(await self._postgrest.call("register_model", arguments, errors))

    async def promote(
        self, version: str, decision: RegistryDecision, force: bool = False
    ) -> ModelEvent | None:
        arguments = {"version": version, "force": force, **_decision(decision)}
        errors = {
            _CONFLICT: _quarantined(),
            _PRECONDITION: _verdict_missing(),
            **_common_errors(),
        }
        return _event(await self._postgrest.call("promote_model", arguments, errors))

    async def roll_back(
        self, decision: RegistryDecision, champion: str | None = None
    ) -> ModelEvent:
        nothing = NothingToRollBack("The packaged model serves, so there is nothing to roll back.")
        other = NotTheChampion(f"{champion} is not the champion. See which model serves.")
        errors = {_CONFLICT: nothing, _PRECONDITION: other, **_common_errors()}
        arguments = {"champion": champion, **_decision(decision)}
        event = await self._postgrest.call("roll_back_model", arguments, errors)
        return ModelEvent.model_validate(event)

    async def quarantine(self, version: str, decision: RegistryDecision) -> ModelEvent | None:
        arguments = {"version": version, **_decision(decision)}
        errors = _common_errors()
        return _event(await self._postgrest.call("quarantine_model", arguments, errors))

    async def split(
        self, challenger: str, share: float, decision: RegistryDecision
    ) -> ModelEvent | None:
        conflict = SplitConflict("The model is the champion, or another split is under way.")
        arguments = {"version": challenger, "share": share, **_decision(decision)}
        errors = {_CONFLICT: _quarantined(), _PRECONDITION: conflict, **_common_errors()}
        return _event(await self._postgrest.call("split_model", arguments, errors))

    async def stop_split(
        self, decision: RegistryDecision, split: int | None = None
    ) -> ModelEvent | None:
        arguments = {"split": split, **_decision(decision)}
        return _event(await self._postgrest.call("stop_split", arguments, _common_errors()))

    async def split_results(self) -> SplitResults | None:
        results = await self._postgrest.call("read_split", {})
        return None if results is None else SplitResults.model_validate(results)

    async def models(self) -> Sequence[RegisteredModel]:
        models: list[RegisteredModel] = []
        while True:
            before = models[-1].address.version if models else None
            page = await self._postgrest.call("list_models", {"before": before})
            if not page:
                return models
            models += map(_model, page)

    async def model(self, version: str) -> RegisteredModel:
        found = await self._postgrest.call("list_models", {"version": version})
        if not found:
            raise _not_found()
        return _model(found[0])

    async def events(self, version: str | None = None) -> Sequence[ModelEvent]:
        events: list[ModelEvent] = []
        while True:
            arguments = {"version": version, "before": events[-1].id if events else None}
            page = await self._postgrest.call("list_model_events", arguments)
            if not page:
                return events
            events += map(ModelEvent.model_validate, page)

    async def serving_event(self, at: datetime) -> ModelEvent | None:
        return _event(await self._postgrest.call("serving_event", {"moment": at.isoformat()}))


class SupabaseServing:
    """Reads which models serve, as the role `prompt_writer` or `model_registrar`."""

    def __init__(self, client: httpx.AsyncClient, rest_url: str) -> None:
        self._postgrest = PostgrestAdapter(client, rest_url, client.timeout.read)

    async def serving(self) -> ServingModels:
        return serving_models(await self._postgrest.call("serving_model", {}))


def serving_models(answer: object) -> ServingModels:
    """Return what the database's answer to what serves says.

    The answer is the result of `serving_model`, and the content of the header `X-Serving-Model`:
    the address of the champion, or nothing for the packaged model, and `split` where there is one.
    Raise `StoreUnavailable` where it has another form.
    """
    try:
        if not isinstance(answer, dict):
            raise TypeError
        champion = {name: value for name, value in answer.items() if name != "split"}
        return ServingModels.model_validate(
            {"champion": champion or None, "split": answer.get("split")}
        )
    except (TypeError, ValidationError):
        raise StoreUnavailable("The store does not say which model serves.") from None


def _common_errors() -> ErrorsByCode:
    """Return new errors: one that is raised keeps the frames that it passed."""
    erased = ReviewerErased("The account of this operator was erased.")
    return {_NOT_FOUND: _not_found(), _FORBIDDEN: erased}


def _not_found() -> ModelNotFound:
    return ModelNotFound("The registry has no model with this version. Publish it first.")


def _quarantined() -> ModelQuarantined:
    return ModelQuarantined("The model is quarantined. Choose another one.")


def _verdict_missing() -> VerdictMissing:
    return VerdictMissing(
        "No verdict supports the promotion: there is none, it says hold or reject, or the champion "
        "or the catalogue changed since. Run `prompt-capture models backtest`, or force the "
        "promotion yourself. A schedule cannot, and it promotes nothing while a split is under way."
    )


def _decision(decision: RegistryDecision) -> dict[str, Any]:
    return decision.model_dump(mode="json")


def _columns(model: NewModel) -> dict[str, Any]:
    """Return the columns of a model that its publisher sets."""
    fields = model.model_dump(mode="json", include=set(NewModel.model_fields))
    address, training = fields.pop("address"), fields.pop("training")
    return {**address, **training, **fields}


def _model(columns: Mapping[str, Any]) -> RegisteredModel:
    rest = dict(columns)
    address = {name: rest.pop(name) for name in ModelAddress.model_fields}
    training = {name: rest.pop(name) for name in TrainingRecord.model_fields}
    return RegisteredModel.model_validate({**rest, "address": address, "training": training})


def _event(event: Mapping[str, Any] | None) -> ModelEvent | None:
    return None if event is None else ModelEvent.model_validate(event)
