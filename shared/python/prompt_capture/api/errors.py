"""The format of all error responses, and the mapping of errors to HTTP.

A response names fields. It never repeats a prompt, the value of a field, or what an upstream server
said.
"""

import re
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from prompt_capture.api.request_context import request_id
from prompt_capture.domain.errors import (
    CaptureConflict,
    ModelNotFound,
    ModelQuarantined,
    NothingToRollBack,
    NotPermitted,
    NotTheChampion,
    PromptCaptureError,
    PromptLogNotFound,
    RepeatedIntent,
    ReviewerErased,
    SplitConflict,
    StoreUnavailable,
    TooManyDeferred,
    UnknownIntent,
    UnknownUser,
    VerdictMissing,
)

DRAIN_INTERVAL_SECONDS = 180
"""How often the drain tries to write a spooled prompt: the visibility timeout of its queue."""


_FIELD_NAME = re.compile("[A-Za-z][A-Za-z_-]{0,39}")
"""A name that a program gives to a field. Anything else may be what a person wrote."""


class ErrorDetail(BaseModel):
    """An error: `code` for programs, `message` for people, `hint` for the solution."""

    code: str = Field(examples=["invalid_request"])
    message: str = Field(examples=["message: String should have at least 1 character"])
    hint: str | None = None


class ErrorResponse(BaseModel):
    """The response to every request that failed."""

    error: ErrorDetail
    request_id: str = Field(description="Quote this id when you report a problem with the request.")


class ApiError(Exception):
    """An error with its HTTP status. `hint` says what to do, `retry_after_seconds` when."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        hint: str | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint
        self.retry_after_seconds = retry_after_seconds


INVALID_JSON = ApiError(
    400, "invalid_json", "The body is not valid UTF-8 JSON.", "Send one JSON object."
)


def error_body(request_id: str, error: ApiError) -> dict[str, Any]:
    """Return the body of an error response."""
    detail = ErrorDetail(code=error.code, message=error.message, hint=error.hint)
    return ErrorResponse(error=detail, request_id=request_id).model_dump(exclude_none=True)


def error_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe error responses for OpenAPI: the common ones and those of `statuses`."""
    return {
        status: {"model": ErrorResponse} for status in (400, 401, 413, 415, 422, 503, *statuses)
    }


def install_error_handlers(app: FastAPI) -> None:
    """Make the app respond to every error with an `ErrorResponse`."""

    async def respond(request: Request, error: ApiError, headers: Any = None) -> JSONResponse:
        body = error_body(request_id(request.scope), error)
        if error.retry_after_seconds:
            headers = {"Retry-After": str(error.retry_after_seconds)}
        return JSONResponse(body, status_code=error.status, headers=headers)

    @app.exception_handler(ApiError)
    async def _api_error(request: Request, error: ApiError) -> JSONResponse:
        return await respond(request, error)

    @app.exception_handler(PromptCaptureError)
    async def _domain_error(request: Request, error: PromptCaptureError) -> JSONResponse:
        return await respond(request, _from_domain(error))

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return await respond(request, _from_validation(error.errors()))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        return await respond(request, _from_http(error), error.headers)


def _from_domain(error: PromptCaptureError) -> ApiError:
    match error:
        case UnknownUser():
            return ApiError(
                404,
                "unknown_user",
                "user_id: no such user in this project. Nothing was captured.",
                'Send the id of an existing user, or "capture": false.',
            )
        case CaptureConflict():
            return ApiError(
                409,
                "idempotency_conflict",
                "Idempotency-Key: already used for a different message.",
                "Create a new key for each message, and reuse it only to send that message again.",
            )
        case (
            UnknownIntent()
            | RepeatedIntent()
            | ReviewerErased()
            | TooManyDeferred()
            | NotPermitted()
        ):
            return _from_refused_correction(error)
        case (
            ModelNotFound()
            | ModelQuarantined()
            | VerdictMissing()
            | NothingToRollBack()
            | NotTheChampion()
            | SplitConflict()
        ):
            return _from_refused_decision(error)
        case PromptLogNotFound():
            return ApiError(
                404,
                "prompt_log_not_found",
                "log_id: no prompt log has this id.",
                "Send the log_id from the response of /v1/classify.",
            )
        case StoreUnavailable():
            return ApiError(
                503,
                "store_unavailable",
                "The store did not respond. The change may not have been recorded.",
                "Send the same request again in a moment. Repeating it is safe.",
            )
    raise error


