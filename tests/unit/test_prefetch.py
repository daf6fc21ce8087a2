"""The next page is made while the last one is worked on, and none is lost or left running."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from prompt_capture.workflows.datasets.prefetch import prefetch


class Pages:
    """Numbers from 1 to 3, or an outage in place of one; `made` and `closed` say how far."""

    def __init__(self, outage_at: int | None = None) -> None:
        self.made: list[int] = []
        self.closed = False
        self._outage_at = outage_at

    async def read(self) -> AsyncGenerator[int, None]:
        try:
            for number in (1, 2, 3):
                await asyncio.sleep(0)
                if number == self._outage_at:
                    raise ConnectionError
                self.made.append(number)
                yield number
        finally:
            self.closed = True


async def test_every_page_comes_in_its_order() -> None:
    assert [page async for page in prefetch(Pages().read())] == [1, 2, 3]


async def test_the_next_page_is_made_while_this_one_is_worked_on_and_no_other() -> None:
    pages = Pages()

    async with aclosing(prefetch(pages.read())) as found:
        async for _ in found:
            for _ in range(10):
                await asyncio.sleep(0)
            break

    assert pages.made == [1, 2]


async def test_an_outage_is_told_after_the_pages_before_it() -> None:
    async with aclosing(prefetch(Pages(outage_at=2).read())) as found:
        assert await anext(found) == 1

        with pytest.raises(ConnectionError):
            await anext(found)


async def test_who_leaves_early_leaves_nothing_running() -> None:
    pages = Pages()

    async with aclosing(prefetch(pages.read())) as found:
        assert await anext(found) == 1

    assert pages.closed
    assert asyncio.all_tasks() == {asyncio.current_task()}
