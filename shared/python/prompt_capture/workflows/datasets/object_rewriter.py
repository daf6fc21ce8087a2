"""Rewrite one object of an existing dataset without some lines, then its manifest."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

from prompt_capture.domain.datasets.keys import manifest_key_of
from prompt_capture.domain.datasets.line_removal import LineRemoval
from prompt_capture.domain.datasets.manifests import DatasetCounts, DatasetObject, Manifest
from prompt_capture.domain.errors import DatasetChanged, ErasureIncomplete
from prompt_capture.domain.review_files import format_of, read_entries, write_entries
from prompt_capture.ports import DatasetStore
from prompt_capture.workflows.datasets.object_writers import ObjectWriter


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
        self._verify(removal)

    def _rewrite_object(self, removal: LineRemoval, manifest: Manifest) -> DatasetObject | None:
        """Replace the object. Return its new description, or None where it no longer exists."""
        (before,) = (part for part in manifest.objects if part.key == self._key)
        tag = self._datasets.version_tag(self._key)
        with self._open(self._key) as lines:
            if lines is None or tag is None:
                return None
            with ObjectWriter(self._datasets, self._key, tag) as writer:
                if manifest.request.mode == "review":
                    entries = [
                        entry
                        for entry in _read_lines(lines, self._key)
                        if not removal.should_drop(entry)
                    ]
                    writer.write(write_entries(entries, format_of(self._key)), len(entries))
                else:
                    for line in removal.apply(lines):
                        writer.write(line, 1)
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
                with self._open(part.key) as lines:
                    for entry in _read_lines(lines, part.key):
                        counts.add_entry(entry)
        return manifest.model_copy(update={"objects": parts, "counts": counts})

    def _replace_manifest(self, manifest: Manifest) -> None:
        key, tag = self._manifest_key, self._manifest_tag
        if tag is None:
            raise DatasetChanged("The manifest was created while it was being read.")
        with self._datasets.create(key, "application/json", tag) as file:
            file.write(manifest.model_dump_json(indent=2).encode())
        self._datasets.delete_older_versions(key)

    def _verify(self, removal: LineRemoval) -> None:
        with self._open(self._key) as lines:
            for entry in _read_lines(lines, self._key):
                if removal.should_drop(entry):
                    raise ErasureIncomplete(
                        "A dataset still contains a line of the user. Erase again."
                    )

    @contextmanager
    def _open(self, key: str) -> Iterator[IO[bytes] | None]:
        with self._datasets.open(key) as file:
            if file is None or not key.endswith(".gz"):
                yield file
            else:
                with gzip.GzipFile(fileobj=file) as lines:
                    yield cast("IO[bytes]", lines)


def _read_lines(lines: IO[bytes] | None, key: str) -> Iterator[dict[str, object]]:
    if lines is None:
        return
    if not key.endswith((".jsonl", ".gz")):
        yield from read_entries(lines.read().decode("utf-8-sig")).values()
    else:
        yield from map(json.loads, lines)
