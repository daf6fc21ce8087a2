"""The contract of registries of models: the ledger, what serves, and what is refused."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID, uuid4

import psycopg
import pytest

from infra.local.processes import free_port
from infra.local.stack import Stack
from prompt_capture.adapters.http_client import create_http_client
from prompt_capture.adapters.supabase.access import SupabaseAccess
from prompt_capture.adapters.supabase.model_registry import SupabaseModelRegistry, SupabaseServing
from prompt_capture.domain.errors import (
    ModelConflict,
    ModelNotFound,
    ModelQuarantined,
    NothingToRollBack,
    NotTheChampion,
    ReviewerErased,
    SplitConflict,
    StoreUnavailable,
)
from prompt_capture.domain.models import (
    DatasetReference,
    ModelAddress,
    ModelEvent,
    NewModel,
    RegistryDecision,
    TrainingRecord,
)
from prompt_capture.ports.models import ModelRegistry, ServingSource
from tests.contract.conftest import settings_for, supabase_store
from tests.database_reset import DELETE_ALL_ROWS
from tests.erasures import erase_in_store
from tests.fakes.model_registry import InMemoryModelRegistry

ANN = RegistryDecision(actor="ann", reason="It is better.", evidence={"macro_f1": 0.91})


class Registry(NamedTuple):
    """The registry as operators reach it, and as the function that classifies does."""

    models: ModelRegistry
    serving: ServingSource
    create_erased_user: Callable[[], Awaitable[str]]


@asynccontextmanager
async def _on_supabase(stack: Stack) -> AsyncIterator[Registry]:
    async def create_erased_user() -> str:
        user_id = UUID(stack.create_user(f"{uuid4()}@example.com").id)
        async with supabase_store(stack, "service_role") as store:
            await erase_in_store(store, user_id)
        return str(user_id)

    settings = settings_for(stack, "model_registrar")
    async with (
        create_http_client(5, SupabaseAccess(settings, "model_registrar")) as registrar,
        create_http_client(5, SupabaseAccess(settings, "prompt_writer")) as writer,
    ):
        yield Registry(
            SupabaseModelRegistry(registrar, settings.rest_url),
            SupabaseServing(writer, settings.rest_url),
            create_erased_user,
        )
    with psycopg.connect(stack.postgres_admin_dsn) as connection:
        connection.execute(DELETE_ALL_ROWS)


@pytest.fixture(params=["memory", "supabase"])
async def registry(request: pytest.FixtureRequest) -> AsyncIterator[Registry]:
    if request.param == "supabase":
        async with _on_supabase(request.getfixturevalue("stack")) as on_supabase:
            yield on_supabase
    else:
        fake = InMemoryModelRegistry()

        async def create_erased_user() -> str:
            fake.erased.add(user_id := str(uuid4()))
            return user_id

        yield Registry(fake, fake, create_erased_user)


def make_model(version: str, content: str | None = None) -> NewModel:
    """Return a model whose manifest depends on `content`, which is the version by default."""
    manifest_sha256 = sha256((content or version).encode()).hexdigest()
    return NewModel(
        address=ModelAddress(
            version=version, manifest_sha256=manifest_sha256, object_version="3/L4kqtJl~cp.r+="
        ),
        artifact_url=f"s3://bucket/models/manifests/{version}.json",
        training=TrainingRecord(
            mode="head",
            seed=7,
            code_version="1.0",
            parent="assistant-0",
            datasets=(
                DatasetReference(
                    source="s3://bucket/datasets/reviewed",
                    manifest_sha256=manifest_sha256,
                    examples_by_tier={"reviewed": 200, "seed": 900},
                ),
                DatasetReference(source="seeds.jsonl", examples_by_tier={"seed": 3}),
            ),
        ),
        labels=("help", "email"),
        metrics={"macro_f1": 0.91, "accuracy": 0.5},
        sample="audited",
        sample_messages=120,
        size_bytes=2_000_000,
        latency_ms={"p50": 0.2, "p95": 1.5},
    )


async def _promoted(registry: Registry, *versions: str) -> None:
    """Register models, and promote them one after another."""
    for version in dict.fromkeys(versions):
        await registry.models.register(make_model(version), ANN)
    for version in versions:
        assert await registry.models.promote(version, ANN, force=True)


async def _champion(registry: Registry) -> str | None:
    champion = (await registry.serving.serving()).champion
    return champion.version if champion else None


async def _states(registry: Registry) -> dict[str, str]:
    return {model.address.version: model.state for model in await registry.models.models()}


async def test_a_registered_model_is_a_candidate_with_all_that_was_sent(registry: Registry) -> None:
    model = make_model("a")

    registered = await registry.models.register(model, ANN)

    assert (
        NewModel.model_validate(registered.model_dump(include=set(NewModel.model_fields))) == model
    )
    assert (registered.state, registered.registered_by) == ("candidate", "ann")
    assert registered.registered_at.utcoffset() == timedelta(0)
    assert re.fullmatch("[0-9a-f]{64}", registered.catalogue_version)
    assert await registry.models.model("a") == registered
    assert list(await registry.models.models()) == [registered]
    assert await _champion(registry) is None


async def test_a_model_without_a_sample_has_no_metrics(registry: Registry) -> None:
    address = make_model("a").address.model_copy(update={"object_version": None})
    nothing = {"address": address, "metrics": {}, "sample": None, "sample_messages": None}
    model = make_model("a").model_copy(update=nothing)

    registered = await registry.models.register(model, ANN)

    assert (registered.address, registered.metrics, registered.sample) == (address, {}, None)


async def test_registering_the_same_model_again_changes_nothing(registry: Registry) -> None:
    first = await registry.models.register(make_model("a"), ANN)
    slower = make_model("a").model_copy(update={"latency_ms": {"p50": 9.0}})

    again = await registry.models.register(slower, RegistryDecision(actor="ben", reason="again"))

    assert again == first
    assert len(await registry.models.events()) == 1


@pytest.mark.parametrize(
    "other", [make_model("a", "other"), make_model("b", "a")], ids=["version", "manifest"]
)
async def test_a_version_and_a_manifest_belong_to_one_model(
    registry: Registry, other: NewModel
) -> None:
    await registry.models.register(make_model("a"), ANN)

    with pytest.raises(ModelConflict):
        await registry.models.register(other, ANN)

    assert list(await _states(registry)) == ["a"]


async def test_models_and_events_are_listed_the_newest_first(registry: Registry) -> None:
    for version in ("b", "c", "a"):
        await registry.models.register(make_model(version), ANN)

    assert list(await _states(registry)) == ["a", "c", "b"]
    assert [event.version for event in await registry.models.events()] == ["a", "c", "b"]


async def test_a_promotion_replaces_the_champion(registry: Registry) -> None:
    await _promoted(registry, "a")
    await registry.models.register(make_model("b"), ANN)

    event = await registry.models.promote("b", ANN, force=True)

    assert event is not None
    assert (event.kind, event.version, event.replaced) == ("promoted", "b", "a")
    assert (event.actor, event.reason) == ("ann", "It is better.")
    assert event.evidence == {**ANN.evidence, "forced": True}
    assert (await registry.serving.serving()).champion == make_model("b").address
    assert await _states(registry) == {"a": "retired", "b": "champion"}


async def test_promoting_the_champion_again_records_nothing(registry: Registry) -> None:
    await _promoted(registry, "a")
    events = await registry.models.events()

    assert await registry.models.promote("a", ANN, force=True) is None
    assert await registry.models.events() == events


async def test_a_rollback_goes_back_promotion_by_promotion(registry: Registry) -> None:
    await _promoted(registry, "a", "b", "a", "c")

    replaced = [(await registry.models.roll_back(ANN)).replaced for _ in range(4)]

    assert replaced == ["c", "a", "b", "a"]
    assert await _champion(registry) is None
    assert await _states(registry) == {"a": "retired", "b": "retired", "c": "retired"}
    with pytest.raises(NothingToRollBack):
        await registry.models.roll_back(ANN)


async def test_a_promotion_after_a_rollback_can_be_rolled_back(registry: Registry) -> None:
    await _promoted(registry, "a", "b")
    await registry.models.roll_back(ANN)
    await _promoted(registry, "c")

    events = [await registry.models.roll_back(ANN) for _ in range(2)]

    assert [(event.version, event.replaced) for event in events] == [("a", "c"), (None, "a")]


async def test_a_rollback_that_names_the_champion_can_be_repeated(registry: Registry) -> None:
    await _promoted(registry, "a", "b")

    event = await registry.models.roll_back(ANN, "b")

    assert (event.version, event.replaced) == ("a", "b")
    assert await registry.models.roll_back(ANN, "b") == event
    assert await _champion(registry) == "a"


@pytest.mark.parametrize("champion", ["a", "c"])
async def test_a_rollback_replaces_no_other_champion_than_the_named_one(
    registry: Registry, champion: str
) -> None:
    await _promoted(registry, "a", "b")
    events = await registry.models.events()

    with pytest.raises(NotTheChampion):
        await registry.models.roll_back(ANN, champion)

    assert await registry.models.events() == events


async def test_a_rollback_that_was_followed_by_a_promotion_is_not_repeated(
    registry: Registry,
) -> None:
    await _promoted(registry, "a", "b")
    await registry.models.roll_back(ANN, "b")
    await _promoted(registry, "c")

    with pytest.raises(NotTheChampion):
        await registry.models.roll_back(ANN, "b")

    assert await _champion(registry) == "c"


async def test_a_rollback_passes_over_quarantined_models_and_the_champion_itself(
    registry: Registry,
) -> None:
    await _promoted(registry, "a", "b", "c", "b")
    await registry.models.quarantine("c", ANN)

    event = await registry.models.roll_back(ANN)

    assert (event.version, event.replaced) == ("a", "b")


async def test_a_quarantined_champion_is_rolled_back_in_the_same_step(registry: Registry) -> None:
    await _promoted(registry, "a", "b")

    event = await registry.models.quarantine("b", ANN)

    assert event is not None
    assert (event.kind, event.version, event.replaced) == ("quarantined", "b", None)
    rolled_back, quarantined, *_ = await registry.models.events()
    assert quarantined == event
    assert (rolled_back.kind, rolled_back.version, rolled_back.replaced) == (
        "rolled_back",
        "a",
        "b",
    )
    assert await _champion(registry) == "a"
    assert await _states(registry) == {"a": "champion", "b": "quarantined"}


async def test_a_quarantine_is_final(registry: Registry) -> None:
    await _promoted(registry, "a")
    await registry.models.quarantine("a", ANN)
    events = await registry.models.events()

    with pytest.raises(ModelQuarantined):
        await registry.models.promote("a", ANN, force=True)
    assert await registry.models.quarantine("a", ANN) is None
    assert (await registry.models.register(make_model("a"), ANN)).state == "quarantined"
    assert await registry.models.events() == events


async def test_a_model_that_is_not_registered_is_not_found(registry: Registry) -> None:
    for version in ("a", "\u0430", "a" * 5_000):
        with pytest.raises(ModelNotFound):
            await registry.models.promote(version, ANN, force=True)
        with pytest.raises(ModelNotFound):
            await registry.models.quarantine(version, ANN)
        with pytest.raises(ModelNotFound):
            await registry.models.model(version)
        assert list(await registry.models.events(version)) == []


async def test_the_events_of_a_model_are_those_that_name_it(registry: Registry) -> None:
    await _promoted(registry, "a", "b")
    await registry.models.quarantine("b", ANN)

    kinds = [event.kind for event in await registry.models.events("a")]

    assert kinds == ["rolled_back", "promoted", "promoted", "registered"]


async def test_a_split_is_part_of_what_serves_until_it_is_stopped(registry: Registry) -> None:
    await _promoted(registry, "a")
    await registry.models.register(make_model("b"), ANN)

    started = await registry.models.split("b", 0.1, ANN)

    assert started is not None
    assert (started.kind, started.version, started.evidence["share"]) == ("split_started", "b", 0.1)
    serving = await registry.serving.serving()
    assert serving.champion == make_model("a").address
    assert serving.split is not None
    assert (serving.split.id, serving.split.share) == (started.id, 0.1)
    assert serving.split.challenger == make_model("b").address
    stopped = await registry.models.stop_split(ANN)
    assert stopped is not None
    assert (stopped.kind, stopped.version) == ("split_stopped", "b")
    assert (await registry.serving.serving()).split is None
    assert await registry.models.stop_split(ANN) is None


async def test_another_share_keeps_the_users_of_the_challenger(registry: Registry) -> None:
    await registry.models.register(make_model("b"), ANN)
    await registry.models.split("b", 0.1, ANN)
    before = (await registry.serving.serving()).split

    changed = await registry.models.split("b", 0.4, ANN)

    after = (await registry.serving.serving()).split
    assert changed is not None
    assert changed.kind == "split_changed"
    assert before is not None
    assert after == before.model_copy(update={"share": 0.4})
    assert await registry.models.split("b", 0.4, ANN) is None


async def test_what_cannot_be_compared_is_refused(registry: Registry) -> None:
    await _promoted(registry, "a")
    for version in ("b", "c", "d"):
        await registry.models.register(make_model(version), ANN)
    await registry.models.quarantine("c", ANN)
    await registry.models.split("b", 0.1, ANN)

    for version, error in (
        ("a", SplitConflict),
        ("d", SplitConflict),
        ("c", ModelQuarantined),
        ("e", ModelNotFound),
    ):
        with pytest.raises(error):
            await registry.models.split(version, 0.1, ANN)


async def test_another_champion_and_a_quarantine_stop_the_split(registry: Registry) -> None:
    await _promoted(registry, "a", "c")
    await registry.models.register(make_model("b"), ANN)
    changes: list[Callable[[], Awaitable[ModelEvent | None]]] = [
        lambda: registry.models.promote("a", ANN, force=True),
        lambda: registry.models.roll_back(ANN),
        lambda: registry.models.quarantine("b", ANN),
    ]
    for change in changes:
        await registry.models.split("b", 0.1, ANN)

        await change()

        assert (await registry.serving.serving()).split is None
        newest = (await registry.models.events())[0]
        assert (newest.kind, newest.version) == ("split_stopped", "b")


async def test_the_results_name_the_latest_split(registry: Registry) -> None:
    assert await registry.models.split_results() is None
    await _promoted(registry, "a")
    await registry.models.register(make_model("b"), ANN)
    started = await registry.models.split("b", 0.1, ANN)
    await registry.models.split("b", 0.2, ANN)

    results = await registry.models.split_results()

    assert started is not None
    assert results is not None
    assert (results.id, results.champion, results.challenger) == (started.id, "a", "b")
    assert (results.share, results.latest_share, results.stopped) == (0.2, 0.2, None)
    assert (results.messages, results.fallbacks, results.groups) == (0, 0, ())
    assert await registry.models.stop_split(ANN, results.id + 1) is None
    stopped = await registry.models.stop_split(ANN, results.id)
    results = await registry.models.split_results()
    assert results is not None
    assert (results.share, results.latest_share, results.stopped) == (None, 0.2, stopped)


async def test_the_ledger_says_what_served_at_any_moment(registry: Registry) -> None:
    await _promoted(registry, "a", "b")
    rollback = await registry.models.roll_back(ANN)
    await registry.models.roll_back(ANN)
    packaged, _, second, first, *_ = await registry.models.events()

    earlier = None
    for event in (first, second, rollback, packaged):
        just_before = event.at - timedelta(microseconds=1)
        assert await registry.models.serving_event(just_before) == earlier
        assert await registry.models.serving_event(event.at) == event
        earlier = event
    assert await registry.models.serving_event(datetime.now(UTC) + timedelta(days=1)) == packaged
    assert packaged.version is None


async def test_events_are_in_the_order_of_their_times(registry: Registry) -> None:
    await _promoted(registry, "a", "b", "a", "b")

    times = [event.at for event in await registry.models.events()]

    assert times == sorted(set(times), reverse=True)


async def test_an_erased_operator_decides_nothing(registry: Registry) -> None:
    await _promoted(registry, "a")
    events = await registry.models.events()
    by_erased = RegistryDecision(actor=await registry.create_erased_user(), reason="It is better.")

    for decision in (
        registry.models.register(make_model("b"), by_erased),
        registry.models.promote("a", by_erased, force=True),
        registry.models.roll_back(by_erased),
        registry.models.quarantine("a", by_erased),
        registry.models.split("a", 0.1, by_erased),
        registry.models.stop_split(by_erased),
    ):
        with pytest.raises(ReviewerErased):
            await decision

    assert await registry.models.events() == events


async def test_an_unreachable_store_is_reported(registry: Registry) -> None:
    if isinstance(registry.models, InMemoryModelRegistry):
        registry.models.is_reachable = False
        models: ModelRegistry = registry.models
        serving: ServingSource = registry.models
    else:
        url, client = f"http://127.0.0.1:{free_port()}", create_http_client(1)
        models, serving = SupabaseModelRegistry(client, url), SupabaseServing(client, url)
    for call in (
        serving.serving(),
        models.models(),
        models.register(make_model("a"), ANN),
        models.promote("a", ANN, force=True),
        models.roll_back(ANN),
        models.quarantine("a", ANN),
        models.split("a", 0.1, ANN),
        models.stop_split(ANN),
        models.split_results(),
        models.events(),
        models.serving_event(datetime.now(UTC)),
    ):
        with pytest.raises(StoreUnavailable):
            await call
