"""GET and POST /v1/models: the registered models, and which of them serves."""

from typing import Self

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StrictBool

from prompt_capture.api.authentication import KEY_OR_TOKEN, Authenticator
from prompt_capture.api.decisions import (
    REFUSED,
    DecisionRequest,
    DecisionResponse,
    of_operators,
    operator_of,
)
from prompt_capture.api.errors import ApiError, error_responses
from prompt_capture.api.json_route import JsonRoute
from prompt_capture.api.splits import splits_router
from prompt_capture.domain.errors import StoreUnavailable
from prompt_capture.domain.models import ModelEvent, ModelState, RegisteredModel, Version
from prompt_capture.domain.types import Timestamp
from prompt_capture.workflows.models.evaluate_split import EvaluateSplit
from prompt_capture.workflows.models.manage import ManageModels

MAX_LISTED = 100
"""The most models, or events of a model, in a response."""


class RollbackRequest(DecisionRequest):
    """Why an operator rolls back, and which model, so that the request can be repeated."""

    champion: Version | None = Field(
        None,
        alias="from",
        description="The version that must not serve any more. A repeated request then gets the "
        "same response. Without it, each request is a rollback of its own.",
    )


class PromotionRequest(DecisionRequest):
    """Why an operator promotes a model, and whether without a verdict."""

    force: StrictBool = Field(
        False,
        description="Whether to promote a model that no verdict supports. The model ledger keeps "
        "that it was forced.",
    )


class ModelSummary(BaseModel):
    """A registered model in a list."""

    version: str
    state: ModelState
    registered_at: Timestamp
    registered_by: str
    mode: str = Field(description="How it was trained: `head`, `student` or `full`.")
    parent: str | None = Field(description="The version whose encoders it started from.")
    metrics: dict[str, float]
    sample: str | None = Field(description="The sample that the metrics stand on.")
    size_bytes: int

    @classmethod
    def of(cls, model: RegisteredModel) -> Self:
        """Return the summary of a model."""
        return cls(
            version=model.address.version,
            state=model.state,
            registered_at=model.registered_at,
            registered_by=model.registered_by,
            mode=model.training.mode,
            parent=model.training.parent,
            metrics=dict(model.metrics),
            sample=model.sample,
            size_bytes=model.size_bytes,
        )


class ModelListResponse(BaseModel):
    """The registered models, the newest first."""

    champion: str | None = Field(
        description="The version that serves. Null for the packaged model."
    )
    models: list[ModelSummary] = Field(description="The newest 100.")
    total: int = Field(description="How many models are registered.")


class ModelResponse(BaseModel):
    """A registered model and its events."""

    model: RegisteredModel
    events: list[ModelEvent] = Field(description="The newest 100, the newest first.")


def models_router(
    manage: ManageModels, evaluate_split: EvaluateSplit, authenticator: Authenticator
) -> APIRouter:
    """Create the router of the endpoints below /models."""
    router = APIRouter(route_class=JsonRoute)
    # Before /models/{version}, so that /models/split is no version.
    router.include_router(splits_router(manage, evaluate_split, authenticator))

    @router.get(
        "/models",
        responses=error_responses(403),
        summary="List the registered models",
        openapi_extra=KEY_OR_TOKEN,
    )
    async def list_models(connection: Request) -> ModelListResponse:
        """Return the newest models, and which one serves."""
        authenticator.authenticate_operator(connection.headers)
        models = await manage.models()
        champions = (model.address.version for model in models if model.state == "champion")
        return ModelListResponse(
            champion=next(champions, None),
            models=[ModelSummary.of(model) for model in models[:MAX_LISTED]],
            total=len(models),
        )

    # Before /models/{version}, so that other methods of this path are answered for this route.
    @router.post(
        "/models/rollback",
        responses=error_responses(*REFUSED),
        summary="Return to the model before",
        openapi_extra=KEY_OR_TOKEN,
    )
    async def roll_back(body: RollbackRequest, connection: Request) -> DecisionResponse:
        """Make the model serve that the champion replaced.

        A repeated request rolls back again, unless it says `from`.
        """
        operator = operator_of(body, authenticator, connection)
        try:
            with of_operators():
                event = await manage.roll_back(operator, body.reason, body.champion)
                return DecisionResponse(event=event)
        except StoreUnavailable:
            if body.champion is not None:
                raise
            raise ApiError(
                503,
                "store_unavailable",
                "The store did not respond. The rollback may have taken place.",
                "Send GET /v1/models before you repeat the request: a second rollback goes one "
                "model further. With `from`, repeating it is safe.",
            ) from None

    @router.get(
        "/models/{version}",
        responses=error_responses(403, 404),
        summary="Show a model",
        openapi_extra=KEY_OR_TOKEN,
    )
    async def show_model(version: Version, connection: Request) -> ModelResponse:
        """Return a model with its events."""
        authenticator.authenticate_operator(connection.headers)
        history = await manage.model(version)
        return ModelResponse(model=history.model, events=list(history.events[:MAX_LISTED]))

    @router.post(
        "/models/{version}/promote",
        responses=error_responses(*REFUSED),
        summary="Promote a model",
        openapi_extra=KEY_OR_TOKEN,
    )
    async def promote(
        version: Version, body: PromotionRequest, connection: Request
    ) -> DecisionResponse:
        """Make a model the champion. A repeated request changes nothing."""
        operator = operator_of(body, authenticator, connection)
        with of_operators():
            event = await manage.promote(version, operator, body.reason, body.force)
            return DecisionResponse(event=event)

    @router.post(
        "/models/{version}/quarantine",
        responses=error_responses(*REFUSED),
        summary="Quarantine a model",
        openapi_extra=KEY_OR_TOKEN,
    )
    async def quarantine(
        version: Version, body: DecisionRequest, connection: Request
    ) -> DecisionResponse:
        """Exclude a model from serving for good. The champion is rolled back in the same step."""
        operator = operator_of(body, authenticator, connection)
        with of_operators():
            return DecisionResponse(event=await manage.quarantine(version, operator, body.reason))

    return router
