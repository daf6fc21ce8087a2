"""POST /v1/outcomes"""

from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from prompt_capture.api.authentication import KEY_ONLY, Authenticator
from prompt_capture.api.errors import error_responses
from prompt_capture.api.json_route import PENDING_RESPONSES, JsonRoute, PendingResponse
from prompt_capture.api.request_fields import OptionalText, RequiredId, WorkflowType
from prompt_capture.workflows.record_outcome import RecordOutcome


class OutcomeRequest(BaseModel):
    """The outcome of the workflow that handled a captured message."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "log_id": "01936f2e-7c1a-7b2e-9a53-3f1f0e6f2c11",
                    "was_successful": False,
                    "workflow_type": "reschedule_event",
                    "execution_error": "The calendar did not respond.",
                }
            ]
        },
    )

    log_id: RequiredId
    was_successful: StrictBool
    workflow_type: WorkflowType = Field(
        description="Your own name for the workflow. One with more than 100 characters is cut, and "
        "an empty one becomes `unnamed`."
    )
    execution_error: OptionalText = Field(
        None,
        description="The reason of a failure. A text with more than 8,000 characters is shortened.",
    )


class OutcomeResponse(BaseModel):
    """The outcome is recorded."""

    log_id: UUID
    was_successful: bool


def outcomes_router(record_outcome: RecordOutcome, authenticator: Authenticator) -> APIRouter:
    """Create the router of the endpoint /outcomes."""
    router = APIRouter(route_class=JsonRoute)

    @router.post(
        "/outcomes",
        response_model=OutcomeResponse,
        responses=error_responses(404) | PENDING_RESPONSES,
        summary="Record a workflow's outcome",
        openapi_extra=KEY_ONLY,
    )
    async def outcomes(
        body: OutcomeRequest, connection: Request
    ) -> OutcomeResponse | PendingResponse:
        """Record an outcome. Repeating it changes nothing; a different outcome replaces it."""
        authenticator.require_backend(connection.headers)
        status = await record_outcome(
            body.log_id, body.was_successful, body.workflow_type, body.execution_error
        )
        if status == "pending":
            return PendingResponse()
        return OutcomeResponse(log_id=body.log_id, was_successful=body.was_successful)

    return router
