"""POST /v1/reviews and /v1/models/...: what the console's page sends for its user."""

import re
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from prompt_capture.api.authentication import Authenticator, read_token
from prompt_capture.api.errors import ApiError, error_responses
from prompt_capture.api.json_route import JsonRoute
from prompt_capture.api.request_fields import OptionalLabels, OptionalText, RequiredLabel
from prompt_capture.domain.changes import MAX_NEAR_DUPLICATES, DecisionModel, ReviewedItem
from prompt_capture.workflows.console import DecideOnItem, DecideOnModel

_DECISION = re.compile(r"rollback|[A-Za-z0-9][A-Za-z0-9._-]{0,99}/[a-z]+")
"""What is passed on: a path that leads nowhere else."""

_MAX_NUMBER = 2**53 - 1
"""The largest integer that JSON carries exactly."""

_ItemNumber = Annotated[int, Field(ge=1, le=_MAX_NUMBER)]

_TOKEN_ONLY: dict[str, Any] = {"security": [{"SupabaseToken": []}, {"UserToken": []}]}


class ReviewRequest(DecisionModel):
    """A reviewer's decision about an item of the queue."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"item": 17, "seen": 0, "corrected_intent": "reschedule"}],
        },
    )

    item: _ItemNumber = Field(description="The number of the item.")
    seen: int = Field(
        ge=0,
        le=_MAX_NUMBER,
        description="The latest event about the text that the reviewer knows: `seen` of the item.",
    )
    corrected_intent: RequiredLabel
    corrected_secondary_intents: OptionalLabels = None
    notes: OptionalText = Field(
        None, description="A remark, redacted. A text with more than 2,000 characters is shortened."
    )
    is_blind: bool = Field(
        False, description="Whether the reviewer saw no prediction, as of a disagreement of models."
    )
    near_duplicates: tuple[_ItemNumber, ...] = Field(
        (),
        max_length=MAX_NEAR_DUPLICATES,
        description="The numbers of its near-duplicates that are decided with it.",
    )


class ReviewResponse(BaseModel):
    """What became of a decision.

    `changed`: somebody else decided meanwhile, and nothing was recorded. `gone`: the text was
    deleted. `blind`: it is reviewed blind since, and nothing was recorded.
    """

    state: Literal["recorded", "changed", "gone", "blind"]
    event: int | None = Field(None, description="The number of the event that was recorded.")
    is_disputed: bool | None = Field(None, description="Whether reviewers disagree about the text.")
    near_duplicates: list[int] | None = Field(
        None, description="The near-duplicates that were decided with it."
    )
    item: dict[str, Any] | None = Field(None, description="Where it changed: the item as it is.")
    votes: list[dict[str, Any]] | None = Field(None, description="Where it changed: all votes.")


def console_router(
    decide_on_item: DecideOnItem,
    decide_on_model: DecideOnModel | None,
    authenticator: Authenticator,
) -> APIRouter:
    """Create the router of what the page sends."""
    router = APIRouter(route_class=JsonRoute)

    @router.post(
        "/reviews",
        response_model=ReviewResponse,
        responses=error_responses(403),
        summary="Decide an item of the review queue",
        openapi_extra=_TOKEN_ONLY,
    )
    async def reviews(body: ReviewRequest, connection: Request) -> ReviewResponse:
        """Record a decision, unless somebody else decided since the reviewer saw the item."""
        token = _user_token(connection, authenticator)
        item = ReviewedItem(body.item, body.seen, body.is_blind, body.near_duplicates)
        result = await decide_on_item(token, item, body.decision, body.notes)
        return ReviewResponse.model_validate(result)

    router.include_router(_forwarding_router(decide_on_model, authenticator))
    return router


def _forwarding_router(
    decide_on_model: DecideOnModel | None, authenticator: Authenticator
) -> APIRouter:
    """Create the router of what is passed on to the function `models`, and its responses back."""
    router = APIRouter(include_in_schema=False)

    def forwarder() -> DecideOnModel:
        if decide_on_model is None:
            raise ApiError(404, "not_found", "Not found.", "See /openapi.json.")
        return decide_on_model

    @router.get("/models/split")
    async def split(connection: Request) -> Response:
        """Return the latest split to an operator."""
        token = _user_token(connection, authenticator)
        status, body = await forwarder().split(token)
        return Response(body, status, media_type="application/json")

    @router.post("/models/{decision:path}")
    async def decide(decision: str, connection: Request) -> Response:
        """Pass an operator's decision on."""
        token = _user_token(connection, authenticator)
        forward = forwarder()
        if not _DECISION.fullmatch(decision):
            raise ApiError(404, "not_found", "Not found.", "See /openapi.json.")
        status, body = await forward(token, decision, await connection.body())
        return Response(body, status, media_type="application/json")

    return router


def _user_token(connection: Request, authenticator: Authenticator) -> str:
    """Return the valid token of the page's user. Raise `ApiError`."""
    user = authenticator.authenticate(connection.headers)
    token = read_token(connection.headers)
    if user is None or token is None:
        raise ApiError(
            401,
            "credentials_missing",
            "The request has no token of a user.",
            "Send a Supabase access token as `Authorization: Bearer ...`, and no key.",
        )
    return token
