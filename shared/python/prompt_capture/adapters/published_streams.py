"""The files of published models, read from streams of their objects."""

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

from prompt_capture.domain.errors import InvalidArtifact
from prompt_capture.domain.models import ModelAddress, blob_key, manifest_key

OpenObject = Callable[[str, str | None], AbstractContextManager[BinaryIO]]
"""Opens the object with a key, in the version with a VersionId if there is one.

Opening and reading may raise `ModelFilesUnavailable`.
"""

_PART_BYTES = 1 << 20


class PublishedStreams:
    """Reads published models. A read is bounded, and what it returns has its stated SHA-256."""

    def __init__(self, open_object: OpenObject) -> None:
        self._open = open_object

    async def read_manifest(self, address: ModelAddress, max_bytes: int) -> bytes:
        with self._open(manifest_key(address.version), address.object_version) as stream:
            content = stream.read(max_bytes + 1)
        if len(content) > max_bytes:
            raise InvalidArtifact(f"The manifest has more than {max_bytes} bytes.")
        if hashlib.sha256(content).hexdigest() != address.manifest_sha256:
            raise InvalidArtifact("The manifest does not match the SHA-256 in the registry.")
        return content

    async def download(self, sha256: str, size_bytes: int, file: Path) -> None:
        self._download(sha256, size_bytes, file)

    def _download(self, sha256: str, size_bytes: int, file: Path) -> None:
        try:
            with self._open(blob_key(sha256), None) as stream, file.open("wb") as target:
                digest, missing = hashlib.sha256(), size_bytes
                while part := stream.read(min(_PART_BYTES, missing + 1)):
                    missing -= len(part)
                    if missing < 0:
                        raise InvalidArtifact(f"The object {sha256} is too large.")
                    digest.update(part)
                    target.write(part)
            if missing or digest.hexdigest() != sha256:
                raise InvalidArtifact(f"The object {sha256} does not match its SHA-256.")
        except BaseException:
            file.unlink(missing_ok=True)
            raise
