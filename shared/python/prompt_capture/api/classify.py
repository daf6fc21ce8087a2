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

from prompt_capture.api.authentication import KEY_OR_TOKEN, Authenticator
from prompt_capture.api.errors import ApiError, error_responses
from prompt_capture.api.json_route import JsonRoute, read_header
from prompt_capture.api.request_context import remaining_seconds
from prompt_capture.api.request_fields import (
    MessageText,
    OptionalIdentifier,
    OptionalMessageIndex,
    OptionalUserId,
)
from prompt_capture.api.tokens import TokenUser
from prompt_capture.domain.captures import CaptureStatus, ClassifiedMessage
from prompt_capture.domain.predictions import SecondaryIntent, Source
from prompt_capture.workflows.classify_and_log import ClassifyAndLog, IdempotencyKey

_KEY_HEADER = "Idempotency-Key"
_KEY_TYPE = TypeAdapter(
    Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
)
_KEY_PARAMETER = {
    "name": _KEY_HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": r"^(?:[\x21-\x7e]{1,200}|[ \t]*)$"},
    "description": "Your own key for this message. A message that you send again with the same key "
    "is captured once and gets the same response. A blank key counts as absent, and so does the "
    "word for a missing value, such as `undefined`.",
}
_WORDS_FOR_NONE = frozenset(
    {"undefined", "null", "(null)", "none", "nil", "<nil>", "nan", "nat", "<na>"}
)
"""What programs write for a missing value. Otherwise all messages without a key would have one."""


class ClassifyRequest(BaseModel):
    """A user's message, and its position in a conversation."""

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

    message: MessageText = Field(
        description="The text that the user wrote, unchanged. Of a message with more than 4,000 "
        "characters, only the first 4,000 are classified and captured. An empty one is captured as "
        "one space."
    )
    user_id: OptionalUserId = Field(
        None,
        description="The user who sent the message. Required with an API key; with a user token, "
        "it is taken from the token.",
    )
    conversation_id: OptionalIdentifier = Field(
        None, description="Your own id of the conversation."
    )
    message_index: OptionalMessageIndex = Field(
        None, description="The position of the message in the conversation, from 0."
    )
    capture: StrictBool = Field(True, description="False: classify only, and store nothing.")


class ClassifyResponse(BaseModel):
    """The intent of the message, and the id of its prompt log."""

    log_id: UUID | None = Field(
        description="The id to send with an outcome or a correction. Null when capture was skipped."
    )
    intent: str = Field(description="The first intent of the message.", examples=["reschedule"])
    confidence: float = Field(
        ge=0,
        le=1,
        description="The probability that the intent is right, given that the message is meant for "
        "this assistant.",
    )
    scope: float | None = Field(
        ge=0,
        le=1,
        description="How likely the message is meant for this assistant. At least 95% of the "
        "messages that are have 0.5 or more. Null where a rule matched.",
    )
    secondary_intents: list[SecondaryIntent] = Field(
        description="Further intents, where the message has several."
    )
    source: Source = Field(description="Whether a rule or the model decided the intent.")
    model_version: str = Field(description="The version of the model or of the rules.")
    needs_review: bool = Field(
        description="True when the confidence is low, or the scope of an intent is."
    )
    shortened: bool = Field(
        description="True when the message was longer than 4,000 characters: the intent and the "
        "capture are of its first 4,000."
    )
    captured: CaptureStatus = Field(
        description="`stored`: the store has the message. `spooled`: the store did not confirm in "
        "time, and the message waits in a queue. `lost`: neither worked. `skipped`: the request "
        "asked for no capture. `writing`: the write follows the response (answer-first mode)."
    )


def classify_router(classify_and_log: ClassifyAndLog, authenticator: Authenticator) -> APIRouter:
    """Create the router of the endpoint /classify."""
    router = APIRouter(route_class=JsonRoute)

    @router.post(
        "/classify",
        responses=error_responses(403, 404, 409),
        summary="Classify and log a message",
        openapi_extra=KEY_OR_TOKEN | {"parameters": [_KEY_PARAMETER]},
    )
    async def classify(body: ClassifyRequest, connection: Request) -> ClassifyResponse:
        """Return a message's intent, and capture both unless `capture` is false."""
        key = _idempotency_key(connection)
        user = authenticator.authenticate(connection.headers)
        user_id = _user_id(body, user)
        classified = await classify_and_log(
            body.message,
            user_id if body.capture else None,
            conversation_id=body.conversation_id,
            message_index=body.message_index,
            idempotency_key=IdempotencyKey(_caller_name(user), key) if key else None,
            seconds_left=remaining_seconds(connection.scope),
        )
        return _response(classified)

    return router


def _caller_name(user: TokenUser | None) -> str:
    """Return the owner of an idempotency key. It does not change when an API key is rotated."""
    return f"user {user.user_id}" if user else "backend"


def _idempotency_key(connection: Request) -> str | None:
    key = read_header(_KEY_HEADER, _KEY_TYPE, connection)
    return None if key is None or key.lower() in _WORDS_FOR_NONE else key


def _user_id(request: ClassifyRequest, user: TokenUser | None) -> UUID | None:
    if user:
        if request.user_id not in (None, user.user_id):
            raise ApiError(
                403,
                "user_id_mismatch",
                "user_id: not the user of the token.",
                "Omit user_id, or send a token of that user.",
            )
        return user.user_id
    if request.user_id is None and request.capture:
        raise ApiError(
            422,
            "user_id_missing",
            "user_id: required to capture a message with an API key.",
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
        shortened=classified.shortened,
        captured=classified.captured,
    )
