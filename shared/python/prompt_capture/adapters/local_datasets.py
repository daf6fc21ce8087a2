"""Datasets as files of a folder, for exports by hand."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from prompt_capture.domain.errors import DatasetChanged, DatasetsUnavailable


class LocalDatasetStore:
    """Writes beside the final name and moves the whole file there at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.bucket = str(folder.absolute())

    @contextmanager
    def create(
        self, key: str, content_type: str, replaces: str | None = None
    ) -> Iterator[BinaryIO]:
        """Write one file; `content_type` is told by its name."""
        with self._draft(key) as (draft, file):
            yield file
            with _explained(), self._alone():
                file.flush()
                if replaces is not None and self.state(key) != replaces:
                    raise DatasetChanged("The file was changed meanwhile.")
                draft.replace(self._folder / key)

    def create_if_absent(self, key: str, content: bytes, content_type: str) -> bool:
        with self._draft(key) as (draft, file):
            file.write(content)
            file.flush()
            try:
                # A link, unlike a rename, never replaces a file that is there.
                os.link(draft, self._folder / key)
            except FileExistsError:
                return False
            except OSError as error:
                raise DatasetsUnavailable(f"The folder refused: {error.strerror}.") from None
        return True

    def state(self, key: str) -> str | None:
        try:
            with _explained():
                found = (self._folder / key).stat()
        except FileNotFoundError:
            return None
        return f"{found.st_ino} {found.st_mtime_ns} {found.st_size}"

    def read(self, key: str) -> bytes | None:
        with self.open(key) as file:
            return file.read() if file else None

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO | None]:
        try:
            with _explained():
                file = (self._folder / key).open("rb")
        except FileNotFoundError:
            yield None
            return
        with file:
            yield file

    def discard(self, key: str) -> None:
        self.delete(key)

    def delete(self, key: str) -> None:
        with _explained(), suppress(FileNotFoundError):
            (self._folder / key).unlink()

    def delete_older_versions(self, key: str) -> None:
        """Files have no versions."""

    def url(self, key: str) -> str:
        return str(self._folder / key)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let no other process of this machine put a file into its place meanwhile."""
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    @contextmanager
    def _draft(self, key: str) -> Iterator[tuple[Path, BinaryIO]]:
        target = self._folder / key
        draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
        with _explained():
            target.parent.mkdir(parents=True, exist_ok=True)
            file = draft.open("wb")
        try:
            with file:
                yield draft, file
        finally:
            draft.unlink(missing_ok=True)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise DatasetsUnavailable(f"The folder refused: {error.strerror}.") from None
