"""Finish what earlier erasures left: those that were interrupted, and exported objects."""

from prompt_capture.domain.erasures import CleanedObject, PendingErasuresReceipt
from prompt_capture.domain.errors import ErasureIncomplete
from prompt_capture.ports.erasure import ErasureStore
from prompt_capture.workflows.erase_user import EraseUser, ReportErasure
from prompt_capture.workflows.exports.pending_cleaning import CleanPendingObjects


class FinishPendingErasures:
    """Continues each erasure that has not ended, then cleans the objects of all erased users.

    An erasure that fails does not keep the others waiting.
    """

    def __init__(
        self, store: ErasureStore, erase_user: EraseUser, clean_pending: CleanPendingObjects
    ) -> None:
        self._store = store
        self._erase_user = erase_user
        self._clean_pending = clean_pending

    async def __call__(
        self, report: ReportErasure = lambda activity, done, total: None
    ) -> PendingErasuresReceipt:
        """Return the objects that were cleaned, and those that still hold rows of erased users.

        Raise `StoreUnavailable` or `SpoolUnavailable`; at the end, `ErasureIncomplete` where an
        erasure failed.
        """
        unfinished = await self._store.list_unfinished_erasures()
        cleaned: list[CleanedObject] = []
        failure: ErasureIncomplete | None = None
        for user_id in unfinished:
            try:
                cleaned += (await self._erase_user(user_id, report)).cleaned_objects
            except ErasureIncomplete as error:
                failure = failure or error
        cleaning = await self._clean_pending(lambda done, total: report("cleaning", done, total))
        if failure:
            raise failure
        return PendingErasuresReceipt(
            cleaned_objects=(*cleaned, *cleaning.cleaned_objects),
            remaining_objects=cleaning.remaining_objects,
            finished_erasures=len(unfinished),
        )
