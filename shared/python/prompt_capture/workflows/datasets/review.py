"""The review file: what a person should look at, in the order of capture."""

from collections.abc import Callable

from prompt_capture.domain.datasets.rows import ExportRow, Window
from prompt_capture.domain.errors import ExportTooLarge
from prompt_capture.domain.review_files import write_entries
from prompt_capture.domain.reviews import review_entry
from prompt_capture.ports import ExportSource
from prompt_capture.workflows.datasets.lines import LinesExport, whole_texts
from prompt_capture.workflows.datasets.selection import Selection

MAX_ENTRIES = 100_000
"""More than people ever look at, and few enough to be put in order in memory."""


async def review_entries(
    source: ExportSource,
    window: Window,
    selection: Selection,
    writing: LinesExport,
    report: Callable[[int], None],
) -> None:
    """Write the uncorrected rows below the threshold as one JSON array."""
    rows: list[ExportRow] = []
    async for texts in whole_texts(source.read_export(window, ""), report):
        for text in texts:
            rows += selection.to_review(text)
        if len(rows) > MAX_ENTRIES:
            raise ExportTooLarge(
                f"More than {MAX_ENTRIES:,} prompts would be up for review. Take fewer: with "
                "days, with since_last, or with a lower confidence_threshold."
            )
    rows.sort(key=lambda row: (row.created_at, row.id))
    ids = [row.id for row in rows]
    parts = writing.parts
    gone = await source.register_rows(parts.datasets.bucket, parts.key(""), ids) if ids else ()
    entries = [review_entry(row) for row in rows if row.id not in gone]
    for entry in entries:
        writing.counts.add_entry(entry)
    parts.write_whole(write_entries(entries, writing.request.format), len(entries))
