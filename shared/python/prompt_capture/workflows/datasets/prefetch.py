"""Fetch the next page while the current one is processed."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar

Page = TypeVar("Page")


async def prefetch(pages: AsyncGenerator[Page, None]) -> AsyncGenerator[Page, None]:
    """Yield the same pages, fetched one page in advance.

    Close the generator if you leave it early, or the fetch continues.
    """

    async def fetch() -> Page | None:
        return await anext(pages, None)

    async with aclosing(pages):
        next_page = asyncio.create_task(fetch())
        try:
            while (page := await next_page) is not None:
                next_page = asyncio.create_task(fetch())
                yield page
        finally:
            next_page.cancel()
            await asyncio.gather(next_page, return_exceptions=True)
