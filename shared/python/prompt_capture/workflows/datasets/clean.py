"""Take a person out of exported datasets, and read them again to be sure of it."""

from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from prompt_capture.domain.datasets.line_removal import LineRemoval
from prompt_capture.domain.datasets.manifests import Manifest
from prompt_capture.domain.datasets.rows import UserLine
from prompt_capture.domain.erasures import CleanedObject, ExportedObject
from prompt_capture.domain.errors import DatasetChanged, DatasetsUnavailable
from prompt_capture.ports import DatasetStore, ErasureLedger
from prompt_capture.workflows.datasets.clean_object import ObjectCleaning
from prompt_capture.workflows.datasets.lines import salted

ATTEMPTS = 20
"""An attempt fails only where somebody else's succeeded."""


class CleanDatasets:
    """Rewrites the objects that hold a person's rows, and deletes every older version of them.

    A line that others sent too stays, with their count, unless it was anonymised and too few are
    left. Several may run at once. Interrupted, it can be run again.
    """

    def __init__(self, ledger: ErasureLedger, store_of: Callable[[str], DatasetStore]) -> None:
        self._ledger = ledger
        self._store_of = store_of

    async def __call__(
        self, person: UUID, exported: tuple[ExportedObject, ...]
    ) -> tuple[tuple[CleanedObject, ...], tuple[ExportedObject, ...]]:
        """Answer what was cleaned, and what could not be reached: run it again for that.

        Raises `ErasureIncomplete` where a line is still there when the object is read again.
        """
        cleaned: list[CleanedObject] = []
        left: list[ExportedObject] = []
        for item in exported:
            try:
                cleaned.append(await self._clean(person, item))
            except DatasetsUnavailable:
                left.append(item)
        return tuple(cleaned), tuple(left)

    async def _clean(self, person: UUID, item: ExportedObject) -> CleanedObject:
        cleaning = ObjectCleaning(self._store_of(item.bucket), item.key)
        for _ in range(ATTEMPTS):
            with suppress(DatasetChanged):
                await self._attempt(person, item, cleaning)
                return CleanedObject(
                    **item.model_dump(),
                    lines_removed=cleaning.removed,
                    lines_changed=cleaning.changed,
                )
        raise DatasetsUnavailable("The dataset was changed over and over.")

    async def _attempt(self, person: UUID, item: ExportedObject, cleaning: ObjectCleaning) -> None:
        manifest = cleaning.manifest()
        if manifest is None:
            # No dataset: an export that was interrupted, or one that will find this out itself.
            cleaning.delete()
            return
        theirs = await self._ledger.list_user_lines(person, item.bucket, item.key)
        cleaning.clean(line_removal_for(theirs, manifest), manifest)
        await self._ledger.unregister_user_rows(person, item.bucket, item.key)


def line_removal_for(theirs: list[UserLine], manifest: Manifest) -> LineRemoval:
    """Answer what to do to the lines that speak for a person."""
    request = manifest.request
    fewest = request.users_per_cluster if request.anonymize else 1
    if not request.is_by_text:
        return LineRemoval(frozenset(_line_id(line.id, manifest) for line in theirs))
    staying = {line.text_id: line.rows_of_others for line in theirs if line.others >= fewest}
    return LineRemoval(
        frozenset(_line_id(line.text_id, manifest) for line in theirs if line.others < fewest),
        {_line_id(text_id, manifest): count for text_id, count in staying.items()},
    )


def _line_id(line_id: str, manifest: Manifest) -> str:
    return salted(line_id, manifest.series) if manifest.request.anonymize else line_id
