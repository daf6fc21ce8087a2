"""Write the lines of a dataset: register their rows, encode, compress, hash, split into parts."""

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, BinaryIO, Self, cast

from prompt_capture.domain.datasets.audits import Precision
from prompt_capture.domain.datasets.lines import (
    CandidateLine,
    DatasetCounts,
    Tier,
    salted_id,
)
from prompt_capture.domain.datasets.manifest import DatasetKeys, DatasetObject, ObjectKind
from prompt_capture.domain.datasets.requests import ExportRequest
from prompt_capture.domain.datasets.rows import Window
from prompt_capture.domain.errors import ExportTooLarge
from prompt_capture.ports.exports import DatasetStore, ExportSource

LINES_PER_PART = 100_000
"""Several machines or threads can read the parts of a dataset in parallel."""

MAX_SORTED_LINES = 100_000
"""More than reviewers can handle, and few enough to sort in memory."""

TOMBSTONES = "tombstones"
"""The partition of the tombstones, in place of a split."""

_COMPRESSION_LEVEL = 3
"""Lines shrink to a sixth. The best level takes four times as long and saves another tenth."""


class _Aborted(Exception):
    """Makes a dataset store discard what was written so far."""


class _HashingWriter:
    """Passes bytes on, and computes their number and hash."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, content: bytes) -> int:
        """Write all bytes."""
        self._digest.update(content)
        self.size += len(content)
        return self._file.write(content)

    def flush(self) -> None:
        """Do nothing: there is no buffer."""

    @property
    def sha256(self) -> str:
        """The hash of the bytes so far, in hex."""
        return self._digest.hexdigest()


class ObjectWriter:
    """Writes one object, compressed if its key ends with `.gz`.

    With `replaces`, the object replaces the version with this tag, and no other version.
    """

    def __init__(self, datasets: DatasetStore, key: str, replaces: str | None = None) -> None:
        self.key = key
        self.lines = 0
        self._exit_stack = ExitStack()
        created = datasets.create(key, _content_type(key), replaces)
        self._hashing = _HashingWriter(self._exit_stack.enter_context(created))
        self._file: gzip.GzipFile | _HashingWriter = self._hashing
        if key.endswith(".gz"):
            raw = cast("IO[bytes]", self._hashing)
            compressed = gzip.GzipFile("", "wb", _COMPRESSION_LEVEL, fileobj=raw, mtime=0)
            self._file = self._exit_stack.enter_context(compressed)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._exit_stack.__exit__(kind, error, trace)

    def write(self, content: bytes, lines: int) -> None:
        """Write the bytes of some lines."""
        self._file.write(content)
        self.lines += lines

    def abort(self) -> None:
        """Close the object without creating it."""
        with suppress(_Aborted):
            self._exit_stack.__exit__(_Aborted, _Aborted(), None)

    def describe(self, kind: ObjectKind, split: str | None) -> DatasetObject:
        """Return the manifest entry of the closed object."""
        return DatasetObject(
            key=self.key,
            kind=kind,
            split=split,
            lines=self.lines,
            bytes=self._hashing.size,
            sha256=self._hashing.sha256,
        )


def _content_type(key: str) -> str:
    if key.endswith(".gz"):
        return "application/gzip"
    if key.endswith(".csv"):
        return "text/csv"
    return "application/json" if key.endswith(".json") else "application/x-ndjson"


@dataclass
class PartitionedWriter:
    """Writes lines to the open part of their split. Tombstones are one object.

    End with `close`, which returns the objects, or with `abort`. A part that is not closed never
    appears.
    """

    datasets: DatasetStore
    keys: DatasetKeys
    objects: list[DatasetObject] = field(default_factory=list)
    written_keys: list[str] = field(default_factory=list)
    _open: dict[str, ObjectWriter] = field(default_factory=dict)
    _part_numbers: dict[str, int] = field(default_factory=dict)

    def key(self, split: str) -> str:
        """Return the key of the object that receives the split's next lines."""
        part = self._open.get(split)
        return part.key if part else self.keys.part(split, self._part_numbers.get(split, 0))

    def write(self, split: str, content: bytes, lines: int) -> None:
        """Write the bytes of some lines. A full part is closed."""
        part = self._open.get(split) or self._begin(split)
        part.write(content, lines)
        is_partitioned = split not in {"", TOMBSTONES} and not self.keys.suffix
        if is_partitioned and part.lines >= LINES_PER_PART:
            self._end(split)

    def close(self, splits: Sequence[str]) -> list[DatasetObject]:
        """Close every part, and return all objects. Each of `splits` has at least an empty one."""
        for split in splits:
            if split not in self._open and not self._part_numbers.get(split):
                self._begin(split)
        for split in list(self._open):
            self._end(split)
        return sorted(self.objects, key=lambda part: (part.kind, -part.lines, part.key))

    def abort(self) -> None:
        """Discard everything that was written."""
        for part in self._open.values():
            part.abort()
        self._open.clear()
        for key in self.written_keys:
            self.datasets.discard(key)

    def _begin(self, split: str) -> ObjectWriter:
        key = self.keys.tombstones if split == TOMBSTONES else self.key(split)
        self._open[split] = ObjectWriter(self.datasets, key)
        return self._open[split]

    def _end(self, split: str) -> None:
        part = self._open.pop(split)
        self.written_keys.append(part.key)
        with part:
            self._part_numbers[split] = self._part_numbers.get(split, 0) + 1
        if split == TOMBSTONES:
            self.objects.append(part.describe("tombstones", None))
        else:
            self.objects.append(part.describe("lines", split or None))


