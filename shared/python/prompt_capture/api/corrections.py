"""POST /v1/corrections"""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from prompt_capture.api.callers import KEY_OR_TOKEN, Callers
from prompt_capture.api.errors import ApiError, documented
from prompt_capture.api.json_route import JsonRoute
from prompt_capture.api.pending import PENDING, pending
from prompt_capture.api.tokens import TokenUser
from prompt_capture.domain.prompts import Correction
from prompt_capture.domain.reviewers import own_name
from prompt_capture.domain.types import Identifier, Label, Note
from prompt_capture.workflows.correct import Correct


class CorrectionRequest(BaseModel):
    """What a reviewer says a captured message meant."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "log_id": "01936f2e-7c1a-7b2e-9a53-3f1f0e6f2c11",
                    "corrected_intent": "reschedule",
                    "notes": "One event is moved, not the plan.",
                    "reviewer": "grace",
                }
            ]
        },
    )

    log_id: UUID
    corrected_intent: Label
    notes: Note | None = None
    reviewer: Identifier | None = Field(
        None, description="Who decided: needed with an API key, taken from a token."
    )


class CorrectionResponse(BaseModel):
    """The correction is on record."""

    log_id: UUID
    corrected_intent: str
    corrected_by: str


def corrections_router(correct: Correct, callers: Callers) -> APIRouter:
    """Route the corrections of reviewers."""
    router = APIRouter(route_class=JsonRoute)

    @router.post(
        "/corrections",
        response_model=CorrectionResponse,
        responses=documented(403, 404) | PENDING,
        summary="Correct an intent",
        openapi_extra=KEY_OR_TOKEN,
    )
    async def corrections(
        body: CorrectionRequest, connection: Request
    ) -> CorrectionResponse | JSONResponse:
        """Record the right intent of a message; confirming the predicted one counts too."""
        correction = Correction(
            corrected_intent=body.corrected_intent,
            corrected_by=_reviewer(body, callers.backend_or_user(connection.headers)),
            notes=body.notes,
        )
        if await correct(body.log_id, correction) == "pending":
            return pending()
        return CorrectionResponse(
            log_id=body.log_id,
            corrected_intent=correction.corrected_intent,
            corrected_by=correction.corrected_by,
        )

    return router


def _reviewer(request: CorrectionRequest, user: TokenUser | None) -> str:
    if user is None:
        if request.reviewer is None:
            raise ApiError(
                422,
                "reviewer_missing",
                "reviewer: needed with an API key.",
                "Send the name or id of the person who decided.",
            )
        return _own_name(request.reviewer)
    if not user.is_reviewer:
        raise ApiError(
            403,
            "not_a_reviewer",
            "Only reviewers may correct intents.",
            'A reviewer\'s token has "role": "reviewer" in its app_metadata.',
        )
    if request.reviewer not in (None, str(user.user_id)):
        raise ApiError(
            403,
            "another_reviewers_name",
            "reviewer: a token speaks for its own reviewer only.",
            "Leave reviewer out.",
        )
    return str(user.user_id)


def _own_name(reviewer: str) -> str:
    try:
        return own_name(reviewer)
    except ValueError as error:
        raise ApiError(
            403, "not_a_reviewers_name", f"reviewer: {error}.", "Send the name of who decided."
        ) from None
