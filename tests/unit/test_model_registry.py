"""The adapter of the registry of models: what it sends once only, and answers it cannot use."""

from collections.abc import Callable

import httpx
import pytest

from prompt_capture.adapters.supabase.model_registry import (
    SupabaseModelRegistry,
    SupabaseServing,
    serving_models,
)
from prompt_capture.bootstrap.registry import model_registry
from prompt_capture.domain.errors import (
    InvalidSettings,
    ReviewerErased,
    StoreUnavailable,
)
from prompt_capture.domain.models import ModelAddress, RegistryDecision
from prompt_capture.domain.splits import ServingModels, Split

URL = "http://store/rest/v1"
ANN = RegistryDecision(actor="ann", reason="It is worse.")
ADDRESS = {"version": "a", "manifest_sha256": "0" * 64, "object_version": None}
SPLIT = {"id": 7, "challenger": ADDRESS | {"version": "b"}, "share": 0.1, "key": "ab" * 32}


def client_of(respond: Callable[[httpx.Request], httpx.Response]) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(respond))


def test_the_address_of_the_champion_is_read_from_an_answer() -> None:
    champion = ModelAddress(version="a", manifest_sha256="0" * 64)
    assert serving_models(ADDRESS) == ServingModels(champion=champion)
    assert serving_models({}) == ServingModels()


@pytest.mark.parametrize("champion", [ADDRESS, {}], ids=["registered", "packaged"])
def test_a_split_is_read_from_an_answer(champion: dict[str, object]) -> None:
    serving = serving_models(champion | {"split": SPLIT})

    assert serving.split == Split.model_validate(SPLIT)
    assert serving.champion == serving_models(champion).champion
    assert "ab" * 32 not in repr(serving)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        "a",
        {"version": "a"},
        ADDRESS | {"version": "../a"},
        ADDRESS | {"manifest_sha256": "0"},
        ADDRESS | {"object_version": "a\nb"},
        ADDRESS | {"split": SPLIT | {"share": 1.5}},
        ADDRESS | {"split": SPLIT | {"key": "short"}},
    ],
    ids=str,
)
def test_an_answer_that_is_no_address_is_refused_without_its_content(answer: object) -> None:
    with pytest.raises(StoreUnavailable, match=r"^The store does not say which model serves\.$"):
        serving_models(answer)


async def test_the_champion_is_asked_for_once() -> None:
    requests: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        requests.append(request.url.path)
        return httpx.Response(200, json=ADDRESS)

    serving = await SupabaseServing(client_of(respond), URL).serving()

    assert serving == serving_models(ADDRESS)
    assert requests == ["/rest/v1/rpc/serving_model"]


@pytest.mark.parametrize("failure", [httpx.ReadTimeout("x"), httpx.ConnectError("x"), None])
async def test_a_rollback_that_may_have_happened_is_not_sent_again(
    failure: httpx.HTTPError | None,
) -> None:
    attempts = 0

    def respond(request: httpx.Request) -> httpx.Response:
        nonlocal attempts
        attempts += 1
        if failure is not None:
            raise failure
        return httpx.Response(503, json={"code": "PGRST000", "message": "no connection"})

    with pytest.raises(StoreUnavailable):
        await SupabaseModelRegistry(client_of(respond), URL).roll_back(ANN)

    assert attempts == 1


async def test_an_erased_operator_is_reported_as_such() -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403, json={"code": "PT403", "message": "erased"})

    registry = SupabaseModelRegistry(client_of(respond), URL)
    for decision in (registry.promote("a", ANN, force=True), registry.quarantine("a", ANN)):
        with pytest.raises(ReviewerErased):
            await decision


def test_the_registry_needs_the_key_that_signs_for_its_role(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SUPABASE_URL", "https://project.supabase.co")
    monkeypatch.setenv("SUPABASE_SECRET_KEY", "sb_secret_x")
    monkeypatch.delenv("SUPABASE_SIGNING_KEY", raising=False)

    with pytest.raises(InvalidSettings, match="SUPABASE_SIGNING_KEY"):
        model_registry()
