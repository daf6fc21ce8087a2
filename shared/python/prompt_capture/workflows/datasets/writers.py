"""A dataset's objects as they are written: in parts, compressed, hashed, each row noted first."""

import gzip
import hashlib
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, BinaryIO, Self, cast

from prompt_capture.domain.datasets.keys import LINES_OF_A_PART, DatasetKeys
from prompt_capture.domain.datasets.manifests import DatasetObject, Kind
from prompt_capture.ports import DatasetStore

TOMBSTONED = "tombstoned"
"""Stands for a split where the ids of lines go that no longer stand."""

_COMPRESSION = 3
"""Lines shrink to a sixth; the best level would take four times as long for a tenth less."""


class _Abandoned(Exception):
    """Tells a store that what was written so far is not to appear."""


class _Hashed:
    """Passes bytes on, and knows how many there were and what they hash to."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, content: bytes) -> int:
        """Write all of it."""
        self._digest.update(content)
        self.size += len(content)
        return self._sink.write(content)

    def flush(self) -> None:
        """Nothing is held back."""

    @property
    def sha256(self) -> str:
        """The hash of what was written, in hex."""
        return self._digest.hexdigest()


class ObjectWriter:
    """An object that is written, compressed if its name says so, and then described.

    With `replaces` it takes the place of the object in that state and of no other.
    """

    def __init__(self, datasets: DatasetStore, key: str, replaces: str | None = None) -> None:
        self.key = key
        self.lines = 0
        self._closing = ExitStack()
        content_type = _content_type(key)
        created = datasets.create(key, content_type, replaces)
        self._hashed = _Hashed(self._closing.enter_context(created))
        self._sink: gzip.GzipFile | _Hashed = self._hashed
        if key.endswith(".gz"):
            file = cast("IO[bytes]", self._hashed)
            packed = gzip.GzipFile("", "wb", _COMPRESSION, fileobj=file, mtime=0)
            self._sink = self._closing.enter_context(packed)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.__exit__(kind, error, trace)

    def write(self, content: bytes, lines: int) -> None:
        """Write the bytes of some lines."""
        self._sink.write(content)
        self.lines += lines

    def abandon(self) -> None:
        """Let it never appear."""
        with suppress(_Abandoned):
            self._closing.__exit__(_Abandoned, _Abandoned(), None)

    def described(self, kind: Kind, split: str | None) -> DatasetObject:
        """Say what was written, once it is closed."""
        return DatasetObject(
            key=self.key,
            kind=kind,
            split=split,
            lines=self.lines,
            bytes=self._hashed.size,
            sha256=self._hashed.sha256,
        )


def _content_type(key: str) -> str:
    if key.endswith(".gz"):
        return "application/gzip"
    if key.endswith(".csv"):
        return "text/csv"
    return "application/json" if key.endswith(".json") else "application/x-ndjson"


@dataclass
class PartitionedWriter:
    """Writes lines to the part of their split that is open; `close` says which objects there are.

    Leave it by `close` or by `abandon`: whatever was not closed never appears.
    """

    datasets: DatasetStore
    keys: DatasetKeys
    objects: list[DatasetObject] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    _open: dict[str, ObjectWriter] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)

    def key(self, split: str) -> str:
        """Name the object that the split's next lines will go to."""
        part = self._open.get(split)
        return part.key if part else self.keys.part(split, self._numbers.get(split, 0))

    def write(self, split: str, lines: Sequence[str]) -> None:
        """Write lines, each of which gets its end; begins a new part once one is full."""
        part = self._open.get(split) or self._begin(split)
        part.write("".join([f"{line}\n" for line in lines]).encode(), len(lines))
        if part.lines >= LINES_OF_A_PART and split and not self.keys.suffix:
            self._end(split)

    def write_whole(self, content: bytes, lines: int) -> None:
        """Write the one object of a format that is not made of lines."""
        self._begin("").write(content, lines)

    def close(self, splits: Sequence[str]) -> list[DatasetObject]:
        """Finish every part; each of the splits has one, if an empty one."""
        for split in splits:
            if split not in self._open and not self._numbers.get(split):
                self._begin(split)
        for split in list(self._open):
            self._end(split)
        return sorted(self.objects, key=lambda part: (part.kind, -part.lines, part.key))

    def abandon(self) -> None:
        """Leave nothing behind."""
        for part in self._open.values():
            part.abandon()
        self._open.clear()
        for key in self.written:
            self.datasets.discard(key)

    def _begin(self, split: str) -> ObjectWriter:
        key = self.keys.tombstoned() if split == TOMBSTONED else self.key(split)
        self._open[split] = ObjectWriter(self.datasets, key)
        return self._open[split]

    def _end(self, split: str) -> None:
        part = self._open.pop(split)
        self.written.append(part.key)
        with part:
            self._numbers[split] = self._numbers.get(split, 0) + 1
        if split == TOMBSTONED:
            self.objects.append(part.described("tombstoned", None))
        else:
            self.objects.append(part.described("lines", split or None))
