"""The contract of dataset stores: an object exists complete, or not at all."""

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import boto3
import moto.settings
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from mypy_boto3_s3 import S3Client

from infra.local.stack import Stack
from prompt_capture.adapters.aws.s3_datasets import S3DatasetStore
from prompt_capture.adapters.local_datasets import LocalDatasetStore
from prompt_capture.domain.errors import DatasetChanged, DatasetsUnavailable
from prompt_capture.ports.exports import DatasetStore

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class StoreUnderTest:
    """A store, and a function that reads its objects directly (None: no such object)."""

    store: DatasetStore
    read: Callable[[str], bytes | None]


def _bucket_datasets(client: S3Client, bucket: str) -> StoreUnderTest:
    def read(key: str) -> bytes | None:
        try:
            return client.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError:
            return None

    return StoreUnderTest(S3DatasetStore(client, bucket), read)


@pytest.fixture
def moto_datasets(monkeypatch: pytest.MonkeyPatch) -> Iterator[StoreUnderTest]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="datasets")
        yield _bucket_datasets(client, "datasets")


@pytest.fixture
def server_datasets(stack: Stack) -> StoreUnderTest:
    return _bucket_datasets(stack.s3_client(), stack.bucket)


@pytest.fixture
def local_datasets(tmp_path: Path) -> StoreUnderTest:
    def read(key: str) -> bytes | None:
        file = tmp_path / key
        return file.read_bytes() if file.exists() else None

    return StoreUnderTest(LocalDatasetStore(tmp_path), read)


@pytest.fixture(params=["moto_datasets", "server_datasets", "local_datasets"])
def datasets(request: pytest.FixtureRequest) -> StoreUnderTest:
    store: StoreUnderTest = request.getfixturevalue(request.param)
    return store


def test_an_object_appears_when_it_is_complete(datasets: StoreUnderTest) -> None:
    with datasets.store.create("a/whole.json", "application/json") as file:
        file.write(b"[1,")
        assert datasets.read("a/whole.json") is None
        file.write(b"2]")

    assert datasets.read("a/whole.json") == b"[1,2]"
    assert datasets.store.url("a/whole.json").endswith("/a/whole.json")


def test_an_interrupted_object_never_appears(datasets: StoreUnderTest) -> None:
    def interrupt_write() -> None:
        with datasets.store.create("a/broken.json", "application/json") as file:
            file.write(b"[1,")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupt_write()

    assert datasets.read("a/broken.json") is None


def test_a_large_object_arrives_as_it_was_written(datasets: StoreUnderTest) -> None:
    pattern = bytes(range(256)) * (MEGABYTE // 256)

    with datasets.store.create("a/large.jsonl", "application/x-ndjson") as file:
        for _ in range(20):
            file.write(pattern)

    assert datasets.read("a/large.jsonl") == pattern * 20


def test_one_of_several_concurrent_writers_wins_and_the_others_are_informed(
    datasets: StoreUnderTest,
) -> None:
    def write(number: int) -> bool:
        content = f"attempt {number}".encode()
        return datasets.store.create_if_absent("a/manifest", content, "application/json")

    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(write, range(8)))

    assert won.count(True) == 1
    assert datasets.read("a/manifest") == f"attempt {won.index(True)}".encode()
    assert not write(9)
    assert datasets.store.read("a/manifest") == datasets.read("a/manifest")


def test_an_object_is_replaced_only_in_the_version_that_was_read(
    datasets: StoreUnderTest,
) -> None:
    def write(content: bytes, replaces: str | None = None) -> None:
        with datasets.store.create("a/replaced", "application/json", replaces) as file:
            file.write(content)

    assert datasets.store.version_tag("a/replaced") is None
    write(b"[1]")
    first = datasets.store.version_tag("a/replaced")
    write(b"[2]", replaces=first)
    with pytest.raises(DatasetChanged):
        write(b"[3]", replaces=first)
    assert datasets.read("a/replaced") == b"[2]"

    second = datasets.store.version_tag("a/replaced")
    datasets.store.delete("a/replaced")
    with pytest.raises(DatasetChanged):
        write(b"[4]", replaces=second)
    assert datasets.read("a/replaced") is None


