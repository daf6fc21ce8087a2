"""The adapter to PostgREST. Every request to the database goes through it."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol
from uuid import UUID

import httpx
from postgrest import AsyncPostgrestClient, AsyncRequestBuilder
from postgrest.base_request_builder import RequestConfig
from pydantic_core import from_json

from prompt_capture.domain.errors import (
    LockConflict,
    PromptCaptureError,
    PromptRefused,
    RequestAborted,
    StoreUnavailable,
)

FOREIGN_KEY_VIOLATION = "23503"
"""The SQLSTATE of a row that refers to something that does not exist."""

_ROW_ERROR_CLASSES = ("22", "23")
"""The SQLSTATE classes for invalid data and for violated constraints."""

_ABORTED = ("57014", "54", "P0", "XX", "413")
"""A statement that took too long, an exceeded limit, an error in a trigger, an internal error, and
HTTP's status of a request that is too large."""

_LOCK_CONFLICTS = frozenset({"40001", "40P01", "55P03"})
"""The SQLSTATEs of serialization failures, deadlocks, and locks that were not available.

The transaction of such a request had no effect.
"""

_RETRY_PAUSE_SECONDS = 1.0

_CONFLICT_RETRIES = 2
_CONFLICT_PAUSE_SECONDS = 0.03
"""The mean pause. Each is chosen at random, so that two requests do not meet again."""

MAX_IDS_PER_REQUEST = 100
"""A URL with this many ids has 4 kB, which every proxy accepts."""

Row = dict[str, Any]
ErrorsByCode = Mapping[str, PromptCaptureError]
"""The errors that a request raises for some SQLSTATEs, where these have a meaning of their own."""

_NO_ERRORS: ErrorsByCode = {}
_NO_HEADERS: Mapping[str, str] = {}


class RequestBuilder(Protocol):
    """A request that the postgrest library has built."""

    request: RequestConfig[httpx.AsyncClient]


class PostgrestAdapter:
    """Sends the requests that the postgrest library builds, and reads the responses itself.

    Every request must be idempotent: it is repeated at once after a conflict with another
    transaction, and, with more than one attempt, after a connection error or a server error.
    `deadline_seconds` limits each attempt as a whole, with the repetitions after conflicts.
    `headers` go with every request.

    Errors become `StoreUnavailable`, or one of its subclasses where more is known: `PromptRefused`
    where the data is at fault, `RequestAborted` or `LockConflict` where it may be. They contain the
    server's code, but not its message, which may contain a row.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        rest_url: str,
        deadline_seconds: float | None = None,
        max_attempts: int = 1,
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> None:
        self._library = AsyncPostgrestClient(
            rest_url, headers=dict(headers), http_client=client, retry_enabled=False
        )
        self._deadline_seconds = deadline_seconds
        self._max_attempts = max_attempts

    def table(self, name: str) -> AsyncRequestBuilder:
        """Return a builder of requests to a table or view."""
        return self._library.from_(name)

    async def rows(self, request: RequestBuilder, errors: ErrorsByCode = _NO_ERRORS) -> list[Row]:
        """Send a request and return the rows of the response."""
        return _check_rows(await self._execute(request, errors))

    async def rows_by_id(
        self, table: str, ids: Sequence[UUID], columns: Sequence[str]
    ) -> dict[UUID, Row]:
        """Return columns of the rows of a table or view that exist, by their id."""
        found: dict[UUID, Row] = {}
        for start in range(0, len(ids), MAX_IDS_PER_REQUEST):
            named = [str(row_id) for row_id in ids[start : start + MAX_IDS_PER_REQUEST]]
            selected = self.table(table).select("id", *columns)
            rows = await self.rows(selected.in_("id", named))
            found |= {UUID(row["id"]): row for row in rows}
        return found

    async def active_intents(self) -> list[str]:
        """Return the intents of the catalogue that a correction may use."""
        is_active = "retired_at.is.null,retired_at.gt.now"  # as in `private.is_active_intent`
        query = self.table("intent_catalogue").select("intent").or_(is_active)
        return [row["intent"] for row in await self.rows(query)]

    async def call(
        self, function: str, arguments: Mapping[str, Any], errors: ErrorsByCode = _NO_ERRORS
    ) -> Any:
        """Call a database function and return its result, or None where it returns nothing."""
        return await self._execute(self._library.rpc(function, dict(arguments)), errors)

    async def call_for_rows(
        self, function: str, arguments: Mapping[str, Any], errors: ErrorsByCode = _NO_ERRORS
    ) -> list[Row]:
        """Call a database function that returns rows."""
        return _check_rows(await self.call(function, arguments, errors))

    async def _execute(self, request: RequestBuilder, errors: ErrorsByCode) -> Any:
        response = await self._send(request.request)
        if response.status_code == httpx.codes.NO_CONTENT:
            return None
        content = _content(response)
        if response.is_success:
            return content
        raise _domain_error(_code(content) or str(response.status_code), errors)

    async def _send(self, request: RequestConfig[httpx.AsyncClient]) -> httpx.Response:
        """Return the response to the first attempt without a connection or server error."""
        for attempt in range(1, self._max_attempts):
            with suppress(httpx.HTTPError, TimeoutError):
                response = await self._attempt(request)
                if not response.is_server_error:
                    return response
            await asyncio.sleep(_RETRY_PAUSE_SECONDS * attempt)
        try:
            return await self._attempt(request)
        except (httpx.ReadTimeout, TimeoutError) as error:
            raise RequestAborted(f"The store took too long ({type(error).__name__}).") from None
        except httpx.HTTPError as error:
            raise StoreUnavailable(f"The store did not respond ({type(error).__name__}).") from None

    async def _attempt(self, request: RequestConfig[httpx.AsyncClient]) -> httpx.Response:
        async with asyncio.timeout(self._deadline_seconds):
            response = await request.send(httpx.Headers())
            for _ in range(_CONFLICT_RETRIES):
                if not _is_conflict(response):
                    break
                pause = random.uniform(0, 2 * _CONFLICT_PAUSE_SECONDS)  # noqa: S311 - no secret
                await asyncio.sleep(pause)
                response = await request.send(httpx.Headers())
            return response


def _content(response: httpx.Response) -> Any:
    try:
        return from_json(response.content)  # twice as fast as the standard library
    except ValueError:
        if response.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
            return {"code": str(response.status_code)}  # from the proxy in front of PostgREST
        raise _foreign_response(f"status {response.status_code}") from None


def _code(content: Any) -> str:
    return str(content.get("code") or "") if isinstance(content, dict) else ""


def _is_conflict(response: httpx.Response) -> bool:
    if response.is_success:
        return False
    with suppress(StoreUnavailable):
        return _code(_content(response)) in _LOCK_CONFLICTS
    return False


def _domain_error(code: str, errors: ErrorsByCode) -> PromptCaptureError:
    if code in errors:
        return errors[code]
    if code.startswith(_ROW_ERROR_CLASSES):
        return PromptRefused(f"The store rejected the row (code {code}).")
    if code in _LOCK_CONFLICTS:
        return LockConflict(f"Another transaction was in the way (code {code}).")
    if code.startswith(_ABORTED):
        return RequestAborted(f"The store aborted the request (code {code}).")
    return StoreUnavailable(f"The store rejected the request (code {code}).")


def _check_rows(content: Any) -> list[Row]:
    if not isinstance(content, list) or not all(isinstance(row, dict) for row in content):
        raise _foreign_response("no rows")
    return content


def _foreign_response(detail: str) -> StoreUnavailable:
    return StoreUnavailable(f"The response is not from PostgREST ({detail}). Check SUPABASE_URL.")
