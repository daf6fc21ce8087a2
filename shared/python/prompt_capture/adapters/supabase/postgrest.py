"""Execute PostgREST requests, stream pages, and translate errors to those of the domain."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx
from postgrest import APIError, AsyncSelectRequestBuilder
from pydantic import ValidationError

from prompt_capture.domain.errors import PromptRefused, StoreUnavailable
from prompt_capture.domain.prompts import ReviewablePrompt

PAGE_SIZE = 1_000
"""Supabase's default limit for the rows of a response."""

_FOREIGN_KEY_VIOLATION = "23503"
_ROW_ERROR_CLASSES = ("22", "23")
"""The SQLSTATE classes for invalid data and for violated constraints."""

Row = TypeVar("Row", bound=ReviewablePrompt)


class ForeignKeyViolation(Exception):
    """A row refers to something that does not exist."""


async def execute(request: Any, deadline_seconds: float) -> list[dict[str, Any]]:
    """Execute a request within a deadline for the whole call, and return the rows.

    Raise `ForeignKeyViolation`, `PromptRefused` or `StoreUnavailable`. The server's own message is
    dropped, since it may contain a row.
    """
    try:
        async with asyncio.timeout(deadline_seconds):
            rows = (await request.execute()).data
    except APIError as error:
        if error.code == _FOREIGN_KEY_VIOLATION:
            raise ForeignKeyViolation from None
        if str(error.code).startswith(_ROW_ERROR_CLASSES):
            raise PromptRefused(f"The store rejected the row (code {error.code}).") from None
        raise StoreUnavailable(f"The store rejected the request (code {error.code}).") from None
    except (httpx.HTTPError, TimeoutError) as error:
        raise StoreUnavailable(f"The store did not respond ({type(error).__name__}).") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise StoreUnavailable("The response is not from PostgREST: check SUPABASE_URL.")
    return rows


async def stream(
    query: Callable[[], AsyncSelectRequestBuilder],
    row_type: type[Row],
    since: datetime | None,
    deadline_seconds: float,
) -> AsyncIterator[Row]:
    """Stream rows page by page.

    Keyset pagination over (created_at, id) makes every page cost the same.
    """
    last: Row | None = None
    while True:
        request = query().order("created_at").order("id").limit(PAGE_SIZE)
        if last:
            moment = _timestamp(last.created_at)
            after = f'created_at.gt."{moment}",and(created_at.eq."{moment}",id.gt.{last.id})'
            request = request.gte("created_at", moment).or_(after)
        elif since:
            request = request.gte("created_at", _timestamp(since))
        rows = await execute(request, deadline_seconds)
        if not rows:
            return
        for row in rows:
            last = _parse(row, row_type)
            yield last


def _parse(row: dict[str, Any], row_type: type[Row]) -> Row:
    try:
        return row_type.model_validate(row)
    except ValidationError as error:
        columns = ", ".join(str(detail["loc"][0]) for detail in error.errors(include_input=False))
        raise StoreUnavailable(f"Row {row.get('id')} has invalid columns: {columns}.") from None


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
