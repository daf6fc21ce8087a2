"""The adapter to PostgREST: errors, deadlines and retries, without a server."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from prompt_capture.adapters.supabase.postgrest import FOREIGN_KEY_VIOLATION, PostgrestAdapter
from prompt_capture.domain.errors import (
    LockConflict,
    PromptRefused,
    RequestAborted,
    StoreUnavailable,
    UnknownUser,
)

ADAPTER = "prompt_capture.adapters.supabase.postgrest"
MARKER = "the row was: my secret"


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{ADAPTER}._RETRY_PAUSE_SECONDS", 0)


class ScriptedServer:
    """Answers each request with the next response, or raises the next exception."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self._answers: Iterator[httpx.Response | Exception] = iter(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


def error(status: int, code: str) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "message": MARKER, "details": MARKER})


@asynccontextmanager
async def connect(server: ScriptedServer, **options: Any) -> AsyncIterator[PostgrestAdapter]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(server)) as client:
        yield PostgrestAdapter(client, "http://store.test/rest/v1", **options)


async def test_a_call_returns_the_content_of_the_response() -> None:
    server = ScriptedServer(httpx.Response(200, json=[["a"], [1]]))

    async with connect(server) as postgrest:
        assert await postgrest.call("read_export", {"salt": "ü"}) == [["a"], [1]]

    assert server.requests[0].url.path == "/rest/v1/rpc/read_export"
    assert server.requests[0].content == '{"salt":"ü"}'.encode()


async def test_a_function_without_a_result_returns_none() -> None:
    async with connect(ScriptedServer(httpx.Response(204))) as postgrest:
        assert await postgrest.call("record_dataset", {}) is None


@pytest.mark.parametrize(
    ("response", "kind", "reason"),
    [
        (error(409, FOREIGN_KEY_VIOLATION), PromptRefused, "code 23503"),
        (error(400, "22P02"), PromptRefused, "code 22P02"),
        (error(403, "42501"), StoreUnavailable, "code 42501"),
        (error(404, "PT404"), StoreUnavailable, "code PT404"),
        (error(500, "55000"), StoreUnavailable, "code 55000"),
        (error(500, "57014"), RequestAborted, "code 57014"),
        (error(500, "54000"), RequestAborted, "code 54000"),
        (error(400, "P0001"), RequestAborted, "code P0001"),
        (error(500, "XX000"), RequestAborted, "code XX000"),
        (httpx.Response(413, text=MARKER), RequestAborted, "code 413"),
        (error(500, "40001"), LockConflict, "code 40001"),
        (error(500, "40P01"), LockConflict, "code 40P01"),
        (error(500, "55P03"), LockConflict, "code 55P03"),
        (error(503, "57P01"), StoreUnavailable, "code 57P01"),
        (error(503, "53300"), StoreUnavailable, "code 53300"),
        (httpx.Response(401, json={"message": MARKER}), StoreUnavailable, "code 401"),
        (httpx.Response(404, json={"message": MARKER}), StoreUnavailable, "code 404"),
        (httpx.Response(503, json={"message": MARKER}), StoreUnavailable, "code 503"),
        (httpx.Response(503, json=[MARKER]), StoreUnavailable, "code 503"),
        (httpx.Response(502, text=MARKER), StoreUnavailable, "status 502"),
        (httpx.Response(200, text=MARKER), StoreUnavailable, "SUPABASE_URL"),
    ],
    ids=str,
)
async def test_an_error_has_the_code_of_the_server_and_nothing_else(
    response: httpx.Response, kind: type[StoreUnavailable], reason: str
) -> None:
    async with connect(ScriptedServer(*[response] * 3)) as postgrest:
        with pytest.raises(StoreUnavailable, match=reason) as raised:
            await postgrest.call("f", {})

    assert type(raised.value) is kind
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None


async def test_a_request_can_give_a_code_a_meaning_of_its_own() -> None:
    meaning = UnknownUser("The user does not exist.")

    async with connect(ScriptedServer(error(409, FOREIGN_KEY_VIOLATION))) as postgrest:
        with pytest.raises(UnknownUser):
            await postgrest.call("f", {}, {FOREIGN_KEY_VIOLATION: meaning})


