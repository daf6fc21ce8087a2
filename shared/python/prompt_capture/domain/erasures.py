"""The data that the store holds about a user, and the receipt of an erasure."""

from prompt_capture.domain.types import FrozenModel, Timestamp


class UserDataCounts(FrozenModel):
    """How many items of each kind the store holds about a user."""

    prompts: int = 0
    labelled_texts: int = 0
    corrections: int = 0
    queue_items: int = 0


class ExportedObject(FrozenModel):
    """An exported object that still holds prompts of an erased user."""

    bucket: str
    key: str


class CleanedObject(ExportedObject):
    """An exported object after cleaning: no version of it holds a line of the erased user.

    The object was read again to verify this.
    """

    lines_removed: int
    lines_changed: int


class ErasureReceipt(FrozenModel):
    """What an erasure removed, and what still has to be cleaned.

    `counts_after` comes from a second read of the store. `remaining_objects` still hold rows of
    the user; `cleaned_objects` no longer do.
    """

    erased_at: Timestamp
    counts_before: UserDataCounts
    counts_after: UserDataCounts
    remaining_objects: tuple[ExportedObject, ...] = ()
    dead_letters: int | None = None
    """How many dead letters of the spool were removed. None: the queue was not searched."""
    cleaned_objects: tuple[CleanedObject, ...] = ()
