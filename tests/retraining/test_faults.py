"""A retraining that fails or is killed anywhere is continued, and does nothing twice."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from prompt_capture.domain.errors import (
    DatasetsUnavailable,
    ModelFilesUnavailable,
    NotificationFailed,
    PromptCaptureError,
    StoreUnavailable,
)
from tests.retraining.faults import Faults, RunKilled
from tests.retraining.world import SECONDS, RetrainingWorld
from training.data.examples import Example

WEEK, NEXT_WEEK = 120, 80
WRITES = (
    *("claim_run", "save_progress", "put_card", "put_blob", "put_manifest", "register"),
    *("draw_disagreements", "record_verdict", "publish", "finish_run"),
)
"""A run that is killed at a read leaves what it leaves after the write before."""


@dataclass(frozen=True)
class End:
    """What a retraining leaves behind."""

    outcome: str | None
    candidate: str | None
    ledger: tuple[str, ...]
    files: frozenset[str]
    pool: frozenset[str]
    rescored: frozenset[str]


async def prepare(world: RetrainingWorld) -> None:
    """Bring a world to where it can be retrained."""
    await world.label(world.week[:WEEK])
    await world.send(world.next_week[:NEXT_WEEK])
    await world.export()


async def end_of(world: RetrainingWorld, outcome: str | None, candidate: str | None) -> End:
    return End(
        outcome,
        candidate,
        tuple(await world.ledger()),
        frozenset(world.files()),
        frozenset(world.store.pool),
        frozenset(world.evaluation.scores),
    )


async def count_calls(world: RetrainingWorld) -> list[str]:
    """Return the names of all calls of an undisturbed run, in their order."""
    faults = Faults()
    await world.retrain("one", ports=faults.wrap(world.ports))
    return faults.calls


ERRORS: list[Callable[[], PromptCaptureError]] = [
    lambda: StoreUnavailable("The store did not respond."),
    lambda: DatasetsUnavailable("The bucket did not respond."),
    lambda: ModelFilesUnavailable("The bucket did not respond."),
    lambda: NotificationFailed("The topic did not respond."),
]


@pytest.fixture
async def make_world(
    tmp_path: Path, first_model: Path, seeds: list[Example]
) -> Callable[[str], RetrainingWorld]:
    """Return a function that copies one world, so that its candidate is trained once."""
    world = RetrainingWorld(tmp_path / "prepared", first_model, seeds)
    await prepare(world)
    return lambda name: world.copy_to(tmp_path / name)


async def test_a_run_that_is_killed_at_any_write_is_continued_and_does_nothing_twice(
    make_world: Callable[[str], RetrainingWorld],
) -> None:
    undisturbed = make_world("undisturbed")
    report = await undisturbed.retrain("one")
    expected = await end_of(undisturbed, report.outcome, report.candidate)
    assert report.outcome == "held"
    calls = await count_calls(make_world("counted"))
    assert set(WRITES) <= set(calls)

    for number in sorted(map(calls.index, WRITES)):
        for after in (False, True):
            where = f"{'after' if after else 'before'} {calls[number]} ({number})"
            world = make_world(f"killed-{number}-{after}")
            faults = Faults(RunKilled, number, after)
            with pytest.raises(RunKilled):
                await world.retrain("one", ports=faults.wrap(world.ports))
            world.evaluation.elapsed += timedelta(seconds=SECONDS + 1)

            again = await world.retrain("one")

            if again.outcome is None:  # it had ended, and only its caller does not know
                again = again.model_copy(
                    update={"outcome": report.outcome, "candidate": report.candidate}
                )
            assert await end_of(world, again.outcome, again.candidate) == expected, where
            assert 1 <= len(world.notifications.sent) <= 2, where


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error()).__name__)
async def test_after_an_error_the_same_request_continues_at_once(
    make_world: Callable[[str], RetrainingWorld], error: Callable[[], PromptCaptureError]
) -> None:
    calls = await count_calls(make_world("counted"))
    last = calls.index("publish")

    for number in (calls.index("put_manifest"), calls.index("draw_progress"), last):
        world = make_world(f"failed-{number}")
        faults = Faults(error, number)
        with pytest.raises(PromptCaptureError, match="did not respond"):
            await world.retrain("one", ports=faults.wrap(world.ports))
        world.evaluation.elapsed += timedelta(seconds=2)

        again = await world.retrain("one")

        assert again.outcome == "held"
        assert Counter(await world.ledger()) == {"registered": 1, "verdict": 1}
        assert len(world.notifications.sent) == 1


async def test_a_run_that_is_killed_after_its_promotion_notifies_and_rescores_once_more(
    world: RetrainingWorld,
) -> None:
    await world.label(world.week)
    await world.send(world.next_week)
    await world.export()
    held = await world.retrain("one")
    world.decide_pool()
    killed = _KilledAfter("promote")

    with pytest.raises(RunKilled):
        await world.retrain("two", "day", killed.wrap(world.ports))
    assert (await world.ledger())[-1] == "promoted"
    world.evaluation.elapsed += timedelta(seconds=SECONDS + 1)
    again = await world.retrain("two", "day")

    assert (again.outcome, again.candidate) == ("promoted", held.candidate)
    assert Counter(await world.ledger()) == {"registered": 1, "verdict": 2, "promoted": 1}
    assert again.rescored > 0
    assert world.notifications.sent[-1][0].endswith(f"promoted {held.candidate}")


class _KilledAfter(Faults):
    """Ends the process after the first call with a name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def after(self, number: int) -> None:
        if self.calls[number] == self._name:
            raise RunKilled
