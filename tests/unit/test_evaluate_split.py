"""The daily evaluation stops a split that does harm, and promotes nothing."""

import json

import pytest

from prompt_capture.domain.splits import Arm, OutcomeGroup
from prompt_capture.workflows.models.decisions import decision_of
from prompt_capture.workflows.models.evaluate_split import EVALUATOR, EvaluateSplit
from tests.fakes.model_registry import InMemoryModelRegistry
from tests.unit.registered_models import new_model

ANN = decision_of("ann", "compare")


@pytest.fixture
async def registry() -> InMemoryModelRegistry:
    """A registry in which half of the users have a challenger."""
    registry = InMemoryModelRegistry()
    for version in ("assistant-1", "assistant-2"):
        await registry.register(new_model(version), ANN)
    await registry.promote("assistant-1", ANN, force=True)
    await registry.split("assistant-2", 0.5, ANN)
    return registry


def outcomes(champion: int, challenger: int) -> tuple[OutcomeGroup, ...]:
    """Return 300 users in each arm, with so many successes of 10."""
    successes: dict[Arm, int] = {"champion": champion, "challenger": challenger}
    return tuple(
        OutcomeGroup(arm=arm, users=300, outcomes=10, successes=count)
        for arm, count in successes.items()
    )


async def test_a_harmful_challenger_is_stopped_with_the_evidence(
    registry: InMemoryModelRegistry,
) -> None:
    registry.groups = outcomes(champion=9, challenger=6)

    event = await EvaluateSplit(registry)()

    assert event is not None
    assert (event.kind, event.version, event.actor) == ("split_stopped", "assistant-2", EVALUATOR)
    assert event.reason.startswith("The challenger succeeds less often: -30.0 points")
    evidence = json.loads(json.dumps(event.evidence))
    assert (evidence["challenger"]["users"], evidence["challenger"]["outcomes"]) == (300, 3_000)
    assert evidence["challenger"]["rate"] == pytest.approx(0.6)
    assert (await registry.serving()).split is None
    assert await EvaluateSplit(registry)() is None


@pytest.mark.parametrize("challenger", [9, 10])
async def test_a_challenger_that_is_as_good_or_better_goes_on_and_is_not_promoted(
    registry: InMemoryModelRegistry, challenger: int
) -> None:
    registry.groups = outcomes(champion=9, challenger=challenger)
    events = await registry.events()

    assert await EvaluateSplit(registry)() is None

    assert await registry.events() == events
    assert (await registry.serving()).split is not None


async def test_a_split_that_another_one_replaced_meanwhile_is_not_stopped(
    registry: InMemoryModelRegistry,
) -> None:
    registry.groups = outcomes(champion=9, challenger=0)
    evaluate = EvaluateSplit(registry)
    status = await evaluate.status()
    assert status is not None
    await registry.stop_split(ANN)
    await registry.split("assistant-2", 0.1, ANN)

    assert await registry.stop_split(ANN, status.results.id) is None


async def test_without_a_split_nothing_happens() -> None:
    registry = InMemoryModelRegistry()

    assert await EvaluateSplit(registry).status() is None
    assert await EvaluateSplit(registry)() is None
