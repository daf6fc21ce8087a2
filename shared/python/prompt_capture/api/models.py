"""GET and POST /v1/models: the registered models, and which of them serves."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Self

from fastapi import APIRouter, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from prompt_capture.api.authentication import KEY_OR_TOKEN, Authenticator
from prompt_capture.api.errors import ApiError, error_responses
from prompt_capture.api.json_route import JsonRoute
from prompt_capture.api.request_fields import OptionalIdentifier, without_nul
from prompt_capture.domain.changes import validate_reviewer_name
from prompt_capture.domain.errors import ReviewerErased, StoreUnavailable
from prompt_capture.domain.models import ModelEvent, ModelState, RegisteredModel, Version
from prompt_capture.domain.types import Timestamp
from prompt_capture.workflows.models.manage import ManageModels

MAX_LISTED = 100
"""The most models, or events of a model, in a response."""

Reason = Annotated[
    str,
    StringConstraints(min_length=1, pattern=r"[^\x00\s]"),
    AfterValidator(without_nul),
]


class DecisionRequest(BaseModel):
    """Why an operator decides, and with an operator key also who."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "reason": "0.3 points better on the audit, and no intent is worse.",
                    "operator": "grace",
                }
            ]
        },
    )

    reason: Reason = Field(
        description="Why. It is redacted as messages are, and stays in the model ledger. A text "
        "with more than 2,000 characters is shortened."
    )
    operator: OptionalIdentifier = Field(
        None,
        description="The operator who decided. Required with an operator key; with a token, it is "
        "taken from the token.",
    )


class RollbackRequest(DecisionRequest):
    """Why an operator rolls back, and which model, so that the request can be repeated."""

    champion: Version | None = Field(
        None,
        alias="from",
        description="The version that must not serve any more. A repeated request then gets the "
        "same response. Without it, each request is a rollback of its own.",
    )


class DecisionResponse(BaseModel):
    """What the decision changed."""

    event: ModelEvent | None = Field(
        description="The new event of the model ledger. Null where the model has that state "
        "already: nothing changed."
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


_REFUSED = (403, 404, 409)


def models_router(manage: ManageModels, authenticator: Authenticator) -> APIRouter:
    """Create the router of the endpoints below /models."""
    router = APIRouter(route_class=JsonRoute)

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
        responses=error_responses(*_REFUSED),
        summary="Return to the model before",
        openapi_extra=KEY_OR_TOKEN,
    )
    async def roll_back(body: RollbackRequest, connection: Request) -> DecisionResponse:
        """Make the model serve that the champion replaced.

        A repeated request rolls back again, unless it says `from`.
        """
        operator = _operator(body, authenticator, connection)
        try:
            with _of_operators():
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
        responses=error_responses(*_REFUSED),
        summary="Promote a model",
        openapi_extra=KEY_OR_TOKEN,
    )
    async def promote(
        version: Version, body: DecisionRequest, connection: Request
    ) -> DecisionResponse:
        """Make a model the champion. A repeated request changes nothing."""
        operator = _operator(body, authenticator, connection)
        with _of_operators():
            return DecisionResponse(event=await manage.promote(version, operator, body.reason))

    @router.post(
        "/models/{version}/quarantine",
        responses=error_responses(*_REFUSED),
        summary="Quarantine a model",
        openapi_extra=KEY_OR_TOKEN,
    )
    async def quarantine(
        version: Version, body: DecisionRequest, connection: Request
    ) -> DecisionResponse:
        """Exclude a model from serving for good. The champion is rolled back in the same step."""
        operator = _operator(body, authenticator, connection)
        with _of_operators():
            return DecisionResponse(event=await manage.quarantine(version, operator, body.reason))

    return router


def _operator(body: DecisionRequest, authenticator: Authenticator, connection: Request) -> str:
    """Return who decided. Raise `ApiError`."""
    user = authenticator.authenticate_operator(connection.headers)
    name = (body.operator or "").strip() or None
    if user is None:
        if name is None:
            raise ApiError(
                422,
                "operator_missing",
                "operator: required with an operator key.",
                "Send the name of the operator who decided.",
            )
        return _validated(name)
    if name not in (None, str(user.user_id)):
        raise ApiError(
            403,
            "operator_mismatch",
            "operator: not the user of the token.",
            "Omit operator, or send a token of that operator.",
        )
    return str(user.user_id)


def _validated(operator: str) -> str:
    try:
        return validate_reviewer_name(operator)
    except ValueError as error:
        raise ApiError(
            403, "invalid_operator", f"operator: {error}.", "Send the name of the operator."
        ) from None


@contextmanager
def _of_operators() -> Iterator[None]:
    """Turn an error about an erased account into one about the operator."""
    try:
        yield
    except ReviewerErased:
        raise ApiError(
            403,
            "operator_erased",
            "operator: the account of this operator was erased.",
            "Decide in the name of another account.",
        ) from None
