"""Datasets as files of a folder, for exports by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


class LocalDatasetStore:
    """Writes beside the final name and moves the whole file there at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.bucket = str(folder)

    @contextmanager
    def create(self, key: str, content_type: str) -> Iterator[BinaryIO]:
        """Write one file; `content_type` is told by its name."""
        target = self._folder / key
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(f"{target.suffix}.partial")
        try:
            with partial.open("wb") as file:
                yield file
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)

    def url(self, key: str) -> str:
        return str(self._folder / key)
