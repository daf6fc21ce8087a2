"""The one shape of every error, and the one place where errors become HTTP.

No prompt, and nothing that a server behind us said, is repeated in an answer; fields are named.
"""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from prompt_capture.api.request_ids import request_id
from prompt_capture.domain.errors import (
    CaptureConflict,
    PromptCaptureError,
    PromptLogNotFound,
    StoreUnavailable,
    UnknownIntent,
    UnknownUser,
)


class ErrorDetail(BaseModel):
    """What went wrong, for a program (`code`), a person (`message`), and how to mend it."""

    code: str = Field(examples=["invalid_request"])
    message: str = Field(examples=["message: String should have at least 1 character"])
    hint: str | None = None


class ErrorResponse(BaseModel):
    """The answer to every request that failed."""

    error: ErrorDetail
    request_id: str = Field(description="Name this when you ask about the request.")


class ApiError(Exception):
    """An error with its HTTP status; `hint` says what to do."""

    def __init__(self, status: int, code: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint


def error_body(request_id: str, error: ApiError) -> dict[str, Any]:
    """Write an error in the one shape."""
    detail = ErrorDetail(code=error.code, message=error.message, hint=error.hint)
    return ErrorResponse(error=detail, request_id=request_id).model_dump(exclude_none=True)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe error answers for OpenAPI."""
    return {status: {"model": ErrorResponse} for status in (400, 401, 413, 422, 503, *statuses)}


def install_error_handlers(app: FastAPI) -> None:
    """Answer every error of the app in the one shape."""

    async def answer(request: Request, error: ApiError, headers: Any = None) -> JSONResponse:
        body = error_body(request_id(request.scope), error)
        return JSONResponse(body, status_code=error.status, headers=headers)

    @app.exception_handler(ApiError)
    async def _api_error(request: Request, error: ApiError) -> JSONResponse:
        return await answer(request, error)

    @app.exception_handler(PromptCaptureError)
    async def _domain_error(request: Request, error: PromptCaptureError) -> JSONResponse:
        return await answer(request, _from_domain(error))

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return await answer(request, _from_validation(error.errors()))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        return await answer(request, _from_http(error), error.headers)


def _from_domain(error: PromptCaptureError) -> ApiError:
    match error:
        case UnknownUser():
            return ApiError(
                404,
                "unknown_user",
                "user_id: no such user in this project; nothing was captured.",
                'Send the id of an existing user, or "capture": false.',
            )
        case CaptureConflict():
            return ApiError(
                409,
                "idempotency_conflict",
                "Idempotency-Key: it was used for another message.",
                "Make a new key for each message, and keep it for sending that message again.",
            )
        case UnknownIntent(close=close):
            hint = f"Did you mean {', '.join(close)}?" if close else None
            return ApiError(
                422,
                "unknown_intent",
                "corrected_intent: not in the intent catalogue.",
                hint or "See the table intent_catalogue.",
            )
        case PromptLogNotFound():
            return ApiError(
                404,
                "prompt_log_not_found",
                "log_id: no captured prompt has this id.",
                "Send the log_id that the classification answered.",
            )
        case StoreUnavailable():
            return ApiError(
                503,
                "store_unavailable",
                "The store did not answer; the change may not have been made.",
                "Send the same request again in a moment: what was done is not done twice.",
            )
    raise error


def _from_validation(faults: Sequence[Any]) -> ApiError:
    if any(fault["type"] == "json_invalid" for fault in faults):
        return ApiError(
            400,
            "invalid_json",
            "The body cannot be read as UTF-8 JSON.",
            "Send one JSON object.",
        )
    if any(fault["loc"] == ("body",) for fault in faults):
        return ApiError(
            422,
            "invalid_request",
            "The body is not a JSON object.",
            "Send one, with `Content-Type: application/json`; /openapi.json describes it.",
        )
    return ApiError(
        422,
        "invalid_request",
        "; ".join(f"{_place(fault['loc'])}: {fault['msg']}" for fault in faults[:10]),
        "Correct the fields named; /openapi.json describes them.",
    )


def _place(loc: Sequence[Any]) -> str:
    """Name a field; an unknown field's name is the caller's text and is cut short."""
    return ".".join(str(part) for part in loc[1:])[:100] or "body"


def _from_http(error: HTTPException) -> ApiError:
    match error.status_code:
        case 404:
            return ApiError(404, "not_found", "There is nothing here.", "See /openapi.json.")
        case 405:
            return ApiError(
                405, "method_not_allowed", "Not with this method.", "See /openapi.json."
            )
        case 413:
            return ApiError(
                413, "body_too_large", "The body is too large.", "Shorten the message or the notes."
            )
    return ApiError(error.status_code, "refused", "The request was refused.")
