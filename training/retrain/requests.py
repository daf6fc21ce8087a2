"""What asks for a retraining, and what a run reports."""

from typing import Literal, Self

from pydantic import AwareDatetime, Field, ValidationError

from prompt_capture.domain.errors import InvalidRequest
from prompt_capture.domain.evaluation import Tick, VerdictDecision
from prompt_capture.domain.models import Version
from prompt_capture.domain.types import FrozenModel, describe_first_error

Occasion = Literal["month", "day", "request"]
"""`month`: the schedule. `day`: only if there is enough that is new. `request`: an operator."""

Outcome = Literal[
    "promoted", "waits_for_a_person", "held", "rejected", "unchanged", "nothing_new", "not_ready"
]
"""How a run ended.

- `promoted`: the candidate serves.
- `waits_for_a_person`: the verdict is `promote`, and a person decides.
- `held`, `rejected`: the verdict on the candidate.
- `unchanged`: the same candidate and the same evidence have a verdict already.
- `nothing_new`: there were too few new labels, and no candidate with enough new evidence.
- `not_ready`: something is missing that a person must provide; the message says what.
"""


class RetrainingRequest(FrozenModel):
    """A request to retrain. A schedule names its time, and each time runs once."""

    occasion: Occasion = "request"
    scheduled_at: AwareDatetime | None = None
    tick: Tick = Field("request")

    @classmethod
    def from_event(cls, event: object, request_id: str) -> Self:
        """Read a Lambda event. Raise `InvalidRequest`, whose message says what to send.

        An invocation that Lambda repeats has the same `request_id`.
        """
        try:
            request = cls.model_validate(event)
        except ValidationError as error:
            raise InvalidRequest(
                f'{describe_first_error(error, "event")}. Send {{"occasion": "request"}}.'
            ) from None
        if "tick" in request.model_fields_set:
            return request
        moment = request.scheduled_at
        name = f"{moment:%Y%m%dT%H%M%SZ}" if moment else request_id
        return request.model_copy(update={"tick": f"{request.occasion}-{name}"})


class RetrainingReport(FrozenModel):
    """What a run did. It holds no text.

    `outcome` is None where the tick had been run, or another run was under way.
    """

    tick: Tick
    outcome: Outcome | None
    candidate: Version | None = None
    champion: Version | None = None
    decision: VerdictDecision | None = None
    messages: tuple[str, ...] = ()
    card: str | None = None
    drawn: int = 0
    rescored: int = 0
