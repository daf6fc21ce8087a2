"""What an export reads from the store: rows as they stand, and the window they changed in."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from prompt_capture.domain.types import FrozenModel


class Window(FrozenModel):
    """Changes in the order in which they became visible: `begin` included, `end` not.

    Both are numbers of transactions, as text, since JSON readers may round them. A window that
    begins at "0" holds all there is.
    """

    begin: str
    end: str

    @property
    def is_whole(self) -> bool:
        """Whether it holds all there is, and not only what changed since another one."""
        return self.begin == "0"


class OpenedExport(NamedTuple):
    """A window, how many captured rows changed in it, and when it was fixed (the store's clock)."""

    window: Window
    rows: int
    opened_at: datetime


class ExportRow(NamedTuple):
    """A captured row, or a kept text (`source` is "retained", and nobody is its sender).

    `text_id` is a keyed hash that copies of a text share, `sender` a pseudonym that means nothing
    outside one export.
    """

    id: str
    text_id: str
    change: str
    prompt: str
    predicted_intent: str
    confidence: float | None
    scope: float | None
    source: str
    model_version: str
    corrected_intent: str | None
    was_successful: bool | None
    is_disputed: bool
    created_at: str
    sender: str | None
    times_sent: int = 1

    @property
    def is_retained(self) -> bool:
        """Whether it is a labelled text whose rows are gone."""
        return self.source == "retained"


class ErasedRow(NamedTuple):
    """A row that was exported once and is erased."""

    id: str
    text_id: str
    change: str


class UserLine(NamedTuple):
    """A row of a person's in an exported object, and what others sent of the same text there.

    Others who were erased too, and are perhaps being cleaned at this moment, do not count.
    """

    id: str
    text_id: str
    rows_of_others: int
    others: int


def texts(rows: Iterable[ExportRow]) -> Iterator[list[ExportRow]]:
    """Put the rows of a text together; they must come text by text."""
    for _, group in groupby(rows, key=lambda row: row.text_id):
        yield list(group)
