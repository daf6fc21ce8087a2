"""What is kept of a person, and what remains to be said after all of it was removed."""

from prompt_capture.domain.types import FrozenModel, Timestamp


class UserDataCounts(FrozenModel):
    """How much the store holds of a person."""

    prompts: int = 0
    labelled_texts: int = 0
    corrections: int = 0
    queue_items: int = 0


class ExportedObject(FrozenModel):
    """An exported object that still holds prompts of somebody erased."""

    bucket: str
    key: str


class CleanedObject(ExportedObject):
    """An exported object after it was cleaned: read back, no line of theirs is in any version."""

    lines_removed: int
    lines_changed: int


class ErasureReceipt(FrozenModel):
    """What was removed, what was found when the store was read again, and what is left to clean.

    `exports` are the objects that still hold rows of theirs, `cleaned` those that did.
    """

    erased_at: Timestamp
    counts_before: UserDataCounts
    left: UserDataCounts
    exports: tuple[ExportedObject, ...] = ()
    dead_letters: int | None = None
    """How many messages were removed from the spool's dead letters; None: nobody looked."""
    cleaned: tuple[CleanedObject, ...] = ()