@pytest.mark.parametrize("content", [{"a": 1}, "text", None, [1]], ids=str)
async def test_a_response_without_rows_where_rows_belong_is_an_error(content: object) -> None:
    async with connect(ScriptedServer(httpx.Response(200, json=content))) as postgrest:
        with pytest.raises(StoreUnavailable, match="not from PostgREST"):
            await postgrest.rows(postgrest.table("t").select("id"))


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (httpx.ConnectError(MARKER), StoreUnavailable),
        (httpx.ConnectTimeout(MARKER), StoreUnavailable),
        (httpx.PoolTimeout(MARKER), StoreUnavailable),
        (httpx.ReadError(MARKER), StoreUnavailable),
        (httpx.ReadTimeout(MARKER), RequestAborted),
        (TimeoutError(MARKER), RequestAborted),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
async def test_only_a_store_that_was_reached_can_have_aborted_a_request(
    fault: Exception, kind: type[StoreUnavailable]
) -> None:
    async with connect(ScriptedServer(fault)) as postgrest:
        with pytest.raises(StoreUnavailable, match=type(fault).__name__) as raised:
            await postgrest.call("f", {})

    assert type(raised.value) is kind


async def test_a_request_is_sent_once_by_default() -> None:
    server = ScriptedServer(httpx.ConnectError(MARKER))

    async with connect(server) as postgrest:
        with pytest.raises(StoreUnavailable, match=r"did not respond \(ConnectError\)"):
            await postgrest.rows(postgrest.table("t").select("id"))

    assert len(server.requests) == 1


async def test_connection_and_server_errors_are_retried() -> None:
    server = ScriptedServer(
        httpx.ReadError(MARKER), error(503, "PGRST002"), httpx.Response(200, json=[{"id": 1}])
    )

    async with connect(server, max_attempts=3) as postgrest:
        assert await postgrest.rows(postgrest.table("t").select("id")) == [{"id": 1}]


@pytest.mark.parametrize("code", ["40P01", "40001", "55P03"])
async def test_a_request_is_repeated_twice_after_a_conflict_with_another_transaction(
    code: str,
) -> None:
    conflicts = [error(500, code) for _ in range(3)]
    recorded = httpx.Response(200, json=[{"id": 1}])

    async with connect(ScriptedServer(*conflicts[:2], recorded)) as postgrest:
        assert await postgrest.rows(postgrest.table("t").select("id")) == [{"id": 1}]
    async with connect(ScriptedServer(*conflicts)) as postgrest:
        with pytest.raises(StoreUnavailable, match=f"code {code}"):
            await postgrest.call("f", {})


async def test_the_deadline_ends_the_repetitions_after_conflicts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(f"{ADAPTER}._CONFLICT_PAUSE_SECONDS", 1_000_000)
    server = ScriptedServer(error(500, "40P01"))

    async with connect(server, deadline_seconds=0.01) as postgrest:
        with pytest.raises(StoreUnavailable, match="TimeoutError"):
            await postgrest.call("f", {})

    assert len(server.requests) == 1


async def test_the_last_error_is_raised_after_the_last_attempt() -> None:
    server = ScriptedServer(httpx.ReadError(MARKER), error(500, "XX000"), error(500, "57014"))

    async with connect(server, max_attempts=3) as postgrest:
        with pytest.raises(StoreUnavailable, match="code 57014"):
            await postgrest.call("f", {})


async def test_a_rejected_request_is_not_repeated() -> None:
    server = ScriptedServer(error(403, "42501"))

    async with connect(server, max_attempts=3) as postgrest:
        with pytest.raises(StoreUnavailable, match="code 42501"):
            await postgrest.call("f", {})


async def test_the_deadline_covers_the_whole_response() -> None:
    async def send_slowly() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0.01)
            yield b" "

    server = ScriptedServer(httpx.Response(200, content=send_slowly()))

    async with connect(server, deadline_seconds=0.1) as postgrest:
        with pytest.raises(StoreUnavailable, match="TimeoutError"):
            await postgrest.call("f", {})
