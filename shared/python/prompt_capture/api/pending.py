"""The answer to a change whose captured prompt is still on its way."""

from typing import Any, Literal

from fastapi.responses import JSONResponse
from pydantic import BaseModel


class PendingResponse(BaseModel):
    """The change is kept, and applied when the prompt arrives."""

    status: Literal["pending"] = "pending"


PENDING: dict[int | str, dict[str, Any]] = {
    202: {"model": PendingResponse, "description": "The prompt is on its way."}
}


def pending() -> JSONResponse:
    """Answer that the change is kept until its prompt is there."""
    return JSONResponse(PendingResponse().model_dump(), status_code=202)
