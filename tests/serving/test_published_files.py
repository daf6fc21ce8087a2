"""Published files are read by exact keys, whole and unchanged, or not at all: by every reader."""

import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.local.stack import Stack
from prompt_capture.adapters.aws.s3_models import open_published_bucket
from prompt_capture.adapters.aws.s3_published_files import S3PublishedFiles
from prompt_capture.adapters.http_client import create_http_client
from prompt_capture.adapters.local_models import open_published_folder
from prompt_capture.domain.errors import InvalidArtifact, ModelFilesUnavailable
from prompt_capture.domain.models import ModelAddress, blob_key, manifest_key
from prompt_capture.ports.models import PublishedFiles
from prompt_capture.settings.models import ModelBucketSettings

CONTENT = b"the content of a file" * 1_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@dataclass(frozen=True)
class Published:
    """A reader, and a function that writes an object and returns its VersionId, if it has one."""

    files: PublishedFiles
    put: Callable[[str, bytes], str | None]


@pytest.fixture(params=["function", "operator", "folder"])
async def published(
    request: pytest.FixtureRequest, serving_stack: Stack, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Published]:
    """Read from a bucket as a function does, as an operator does, and from a folder."""
    if request.param == "folder":
        folder = tmp_path_factory.mktemp("published")

        def write(key: str, content: bytes) -> None:
            (folder / key).parent.mkdir(parents=True, exist_ok=True)
            (folder / key).write_bytes(content)

        yield Published(open_published_folder(folder), write)
        return

    client, bucket = serving_stack.s3_client(), serving_stack.bucket

    def put(key: str, content: bytes) -> str:
        return client.put_object(Bucket=bucket, Key=key, Body=content)["VersionId"]

    if request.param == "operator":
        yield Published(open_published_bucket(client, bucket), put)
        return
    access_key, secret_key = serving_stack.s3_credentials
    settings = ModelBucketSettings.model_validate(
        {
            "aws_region": "eu-west-1",
            "aws_access_key_id": access_key,
            "aws_secret_access_key": secret_key,
            "aws_endpoint_url_s3": serving_stack.s3_endpoint,
            "models_bucket": bucket,
        }
    )
    async with create_http_client(5) as http_client:
        yield Published(S3PublishedFiles(http_client, settings), put)


async def test_the_manifest_of_an_address_is_read(published: Published) -> None:
    version = published.put(manifest_key("read-1"), CONTENT)
    if version is not None:
        published.put(manifest_key("read-1"), b"a later object")
    address = ModelAddress(version="read-1", manifest_sha256=SHA256, object_version=version)

    assert await published.files.read_manifest(address, len(CONTENT)) == CONTENT


async def test_another_manifest_is_refused(published: Published) -> None:
    published.put(manifest_key("other-1"), b"another")
    address = ModelAddress(version="other-1", manifest_sha256=SHA256)

    with pytest.raises(InvalidArtifact, match="SHA-256"):
        await published.files.read_manifest(address, 1_000)


async def test_a_manifest_that_is_too_large_is_refused(published: Published) -> None:
    published.put(manifest_key("large-1"), CONTENT)
    address = ModelAddress(version="large-1", manifest_sha256=SHA256)

    with pytest.raises(InvalidArtifact, match="more than 100 bytes"):
        await published.files.read_manifest(address, 100)


@pytest.mark.parametrize("object_version", [None, "0123456789abcdef"])
async def test_a_missing_object_is_unavailable(
    published: Published, tmp_path: Path, object_version: str | None
) -> None:
    address = ModelAddress(
        version="missing-1", manifest_sha256=SHA256, object_version=object_version
    )

    with pytest.raises(ModelFilesUnavailable):
        await published.files.read_manifest(address, 1_000)
    with pytest.raises(ModelFilesUnavailable):
        await published.files.download("0" * 64, 10, tmp_path / "file")

    assert list(tmp_path.iterdir()) == []


async def test_a_file_is_downloaded(published: Published, tmp_path: Path) -> None:
    published.put(blob_key(SHA256), CONTENT)

    await published.files.download(SHA256, len(CONTENT), tmp_path / "file")

    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize(
    "content",
    [b"x" * len(CONTENT), CONTENT + b"x", CONTENT[:-1], b""],
    ids=["other bytes", "longer", "shorter", "empty"],
)
async def test_another_content_is_refused_and_leaves_no_file(
    published: Published, tmp_path: Path, content: bytes
) -> None:
    published.put(blob_key(SHA256), content)

    with pytest.raises(InvalidArtifact):
        await published.files.download(SHA256, len(CONTENT), tmp_path / "file")

    assert list(tmp_path.iterdir()) == []


async def test_of_a_file_that_is_too_large_no_more_is_kept_than_was_stated(
    tmp_path: Path,
) -> None:
    folder, target = tmp_path / "published", tmp_path / "file"
    path = folder / blob_key(SHA256)
    path.parent.mkdir(parents=True)
    with path.open("wb") as endless:
        endless.truncate(1 << 40)

    with pytest.raises(InvalidArtifact, match="too large"):
        await open_published_folder(folder).download(SHA256, 10, target)

    assert not target.exists()
