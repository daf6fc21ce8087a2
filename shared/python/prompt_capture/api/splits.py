"""GET and POST /v1/models/split: compare a model with the champion, on a share of the users."""

from dataclasses import asdict
from typing import Self

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from prompt_capture.api.authentication import KEY_OR_TOKEN, Authenticator
from prompt_capture.api.decisions import (
    REFUSED,
    DecisionRequest,
    DecisionResponse,
    of_operators,
    operator_of,
)
from prompt_capture.api.errors import error_responses
from prompt_capture.api.json_route import JsonRoute
from prompt_capture.domain.models import ModelEvent, Version
from prompt_capture.domain.split_statistics import ArmSummary
from prompt_capture.domain.splits import Arm, Share
from prompt_capture.domain.types import Timestamp
from prompt_capture.workflows.models.evaluate_split import EvaluateSplit, SplitStatus
from prompt_capture.workflows.models.manage import ManageModels


class SplitRequest(DecisionRequest):
    """Why an operator compares a model with the champion, and on how many users."""

    share: Share = Field(
        description="The share of the users whom the model answers, between 0 and 1, for example "
        "0.1. Another share than that of the split under way changes it."
    )


class ArmResponse(BaseModel):
    """The outcomes of the users of one arm."""

    users: int = Field(description="Users with an outcome.")
    outcomes: int
    success_rate: float = Field(
        description="The mean success rate of the users, from 0 to 1. The outcomes of one user "
        "count less, the more they resemble each other."
    )


class SampleSizeResponse(BaseModel):
    """How many outcomes of each arm find a loss of 2 points with a probability of 80%."""

    champion: int
    challenger: int


class SplitResponse(BaseModel):
    """The latest split, and what its outcomes say."""

    id: int = Field(description="The id of the event that started it.")
    champion: str | None = Field(description="Null for the packaged model.")
    challenger: str
    started_at: Timestamp
    share: float | None = Field(description="Null where the split was stopped.")
    stopped: ModelEvent | None
    messages: int = Field(description="Messages of the challenger's arm.")
    fallbacks: int = Field(
        description="Those of them that the champion answered, because an instance had not loaded "
        "the challenger."
    )
    arms: dict[Arm, ArmResponse | None] = Field(description="Null for an arm without an outcome.")
    icc: float = Field(
        description="How much the outcomes of a user resemble each other, from 0 to 1."
    )
    difference: float | None = Field(
        description="The challenger's success rate less that of the champion."
    )
    highest_difference: float | None = Field(
        description="The difference is at most this, with a probability of 95% on all days "
        "together. Null with fewer than 30 users in an arm."
    )
    shows_harm: bool = Field(description="Whether `highest_difference` is below 0.")
    sample_size: SampleSizeResponse | None

    @classmethod
    def of(cls, status: SplitStatus) -> Self:
        """Return the description of a split."""
        results, comparison = status.results, status.comparison
        return cls(
            **results.model_dump(exclude={"groups", "latest_share"}),
            arms={
                "champion": _arm(comparison.champion),
                "challenger": _arm(comparison.challenger),
            },
            icc=comparison.icc,
            difference=comparison.difference,
            highest_difference=comparison.highest,
            shows_harm=comparison.shows_harm,
            sample_size=comparison.sample_size
            and SampleSizeResponse(**asdict(comparison.sample_size)),
        )


def _arm(summary: ArmSummary | None) -> ArmResponse | None:
    if summary is None:
        return None
    return ArmResponse(users=summary.users, outcomes=summary.outcomes, success_rate=summary.rate)


class SplitStatusResponse(BaseModel):
    """The latest split."""

    split: SplitResponse | None = Field(description="Null where there was none.")


def splits_router(
    manage: ManageModels, evaluate_split: EvaluateSplit, authenticator: Authenticator
) -> APIRouter:
    """Create the router of the endpoints of the split."""
    router = APIRouter(route_class=JsonRoute)

    @router.get(
        "/models/split",
        responses=error_responses(403),
        summary="Show the split",
        openapi_extra=KEY_OR_TOKEN,
    )
    async def show_split(connection: Request) -> SplitStatusResponse:
        """Return the latest split, and what its outcomes say."""
        authenticator.authenticate_operator(connection.headers)
        status = await evaluate_split.status()
        return SplitStatusResponse(split=SplitResponse.of(status) if status else None)

    @router.post(
        "/models/split/stop",
        responses=error_responses(403),
        summary="Stop the split",
        openapi_extra=KEY_OR_TOKEN,
    )
    async def stop_split(body: DecisionRequest, connection: Request) -> DecisionResponse:
        """Return everybody to the champion. A repeated request changes nothing."""
        operator = operator_of(body, authenticator, connection)
        with of_operators():
            return DecisionResponse(event=await manage.stop_split(operator, body.reason))

    @router.post(
        "/models/{version}/split",
        responses=error_responses(*REFUSED),
        summary="Compare a model with the champion",
        openapi_extra=KEY_OR_TOKEN,
    )
    async def split(version: Version, body: SplitRequest, connection: Request) -> DecisionResponse:
        """Let a model answer a share of the users. A repeated request changes nothing."""
        operator = operator_of(body, authenticator, connection)
        with of_operators():
            event = await manage.split(version, body.share, operator, body.reason)
            return DecisionResponse(event=event)

    return router