def _from_refused_correction(
    error: UnknownIntent | RepeatedIntent | ReviewerErased | TooManyDeferred | NotPermitted,
) -> ApiError:
    match error:
        case NotPermitted():
            return ApiError(
                403,
                "not_permitted",
                "The account does not have a role for this.",
                "Ask an administrator for the role `reviewer` or `operator`.",
            )
        case UnknownIntent(suggestions=suggestions, field=field):
            hint = f"Did you mean {', '.join(suggestions)}?" if suggestions else None
            return ApiError(
                422,
                "unknown_intent",
                f"{field}: not in the intent catalogue.",
                hint or "See the intents in the table intent_catalogue.",
            )
        case RepeatedIntent():
            return ApiError(
                422,
                "invalid_request",
                f"corrected_secondary_intents: {error}.",
                "Names that differ only in case are one intent.",
            )
        case ReviewerErased():
            return ApiError(
                403,
                "reviewer_erased",
                "reviewer: the account of this reviewer was erased.",
                "Review in the name of another account.",
            )
        case TooManyDeferred():
            return ApiError(
                429,
                "too_many_pending",
                "Too many corrections of this reviewer wait for prompts that have not arrived, or "
                "are about this text.",
                "Send the request again after the seconds in Retry-After, or decide the text in "
                "the dashboard.",
                DRAIN_INTERVAL_SECONDS,
            )


def _from_refused_decision(
    error: ModelNotFound
    | ModelQuarantined
    | VerdictMissing
    | NothingToRollBack
    | NotTheChampion
    | SplitConflict,
) -> ApiError:
    match error:
        case ModelNotFound():
            return ApiError(
                404,
                "model_not_found",
                "version: the registry has no such model.",
                "See GET /v1/models.",
            )
        case ModelQuarantined():
            return ApiError(
                409,
                "model_quarantined",
                "version: the model is quarantined, for good.",
                "Promote another model. `prompt-capture models show` has the reason.",
            )
        case NothingToRollBack():
            return ApiError(
                409,
                "nothing_to_roll_back",
                "The packaged model serves, so there is no earlier one.",
                "Promote a model, or deploy another packaged model.",
            )
        case NotTheChampion():
            return ApiError(
                409,
                "not_the_champion",
                "from: another model is the champion.",
                "See GET /v1/models.",
            )
        case SplitConflict():
            return ApiError(
                409,
                "split_conflict",
                "version: the model is the champion, or another split is under way.",
                "See GET /v1/models/split, and stop the other split first.",
            )
        case VerdictMissing():
            return ApiError(
                409,
                "verdict_missing",
                "version: no verdict supports the promotion.",
                'Run `prompt-capture models backtest`, or send "force": true and say why.',
            )


def _from_validation(details: Sequence[Any]) -> ApiError:
    if any(detail["type"] == "json_invalid" for detail in details):
        return INVALID_JSON
    if any(detail["loc"] == ("body",) for detail in details):
        return ApiError(
            422,
            "invalid_request",
            "The body is not a JSON object.",
            "Send one with `Content-Type: application/json`. See /openapi.json.",
        )
    return ApiError(
        422,
        "invalid_request",
        "; ".join(map(_describe, details[:10])),
        "Correct these fields. See /openapi.json.",
    )


def _describe(detail: Any) -> str:
    """Return what is wrong with a field. The name of an unknown one is the caller's own text."""
    path = [str(part) for part in detail["loc"][1:]]
    if detail["type"] == "extra_forbidden" and not _FIELD_NAME.fullmatch(path[-1]):
        path[-1] = "(a field)"
    return f"{'.'.join(path) or 'body'}: {detail['msg']}"


def _from_http(error: HTTPException) -> ApiError:
    match error.status_code:
        case 404:
            return ApiError(404, "not_found", "Not found.", "See /openapi.json.")
        case 405:
            return ApiError(405, "method_not_allowed", "Method not allowed.", "See /openapi.json.")
        case 413:
            return ApiError(
                413,
                "body_too_large",
                "The body is too large.",
                "Shorten the message, the error or the notes.",
            )
    return ApiError(error.status_code, "request_rejected", "The request was rejected.")
