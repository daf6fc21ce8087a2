"""The next page is fetched while the current one is processed; none is lost or left running."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from prompt_capture.workflows.exports.selection import prefetch


class PageSource:
    """Fetches the numbers 1 to 3. The fetch of the number `fails_at` fails."""

    def __init__(self, fails_at: int | None = None) -> None:
        self.fetched: list[int] = []
        self.closed = False
        self._fails_at = fails_at

    async def read(self) -> AsyncGenerator[int, None]:
        try:
            for number in (1, 2, 3):
                await asyncio.sleep(0)
                if number == self._fails_at:
                    raise ConnectionError
                self.fetched.append(number)
                yield number
        finally:
            self.closed = True


async def test_pages_stay_in_order() -> None:
    assert [page async for page in prefetch(PageSource().read())] == [1, 2, 3]


async def test_exactly_one_page_is_fetched_in_advance() -> None:
    source = PageSource()

    async with aclosing(prefetch(source.read())) as pages:
        async for _ in pages:
            for _ in range(10):
                await asyncio.sleep(0)
            break

    assert source.fetched == [1, 2]


async def test_a_failed_fetch_raises_after_the_earlier_pages() -> None:
    async with aclosing(prefetch(PageSource(fails_at=2).read())) as pages:
        assert await anext(pages) == 1

        with pytest.raises(ConnectionError):
            await anext(pages)


async def test_leaving_early_cancels_the_fetch() -> None:
    source = PageSource()

    async with aclosing(prefetch(source.read())) as pages:
        assert await anext(pages) == 1

    assert source.closed
    assert asyncio.all_tasks() == {asyncio.current_task()}
