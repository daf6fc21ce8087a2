"""Published files are read from S3 by exact keys, whole and unchanged, or not at all."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra.local.stack import Stack
from prompt_capture.adapters.aws.s3_published_files import S3PublishedFiles
from prompt_capture.adapters.http_client import create_http_client
from prompt_capture.domain.errors import InvalidArtifact, ModelFilesUnavailable
from prompt_capture.domain.models import ModelAddress, blob_key, manifest_key
from prompt_capture.settings import ModelBucketSettings

CONTENT = b"the content of a file" * 1_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
async def files(serving_stack: Stack) -> AsyncIterator[S3PublishedFiles]:
    access_key, secret_key = serving_stack.s3_credentials
    settings = ModelBucketSettings.model_validate(
        {
            "aws_region": "eu-west-1",
            "aws_access_key_id": access_key,
            "aws_secret_access_key": secret_key,
            "aws_endpoint_url_s3": serving_stack.s3_endpoint,
            "models_bucket": serving_stack.bucket,
        }
    )
    async with create_http_client(5) as client:
        yield S3PublishedFiles(client, settings)


def put(stack: Stack, key: str, content: bytes = CONTENT) -> str:
    """Write an object, and return its VersionId."""
    response = stack.s3_client().put_object(Bucket=stack.bucket, Key=key, Body=content)
    return response["VersionId"]


async def test_the_manifest_of_an_address_is_read(
    files: S3PublishedFiles, serving_stack: Stack
) -> None:
    version = put(serving_stack, manifest_key("read-1"))
    put(serving_stack, manifest_key("read-1"), b"a later object")
    address = ModelAddress(version="read-1", manifest_sha256=SHA256, object_version=version)

    assert await files.read_manifest(address, len(CONTENT)) == CONTENT


async def test_another_manifest_is_refused(files: S3PublishedFiles, serving_stack: Stack) -> None:
    put(serving_stack, manifest_key("other-1"), b"another")
    address = ModelAddress(version="other-1", manifest_sha256=SHA256)

    with pytest.raises(InvalidArtifact, match="SHA-256"):
        await files.read_manifest(address, 1_000)


async def test_a_manifest_that_is_too_large_is_refused(
    files: S3PublishedFiles, serving_stack: Stack
) -> None:
    put(serving_stack, manifest_key("large-1"))
    address = ModelAddress(version="large-1", manifest_sha256=SHA256)

    with pytest.raises(InvalidArtifact, match="more than 100 bytes"):
        await files.read_manifest(address, 100)


@pytest.mark.parametrize("object_version", [None, "0123456789abcdef"])
async def test_a_missing_object_is_unavailable(
    files: S3PublishedFiles, object_version: str | None
) -> None:
    address = ModelAddress(
        version="missing-1", manifest_sha256=SHA256, object_version=object_version
    )

    with pytest.raises(ModelFilesUnavailable, match="status 4"):
        await files.read_manifest(address, 1_000)


async def test_a_file_is_downloaded(
    files: S3PublishedFiles, serving_stack: Stack, tmp_path: Path
) -> None:
    put(serving_stack, blob_key(SHA256))

    await files.download(SHA256, len(CONTENT), tmp_path / "file")

    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("content", "stated_size"),
    [
        (b"x" * len(CONTENT), len(CONTENT)),
        (CONTENT + b"x", len(CONTENT)),
        (CONTENT[:-1], len(CONTENT)),
        (b"", len(CONTENT)),
    ],
    ids=["other bytes", "longer", "shorter", "empty"],
)
async def test_another_content_is_refused_and_leaves_no_file(
    files: S3PublishedFiles, serving_stack: Stack, tmp_path: Path, content: bytes, stated_size: int
) -> None:
    put(serving_stack, blob_key(SHA256), content)

    with pytest.raises(InvalidArtifact):
        await files.download(SHA256, stated_size, tmp_path / "file")

    assert list(tmp_path.iterdir()) == []
