"""What the decisions of operators have in common: a reason, an operator, and an event."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from prompt_capture.api.authentication import Authenticator
from prompt_capture.api.errors import ApiError
from prompt_capture.api.request_fields import OptionalIdentifier, without_nul
from prompt_capture.domain.changes import validate_reviewer_name
from prompt_capture.domain.errors import ReviewerErased
from prompt_capture.domain.models import ModelEvent

REFUSED = (403, 404, 409)
"""The statuses of decisions that are refused."""

Reason = Annotated[
    str,
    StringConstraints(min_length=1, pattern=r"[^\x00\s]"),
    AfterValidator(without_nul),
]


class DecisionRequest(BaseModel):
    """Why an operator decides, and with an operator key also who."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "reason": "0.3 points better on the audit, and no intent is worse.",
                    "operator": "grace",
                }
            ]
        },
    )

    reason: Reason = Field(
        description="Why. It is redacted as messages are, and stays in the model ledger. A text "
        "with more than 2,000 characters is shortened."
    )
    operator: OptionalIdentifier = Field(
        None,
        description="The operator who decided. Required with an operator key; with a token, it is "
        "taken from the token.",
    )


class DecisionResponse(BaseModel):
    """What the decision changed."""

    event: ModelEvent | None = Field(
        description="The new event of the model ledger. Null where the model has that state "
        "already: nothing changed."
    )


def operator_of(body: DecisionRequest, authenticator: Authenticator, connection: Request) -> str:
    """Return who decided. Raise `ApiError`."""
    user = authenticator.authenticate_operator(connection.headers)
    name = (body.operator or "").strip() or None
    if user is None:
        if name is None:
            raise ApiError(
                422,
                "operator_missing",
                "operator: required with an operator key.",
                "Send the name of the operator who decided.",
            )
        return _validated(name)
    if name not in (None, str(user.user_id)):
        raise ApiError(
            403,
            "operator_mismatch",
            "operator: not the user of the token.",
            "Omit operator, or send a token of that operator.",
        )
    return str(user.user_id)


def _validated(operator: str) -> str:
    try:
        return validate_reviewer_name(operator)
    except ValueError as error:
        raise ApiError(
            403, "invalid_operator", f"operator: {error}.", "Send the name of the operator."
        ) from None


@contextmanager
def of_operators() -> Iterator[None]:
    """Turn an error about an erased account into one about the operator."""
    try:
        yield
    except ReviewerErased:
        raise ApiError(
            403,
            "operator_erased",
            "operator: the account of this operator was erased.",
            "Decide in the name of another account.",
        ) from None
