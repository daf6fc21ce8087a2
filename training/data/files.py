"""A data file: its bytes, its text or its lines, compressed with gzip or not."""

import gzip
import io
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from prompt_capture.domain.errors import InvalidFile
from prompt_capture.domain.text_files import GZIP, decode_text, detect_encoding
from training.data.examples import InvalidExamples
from training.data.locations import Location

_HEAD = 4_096
_LINES_BETWEEN_REPORTS = 1_000


def is_hidden(path: Path, folder: Path) -> bool:
    """Return whether a name in the path of a file, from `folder` on, begins with a dot or `~$`.

    Such files belong to tools: macOS adds `._greet.txt` to archives, editors keep copies, and Word
    has `~$greet.txt` beside an open file.
    """
    return any(part.startswith((".", "~$")) for part in path.relative_to(folder).parts)


def list_files(folder: Path) -> list[Path]:
    """Return all files and folders below a folder, without following links to folders.

    Raise `InvalidExamples` where a folder cannot be read.
    """

    def fail(error: OSError) -> None:
        raise InvalidExamples(f"{error.filename} cannot be read: {error.strerror}.")

    return [
        Path(parent, name)
        for parent, folders, files in os.walk(folder, onerror=fail)
        for name in (*folders, *files)
    ]


@dataclass(frozen=True)
class DataFile:
    """A file, and its name as its user knows it: a path, or an `s3://` URL.

    All methods raise `InvalidExamples` where the file cannot be read.
    """

    path: Path
    name: str

    @classmethod
    def at_path(cls, path: Path) -> "DataFile":
        """Return a file that its user knows by its path."""
        return cls(path, str(path))

    def location(self, unit: str = "", number: int = 0) -> Location:
        """Return a place in this file."""
        return Location(self.name, unit, number)

    def invalid(self, reason: str) -> InvalidExamples:
        """Return the error that the file as a whole cannot be read."""
        return InvalidExamples(f"{self.name} cannot be read: {reason}")

    def read_head(self) -> bytes:
        """Return the first bytes, decompressed."""
        with self._open() as (file, _):
            return file.read(_HEAD)

    def read_bytes(self) -> bytes:
        """Return the content, decompressed."""
        with self._open() as (file, _):
            return file.read()

    def read_text(self) -> str:
        """Return the content as text, without a byte order mark. Line ends stay as they are."""
        try:
            return decode_text(self.read_bytes())
        except InvalidFile as error:
            raise self.invalid(str(error)) from None

    def lines(self, report: Callable[[int], None]) -> Iterator[tuple[int, str]]:
        """Yield each line with its number, from 1, and without its end: LF, CR or CRLF.

        `report` receives how many bytes of the file were read since the last report.
        """
        with self._open() as (file, raw):
            try:
                encoding = detect_encoding(file.peek(_HEAD))
                encoding = "utf-8-sig" if encoding == "utf-8" else encoding
                text = io.TextIOWrapper(file, encoding)
                position = 0
                for number, line in enumerate(text, 1):
                    if "\0" in line:
                        self.read_text()  # raises the error that names the line
                    if number % _LINES_BETWEEN_REPORTS == 0:
                        report(raw.tell() - position)
                        position = raw.tell()
                    yield number, line.removesuffix("\n")
            except InvalidFile as error:
                raise self.invalid(str(error)) from None
            except UnicodeDecodeError:
                self.read_text()  # raises the error that names the line
                raise

    @contextmanager
    def _open(self) -> Iterator[tuple[io.BufferedReader, IO[bytes]]]:
        """Open the file. Yield the decompressed file, and the file itself."""
        try:
            with self.path.open("rb") as raw:
                if raw.peek(len(GZIP)).startswith(GZIP):
                    with gzip.open(raw) as file:
                        yield cast("io.BufferedReader", file), raw
                else:
                    yield raw, raw
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise self.invalid("The compressed data is incomplete or damaged.") from None
        except OSError as error:
            raise self.invalid(f"{error.strerror}.") from None
