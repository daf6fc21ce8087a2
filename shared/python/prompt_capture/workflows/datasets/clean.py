"""Remove a user from exported datasets, and verify the removal."""

from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from prompt_capture.domain.datasets.line_removal import LineRemoval
from prompt_capture.domain.datasets.manifests import Manifest
from prompt_capture.domain.datasets.rows import UserLine
from prompt_capture.domain.erasures import CleanedObject, ExportedObject
from prompt_capture.domain.errors import DatasetChanged, DatasetsUnavailable
from prompt_capture.ports import DatasetStore, ErasureLedger
from prompt_capture.workflows.datasets.line_writer import salted_id
from prompt_capture.workflows.datasets.object_rewriter import ObjectRewriter

MAX_ATTEMPTS = 20
"""An attempt fails only where another writer's succeeds."""


class CleanDatasets:
    """Rewrites the objects that hold rows of a user, and deletes all older versions of them.

    A line that other users sent too stays, with their count. An anonymised line stays only if
    enough users remain. Several erasures may run concurrently, and an interrupted one can be
    repeated.
    """

    def __init__(self, ledger: ErasureLedger, store_for: Callable[[str], DatasetStore]) -> None:
        """`store_for` returns the dataset store of a bucket."""
        self._ledger = ledger
        self._store_for = store_for

    async def __call__(
        self, user_id: UUID, exported_objects: tuple[ExportedObject, ...]
    ) -> tuple[tuple[CleanedObject, ...], tuple[ExportedObject, ...]]:
        """Return the cleaned objects, and the remaining ones, which could not be reached.

        Raise `ErasureIncomplete` where a line is still there when the object is read again.
        """
        cleaned: list[CleanedObject] = []
        remaining: list[ExportedObject] = []
        for exported in exported_objects:
            try:
                cleaned.append(await self._clean(user_id, exported))
            except DatasetsUnavailable:
                remaining.append(exported)
        return tuple(cleaned), tuple(remaining)

    async def _clean(self, user_id: UUID, exported: ExportedObject) -> CleanedObject:
        rewriter = ObjectRewriter(self._store_for(exported.bucket), exported.key)
        for _ in range(MAX_ATTEMPTS):
            with suppress(DatasetChanged):
                await self._attempt(user_id, exported, rewriter)
                return CleanedObject(
                    **exported.model_dump(),
                    lines_removed=rewriter.removed,
                    lines_changed=rewriter.changed,
                )
        raise DatasetsUnavailable(
            f"Other writers changed the dataset during all {MAX_ATTEMPTS} attempts. Erase again."
        )

    async def _attempt(
        self, user_id: UUID, exported: ExportedObject, rewriter: ObjectRewriter
    ) -> None:
        manifest = rewriter.read_manifest()
        if manifest is None:
            # The export was interrupted, or still runs and will find out that it is invalidated.
            rewriter.delete()
            return
        user_lines = await self._ledger.list_user_lines(user_id, exported.bucket, exported.key)
        rewriter.rewrite(line_removal_for(user_lines, manifest), manifest)
        await self._ledger.unregister_user_rows(user_id, exported.bucket, exported.key)


def line_removal_for(user_lines: list[UserLine], manifest: Manifest) -> LineRemoval:
    """Return the changes to the lines that represent a user."""
    request = manifest.request
    min_users = request.users_per_cluster if request.anonymize else 1
    if not request.is_per_text:
        return LineRemoval(frozenset(_line_id(line.id, manifest) for line in user_lines))
    retained = {
        line.text_id: line.other_rows for line in user_lines if line.other_users >= min_users
    }
    return LineRemoval(
        frozenset(
            _line_id(line.text_id, manifest) for line in user_lines if line.other_users < min_users
        ),
        {_line_id(text_id, manifest): count for text_id, count in retained.items()},
    )


def _line_id(line_id: str, manifest: Manifest) -> str:
    return salted_id(line_id, manifest.series) if manifest.request.anonymize else line_id
