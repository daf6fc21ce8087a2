"""POST /v1/classify"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    TypeAdapter,
)

from prompt_capture.api.callers import KEY_OR_TOKEN, Callers
from prompt_capture.api.errors import ApiError, documented
from prompt_capture.api.json_route import JsonRoute, read_header
from prompt_capture.api.time_left import time_left
from prompt_capture.api.tokens import TokenUser
from prompt_capture.domain.captures import Captured
from prompt_capture.domain.predictions import SecondaryIntent, Source
from prompt_capture.domain.types import Identifier, Message, MessageIndex
from prompt_capture.workflows.classify_and_log import (
    ClassifiedMessage,
    ClassifyAndLog,
    IdempotencyKey,
    IncomingMessage,
)

_KEY = "Idempotency-Key"
_GIVEN_KEY = TypeAdapter(
    Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
)
_DESCRIBED_KEY = {
    "name": _KEY,
    "in": "header",
    "required": False,
    "schema": _GIVEN_KEY.json_schema(),
    "description": "Your own key of this message: sent again with it, it is captured once and "
    "gets the same answer.",
}


class ClassifyRequest(BaseModel):
    """A message of a user, and where in a conversation it stands."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "message": "move my dentist appointment to friday",
                    "user_id": "6f0f4b1e-3c52-4d0a-9d5b-0a3f5a1c2b3d",
                    "conversation_id": "c-1042",
                    "message_index": 3,
                }
            ]
        },
    )

    message: Message = Field(description="What the user wrote, as it came.")
    user_id: UUID | None = Field(
        None, description="Whose message it is: needed with an API key, taken from a token."
    )
    conversation_id: Identifier | None = Field(None, description="Your own id of the conversation.")
    message_index: MessageIndex | None = Field(
        None, description="The message's place in it, from 0."
    )
    capture: StrictBool = Field(True, description="False classifies without a trace.")


class ClassifyResponse(BaseModel):
    """The intent of the message, and the id under which it was captured."""

    log_id: UUID | None = Field(
        description="Name it when the outcome or a correction is known. Null when skipped."
    )
    intent: str = Field(description="The first thing asked for.", examples=["reschedule"])
    confidence: float = Field(
        ge=0, le=1, description="The probability that the intent is right, if it is one of ours."
    )
    scope: float | None = Field(
        ge=0,
        le=1,
        description="Whether the message is for this assistant at all: at least 95% of those that "
        "are have 0.5 or more. Null where a rule answered.",
    )
    secondary_intents: list[SecondaryIntent] = Field(
        description="Further intents, where the message carries several."
    )
    source: Source = Field(description="Whether a rule or the model answered.")
    model_version: str = Field(description="The version of the model or of the rules.")
    needs_review: bool = Field(
        description="The intent is unknown, or the confidence or the scope is low."
    )
    captured: Captured = Field(
        description="`stored`; `spooled`, when the store did not confirm in time, and it will be "
        "written later; `lost`, when neither could be; `skipped`, as asked; `writing`, in "
        "deployments that answer first."
    )


def classify_router(classify_and_log: ClassifyAndLog, callers: Callers) -> APIRouter:
    """Route the classification of messages."""
    router = APIRouter(route_class=JsonRoute)

    @router.post(
        "/classify",
        responses=documented(403, 404, 409),
        summary="Classify and log a message",
        openapi_extra=KEY_OR_TOKEN | {"parameters": [_DESCRIBED_KEY]},
    )
    async def classify(body: ClassifyRequest, connection: Request) -> ClassifyResponse:
        """Answer a message's intent, and capture both unless told otherwise."""
        key = read_header(_KEY, _GIVEN_KEY, connection)
        user = callers.backend_or_user(connection.headers)
        owner = _owner(body, user)
        incoming = IncomingMessage(
            message=body.message,
            user_id=owner if body.capture else None,
            conversation_id=body.conversation_id,
            message_index=body.message_index,
            idempotency_key=IdempotencyKey(caller=_caller(user), key=key) if key else None,
        )
        return _response(await classify_and_log(incoming, time_left(connection.scope)))

    return router


def _caller(user: TokenUser | None) -> str:
    """Name whose keys these are: a backend's stay valid when its API key is rotated."""
    return f"user {user.user_id}" if user else "backend"


def _owner(request: ClassifyRequest, user: TokenUser | None) -> UUID | None:
    if user:
        if request.user_id not in (None, user.user_id):
            raise ApiError(
                403,
                "another_users_id",
                "user_id: a token speaks for its own user only.",
                "Leave user_id out, or send the token of that user.",
            )
        return user.user_id
    if request.user_id is None and request.capture:
        raise ApiError(
            422,
            "user_id_missing",
            "user_id: needed to capture a message sent with an API key.",
            'Send the user\'s id, or "capture": false.',
        )
    return request.user_id


def _response(classified: ClassifiedMessage) -> ClassifyResponse:
    prediction = classified.prediction
    return ClassifyResponse(
        log_id=classified.log_id,
        intent=prediction.intent,
        confidence=prediction.confidence,
        scope=prediction.scope,
        secondary_intents=list(prediction.secondary_intents),
        source=prediction.source,
        model_version=prediction.model_version,
        needs_review=classified.needs_review,
        captured=classified.captured,
    )
