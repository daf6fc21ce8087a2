"""One object of a dataset that lies there: written anew without some lines, then its manifest."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

from prompt_capture.domain.datasets.keys import manifest_of
from prompt_capture.domain.datasets.line_removal import LineRemoval
from prompt_capture.domain.datasets.manifests import Counts, DatasetObject, Manifest
from prompt_capture.domain.errors import DatasetChanged, ErasureIncomplete
from prompt_capture.domain.review_files import form_of, read_entries, write_entries
from prompt_capture.ports import DatasetStore
from prompt_capture.workflows.datasets.writers import ObjectWriter


class ObjectCleaning:
    """Rewrites an object; `removed` and `changed` count the lines of all that was written.

    Several may clean one dataset at once. Each replaces what it read and nothing else, the manifest
    being read before the object and written after it; so whoever writes the manifest last has seen
    every object as it is. The others are told by `DatasetChanged`, and begin again.
    """

    def __init__(self, datasets: DatasetStore, key: str) -> None:
        self._datasets = datasets
        self._key = key
        self._manifest_key = manifest_of(key) or ""
        self._manifest_state: str | None = None
        self.removed = 0
        self.changed = 0

    def manifest(self) -> Manifest | None:
        """Read the manifest that lists the object, if there is one."""
        if not self._manifest_key:
            return None
        # The state first: what is written in between makes it an old one.
        self._manifest_state = self._datasets.state(self._manifest_key)
        content = self._datasets.read(self._manifest_key)
        manifest = Manifest.model_validate_json(content) if content else None
        is_listed = manifest and any(part.key == self._key for part in manifest.objects)
        return manifest if is_listed else None

    def delete(self) -> None:
        """Delete it with all of its versions."""
        self._datasets.delete(self._key)

    def clean(self, scrub: LineRemoval, manifest: Manifest) -> None:
        """Write the object and its manifest anew, and delete their older versions.

        Raises `DatasetChanged`, and `ErasureIncomplete` where a line is still there.
        """
        rewritten = self._rewrite(scrub, manifest)
        self._write(self._described(manifest, rewritten))
        self._read_back(scrub)

    def _rewrite(self, scrub: LineRemoval, manifest: Manifest) -> DatasetObject | None:
        """Write the object without the lines; None where it is gone."""
        (before,) = (part for part in manifest.objects if part.key == self._key)
        state = self._datasets.state(self._key)
        with self._opened(self._key) as lines:
            if lines is None or state is None:
                return None
            with ObjectWriter(self._datasets, self._key, state) as sink:
                if manifest.request.mode == "review":
                    found = _entries(lines, self._key)
                    entries = [entry for entry in found if not scrub.is_dropped(entry)]
                    sink.write(write_entries(entries, form_of(self._key)), len(entries))
                else:
                    for line in scrub.lines(lines):
                        sink.write(line, 1)
        self.removed += scrub.removed
        self.changed += scrub.changed
        self._datasets.delete_older_versions(self._key)
        return sink.described(before.kind, before.split)

    def _described(self, manifest: Manifest, rewritten: DatasetObject | None) -> Manifest:
        """Answer the manifest of the dataset as it is now."""
        parts = tuple(
            rewritten if rewritten and part.key == rewritten.key else part
            for part in manifest.objects
        )
        counts = Counts()
        for part in parts:
            if part.kind == "lines":
                with self._opened(part.key) as lines:
                    for entry in _entries(lines, part.key):
                        counts.add_entry(entry)
        return manifest.model_copy(update={"objects": parts, "counts": counts})

    def _write(self, manifest: Manifest) -> None:
        key, state = self._manifest_key, self._manifest_state
        if state is None:
            raise DatasetChanged("The manifest came while it was read.")
        with self._datasets.create(key, "application/json", state) as sink:
            sink.write(manifest.model_dump_json(indent=2).encode())
        self._datasets.delete_older_versions(key)

    def _read_back(self, scrub: LineRemoval) -> None:
        with self._opened(self._key) as lines:
            for entry in _entries(lines, self._key):
                if scrub.is_dropped(entry):
                    raise ErasureIncomplete(
                        "A line of the user is still in a dataset: erase again."
                    )

    @contextmanager
    def _opened(self, key: str) -> Iterator[IO[bytes] | None]:
        with self._datasets.open(key) as file:
            if file is None or not key.endswith(".gz"):
                yield file
            else:
                with gzip.GzipFile(fileobj=file) as lines:
                    yield cast("IO[bytes]", lines)


def _entries(lines: IO[bytes] | None, key: str) -> Iterator[dict[str, object]]:
    if lines is None:
        return
    if not key.endswith((".jsonl", ".gz")):
        yield from read_entries(lines.read().decode("utf-8-sig")).values()
    else:
        yield from map(json.loads, lines)
