"""Published models as files in a folder, for one machine."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from prompt_capture.adapters.local_datasets import LocalDatasetStore
from prompt_capture.adapters.published_streams import PublishedStreams
from prompt_capture.domain.errors import ModelConflict, ModelFilesUnavailable
from prompt_capture.domain.models import blob_key, card_key, manifest_key


class LocalModelObjects:
    """Keeps the objects of the bucket as files with their keys as paths. Files have no versions."""

    def __init__(self, folder: Path) -> None:
        self._files = LocalDatasetStore(folder)

    def put_blob(self, sha256: str, content: bytes) -> bool:
        key = blob_key(sha256)
        is_new = self._files.create_if_absent(key, content, "application/octet-stream")
        if not is_new:
            self.has_blob(sha256, len(content))
        return is_new

    def has_blob(self, sha256: str, size_bytes: int) -> bool:
        existing = self._files.read(blob_key(sha256))
        if existing is None:
            return False
        if len(existing) != size_bytes or hashlib.sha256(existing).hexdigest() != sha256:
            raise ModelConflict(
                f"{self._files.url(blob_key(sha256))} has other content than its name says. "
                "Delete it and publish the model again."
            )
        return True

    def put_manifest(self, version: str, content: bytes) -> str | None:
        key = manifest_key(version)
        is_new = self._files.create_if_absent(key, content, "application/json")
        if not is_new and self._files.read(key) != content:
            raise ModelConflict(
                f"The version {version} belongs to another model: {self._files.url(key)}. "
                "Train the model under another name (train --name)."
            )
        return None

    def put_card(self, version: str, content: bytes) -> str:
        key = card_key(version)
        self._files.create_if_absent(key, content, "text/html; charset=utf-8")
        return self._files.url(key)

    def manifest_url(self, version: str) -> str:
        return self._files.url(manifest_key(version))


def open_published_folder(folder: Path) -> PublishedStreams:
    """Return the files that `LocalModelObjects` wrote to a folder."""

    @contextmanager
    def open_object(key: str, version: str | None) -> Iterator[BinaryIO]:
        try:
            with (folder / key).open("rb") as stream:
                yield stream
        except FileNotFoundError:
            raise ModelFilesUnavailable(
                f"{folder / key} is missing. Publish the model again."
            ) from None
        except OSError as error:
            raise ModelFilesUnavailable(f"The folder cannot be read: {error.strerror}.") from None

    return PublishedStreams(open_object)
