"""Write a review file: the uncertain messages in the order of capture."""

from collections.abc import Callable

from prompt_capture.domain.datasets.rows import ExportRow, Window
from prompt_capture.domain.errors import ExportTooLarge
from prompt_capture.domain.review_files import write_entries
from prompt_capture.domain.reviews import create_review_entry
from prompt_capture.ports import ExportSource
from prompt_capture.workflows.datasets.candidate_selector import CandidateSelector
from prompt_capture.workflows.datasets.line_writer import LineWriter, group_pages_by_text

MAX_ENTRIES = 100_000
"""More than reviewers can handle, and few enough to sort in memory."""


async def write_review_file(
    source: ExportSource,
    window: Window,
    selector: CandidateSelector,
    writer: LineWriter,
    report: Callable[[int], None],
) -> None:
    """Write the uncorrected rows with a confidence below the threshold.

    Raise `ExportTooLarge` for more than `MAX_ENTRIES`, since the file is sorted in memory.
    """
    rows: list[ExportRow] = []
    async for texts in group_pages_by_text(source.read_export(window, ""), report):
        for text in texts:
            rows += selector.rows_to_review(text)
        if len(rows) > MAX_ENTRIES:
            raise ExportTooLarge(
                f"The review file would have more than {MAX_ENTRIES:,} entries. Reduce them with "
                "days, since_last, or a lower confidence_threshold."
            )
    rows.sort(key=lambda row: (row.created_at, row.id))
    ids = [row.id for row in rows]
    parts = writer.parts
    deleted = await source.register_rows(parts.datasets.bucket, parts.key(""), ids) if ids else ()
    entries = [create_review_entry(row) for row in rows if row.id not in deleted]
    for entry in entries:
        writer.counts.add_entry(entry)
    parts.write_whole(write_entries(entries, writer.request.format), len(entries))
