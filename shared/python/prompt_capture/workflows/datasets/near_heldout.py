"""Keep near-duplicates of dev and gold texts out of the training data."""

from collections.abc import Callable

from prompt_capture.domain.datasets.candidate_lines import reviewed_intent
from prompt_capture.domain.datasets.near_duplicates import NearDuplicateIndex
from prompt_capture.domain.datasets.rows import Window
from prompt_capture.domain.datasets.splits import split_of
from prompt_capture.ports import ExportSource
from prompt_capture.workflows.datasets.line_writer import group_pages_by_text


async def load_near_heldout_check(source: ExportSource, window: Window) -> Callable[[str], bool]:
    """Return a function that reports whether a text is a near-duplicate of a dev or gold text.

    Every dev and gold text up to the window's end counts, not only those in the window.
    """
    whole = Window(begin="0", end=window.end)
    heldout = NearDuplicateIndex()
    pages = source.read_export(whole, "", labelled_only=True)
    async for texts in group_pages_by_text(pages, lambda rows: None):
        for rows in texts:
            text = rows[-1].prompt
            if reviewed_intent(rows) is not None and split_of(text) != "train":
                heldout.add(text)
    return heldout.has_near_duplicate
