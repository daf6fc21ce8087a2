"""What exports read and note, through PostgREST's functions."""

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
from prompt_capture.domain.datasets.tiers import Audit
from prompt_capture.domain.errors import InvalidExport, StoreUnavailable

PAGE_ROWS = 5_000
"""A page is one value to PostgREST, which caps rows and not values."""

NOTED_ROWS = 20_000

_NIL = "00000000-0000-0000-0000-000000000000"
_RESTORED = "55000"
_ATTEMPTS = 3
_PAUSE_SECONDS = 1.0


class SupabaseExports:
    """The functions that only exports and erasures call.

    Reads are repeated after a broken connection; nobody waits for an export.
    """

    def __init__(self, client: httpx.AsyncClient, rest_url: str) -> None:
        self._client = client
        self._url = f"{rest_url}/rpc"

    async def open_export(self, series: str, since_last: bool, max_rows: int) -> OpenedExport:
        told = await self._call("open_export", series=series, since_last=since_last, most=max_rows)
        window = Window(begin=told["from"], end=told["to"])
        return OpenedExport(window, told["rows"], datetime.fromisoformat(told["at"]))

    async def read_export(
        self, window: Window, salt: str, labelled_only: bool = False
    ) -> AsyncIterator[list[ExportRow]]:
        """Ask for the next page before this one is worked on: database and function both work."""
        asked = asyncio.create_task(self._page(window, salt, labelled_only, ("", "0", _NIL)))
        try:
            while page := await asked:
                last = page[-1]
                after = (last.text_id, last.change, last.id)
                asked = asyncio.create_task(self._page(window, salt, labelled_only, after))
                # Sent before the page is worked on, which would keep it waiting.
                await asyncio.sleep(0)
                yield page
        finally:
            asked.cancel()

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
            most=PAGE_ROWS,
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
            most=PAGE_ROWS,
        ):
            rows = [ErasedRow._make(row) for row in page]
            change, row_id = rows[-1].change, rows[-1].id
            yield rows

    async def read_audit_results(self, threshold: float) -> list[Audit]:
        return [
            Audit._make(row) for row in await self._call("read_audit_results", threshold=threshold)
        ]

    async def register_rows(self, bucket: str, key: str, row_ids: Sequence[str]) -> frozenset[str]:
        gone: set[str] = set()
        for start in range(0, len(row_ids), NOTED_ROWS):
            rows = row_ids[start : start + NOTED_ROWS]
            gone |= set(await self._call("register_rows", bucket=bucket, key=key, rows=rows))
        return frozenset(gone)

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

    async def list_user_lines(self, person: UUID, bucket: str, key: str) -> list[UserLine]:
        found = await self._call("list_user_lines", person=str(person), bucket=bucket, key=key)
        return [UserLine._make(row) for row in found]

    async def unregister_user_rows(self, person: UUID, bucket: str, key: str) -> None:
        await self._call("unregister_user_rows", person=str(person), bucket=bucket, key=key)

    async def _call(self, function: str, **arguments: object) -> Any:
        """Call a function; all of them may be called again after an answer that was lost."""
        for attempt in range(1, _ATTEMPTS):
            with suppress(httpx.HTTPError):
                answer = await self._client.post(f"{self._url}/{function}", json=arguments)
                if not answer.is_server_error:
                    return _read(answer)
            await asyncio.sleep(_PAUSE_SECONDS * attempt)
        try:
            return _read(await self._client.post(f"{self._url}/{function}", json=arguments))
        except httpx.HTTPError as error:
            raise StoreUnavailable(f"The store did not answer ({type(error).__name__}).") from None


def _read(answer: httpx.Response) -> Any:
    """Read an answer; what the server says of a failed call is not passed on, but for its code."""
    if answer.status_code == httpx.codes.NO_CONTENT:
        return None
    try:
        content = from_json(answer.content)  # in half the time of the standard library's
    except ValueError:
        raise StoreUnavailable("What answered is not the store: check SUPABASE_URL.") from None
    if answer.is_success:
        return content
    code = content.get("code") if isinstance(content, dict) else answer.status_code
    if code == _RESTORED:
        raise InvalidExport(
            "The last dataset is of another state of the database, which was restored or copied. "
            "Export all, once: without since_last."
        )
    raise StoreUnavailable(f"The store refused the request (code {code}).")
