"""Read the texts of a window, and select the lines of a dataset from them."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing, closing
from dataclasses import replace
from secrets import token_hex
from typing import TypeVar

from prompt_capture.domain.datasets.kinds import DatasetKind
from prompt_capture.domain.datasets.lines import (
    CandidateLine,
    Criteria,
    reviewed_intent,
    split_of,
)
from prompt_capture.domain.datasets.near_duplicates import NearDuplicateIndex
from prompt_capture.domain.datasets.requests import ExportRequest
from prompt_capture.domain.datasets.rows import ExportRow, Window, group_by_text
from prompt_capture.domain.text import canonical_text
from prompt_capture.ports.exports import ExportSource
from prompt_capture.workflows.exports.k_anonymity import KAnonymityFilter

SelectedPage = tuple[list[CandidateLine], list[str]]
"""Lines to write, and ids that no longer have a line (tombstones)."""

Page = TypeVar("Page")


class LineSelection:
    """The lines of one dataset. `excluded` counts why messages and texts have none."""

    def __init__(
        self,
        source: ExportSource,
        request: ExportRequest,
        window: Window,
        criteria: Criteria,
        report: Callable[[int], None],
    ) -> None:
        self._source = source
        self._kind = request.kind
        self._window = window
        self._criteria = criteria
        self._report = report
        self._is_anonymised = bool(request.anonymize)
        self._min_users = request.users_per_cluster
        self._collects_tombstones = self._kind.writes_tombstones(window)
        self._is_held_out: Callable[[str], bool] = lambda text: False
        self.excluded: Counter[str] = Counter()

    async def pages(self) -> AsyncGenerator[SelectedPage, None]:
        """Yield the selected lines. Close the generator if you leave it early."""
        self._is_held_out = _pool_check(await self._source.held_out_texts(), self._kind)
        if self._kind.excludes_near_heldout:
            heldout = await _read_heldout_texts(self._source, self._window)
            self._criteria = replace(self._criteria, is_near_heldout=heldout.has_near_duplicate)
        async with aclosing(prefetch(self._select_pages())) as pages:
            if not self._is_anonymised:
                async for page in pages:
                    yield page
                return
            with closing(KAnonymityFilter(self._min_users)) as k_anonymity:
                async for candidates, tombstones in pages:
                    k_anonymity.add(candidates)
                    yield [], tombstones
                for candidates in k_anonymity.admitted():
                    yield candidates, []
                if k_anonymity.excluded:
                    self.excluded["too_few_users"] = k_anonymity.excluded

    async def _select_pages(self) -> AsyncGenerator[SelectedPage, None]:
        """Select in a thread, so that the event loop continues to read and write."""
        salt = token_hex(8) if self._is_anonymised else ""
        pages = self._source.read_export(self._window, salt)
        async for texts in _group_pages_by_text(pages, self._report):
            yield await asyncio.to_thread(self._select, texts)

    def _select(self, texts: Iterable[list[ExportRow]]) -> SelectedPage:
        candidates: list[CandidateLine] = []
        tombstones: list[str] = []
        for rows in texts:
            selected: list[CandidateLine] = []
            for line in self._kind.select(rows, self._criteria):
                if not isinstance(line, CandidateLine):
                    self.excluded[line] += 1
                elif self._is_held_out(line.text):
                    self.excluded["near_disagreement"] += 1
                else:
                    selected.append(line)
            candidates += selected
            if self._collects_tombstones:
                line_ids = {candidate.id for candidate in selected}
                possible_ids = dict.fromkeys(map(self._kind.line_id, rows))
                tombstones += [line_id for line_id in possible_ids if line_id not in line_ids]
        return candidates, tombstones


def _pool_check(pool: list[str], kind: DatasetKind) -> Callable[[str], bool]:
    """Return a check whether a dataset may not hold a text, given the pool of disagreements."""
    if kind.is_trained_on:
        return NearDuplicateIndex(pool).has_near_duplicate
    texts = frozenset(map(canonical_text, pool))
    return lambda text: bool(texts) and canonical_text(text) in texts


async def _read_heldout_texts(source: ExportSource, window: Window) -> NearDuplicateIndex:
    """Return the dev and gold texts up to the window's end, not only those in the window."""
    whole = Window(begin="0", end=window.end)
    heldout = NearDuplicateIndex()
    pages = source.read_export(whole, "", labelled_only=True)
    async for texts in _group_pages_by_text(pages, lambda rows: None):
        for rows in texts:
            text = rows[-1].prompt
            if reviewed_intent(rows) is not None and split_of(text) != "train":
                heldout.add(text)
    return heldout


async def _group_pages_by_text(
    pages: AsyncIterator[list[ExportRow]], report: Callable[[int], None]
) -> AsyncIterator[list[list[ExportRow]]]:
    """Yield the complete texts of each page.

    The last text of a page waits, since the next page may continue it. `report` receives the
    number of rows so far.
    """
    incomplete: list[ExportRow] = []
    rows = 0
    async for page in pages:
        *complete, incomplete = group_by_text([*incomplete, *page])
        rows += len(page)
        yield complete
        report(rows)
    if incomplete:
        yield [incomplete]


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
