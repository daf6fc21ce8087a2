"""The champion replaces the model that answers; the packaged model answers when it cannot."""

from itertools import pairwise
from uuid import UUID, uuid4

import pytest

from prompt_capture.domain.errors import InvalidArtifact
from prompt_capture.domain.models import ModelAddress
from prompt_capture.domain.review_criteria import ReviewCriteria
from prompt_capture.domain.splits import ServingModels, Split
from prompt_capture.workflows.detect_intent import IntentDetector
from prompt_capture.workflows.serve_model import (
    FIRST_RETRY_SECONDS,
    MAX_RETRY_SECONDS,
    ModelSwitch,
    ServedModel,
)
from tests.unit.conftest import KeywordClassifier

A = ModelAddress(version="a-1", manifest_sha256="a" * 64)
B = ModelAddress(version="b-1", manifest_sha256="b" * 64)


def served_model() -> ServedModel:
    return ServedModel(IntentDetector(KeywordClassifier()), ReviewCriteria())


def champion(address: ModelAddress) -> ServingModels:
    """Return what serves where a model is the champion."""
    return ServingModels(champion=address)


def in_split(
    address: ModelAddress | None, challenger: ModelAddress, split_id: int = 1
) -> ServingModels:
    """Return what serves where half of the users have a challenger."""
    key = f"{split_id:064x}"
    split = Split(id=split_id, challenger=challenger, share=0.5, key=key)
    return ServingModels(champion=address, split=split)


def user_of(serving: ServingModels, arm: str) -> UUID:
    """Return a user with that arm."""
    assert serving.split is not None
    return next(user for user in iter(uuid4, None) if serving.split.arm_of(user) == arm)


class ModelLoader:
    """Loads a model for each address, unless it has an error for it."""

    def __init__(self) -> None:
        self.models = {A: served_model(), B: served_model()}
        self.errors: dict[ModelAddress, Exception] = {}
        self.loaded: list[ModelAddress] = []

    async def __call__(self, address: ModelAddress) -> ServedModel:
        self.loaded.append(address)
        if address in self.errors:
            raise self.errors[address]
        return self.models[address]


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def loader() -> ModelLoader:
    return ModelLoader()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def changes() -> list[str]:
    return []


@pytest.fixture
def switch(loader: ModelLoader, clock: Clock, changes: list[str]) -> ModelSwitch:
    return ModelSwitch(served_model, loader, changes.append, clock)


async def test_the_packaged_model_answers_until_a_champion_is_loaded(
    switch: ModelSwitch, loader: ModelLoader, changes: list[str]
) -> None:
    packaged = switch.current
    await switch.load(5)
    switch.notice(champion(A))
    assert switch.current is packaged

    await switch.load(5)
    await switch.load(5)

    assert switch.current is loader.models[A]
    assert (loader.loaded, changes) == ([A], ["ModelSwitched"])


async def test_a_rollback_to_the_packaged_model_loads_nothing(
    switch: ModelSwitch, loader: ModelLoader
) -> None:
    packaged = switch.current
    switch.notice(champion(A))
    await switch.load(5)
    switch.notice(ServingModels())

    await switch.load(5)

    assert switch.current is packaged
    assert loader.loaded == [A]


