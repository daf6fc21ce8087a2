"""POST /v1/corrections"""

from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from prompt_capture.api.authentication import KEY_OR_TOKEN, Authenticator
from prompt_capture.api.errors import ApiError, error_responses
from prompt_capture.api.json_route import PENDING_RESPONSES, JsonRoute, PendingResponse
from prompt_capture.api.request_fields import (
    OptionalIdentifier,
    OptionalLabels,
    OptionalText,
    RequiredId,
    RequiredLabel,
)
from prompt_capture.api.tokens import TokenUser
from prompt_capture.domain.changes import DecisionModel, validate_reviewer_name
from prompt_capture.workflows.correct import Correct


class CorrectionRequest(DecisionModel):
    """The intents that a reviewer assigns to a captured message."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "log_id": "01936f2e-7c1a-7b2e-9a53-3f1f0e6f2c11",
                    "corrected_intent": "reschedule",
                    "corrected_secondary_intents": ["email"],
                    "notes": "The user moves one event, not the whole plan.",
                    "reviewer": "grace",
                }
            ]
        },
    )

    log_id: RequiredId
    corrected_intent: RequiredLabel
    corrected_secondary_intents: OptionalLabels = Field(
        None,
        description="The further intents of the message, in order. An empty list says that there "
        "are none, and null says nothing about them.",
    )
    notes: OptionalText = Field(
        None, description="A remark. A text with more than 2,000 characters is shortened."
    )
    reviewer: OptionalIdentifier = Field(
        None,
        description="The reviewer who decided. Required with an API key; with a user token, it is "
        "taken from the token.",
    )


class CorrectionResponse(BaseModel):
    """The correction is recorded."""

    log_id: UUID
    corrected_intent: str
    corrected_secondary_intents: tuple[str, ...] | None
    corrected_by: str


def corrections_router(correct: Correct, authenticator: Authenticator) -> APIRouter:
    """Create the router of the endpoint /corrections."""
    router = APIRouter(route_class=JsonRoute)

    @router.post(
        "/corrections",
        response_model=CorrectionResponse,
        responses=error_responses(403, 404, 429) | PENDING_RESPONSES,
        summary="Correct an intent",
        openapi_extra=KEY_OR_TOKEN,
    )
    async def corrections(
        body: CorrectionRequest, connection: Request
    ) -> CorrectionResponse | PendingResponse:
        """Record the right intents of a message, which may be the predicted ones."""
        reviewer = _reviewer(body, authenticator.authenticate(connection.headers))
        status, decision = await correct(body.log_id, body.decision, reviewer, body.notes)
        if status == "pending":
            return PendingResponse()
        return CorrectionResponse(
            log_id=body.log_id,
            corrected_intent=decision.intent,
            corrected_secondary_intents=decision.secondary_intents,
            corrected_by=reviewer,
        )

    return router


def _reviewer(request: CorrectionRequest, user: TokenUser | None) -> str:
    if user is None:
        if request.reviewer is None:
            raise ApiError(
                422,
                "reviewer_missing",
                "reviewer: required with an API key.",
                "Send the name or id of the reviewer who decided.",
            )
        return _validated(request.reviewer)
    if not user.is_reviewer:
        raise ApiError(
            403,
            "not_a_reviewer",
            "Only reviewers can correct intents.",
            'Send a token with "role": "reviewer" in its app_metadata.',
        )
    if request.reviewer not in (None, str(user.user_id)):
        raise ApiError(
            403,
            "reviewer_mismatch",
            "reviewer: not the user of the token.",
            "Omit reviewer, or send a token of that reviewer.",
        )
    return str(user.user_id)


def _validated(reviewer: str) -> str:
    try:
        return validate_reviewer_name(reviewer)
    except ValueError as error:
        raise ApiError(
            403, "invalid_reviewer", f"reviewer: {error}.", "Send the name of the reviewer."
        ) from None
