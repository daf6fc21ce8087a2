"""The response to a change whose prompt log does not exist yet."""

from typing import Any, Literal

from fastapi.responses import JSONResponse
from pydantic import BaseModel


class PendingResponse(BaseModel):
    """The change is deferred: it is applied when the prompt log arrives."""

    status: Literal["pending"] = "pending"


PENDING_RESPONSES: dict[int | str, dict[str, Any]] = {
    202: {"model": PendingResponse, "description": "The prompt log has not arrived yet."}
}


def pending_response() -> JSONResponse:
    """Return the response 202 of a deferred change."""
    return JSONResponse(PendingResponse().model_dump(), status_code=202)
