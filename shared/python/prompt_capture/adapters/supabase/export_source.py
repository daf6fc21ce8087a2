"""Exports and the ledger through database functions, called over PostgREST."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

import httpx

from prompt_capture.adapters.supabase.postgrest import PostgrestAdapter
from prompt_capture.domain.datasets.rows import (
    AuditResult,
    AuditResults,
    ErasedLine,
    ErasedLines,
    ErasedRow,
    ExportRow,
    OpenedExport,
    SenderOfPage,
    Window,
)
from prompt_capture.domain.erasures import ExportedObject
from prompt_capture.domain.errors import InvalidExport

PAGE_ROWS = 5_000
"""PostgREST limits the number of rows, not their size. A page is one JSON value, so one row."""

REGISTERED_ROWS = 5_000
"""The number of rows that one call registers, as a page of the ledger.

A retained text may have a thousand senders, each of whom takes as long as a row.
"""

UNREGISTERED_PAGES = 10
"""The number of pages that one call removes senders from."""

_NIL = "00000000-0000-0000-0000-000000000000"
_RESTORED_DATABASE = "55000"
"""The SQLSTATE of `open_export` where the last dataset comes from another database."""

_MAX_ATTEMPTS = 3


class SupabaseExports:
    """Calls the database functions for exports and erasures.

    Calls are retried after a connection error or a server error, since all of them are idempotent.
    """

    def __init__(self, client: httpx.AsyncClient, rest_url: str) -> None:
        self._postgrest = PostgrestAdapter(client, rest_url, max_attempts=_MAX_ATTEMPTS)

    async def open_export(self, series: str, since_last: bool, max_rows: int) -> OpenedExport:
        restored_database = InvalidExport(
            "The last export is newer than this database, which was restored or copied. Export "
            "everything once, without since_last."
        )
        opened = await self._postgrest.call(
            "open_export",
            {"series": series, "since_last": since_last, "max_rows": max_rows},
            {_RESTORED_DATABASE: restored_database},
        )
        window = Window(begin=opened["from"], end=opened["to"], audits_begin=opened["audits_from"])
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
        arguments = {
            "window_from": window.begin,
            "window_to": window.end,
            "after_text": text,
            "after_change": change,
            "after_id": row_id,
            "labelled_only": labelled_only,
            "page_size": PAGE_ROWS,
            "salt": salt,
            "audits_from": _isoformat(window.audits_begin),
            "audits_to": _isoformat(window.audits_end),
        }
        columns = await self._postgrest.call("read_export", arguments)
        return list(map(ExportRow._make, zip(*columns, strict=True))) if columns[0] else []

    async def read_erased_rows(self, window: Window) -> AsyncIterator[list[ErasedRow]]:
        arguments = {
            "window_from": window.begin,
            "window_to": window.end,
            "after_change": "0",
            "after_id": _NIL,
            "page_size": PAGE_ROWS,
        }
        while page := await self._postgrest.call("read_erased_rows", arguments):
            rows = [ErasedRow._make(row) for row in page]
            arguments |= {"after_change": rows[-1].change, "after_id": rows[-1].id}
            yield rows

    async def held_out_texts(self) -> list[str]:
        texts: list[str] = []
        arguments = {"after_id": 0, "page_size": PAGE_ROWS}
        while page := await self._postgrest.call("read_disagreement_texts", arguments):
            texts += [text for _, text in page]
            arguments["after_id"] = page[-1][0]
        return texts

    async def read_audit_results(self, threshold: float) -> AuditResults:
        audits = await self._postgrest.call("read_audit_results", {"threshold": threshold})
        cutoff = audits["complete_before"]
        return AuditResults(
            datetime.fromisoformat(cutoff) if cutoff else None,
            [AuditResult._make(row) for row in audits["results"]],
        )

    async def register_rows(self, bucket: str, key: str, row_ids: Sequence[str]) -> frozenset[str]:
        deleted: set[str] = set()
        for start in range(0, len(row_ids), REGISTERED_ROWS):
            rows = row_ids[start : start + REGISTERED_ROWS]
            arguments = {"bucket": bucket, "key": key, "rows": rows}
            deleted |= set(await self._postgrest.call("register_rows", arguments))
        return frozenset(deleted)

    async def has_erasures_since(self, bucket: str, keys: Sequence[str], since: datetime) -> bool:
        arguments = {"bucket": bucket, "keys": keys, "since": since.isoformat()}
        return bool(await self._postgrest.call("has_erasures_since", arguments))

    async def record_dataset(
        self, series: str, bucket: str, manifest: str, window: Window, lines: int
    ) -> None:
        arguments = {
            "series": series,
            "bucket": bucket,
            "manifest": manifest,
            "window_from": window.begin,
            "window_to": window.end,
            "lines": lines,
            "audits_complete_before": _isoformat(window.audits_end),
        }
        await self._postgrest.call("record_dataset", arguments)

    async def list_uncleaned_objects(self) -> list[ExportedObject]:
        objects = await self._postgrest.call("list_uncleaned_objects", {})
        return [ExportedObject(bucket=bucket, key=key) for bucket, key in objects]

    async def list_erased_lines(self, exported: ExportedObject) -> ErasedLines:
        listed = await self._postgrest.call("list_erased_lines", exported.model_dump())
        return ErasedLines(
            [ErasedLine._make(line) for line in listed["lines"]],
            [SenderOfPage._make(sender) for sender in listed["senders"]],
            listed["is_recent"],
        )

    async def get_texts(self, log_ids: Sequence[UUID]) -> dict[UUID, str]:
        rows = await self._postgrest.rows_by_id("nlu_prompt_logs", log_ids, ["prompt"])
        return {log_id: row["prompt"] for log_id, row in rows.items()}

    async def unregister_senders(
        self, exported: ExportedObject, senders: Sequence[SenderOfPage]
    ) -> None:
        pages = [list(of_page) for _, of_page in groupby(sorted(senders), key=lambda one: one.page)]
        for start in range(0, len(pages), UNREGISTERED_PAGES):
            in_call = [one for page in pages[start : start + UNREGISTERED_PAGES] for one in page]
            arguments = exported.model_dump() | {"senders": in_call}
            await self._postgrest.call("unregister_senders", arguments)


def _isoformat(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
