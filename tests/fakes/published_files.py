"""Published models in a folder, read as `S3PublishedFiles` reads them from a bucket."""

import hashlib
import shutil
from pathlib import Path

from prompt_capture.domain.errors import InvalidArtifact, ModelFilesUnavailable
from prompt_capture.domain.models import ModelAddress, blob_key, manifest_key


class FolderPublishedFiles:
    """Reads what `LocalModelObjects` wrote."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def read_manifest(self, address: ModelAddress, max_bytes: int) -> bytes:
        file = self._folder / manifest_key(address.version)
        if not file.is_file():
            raise ModelFilesUnavailable("The bucket rejected the request (status 404).")
        content = file.read_bytes()
        if hashlib.sha256(content).hexdigest() != address.manifest_sha256:
            raise InvalidArtifact("The manifest does not match the SHA-256 in the registry.")
        return content

    async def download(self, sha256: str, size_bytes: int, file: Path) -> None:
        shutil.copyfile(self._folder / blob_key(sha256), file)
