"""The data that the store holds about a user, and the receipts of erasures."""

from prompt_capture.domain.types import FrozenModel, Timestamp


class UserDataCounts(FrozenModel):
    """How many items of each kind the store holds about a user.

    `registry_entries` are the models that an operator registered, and their events in the ledger.
    """

    prompts: int = 0
    labelled_texts: int = 0
    corrections: int = 0
    queue_items: int = 0
    registry_entries: int = 0

    @property
    def erasable_items(self) -> int:
        """How many items an erasure removes or pseudonymises one by one."""
        return self.prompts + self.labelled_texts + self.corrections


class ExportedObject(FrozenModel):
    """An exported object that holds rows of erased users."""

    bucket: str
    key: str


class FinishedErasure(FrozenModel):
    """The end of an erasure in the store, and the exported objects that hold rows of the user."""

    erased_at: Timestamp
    remaining_objects: tuple[ExportedObject, ...] = ()


class CleanedObject(ExportedObject):
    """An exported object after cleaning: no version of it holds a line of an erased user.

    The object was read again to verify this.
    """

    lines_removed: int
    lines_changed: int


class RemainingObject(ExportedObject):
    """An exported object that could not be cleaned, and why."""

    reason: str


class CleaningReceipt(FrozenModel):
    """Which exported objects were cleaned, and which still hold rows of erased users."""

    cleaned_objects: tuple[CleanedObject, ...] = ()
    remaining_objects: tuple[RemainingObject, ...] = ()


class PendingErasuresReceipt(CleaningReceipt):
    """What was left of earlier erasures: how many were interrupted, and objects to clean."""

    finished_erasures: int = 0


class ErasureReceipt(FrozenModel):
    """What an erasure removed, and what still has to be cleaned.

    `counts_before` is what the store held when this run began, and `counts_after` comes from a
    second read of the store.
    """

    erased_at: Timestamp
    counts_before: UserDataCounts
    counts_after: UserDataCounts
    cleaned_objects: tuple[CleanedObject, ...] = ()
    remaining_objects: tuple[RemainingObject, ...] = ()
    dead_letters: int | None = None
    """How many dead letters of the spool were removed. None: the queue was not searched."""
