"""Exports and the ledger through database functions, called over PostgREST."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
from pydantic_core import from_json

from prompt_capture.domain.datasets.rows import (
    ErasedRow,
    ExportRow,
    OpenedExport,
    UserLine,
    Window,
)
from prompt_capture.domain.datasets.tiers import AuditResult
from prompt_capture.domain.errors import InvalidExport, StoreUnavailable

PAGE_ROWS = 5_000
"""PostgREST limits the number of rows, not their size. A page is one JSON value, so one row."""

REGISTERED_ROWS = 20_000
"""The number of rows that one call registers."""

_NIL = "00000000-0000-0000-0000-000000000000"
_RESTORED_DATABASE_CODE = "55000"
_MAX_ATTEMPTS = 3
_RETRY_PAUSE_SECONDS = 1.0


class SupabaseExports:
    """Calls the database functions for exports and erasures.

    Calls are retried after a connection error or a server error, since all of them are idempotent.
    """

    def __init__(self, client: httpx.AsyncClient, rest_url: str) -> None:
        self._client = client
        self._url = f"{rest_url}/rpc"

    async def open_export(self, series: str, since_last: bool, max_rows: int) -> OpenedExport:
        opened = await self._call(
            "open_export", series=series, since_last=since_last, max_rows=max_rows
        )
        window = Window(begin=opened["from"], end=opened["to"])
        return OpenedExport(window, opened["rows"], datetime.fromisoformat(opened["at"]))

    async def read_export(
        self, window: Window, salt: str, labelled_only: bool = False
    ) -> AsyncIterator[list[ExportRow]]:
        """Stream pages. Each page is requested while the caller processes the one before it."""
        request = asyncio.create_task(self._page(window, salt, labelled_only, ("", "0", _NIL)))
        try:
            while page := await request:
                last = page[-1]
                after = (last.text_id, last.change, last.id)
                request = asyncio.create_task(self._page(window, salt, labelled_only, after))
                # Give the task a turn to send the request before the caller blocks the loop.
                await asyncio.sleep(0)
                yield page
        finally:
            request.cancel()

    async def _page(
        self, window: Window, salt: str, labelled_only: bool, after: tuple[str, str, str]
    ) -> list[ExportRow]:
        text, change, row_id = after
        columns = await self._call(
            "read_export",
            window_from=window.begin,
            window_to=window.end,
            after_text=text,
            after_change=change,
            after_id=row_id,
            labelled_only=labelled_only,
            page_size=PAGE_ROWS,
            salt=salt,
        )
        return list(map(ExportRow._make, zip(*columns, strict=True))) if columns[0] else []

    async def read_erased_rows(self, window: Window) -> AsyncIterator[list[ErasedRow]]:
        change, row_id = "0", _NIL
        while page := await self._call(
            "read_erased_rows",
            window_from=window.begin,
            window_to=window.end,
            after_change=change,
            after_id=row_id,
            page_size=PAGE_ROWS,
        ):
            rows = [ErasedRow._make(row) for row in page]
            change, row_id = rows[-1].change, rows[-1].id
            yield rows

    async def read_audit_results(self, threshold: float) -> list[AuditResult]:
        results = await self._call("read_audit_results", threshold=threshold)
        return [AuditResult._make(row) for row in results]

    async def register_rows(self, bucket: str, key: str, row_ids: Sequence[str]) -> frozenset[str]:
        deleted: set[str] = set()
        for start in range(0, len(row_ids), REGISTERED_ROWS):
            rows = row_ids[start : start + REGISTERED_ROWS]
            deleted |= set(await self._call("register_rows", bucket=bucket, key=key, rows=rows))
        return frozenset(deleted)

    async def has_erasures_since(self, bucket: str, keys: Sequence[str], since: datetime) -> bool:
        return bool(
            await self._call(
                "has_erasures_since", bucket=bucket, keys=keys, since=since.isoformat()
            )
        )

    async def record_dataset(
        self, series: str, bucket: str, manifest: str, window: Window, lines: int
    ) -> None:
        await self._call(
            "record_dataset",
            series=series,
            bucket=bucket,
            manifest=manifest,
            window_from=window.begin,
            window_to=window.end,
            lines=lines,
        )

    async def list_user_lines(self, user_id: UUID, bucket: str, key: str) -> list[UserLine]:
        lines = await self._call("list_user_lines", user_id=str(user_id), bucket=bucket, key=key)
        return [UserLine._make(line) for line in lines]

    async def unregister_user_rows(self, user_id: UUID, bucket: str, key: str) -> None:
        await self._call("unregister_user_rows", user_id=str(user_id), bucket=bucket, key=key)

    async def _call(self, function: str, **arguments: object) -> Any:
        """Call a function and return its result. Retry after connection and server errors."""
        for attempt in range(1, _MAX_ATTEMPTS):
            with suppress(httpx.HTTPError):
                response = await self._client.post(f"{self._url}/{function}", json=arguments)
                if not response.is_server_error:
                    return _read(response)
            await asyncio.sleep(_RETRY_PAUSE_SECONDS * attempt)
        try:
            return _read(await self._client.post(f"{self._url}/{function}", json=arguments))
        except httpx.HTTPError as error:
            raise StoreUnavailable(f"The store did not respond ({type(error).__name__}).") from None


def _read(response: httpx.Response) -> Any:
    """Return the result of a call. Errors contain the server's code and not its message."""
    if response.status_code == httpx.codes.NO_CONTENT:
        return None
    try:
        content = from_json(response.content)  # twice as fast as the standard library
    except ValueError:
        raise StoreUnavailable("The response is not from PostgREST. Check SUPABASE_URL.") from None
    if response.is_success:
        return content
    code = content.get("code") if isinstance(content, dict) else response.status_code
    if code == _RESTORED_DATABASE_CODE:
        raise InvalidExport(
            "The last export is newer than this database, which was restored or copied. Export "
            "everything once, without since_last."
        )
    raise StoreUnavailable(f"The store rejected the request (code {code}).")
