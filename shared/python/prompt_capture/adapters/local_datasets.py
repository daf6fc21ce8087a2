"""Datasets as files in a folder, for exports from the command line."""

import fcntl
import glob
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from prompt_capture.domain.errors import DatasetChanged, DatasetsUnavailable

_PARTIAL = ".partial"
_LONGEST_WRITE = timedelta(hours=12)
"""How long a file may be written at most: an export that takes longer is not valid."""


class LocalDatasetStore:
    """Writes each file under a temporary name, and renames it when it is complete."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.bucket = str(folder.absolute())

    @contextmanager
    def create(
        self, key: str, content_type: str, replaces: str | None = None
    ) -> Iterator[BinaryIO]:
        """Write one file. A file has no content type, so `content_type` has no effect."""
        with self._temporary_file(key) as (path, file):
            yield file
            with _translate_errors(), self._lock():
                file.flush()
                if replaces is not None and self.version_tag(key) != replaces:
                    raise DatasetChanged("Another process changed the file since it was read.")
                path.replace(self._folder / key)

    def create_if_absent(self, key: str, content: bytes, content_type: str) -> bool:
        with self._temporary_file(key) as (path, file):
            file.write(content)
            file.flush()
            try:
                # Unlike a rename, a link never replaces an existing file.
                os.link(path, self._folder / key)
            except FileExistsError:
                return False
            except OSError as error:
                raise DatasetsUnavailable(f"The folder cannot be used: {error.strerror}.") from None
        return True

    def version_tag(self, key: str) -> str | None:
        try:
            with _translate_errors():
                status = (self._folder / key).stat()
        except FileNotFoundError:
            return None
        return f"{status.st_ino} {status.st_mtime_ns} {status.st_size}"

    def read(self, key: str) -> bytes | None:
        with self.open(key) as file:
            return file.read() if file else None

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO | None]:
        try:
            with _translate_errors():
                file = (self._folder / key).open("rb")
        except FileNotFoundError:
            yield None
            return
        with file:
            yield file

    def discard(self, key: str) -> None:
        self.delete(key)

    def delete(self, key: str) -> None:
        with _translate_errors(), suppress(FileNotFoundError):
            (self._folder / key).unlink()
        self.delete_older_versions(key)

    def delete_older_versions(self, key: str) -> None:
        """Delete what killed processes left of a file, which has no other versions."""
        target = self._folder / key
        latest = time.time() - _LONGEST_WRITE.total_seconds()
        with _translate_errors(), suppress(FileNotFoundError):
            for path in target.parent.glob(f".{glob.escape(target.name)}.*{_PARTIAL}"):
                if path.stat().st_mtime < latest:
                    path.unlink(missing_ok=True)

    def keys(self, prefix: str) -> list[str]:
        with _translate_errors():
            files = [path for path in (self._folder / prefix).rglob("*") if path.is_file()]
        names = (path.relative_to(self._folder) for path in files)
        return sorted(name.as_posix() for name in names if not name.name.startswith("."))

    def url(self, key: str) -> str:
        return str(self._folder / key)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Keep other processes on this machine from replacing a file at the same time."""
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    @contextmanager
    def _temporary_file(self, key: str) -> Iterator[tuple[Path, BinaryIO]]:
        target = self._folder / key
        path = target.with_name(f".{target.name}.{secrets.token_hex(4)}{_PARTIAL}")
        with _translate_errors():
            target.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("wb")
        try:
            with file:
                yield path, file
        finally:
            path.unlink(missing_ok=True)


@contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise DatasetsUnavailable(f"The folder cannot be used: {error.strerror}.") from None
