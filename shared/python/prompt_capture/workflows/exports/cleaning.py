"""Remove erased users from exported objects, and verify the removal."""

import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, Any, Self, cast
from uuid import UUID

from prompt_capture.domain.datasets.lines import DatasetCounts, salted_id
from prompt_capture.domain.datasets.manifest import DatasetObject, Manifest, manifest_key_of
from prompt_capture.domain.datasets.rows import ErasedLine
from prompt_capture.domain.erasures import (
    CleanedObject,
    CleaningReceipt,
    ExportedObject,
    RemainingObject,
)
from prompt_capture.domain.errors import (
    DatasetChanged,
    DatasetsUnavailable,
    ErasureIncomplete,
    StoreUnavailable,
)
from prompt_capture.domain.review_removal import reject_moved_prompts
from prompt_capture.ports.erasure import ErasureLedger
from prompt_capture.ports.exports import DatasetStore
from prompt_capture.workflows.exports.writer import ObjectWriter

MAX_ATTEMPTS = 20
"""An attempt fails only where another writer's succeeds."""

NO_TIME_LEFT = "No time was left."

_UNREADABLE = (ValueError, EOFError, OSError, zlib.error, AttributeError, TypeError)
"""The errors of damaged objects, of lines with other values than the export writes, and of a full
disk. Their texts may contain lines."""


@dataclass
class LineRemoval:
    """Removes the lines with the ids in `drop`, and sets the counts of the lines in `counts`.

    `counts` holds the lines of texts that other users sent too. `removed` and `changed` count the
    lines so far.
    """

    drop: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)
    removed: int = 0
    changed: int = 0

    @classmethod
    def of_lines(cls, erased_lines: Sequence[ErasedLine], manifest: Manifest) -> Self:
        """Return the changes to the lines of a dataset that represent erased users."""
        request = manifest.request
        min_users = request.users_per_cluster if request.anonymize else 1
        removal = cls()
        for line in erased_lines:
            line_id = request.kind.line_id(line)
            if request.anonymize:
                line_id = salted_id(line_id, manifest.series)
            count = request.kind.remaining_count(line, min_users)
            if count is None:
                removal.drop.add(line_id)
            else:
                removal.counts[line_id] = count
        return removal

    def edit(self, entry: dict[str, Any]) -> dict[str, Any] | None:
        """Return an entry with its new count, or None to remove it. Count both."""
        if self.should_drop(entry):
            self.removed += 1
            return None
        count = self.counts.get(entry.get("id", ""))
        if count is None or entry.get("count") == count:
            return entry
        self.changed += 1
        return entry | {"count": count}

    def should_drop(self, entry: Mapping[str, Any]) -> bool:
        """Return whether an entry must be removed."""
        return entry.get("id") in self.drop


class ObjectRewriter:
    """Rewrites an object. `removed` and `changed` count the lines over all rewrites.

    Several rewriters may change one dataset concurrently. Each reads the manifest before the
    object, writes it after the object, and replaces only the versions that it read. So the
    rewriter that writes the manifest last has seen the current version of every object. The
    others receive `DatasetChanged`, and start again.
    """

    def __init__(self, datasets: DatasetStore, key: str) -> None:
        self._datasets = datasets
        self._key = key
        self._manifest_key = manifest_key_of(key) or ""
        self._manifest_tag: str | None = None
        self._object_tag: str | None = None
        self.removed = 0
        self.changed = 0

    def read_manifest(self) -> Manifest | None:
        """Return the manifest that lists the object, or None."""
        if not self._manifest_key:
            return None
        # Read the tags first: a write after that outdates a tag, not the content.
        self._manifest_tag = self._datasets.version_tag(self._manifest_key)
        self._object_tag = self._datasets.version_tag(self._key)
        content = self._datasets.read(self._manifest_key)
        manifest = Manifest.model_validate_json(content) if content else None
        is_listed = manifest and any(part.key == self._key for part in manifest.objects)
        return manifest if is_listed else None

    def read_entries(self, manifest: Manifest) -> list[dict[str, Any]]:
        """Return the entries of the object as they are; none where it no longer exists."""
        return list(self._read(self._key, manifest))

    def delete(self) -> None:
        """Delete the object with all of its versions."""
        self._datasets.delete(self._key)

    def rewrite(self, removal: LineRemoval, manifest: Manifest) -> None:
        """Replace the object and its manifest, and delete their older versions.

        Raise `DatasetChanged` where another writer was faster, and `ErasureIncomplete` where a
        line is still there.
        """
        rewritten = self._rewrite_object(removal, manifest)
        self._replace_manifest(self._updated_manifest(manifest, rewritten))
        self._verify(removal, manifest)

    def _rewrite_object(self, removal: LineRemoval, manifest: Manifest) -> DatasetObject | None:
        """Replace the object. Return its new description, or None where it no longer exists."""
        request = manifest.request
        (before,) = (part for part in manifest.objects if part.key == self._key)
        with self._open(self._key) as lines:
            if lines is None:
                self.delete()  # its older versions are still there
                return None
            if self._object_tag is None:
                raise DatasetChanged("The object was created while it was being read.")
            with ObjectWriter(self._datasets, self._key, self._object_tag) as writer:
                for content, count in request.kind.rewrite(lines, removal.edit, request.format):
                    writer.write(content, count)
        self.removed += removal.removed
        self.changed += removal.changed
        self._datasets.delete_older_versions(self._key)
        return writer.describe(before.kind, before.split)

    def _updated_manifest(self, manifest: Manifest, rewritten: DatasetObject | None) -> Manifest:
        """Return the manifest of the dataset as it is now."""
        parts = tuple(
            rewritten if rewritten and part.key == rewritten.key else part
            for part in manifest.objects
        )
        counts = DatasetCounts()
        for part in parts:
            if part.kind == "lines":
                for entry in self._read(part.key, manifest):
                    counts.add_entry(entry)
        return manifest.model_copy(update={"objects": parts, "counts": counts})

    def _replace_manifest(self, manifest: Manifest) -> None:
        key, tag = self._manifest_key, self._manifest_tag
        if tag is None:
            raise DatasetChanged("The manifest was created while it was being read.")
        with self._datasets.create(key, "application/json", tag) as file:
            file.write(manifest.model_dump_json(indent=2).encode())
        self._datasets.delete_older_versions(key)

    def _verify(self, removal: LineRemoval, manifest: Manifest) -> None:
        if any(removal.should_drop(entry) for entry in self._read(self._key, manifest)):
            raise ErasureIncomplete("The object still contains a line of an erased user.")

    def _read(self, key: str, manifest: Manifest) -> Iterator[dict[str, Any]]:
        with self._open(key) as lines:
            if lines is not None:
                yield from manifest.request.kind.decode(lines)

    @contextmanager
    def _open(self, key: str) -> Iterator[IO[bytes] | None]:
        with self._datasets.open(key) as file:
            if file is None or not key.endswith(".gz"):
                yield file
            else:
                with gzip.GzipFile(fileobj=file) as lines:
                    yield cast("IO[bytes]", lines)


