"""The files of published models in S3, read by exact keys, which needs no right to list."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import httpx

from prompt_capture.adapters.aws.requests import create_read_request
from prompt_capture.domain.errors import InvalidArtifact, ModelFilesUnavailable
from prompt_capture.domain.models import ModelAddress, blob_key, manifest_key
from prompt_capture.settings.models import ModelBucketSettings


class S3PublishedFiles:
    """Reads from one bucket. The client's timeouts limit each step of a request."""

    def __init__(self, client: httpx.AsyncClient, settings: ModelBucketSettings) -> None:
        self._client = client
        self._settings = settings

    async def read_manifest(self, address: ModelAddress, max_bytes: int) -> bytes:
        content = bytearray()
        async with self._open(manifest_key(address.version), address.object_version) as response:
            if _length(response) > max_bytes:
                raise InvalidArtifact(f"The manifest has more than {max_bytes} bytes.")
            async for part in response.aiter_raw():
                content += part
                if len(content) > max_bytes:
                    raise InvalidArtifact(f"The manifest has more than {max_bytes} bytes.")
        if hashlib.sha256(content).hexdigest() != address.manifest_sha256:
            raise InvalidArtifact("The manifest does not match the SHA-256 in the registry.")
        return bytes(content)

    async def download(self, sha256: str, size_bytes: int, file: Path) -> None:
        digest = hashlib.sha256()
        received = 0
        try:
            async with self._open(blob_key(sha256)) as response:
                if _length(response) != size_bytes:
                    raise InvalidArtifact(f"The object {sha256} does not have its stated size.")
                with file.open("wb") as target:
                    async for part in response.aiter_raw():
                        received += len(part)
                        if received > size_bytes:
                            raise InvalidArtifact(f"The object {sha256} is too large.")
                        digest.update(part)
                        target.write(part)
            if digest.hexdigest() != sha256:
                raise InvalidArtifact(f"The object {sha256} does not match its SHA-256.")
        except BaseException:
            file.unlink(missing_ok=True)
            raise

    @asynccontextmanager
    async def _open(self, key: str, version: str | None = None) -> AsyncIterator[httpx.Response]:
        query = f"?versionId={quote(version, safe='')}" if version else ""
        url = httpx.URL(f"{self._settings.bucket_url}/{quote(key)}{query}")
        try:
            response = await self._client.send(
                create_read_request(url, self._settings), stream=True
            )
            try:
                if not response.is_success:
                    raise ModelFilesUnavailable(
                        f"The bucket rejected the request (status {response.status_code})."
                    )
                yield response
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            raise ModelFilesUnavailable(
                f"The bucket did not respond ({type(error).__name__})."
            ) from None


def _length(response: httpx.Response) -> int:
    """Return the length that the response states. S3 always states it."""
    stated = response.headers.get("content-length", "")
    if not stated.isdecimal():
        raise ModelFilesUnavailable("The response is not from S3: it has no length.")
    return int(stated)
