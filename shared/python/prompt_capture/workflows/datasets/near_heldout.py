"""The texts that models are tested on, so that none nearly like them is learned from."""

from collections.abc import Callable

from prompt_capture.domain.datasets.candidate_lines import decided_intent
from prompt_capture.domain.datasets.near_duplicates import NearDuplicateIndex
from prompt_capture.domain.datasets.rows import Window
from prompt_capture.domain.datasets.splits import split_of
from prompt_capture.ports import ExportSource
from prompt_capture.workflows.datasets.lines import whole_texts


async def near_heldout(source: ExportSource, window: Window) -> Callable[[str], bool]:
    """Read every dev and gold text there is, whatever the window; answer what tells their like."""
    whole = Window(begin="0", end=window.end)
    tested = NearDuplicateIndex()
    pages = source.read_export(whole, "", labelled_only=True)
    async for texts in whole_texts(pages, lambda rows: None):
        for rows in texts:
            text = rows[-1].prompt
            if decided_intent(rows) is not None and split_of(text) != "train":
                tested.add(text)
    return tested.has_one_near
