"""Remove a user from exported datasets, and verify the removal."""

import gzip
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, Any, Self, cast
from uuid import UUID

from prompt_capture.domain.datasets.lines import DatasetCounts, salted_id
from prompt_capture.domain.datasets.manifest import DatasetObject, Manifest, manifest_key_of
from prompt_capture.domain.datasets.rows import UserLine
from prompt_capture.domain.erasures import CleanedObject, ExportedObject
from prompt_capture.domain.errors import DatasetChanged, DatasetsUnavailable, ErasureIncomplete
from prompt_capture.ports.erasure import ErasureLedger
from prompt_capture.ports.exports import DatasetStore
from prompt_capture.workflows.exports.writer import ObjectWriter

MAX_ATTEMPTS = 20
"""An attempt fails only where another writer's succeeds."""


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
    def of_user(cls, user_lines: list[UserLine], manifest: Manifest) -> Self:
        """Return the changes to the lines of a dataset that represent a user."""
        request = manifest.request
        min_users = request.users_per_cluster if request.anonymize else 1
        removal = cls()
        for line in user_lines:
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
        self.removed = 0
        self.changed = 0

    def read_manifest(self) -> Manifest | None:
        """Return the manifest that lists the object, or None."""
        if not self._manifest_key:
            return None
        # Read the tag first: a write between the two reads then outdates the tag, not the content.
        self._manifest_tag = self._datasets.version_tag(self._manifest_key)
        content = self._datasets.read(self._manifest_key)
        manifest = Manifest.model_validate_json(content) if content else None
        is_listed = manifest and any(part.key == self._key for part in manifest.objects)
        return manifest if is_listed else None

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
        tag = self._datasets.version_tag(self._key)
        with self._open(self._key) as lines:
            if lines is None or tag is None:
                return None
            with ObjectWriter(self._datasets, self._key, tag) as writer:
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
            raise ErasureIncomplete("A dataset still contains a line of the user. Erase again.")

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
        rewriter.rewrite(LineRemoval.of_user(user_lines, manifest), manifest)
        await self._ledger.unregister_user_rows(user_id, exported.bucket, exported.key)
