"""One call to PostgREST, and a stream of them page by page, with their failures in our terms."""

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
"""Supabase caps every answer at 1,000 rows unless told otherwise."""

_FOREIGN_KEY_VIOLATION = "23503"
_FAULTS_OF_A_ROW = ("22", "23")
"""SQLSTATE's classes for data that do not fit, and for broken constraints."""

Row = TypeVar("Row", bound=ReviewablePrompt)


class ForeignKeyViolation(Exception):
    """A row names something that does not exist."""


async def execute(request: Any, deadline_seconds: float) -> list[dict[str, Any]]:
    """Run a request within a deadline, whatever the server does in the meantime.

    What the server says of a failed request may hold a row, so it is not passed on.
    """
    try:
        async with asyncio.timeout(deadline_seconds):
            rows = (await request.execute()).data
    except APIError as error:
        if error.code == _FOREIGN_KEY_VIOLATION:
            raise ForeignKeyViolation from None
        if str(error.code).startswith(_FAULTS_OF_A_ROW):
            raise PromptRefused(f"The store takes no such row (code {error.code}).") from None
        raise StoreUnavailable(f"The store refused the request (code {error.code}).") from None
    except (httpx.HTTPError, TimeoutError) as error:
        raise StoreUnavailable(f"The store did not answer ({type(error).__name__}).") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise StoreUnavailable("What answered is not the store: check SUPABASE_URL.")
    return rows


async def stream(
    query: Callable[[], AsyncSelectRequestBuilder],
    row_type: type[Row],
    since: datetime | None,
    deadline_seconds: float,
) -> AsyncIterator[Row]:
    """Page by the key (created_at, id), so that each page costs the same however deep it lies."""
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
            last = _read(row, row_type)
            yield last


def _read(row: dict[str, Any], row_type: type[Row]) -> Row:
    try:
        return row_type.model_validate(row)
    except ValidationError as error:
        columns = ", ".join(str(fault["loc"][0]) for fault in error.errors(include_input=False))
        raise StoreUnavailable(f"Row {row.get('id')} cannot be read: see its {columns}.") from None


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
