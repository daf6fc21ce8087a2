"""Take a person out of exported datasets, and read them again to be sure of it."""

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, cast
from uuid import UUID

from prompt_capture.domain.dataset_lines import Scrub
from prompt_capture.domain.erasures import CleanedObject, ExportedObject
from prompt_capture.domain.errors import DatasetsUnavailable, ErasureIncomplete
from prompt_capture.domain.exports import LineOfPerson
from prompt_capture.domain.keys import manifest_of
from prompt_capture.domain.manifests import Counts, DatasetObject, Manifest
from prompt_capture.domain.review_files import form_of, read_entries, write_entries
from prompt_capture.ports import DatasetStore, ErasureLedger
from prompt_capture.workflows.dataset_parts import Sealed
from prompt_capture.workflows.export_lines import salted


class CleanDatasets:
    """Rewrites the objects that hold a person's rows, and deletes every older version of them.

    A line that others sent too stays, with their count, unless it was anonymised and too few are
    left. Interrupted, it can be run again.
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
        datasets = self._store_of(item.bucket)
        manifest_key = manifest_of(item.key) or ""
        manifest = _manifest(datasets, manifest_key, item.key)
        if manifest is None:
            # No dataset: an export that was interrupted, or one that will find this out itself.
            datasets.delete(item.key)
            return CleanedObject(**item.model_dump(), lines_removed=0, lines_changed=0)
        theirs = await self._ledger.lines_of(person, item.bucket, item.key)
        scrub = scrub_for(theirs, manifest)
        rewritten = _rewrite(datasets, item.key, scrub, manifest)
        _write_manifest(datasets, manifest_key, _with(manifest, rewritten, datasets))
        _read_back(datasets, item.key, scrub_for(theirs, manifest))
        await self._ledger.forget_lines(person, item.bucket, item.key)
        return CleanedObject(
            **item.model_dump(), lines_removed=scrub.removed, lines_changed=scrub.changed
        )


def scrub_for(theirs: list[LineOfPerson], manifest: Manifest) -> Scrub:
    """Answer what to do to the lines that speak for a person."""
    request = manifest.request
    fewest = request.users_per_cluster if request.anonymize else 1
    if not request.is_by_text:
        return Scrub(frozenset(_line_id(line.id, manifest) for line in theirs))
    staying = {line.text_id: line.rows_of_others for line in theirs if line.others >= fewest}
    return Scrub(
        frozenset(_line_id(line.text_id, manifest) for line in theirs if line.others < fewest),
        {_line_id(text_id, manifest): count for text_id, count in staying.items()},
    )


def _manifest(datasets: DatasetStore, manifest_key: str, key: str) -> Manifest | None:
    """Read the manifest that lists an object, if there is one."""
    content = datasets.read(manifest_key) if manifest_key else None
    manifest = Manifest.model_validate_json(content) if content else None
    is_listed = manifest and any(part.key == key for part in manifest.objects)
    return manifest if is_listed else None


def _line_id(line_id: str, manifest: Manifest) -> str:
    return salted(line_id, manifest.series) if manifest.request.anonymize else line_id


@contextmanager
def _opened(datasets: DatasetStore, key: str) -> Iterator[IO[bytes] | None]:
    with datasets.open(key) as file:
        if file is None or not key.endswith(".gz"):
            yield file
        else:
            with gzip.GzipFile(fileobj=file) as lines:
                yield cast("IO[bytes]", lines)


def _rewrite(
    datasets: DatasetStore, key: str, scrub: Scrub, manifest: Manifest
) -> DatasetObject | None:
    """Write the object anew without the lines; None where it is gone."""
    (before,) = (part for part in manifest.objects if part.key == key)
    with _opened(datasets, key) as lines:
        if lines is None:
            return None
        with Sealed(datasets, key) as sink:
            if manifest.request.mode == "review":
                entries = [entry for entry in _entries(lines, key) if not scrub.is_dropped(entry)]
                sink.write(write_entries(entries, form_of(key)), len(entries))
            else:
                for line in scrub.lines(lines):
                    sink.write(line, 1)
    datasets.forget_older(key)
    return sink.described(before.kind, before.split)


def _with(manifest: Manifest, rewritten: DatasetObject | None, datasets: DatasetStore) -> Manifest:
    """Answer the manifest of the dataset as it is now."""
    parts = tuple(
        rewritten if rewritten and part.key == rewritten.key else part for part in manifest.objects
    )
    counts = Counts()
    for part in parts:
        if part.kind == "lines":
            with _opened(datasets, part.key) as lines:
                for entry in _entries(lines, part.key):
                    counts.add_entry(entry)
    return manifest.model_copy(update={"objects": parts, "counts": counts})


def _entries(lines: IO[bytes] | None, key: str) -> Iterator[dict[str, object]]:
    if lines is None:
        return
    if not key.endswith((".jsonl", ".gz")):
        yield from read_entries(lines.read().decode("utf-8-sig")).values()
    else:
        yield from map(json.loads, lines)


def _write_manifest(datasets: DatasetStore, key: str, manifest: Manifest) -> None:
    with datasets.create(key, "application/json") as sink:
        sink.write(manifest.model_dump_json(indent=2).encode())
    datasets.forget_older(key)


def _read_back(datasets: DatasetStore, key: str, scrub: Scrub) -> None:
    with _opened(datasets, key) as lines:
        for entry in _entries(lines, key):
            if scrub.is_dropped(entry):
                raise ErasureIncomplete("A line of the user is still in a dataset: erase again.")
