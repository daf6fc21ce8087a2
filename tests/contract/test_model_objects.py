"""The contract of the objects of published models: each is written once, and never replaced."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import boto3
import moto.settings
import pytest
from moto import mock_aws
from mypy_boto3_s3 import S3Client

from infra.local.stack import Stack
from prompt_capture.adapters.aws.s3_datasets import S3DatasetStore
from prompt_capture.adapters.aws.s3_models import S3ModelObjects
from prompt_capture.adapters.local_models import LocalModelObjects
from prompt_capture.domain.errors import DatasetsUnavailable, ModelConflict
from prompt_capture.domain.models import blob_key, manifest_key
from prompt_capture.ports.models import ModelObjects

CONTENT = b"the head of a model"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@dataclass(frozen=True)
class ObjectsUnderTest:
    """The objects, and functions that read and write them directly."""

    objects: ModelObjects
    read: Callable[[str], bytes]
    write: Callable[[str, bytes], None]
    has_versions: bool = False


def _bucket_objects(client: S3Client, bucket: str, has_versions: bool) -> ObjectsUnderTest:
    def read(key: str) -> bytes:
        return client.get_object(Bucket=bucket, Key=key)["Body"].read()

    def write(key: str, content: bytes) -> None:
        client.put_object(Bucket=bucket, Key=key, Body=content)

    return ObjectsUnderTest(S3ModelObjects(client, bucket), read, write, has_versions)


@pytest.fixture
def moto_objects(monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectsUnderTest]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="models")
        client.put_bucket_versioning(Bucket="models", VersioningConfiguration={"Status": "Enabled"})
        yield _bucket_objects(client, "models", has_versions=True)


@pytest.fixture
def server_objects(stack: Stack) -> Iterator[ObjectsUnderTest]:
    client = stack.s3_client()
    yield _bucket_objects(client, stack.bucket, has_versions=True)
    datasets = S3DatasetStore(client, stack.bucket)
    for key in (blob_key(SHA256), manifest_key("assistant-1"), manifest_key("assistant-2")):
        datasets.delete(key)


@pytest.fixture
def local_objects(tmp_path: Path) -> ObjectsUnderTest:
    def write(key: str, content: bytes) -> None:
        file = tmp_path / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def read(key: str) -> bytes:
        return (tmp_path / key).read_bytes()

    return ObjectsUnderTest(LocalModelObjects(tmp_path), read, write)


@pytest.fixture(params=["moto_objects", "server_objects", "local_objects"])
def models(request: pytest.FixtureRequest) -> ObjectsUnderTest:
    objects: ObjectsUnderTest = request.getfixturevalue(request.param)
    return objects


def test_a_file_is_written_once_under_the_hash_of_its_content(models: ObjectsUnderTest) -> None:
    assert not models.objects.has_blob(SHA256, len(CONTENT))

    assert models.objects.put_blob(SHA256, CONTENT)
    assert not models.objects.put_blob(SHA256, CONTENT)

    assert models.objects.has_blob(SHA256, len(CONTENT))
    assert models.read(f"models/blobs/{SHA256}") == CONTENT


def test_one_of_several_concurrent_writers_of_a_file_writes_it(models: ObjectsUnderTest) -> None:
    with ThreadPoolExecutor(8) as threads:
        written = list(threads.map(lambda _: models.objects.put_blob(SHA256, CONTENT), range(8)))

    assert written.count(True) == 1
    assert models.read(blob_key(SHA256)) == CONTENT


@pytest.mark.parametrize("other", [b"", CONTENT[:-1], CONTENT + b"!"])
def test_a_file_with_other_content_than_its_name_says_is_a_conflict_and_stays(
    models: ObjectsUnderTest, other: bytes
) -> None:
    models.write(blob_key(SHA256), other)

    with pytest.raises(ModelConflict, match="other content than its name says"):
        models.objects.has_blob(SHA256, len(CONTENT))
    with pytest.raises(ModelConflict, match="other content than its name says"):
        models.objects.put_blob(SHA256, CONTENT)

    assert models.read(blob_key(SHA256)) == other


def test_the_same_manifest_again_has_the_same_version_id(models: ObjectsUnderTest) -> None:
    first = models.objects.put_manifest("assistant-1", b"{}")

    assert models.objects.put_manifest("assistant-1", b"{}") == first
    assert (first is not None) == models.has_versions
    assert models.read("models/manifests/assistant-1.json") == b"{}"
    assert models.objects.manifest_url("assistant-1").endswith("/models/manifests/assistant-1.json")


def test_another_manifest_of_a_version_is_a_conflict_and_replaces_nothing(
    models: ObjectsUnderTest,
) -> None:
    models.objects.put_manifest("assistant-1", b"{}")

    with pytest.raises(ModelConflict, match="assistant-1 belongs to another model"):
        models.objects.put_manifest("assistant-1", b'{"labels": []}')

    assert models.read(manifest_key("assistant-1")) == b"{}"
    models.objects.put_manifest("assistant-2", b'{"labels": []}')


def _objects_with(actions: list[str], monkeypatch: pytest.MonkeyPatch) -> S3ModelObjects:
    """Return the objects as a user accesses them who has only these rights below models/."""
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": actions, "Resource": "arn:aws:s3:::models/models/*"}
        ],
    }
    iam = boto3.client("iam")
    iam.create_user(UserName="publisher")
    iam.put_user_policy(UserName="publisher", PolicyName="p", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="publisher")["AccessKey"]
    client = boto3.client(
        "s3",
        region_name="us-east-1",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    monkeypatch.setattr(moto.settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0)
    return S3ModelObjects(client, "models")


def test_the_rights_to_read_and_write_under_models_are_enough(
    moto_objects: ObjectsUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = _objects_with(["s3:GetObject", "s3:PutObject"], monkeypatch)

    assert not objects.has_blob(SHA256, len(CONTENT))
    assert objects.put_blob(SHA256, CONTENT)
    assert objects.has_blob(SHA256, len(CONTENT))
    assert objects.put_manifest("assistant-1", b"{}")


def test_a_caller_who_cannot_read_what_exists_is_told(
    moto_objects: ObjectsUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    moto_objects.objects.put_blob(SHA256, CONTENT)
    objects = _objects_with(["s3:PutObject"], monkeypatch)

    with pytest.raises(DatasetsUnavailable, match="cannot be read"):
        objects.put_blob(SHA256, CONTENT)


def test_a_caller_without_the_right_to_write_is_told(
    moto_objects: ObjectsUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = _objects_with(["s3:GetObject"], monkeypatch)

    with pytest.raises(DatasetsUnavailable, match="AccessDenied"):
        objects.put_blob(SHA256, CONTENT)


def test_a_card_is_written_once(models: ObjectsUnderTest) -> None:
    first = models.objects.put_card("assistant-1", b"<p>one</p>")
    second = models.objects.put_card("assistant-1", b"<p>two</p>")

    assert first == second
    assert first.endswith("models/cards/assistant-1.html")
    assert models.read("models/cards/assistant-1.html") == b"<p>one</p>"
