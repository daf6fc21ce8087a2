"""Write the objects of a dataset: compressed, hashed, and split into parts."""

import gzip
import hashlib
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, BinaryIO, Self, cast

from prompt_capture.domain.datasets.keys import LINES_PER_PART, DatasetKeys
from prompt_capture.domain.datasets.manifests import DatasetObject, ObjectKind
from prompt_capture.ports import DatasetStore

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
    """Writes lines to the open part of their split.

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

    def write(self, split: str, lines: Sequence[str]) -> None:
        """Write lines, and add their line ends. A full part is closed."""
        part = self._open.get(split) or self._begin(split)
        part.write("".join([f"{line}\n" for line in lines]).encode(), len(lines))
        if part.lines >= LINES_PER_PART and split and not self.keys.suffix:
            self._end(split)

    def write_whole(self, content: bytes, lines: int) -> None:
        """Write the single object of a format that does not consist of lines."""
        self._begin("").write(content, lines)

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
        key = self.keys.tombstones() if split == TOMBSTONES else self.key(split)
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