class CleanDatasets:
    """Rewrites the objects that hold rows of erased users, and deletes all older versions of them.

    A line that other users sent too stays, with their count. An anonymised line stays only if
    enough users remain. Several may run concurrently, and an interrupted one can be repeated.
    """

    def __init__(self, ledger: ErasureLedger, store_for: Callable[[str], DatasetStore]) -> None:
        """`store_for` returns the dataset store of a bucket, or raises `DatasetsUnavailable`."""
        self._ledger = ledger
        self._store_for = store_for

    async def __call__(
        self,
        exported_objects: Sequence[ExportedObject],
        report: Callable[[int, int], None] = lambda done, total: None,
        has_time_left: Callable[[], bool] = lambda: True,
    ) -> CleaningReceipt:
        """Return the cleaned objects, and those that remain because they could not be cleaned.

        `report` receives the number of objects that are done, and of all. Without time left, the
        other objects remain.
        """
        results: list[CleanedObject | RemainingObject] = []
        reason_to_stop = ""
        for number, exported in enumerate(exported_objects):
            report(number, len(exported_objects))
            if not has_time_left():
                reason_to_stop = NO_TIME_LEFT
            if reason_to_stop:
                results.append(_remaining(exported, reason_to_stop))
                continue
            try:
                results.append(await self._clean(exported))
            except StoreUnavailable as error:
                reason_to_stop = str(error)
                results.append(_remaining(exported, reason_to_stop))
        return CleaningReceipt(
            cleaned_objects=tuple(one for one in results if isinstance(one, CleanedObject)),
            remaining_objects=tuple(one for one in results if isinstance(one, RemainingObject)),
        )

    async def _clean(self, exported: ExportedObject) -> CleanedObject | RemainingObject:
        try:
            return await self._rewrite(exported)
        except (DatasetsUnavailable, ErasureIncomplete) as error:
            return _remaining(exported, str(error))
        except _UNREADABLE as error:
            reason = f"The object cannot be rewritten ({type(error).__name__})."
            return _remaining(exported, reason)

    async def _rewrite(self, exported: ExportedObject) -> CleanedObject:
        rewriter = ObjectRewriter(self._store_for(exported.bucket), exported.key)
        for _ in range(MAX_ATTEMPTS):
            with suppress(DatasetChanged):
                await self._attempt(exported, rewriter)
                return CleanedObject(
                    **exported.model_dump(),
                    lines_removed=rewriter.removed,
                    lines_changed=rewriter.changed,
                )
        raise DatasetsUnavailable(
            f"Other writers changed the dataset during all {MAX_ATTEMPTS} attempts."
        )

    async def _attempt(self, exported: ExportedObject, rewriter: ObjectRewriter) -> None:
        # The lines come last: a rewriter that knows fewer erased users must fail, not overwrite.
        manifest = rewriter.read_manifest()
        erased = await self._ledger.list_erased_lines(exported)
        if manifest is not None:
            removal = LineRemoval.of_lines(erased.lines, manifest)
            if manifest.request.kind.is_filled_in and removal.drop:
                await self._reject_moved_prompts(rewriter.read_entries(manifest), removal)
            rewriter.rewrite(removal, manifest)
        else:
            # The export was interrupted, or still runs and will find out that it is invalidated.
            rewriter.delete()
            if erased.is_recent:
                return  # That export looks for its erased users in the ledger.
        await self._ledger.unregister_senders(exported, erased.senders)

    async def _reject_moved_prompts(
        self, entries: Sequence[Mapping[str, Any]], removal: LineRemoval
    ) -> None:
        """Raise `ErasureIncomplete` where prompts of erased users may stand beside other ids."""
        kept = [entry["id"] for entry in entries if entry["id"] and not removal.should_drop(entry)]
        reject_moved_prompts(entries, await self._ledger.get_texts(list(map(UUID, kept))))


def _remaining(exported: ExportedObject, reason: str) -> RemainingObject:
    return RemainingObject(**exported.model_dump(), reason=reason)