async def test_the_packaged_model_replaces_a_champion_that_cannot_be_loaded(
    switch: ModelSwitch, loader: ModelLoader, changes: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    packaged = switch.current
    loader.errors[B] = InvalidArtifact("The manifest does not match.")
    for address in (A, B):
        switch.notice(champion(address))
        await switch.load(5)

    assert switch.current is packaged
    assert changes == ["ModelSwitched", "ModelFallback"]
    (record,) = caplog.records
    assert record.__dict__["reason"] == "The manifest does not match."


async def test_the_text_of_an_unexpected_error_is_not_logged(
    switch: ModelSwitch, loader: ModelLoader, caplog: pytest.LogCaptureFixture
) -> None:
    loader.errors[A] = RuntimeError("a secret")
    switch.notice(champion(A))

    await switch.load(5)

    assert [record.__dict__["reason"] for record in caplog.records] == ["RuntimeError"]


async def test_a_failed_load_is_tried_again_after_pauses_that_grow(
    switch: ModelSwitch, loader: ModelLoader, clock: Clock
) -> None:
    loader.errors[A] = InvalidArtifact("broken")
    attempts: list[int] = []
    switch.notice(champion(A))
    for second in range(2_000):
        clock.seconds = float(second)
        await switch.load(5)
        if len(loader.loaded) > len(attempts):
            attempts.append(second)

    pauses = [after - before for before, after in pairwise(attempts)]
    assert pauses[0] == FIRST_RETRY_SECONDS
    assert pauses == sorted(pauses)
    assert max(pauses) == MAX_RETRY_SECONDS


async def test_another_champion_is_loaded_at_once_after_a_failure(
    switch: ModelSwitch, loader: ModelLoader
) -> None:
    loader.errors[A] = InvalidArtifact("broken")
    for address in (A, B):
        switch.notice(champion(address))
        await switch.load(5)

    assert switch.current is loader.models[B]


async def test_a_champion_that_recovers_is_served(
    switch: ModelSwitch, loader: ModelLoader, clock: Clock
) -> None:
    loader.errors[A] = InvalidArtifact("broken")
    switch.notice(champion(A))
    await switch.load(5)
    loader.errors.clear()
    clock.seconds += FIRST_RETRY_SECONDS

    await switch.load(5)

    assert switch.current is loader.models[A]


async def test_a_load_does_not_begin_without_the_time_for_it(
    switch: ModelSwitch, loader: ModelLoader
) -> None:
    switch.notice(champion(A))

    await switch.load(0.5)

    assert loader.loaded == []


def test_a_champion_that_was_loaded_at_start_up_answers(
    switch: ModelSwitch, loader: ModelLoader
) -> None:
    switch.start(champion(A), loader.models[A])

    assert switch.current is loader.models[A]


def test_the_packaged_model_is_loaded_on_its_first_use_and_once(loader: ModelLoader) -> None:
    loaded: list[ServedModel] = []

    def load() -> ServedModel:
        loaded.append(served_model())
        return loaded[-1]

    switch = ModelSwitch(load, loader)
    switch.start(champion(A), loader.models[A])
    assert switch.current is loader.models[A]
    assert loaded == []

    for _ in range(2):
        switch.report_failure(InvalidArtifact("broken"))
        assert [switch.current] == loaded


async def test_in_a_split_each_arm_is_answered_by_its_model(
    switch: ModelSwitch, loader: ModelLoader
) -> None:
    serving = in_split(A, B)
    switch.notice(serving)
    await switch.load(5)

    assert switch.model_for(user_of(serving, "challenger")) is loader.models[B]
    assert switch.model_for(user_of(serving, "champion")) is loader.models[A]
    assert switch.model_for(None) is loader.models[A]


async def test_the_champion_answers_until_the_challenger_is_loaded(
    switch: ModelSwitch, loader: ModelLoader
) -> None:
    serving = in_split(A, B)
    switch.start(serving, loader.models[A])
    user_id = user_of(serving, "challenger")
    assert switch.model_for(user_id) is loader.models[A]

    await switch.load(5)

    assert switch.model_for(user_id) is loader.models[B]
    assert loader.loaded == [B]


async def test_the_champion_answers_in_place_of_a_challenger_that_cannot_be_loaded(
    switch: ModelSwitch,
    loader: ModelLoader,
    clock: Clock,
    changes: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    loader.errors[B] = InvalidArtifact("The manifest does not match.")
    serving = in_split(A, B)
    switch.notice(serving)
    for _ in range(3):
        await switch.load(5)

    assert switch.model_for(user_of(serving, "challenger")) is loader.models[A]
    assert (loader.loaded, changes) == ([A, B], ["ModelSwitched", "ChallengerFallback"])
    assert "challenger cannot be served" in caplog.text
    loader.errors.clear()
    clock.seconds += FIRST_RETRY_SECONDS
    await switch.load(5)
    assert switch.model_for(user_of(serving, "challenger")) is loader.models[B]


async def test_the_end_of_a_split_takes_effect_with_the_next_message(
    switch: ModelSwitch, loader: ModelLoader
) -> None:
    serving = in_split(A, B)
    switch.notice(serving)
    await switch.load(5)

    switch.notice(champion(A))

    assert switch.model_for(user_of(serving, "challenger")) is loader.models[A]


async def test_another_challenger_is_not_mixed_up_with_the_loaded_one(
    switch: ModelSwitch, loader: ModelLoader
) -> None:
    switch.notice(in_split(None, B))
    await switch.load(5)
    serving = in_split(None, A, split_id=2)
    switch.notice(serving)

    assert switch.model_for(user_of(serving, "challenger")) is switch.current

    await switch.load(5)
    assert switch.model_for(user_of(serving, "challenger")) is loader.models[A]


@pytest.mark.parametrize("serving", [ServingModels(), in_split(None, B)], ids=["alone", "split"])
def test_without_a_champion_the_packaged_model_is_loaded_before_the_first_message(
    loader: ModelLoader, serving: ServingModels
) -> None:
    loaded: list[ServedModel] = []

    def load() -> ServedModel:
        loaded.append(served_model())
        return loaded[-1]

    ModelSwitch(load, loader).start(serving, None)

    assert len(loaded) == 1
