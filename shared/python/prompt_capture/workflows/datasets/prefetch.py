"""Make the next page while the last one is worked on."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar

Page = TypeVar("Page")


async def prefetch(pages: AsyncGenerator[Page, None]) -> AsyncGenerator[Page, None]:
    """Answer the same pages, one of which is made in advance; close it if you leave it early."""

    async def following() -> Page | None:
        return await anext(pages, None)

    async with aclosing(pages):
        made = asyncio.create_task(following())
        try:
            while (page := await made) is not None:
                made = asyncio.create_task(following())
                yield page
        finally:
            made.cancel()
            await asyncio.gather(made, return_exceptions=True)