def test_one_of_several_concurrent_replacements_succeeds(datasets: StoreUnderTest) -> None:
    with datasets.store.create("a/contested", "application/json") as file:
        file.write(b"[]")
    tag = datasets.store.version_tag("a/contested")

    def replace(number: int) -> bool:
        try:
            with datasets.store.create("a/contested", "application/json", tag) as file:
                file.write(f"[{number}]".encode())
        except DatasetChanged:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        succeeded = list(threads.map(replace, range(8)))

    assert succeeded.count(True) == 1
    assert datasets.read("a/contested") == f"[{succeeded.index(True)}]".encode()


def test_a_missing_object_is_read_as_none_and_deleted_without_error(
    datasets: StoreUnderTest,
) -> None:
    assert datasets.store.read("a/nothing") is None
    with datasets.store.open("a/nothing") as file:
        assert file is None
    datasets.store.delete("a/nothing")


def test_deleting_an_object_keeps_objects_with_a_longer_key(datasets: StoreUnderTest) -> None:
    for key in ("a/one", "a/one-more"):
        with datasets.store.create(key, "application/json") as file:
            file.write(b"[]")

    datasets.store.delete("a/one")
    datasets.store.delete_older_versions("a/one-more")

    assert datasets.read("a/one") is None
    assert datasets.read("a/one-more") == b"[]"


def test_a_discarded_object_is_empty_and_one_of_several_writers_replaces_it(
    datasets: StoreUnderTest,
) -> None:
    def write(number: int) -> bool:
        content = f"attempt {number}".encode()
        return datasets.store.create_if_absent("a/discarded.manifest", content, "application/json")

    assert write(0)
    datasets.store.discard("a/discarded.manifest")
    assert not datasets.store.read("a/discarded.manifest")
    assert not datasets.read("a/discarded.manifest")

    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(write, range(1, 9)))

    assert won.count(True) == 1
    assert datasets.read("a/discarded.manifest") == f"attempt {won.index(True) + 1}".encode()


WRITE_ONLY_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}],
}


@pytest.fixture
def write_only_store(
    moto_datasets: StoreUnderTest, monkeypatch: pytest.MonkeyPatch
) -> S3DatasetStore:
    """A store that may only write."""
    iam = boto3.client("iam")
    iam.create_user(UserName="writer")
    iam.put_user_policy(
        UserName="writer", PolicyName="w", PolicyDocument=json.dumps(WRITE_ONLY_POLICY)
    )
    key = iam.create_access_key(UserName="writer")["AccessKey"]
    client = boto3.client(
        "s3",
        region_name="us-east-1",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    monkeypatch.setattr(moto.settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0)
    return S3DatasetStore(client, "datasets")


def test_a_forbidden_object_does_not_pass_for_a_missing_one(
    write_only_store: S3DatasetStore,
) -> None:
    def open_object(key: str) -> None:
        with write_only_store.open(key):
            pass

    for attempt in (write_only_store.read, write_only_store.version_tag, open_object):
        with pytest.raises(DatasetsUnavailable, match=r"AccessDenied|403"):
            attempt("a/manifest")


def test_keys_below_a_prefix_are_listed_in_order(datasets: StoreUnderTest) -> None:
    for key in ("listed/b/2", "listed/a", "listed/b/1", "listed-elsewhere/a"):
        datasets.store.create_if_absent(key, b"content", "text/plain")

    assert datasets.store.keys("listed/") == ["listed/a", "listed/b/1", "listed/b/2"]
    assert datasets.store.keys("listed/b/") == ["listed/b/1", "listed/b/2"]
    assert datasets.store.keys("absent/") == []


def test_the_folders_that_consoles_create_in_a_bucket_have_no_key(
    moto_datasets: StoreUnderTest,
) -> None:
    client = boto3.client("s3", region_name="us-east-1")
    for key in ("seeds/", "seeds/more/", "seeds/a.jsonl"):
        client.put_object(Bucket="datasets", Key=key, Body=b"")

    assert moto_datasets.store.keys("seeds/") == ["seeds/a.jsonl"]
