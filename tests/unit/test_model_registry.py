"""The adapter of the registry of models: what it sends once only, and answers it cannot use."""

from collections.abc import Callable

import httpx
import pytest

from prompt_capture import bootstrap
from prompt_capture.adapters.supabase.model_registry import (
    SupabaseChampion,
    SupabaseModelRegistry,
    champion_address,
)
from prompt_capture.domain.errors import (
    InvalidSettings,
    ReviewerErased,
    StoreUnavailable,
)
from prompt_capture.domain.models import ModelAddress, RegistryDecision

URL = "http://store/rest/v1"
ANN = RegistryDecision(actor="ann", reason="It is worse.")
ADDRESS = {"version": "a", "manifest_sha256": "0" * 64, "object_version": None}


def client_of(respond: Callable[[httpx.Request], httpx.Response]) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(respond))


def test_the_address_of_the_champion_is_read_from_an_answer() -> None:
    assert champion_address(ADDRESS) == ModelAddress(version="a", manifest_sha256="0" * 64)
    assert champion_address({}) is None


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
    ],
    ids=str,
)
def test_an_answer_that_is_no_address_is_refused_without_its_content(answer: object) -> None:
    with pytest.raises(StoreUnavailable, match=r"^The store does not say which model serves\.$"):
        champion_address(answer)


async def test_the_champion_is_asked_for_once() -> None:
    requests: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        requests.append(request.url.path)
        return httpx.Response(200, json=ADDRESS)

    champion = await SupabaseChampion(client_of(respond), URL).champion()

    assert champion is not None
    assert champion.version == "a"
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
        bootstrap.model_registry()
