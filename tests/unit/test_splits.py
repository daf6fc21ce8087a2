"""The arm of a user follows from a keyed hash, and from nothing else."""

from collections import Counter
from uuid import UUID, uuid5

import pytest

from prompt_capture.domain.models import ModelAddress
from prompt_capture.domain.splits import Split

USERS = [uuid5(UUID(int=0), str(number)) for number in range(4_000)]


def make_split(share: float, key: str = "ab" * 32) -> Split:
    address = ModelAddress(version="b", manifest_sha256="0" * 64)
    return Split(id=1, challenger=address, share=share, key=key)


def challenged(split: Split) -> set[UUID]:
    return {user for user in USERS if split.arm_of(user) == "challenger"}


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9])
def test_the_challenger_has_its_share_of_the_users(share: float) -> None:
    expected = share * len(USERS)
    deviation = (share * (1 - share) * len(USERS)) ** 0.5

    assert abs(len(challenged(make_split(share))) - expected) < 4 * deviation


def test_a_user_keeps_the_arm_and_nobody_leaves_the_challenger_if_the_share_grows() -> None:
    small, large = (challenged(make_split(share)) for share in (0.1, 0.3))

    assert challenged(make_split(0.1)) == small
    assert small < large


def test_the_arms_of_two_splits_are_independent() -> None:
    first, second = (make_split(0.5, key * 32) for key in ("ab", "cd"))
    both = Counter((first.arm_of(user), second.arm_of(user)) for user in USERS)

    assert all(abs(count - len(USERS) / 4) < 4 * len(USERS) ** 0.5 / 2 for count in both.values())


def test_the_key_is_shown_in_no_description() -> None:
    split = make_split(0.1)

    assert split.key not in repr(split) + str(split)