@dataclass
class LineWriter:
    """Writes the lines of one dataset as they arrive, and counts them in `counts`.

    `excluded` counts the lines whose rows were deleted during the export.
    """

    source: ExportSource
    request: ExportRequest
    parts: PartitionedWriter
    precisions: Mapping[Tier, Precision]
    counts: DatasetCounts = field(default_factory=DatasetCounts)
    excluded: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._kind = self.request.kind
        self._series = self.request.series

    async def write(self, candidates: list[CandidateLine]) -> None:
        """Register the candidates' rows, then write their lines.

        A candidate whose rows were all deleted since has no line.
        """
        for split in {candidate.split for candidate in candidates}:
            in_split = [candidate for candidate in candidates if candidate.split == split]
            deleted = await self._register(split, in_split)
            remaining = [
                candidate
                for candidate in self._without_rows(in_split, deleted)
                if candidate.times_sent
            ]
            self.counts.add(remaining)
            entries = map(self._to_entry, remaining)
            content = self._kind.encode(entries, self.request.format)
            self.parts.write(split, content, len(remaining))

    async def finish(self) -> None:
        """Do nothing: every line is written already."""

    async def write_erased_tombstones(self, window: Window) -> int:
        """Write tombstones for rows that were erased in the window. Return how many."""
        erased_rows = 0
        if not self._kind.writes_tombstones(window):
            return erased_rows
        async for page in self.source.read_erased_rows(window):
            self.write_tombstones([self._kind.line_id(row) for row in page])
            erased_rows += len(page)
        return erased_rows

    def write_tombstones(self, ids: Sequence[str]) -> None:
        """Write the ids of lines that earlier datasets may contain and that are no longer valid."""
        if ids:
            lines = [f"{json.dumps({'id': self._written_id(line_id)})}\n" for line_id in ids]
            self.parts.write(TOMBSTONES, "".join(lines).encode(), len(lines))

    async def _register(self, split: str, candidates: Sequence[CandidateLine]) -> frozenset[str]:
        """Register rows with their object, and return the ids of those that were deleted."""
        row_ids = [row_id for candidate in candidates for row_id in candidate.row_ids]
        bucket = self.parts.datasets.bucket
        return await self.source.register_rows(bucket, self.parts.key(split), row_ids)

    def _without_rows(
        self, candidates: list[CandidateLine], deleted: frozenset[str]
    ) -> Iterator[CandidateLine]:
        for candidate in candidates:
            missing = deleted.intersection(candidate.row_ids) if deleted else deleted
            if missing:
                self.excluded["changed_during_export"] += 1
            is_empty = len(missing) == len(candidate.row_ids)
            count = 0 if is_empty else max(1, candidate.times_sent - len(missing))
            yield candidate._replace(times_sent=count) if missing else candidate

    def _to_entry(self, candidate: CandidateLine) -> dict[str, object]:
        if self.request.anonymize:
            candidate = candidate._replace(id=self._written_id(candidate.id))
        precision = self.precisions.get(candidate.tier) if candidate.tier else None
        return self._kind.to_entry(candidate, precision)

    def _written_id(self, line_id: str) -> str:
        return salted_id(line_id, self._series) if self.request.anonymize else line_id


@dataclass
class SortedFileWriter(LineWriter):
    """Collects the lines of one dataset, and writes one file in the order of capture."""

    _candidates: list[CandidateLine] = field(default_factory=list)

    async def write(self, candidates: list[CandidateLine]) -> None:
        """Collect lines. Raise `ExportTooLarge` for more than `MAX_SORTED_LINES`."""
        self._candidates += candidates
        if len(self._candidates) > MAX_SORTED_LINES:
            raise ExportTooLarge(
                f"The review file would have more than {MAX_SORTED_LINES:,} entries. Reduce them "
                "with days, since_last, or a lower confidence_threshold."
            )

    async def finish(self) -> None:
        """Register the rows, then write the file without those that were deleted since."""
        self._candidates.sort(key=lambda candidate: (candidate.created_at, candidate.id))
        deleted = await self._register("", self._candidates) if self._candidates else frozenset()
        entries = [
            self._kind.to_entry(candidate, None)
            for candidate in self._candidates
            if candidate.id not in deleted
        ]
        for entry in entries:
            self.counts.add_entry(entry)
        self.parts.write("", self._kind.encode(entries, self.request.format), len(entries))


def create_line_writer(
    source: ExportSource,
    request: ExportRequest,
    parts: PartitionedWriter,
    precisions: Mapping[Tier, Precision],
) -> LineWriter:
    """Return the writer of a dataset: of single lines, or of a sorted file."""
    writer = SortedFileWriter if request.kind.is_sorted_file else LineWriter
    return writer(source, request, parts, precisions)
