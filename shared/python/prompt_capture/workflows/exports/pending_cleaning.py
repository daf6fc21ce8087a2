"""Clean the exported objects that still hold rows of erased users.

Deleting an account erases its user in the database only, and a command can be interrupted. The
ledger lists what then remains to be cleaned.
"""

import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping

from prompt_capture.domain.erasures import CleaningReceipt
from prompt_capture.ports.erasure import ErasureLedger
from prompt_capture.workflows.exports.cleaning import CleanDatasets

CLEANING_SHARE = 0.2
"""The share of the function's time after which no further object is cleaned before an export."""

logger = logging.getLogger(__name__)


class CleanPendingObjects:
    """Cleans every object that the ledger lists."""

    def __init__(self, ledger: ErasureLedger, clean: CleanDatasets) -> None:
        self._ledger = ledger
        self._clean = clean

    async def __call__(
        self,
        report: Callable[[int, int], None] = lambda done, total: None,
        has_time_left: Callable[[], bool] = lambda: True,
    ) -> CleaningReceipt:
        """Return what was cleaned and what remains, as `CleanDatasets` does.

        Raise `StoreUnavailable` where the objects cannot be listed.
        """
        objects = await self._ledger.list_uncleaned_objects()
        random.shuffle(objects)  # An object that fails slowly must not always come first.
        return await self._clean(objects, report, has_time_left)


class CleanBeforeExport:
    """Cleans what the export's function reaches, in a part of its time.

    The export follows whatever happens here: errors are logged and counted, not raised.
    """

    def __init__(
        self,
        clean_pending: CleanPendingObjects,
        record_metrics: Callable[[Mapping[str, int]], None] = lambda counts: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clean_pending = clean_pending
        self._record_metrics = record_metrics
        self._clock = clock

    async def __call__(self, seconds_left: float) -> None:
        """Clean objects. `seconds_left` is the time until the function ends."""
        ends_at = self._clock() + seconds_left * CLEANING_SHARE
        try:
            receipt = await self._clean_pending(has_time_left=lambda: self._clock() < ends_at)
        except Exception as error:  # noqa: BLE001 - the export must run
            logger.error("The cleaning failed: %s.", type(error).__name__)
            self._record_metrics({"uncleaned": 1})
            return
        remaining = receipt.remaining_objects
        self._record_metrics({"cleaned": len(receipt.cleaned_objects), "uncleaned": len(remaining)})
        if receipt.cleaned_objects:
            extra = {"cleaned_objects": len(receipt.cleaned_objects)}
            logger.info("Removed erased users from exported objects.", extra=extra)
        if remaining:
            reasons = Counter(exported.reason for exported in remaining)
            logger.warning(
                "Exported objects still hold rows of erased users. Run `prompt-capture erase "
                "--pending`.",
                extra={"remaining_objects": len(remaining), "reasons": dict(reasons)},
            )
