"""A split: a challenger answers a share of the users, so that it is compared with the champion.

An arm is the group of users that one of the two models answers.
"""

import hmac
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from prompt_capture.domain.models import ModelAddress, ModelEvent, Version
from prompt_capture.domain.types import FrozenModel, Timestamp

Share = Annotated[float, Field(gt=0, lt=1)]
"""The share of the users whom the challenger answers."""

Arm = Literal["champion", "challenger"]

SplitKey = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""The secret key of a split, in hex. Who has it knows the arm of every user."""

_HASH_BYTES = 6
"""So many bytes of a hash are a number that a float holds exactly."""


class Split(FrozenModel):
    """A split that is under way. `id` is that of the event that started it."""

    id: int
    challenger: ModelAddress
    share: Share
    key: SplitKey = Field(repr=False)

    def arm_of(self, user_id: UUID) -> Arm:
        """Return the arm of a user, as `private.split_arm` in the database does.

        It depends on the user and the key alone. If the share grows, nobody leaves the challenger.
        """
        digest = hmac.digest(bytes.fromhex(self.key), user_id.bytes, "sha256")
        position = int.from_bytes(digest[:_HASH_BYTES]) / 2 ** (8 * _HASH_BYTES)
        return "challenger" if position < self.share else "champion"


class OutcomeGroup(FrozenModel):
    """So many users of an arm have so many outcomes each, and so many of these are successes."""

    arm: Arm
    outcomes: int = Field(gt=0)
    successes: int = Field(ge=0)
    users: int = Field(gt=0)


class SplitResults(FrozenModel):
    """The latest split, with the outcomes of its messages so far.

    `champion` is None for the packaged model. `share` is None where the split was stopped, by the
    event `stopped`; `latest_share` is what it was then. `messages` counts those of the challenger's
    arm, and `fallbacks` those of them that the champion answered, because an instance had not
    loaded the challenger.
    """

    id: int
    champion: Version | None
    challenger: Version
    started_at: Timestamp
    share: Share | None
    latest_share: Share
    stopped: ModelEvent | None
    messages: int
    fallbacks: int
    groups: tuple[OutcomeGroup, ...]


class ServingModels(FrozenModel):
    """Which models serve. `champion` is None for the packaged model, `split` without one."""

    champion: ModelAddress | None = None
    split: Split | None = None


PACKAGED_MODEL_ALONE = ServingModels()
