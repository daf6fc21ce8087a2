"""What every dataset store promises: an object is there whole, or not at all."""

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
from prompt_capture.adapters.local_datasets import LocalDatasetStore
from prompt_capture.adapters.s3_datasets import S3DatasetStore
from prompt_capture.domain.errors import DatasetChanged, DatasetsUnavailable
from prompt_capture.ports import DatasetStore

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Datasets:
    """A store, and a way to look at what it holds: bytes, or None for no such object."""

    store: DatasetStore
    read: Callable[[str], bytes | None]


def _of_bucket(client: S3Client, bucket: str) -> Datasets:
    def read(key: str) -> bytes | None:
        try:
            return client.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError:
            return None

    return Datasets(S3DatasetStore(client, bucket), read)


@pytest.fixture
def moto_datasets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Datasets]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="datasets")
        yield _of_bucket(client, "datasets")


@pytest.fixture
def server_datasets(stack: Stack) -> Datasets:
    return _of_bucket(stack.s3_client(), stack.bucket)


@pytest.fixture
def local_datasets(tmp_path: Path) -> Datasets:
    def read(key: str) -> bytes | None:
        file = tmp_path / key
        return file.read_bytes() if file.exists() else None

    return Datasets(LocalDatasetStore(tmp_path), read)


@pytest.fixture(params=["moto_datasets", "server_datasets", "local_datasets"])
def datasets(request: pytest.FixtureRequest) -> Datasets:
    made: Datasets = request.getfixturevalue(request.param)
    return made


def test_an_object_appears_when_it_is_whole(datasets: Datasets) -> None:
    with datasets.store.create("a/whole.json", "application/json") as sink:
        sink.write(b"[1,")
        assert datasets.read("a/whole.json") is None
        sink.write(b"2]")

    assert datasets.read("a/whole.json") == b"[1,2]"
    assert datasets.store.url("a/whole.json").endswith("/a/whole.json")


def test_an_interrupted_object_never_appears(datasets: Datasets) -> None:
    def break_off() -> None:
        with datasets.store.create("a/broken.json", "application/json") as sink:
            sink.write(b"[1,")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()

    assert datasets.read("a/broken.json") is None


def test_a_large_object_arrives_as_it_was_written(datasets: Datasets) -> None:
    pattern = bytes(range(256)) * (MEGABYTE // 256)

    with datasets.store.create("a/large.jsonl", "application/x-ndjson") as sink:
        for _ in range(20):
            sink.write(pattern)

    assert datasets.read("a/large.jsonl") == pattern * 20


def test_of_several_writers_at_once_one_wins_and_the_others_know(datasets: Datasets) -> None:
    def write(number: int) -> bool:
        content = f"attempt {number}".encode()
        return datasets.store.create_if_absent("a/manifest", content, "application/json")

    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(write, range(8)))

    assert won.count(True) == 1
    assert datasets.read("a/manifest") == f"attempt {won.index(True)}".encode()
    assert not write(9)
    assert datasets.store.read("a/manifest") == datasets.read("a/manifest")


def test_an_object_is_replaced_in_the_state_it_was_read_in_and_in_no_other(
    datasets: Datasets,
) -> None:
    def write(content: bytes, replaces: str | None = None) -> None:
        with datasets.store.create("a/replaced", "application/json", replaces) as sink:
            sink.write(content)

    assert datasets.store.state("a/replaced") is None
    write(b"[1]")
    first = datasets.store.state("a/replaced")
    write(b"[2]", replaces=first)
    with pytest.raises(DatasetChanged):
        write(b"[3]", replaces=first)
    assert datasets.read("a/replaced") == b"[2]"

    second = datasets.store.state("a/replaced")
    datasets.store.delete("a/replaced")
    with pytest.raises(DatasetChanged):
        write(b"[4]", replaces=second)
    assert datasets.read("a/replaced") is None


def test_of_several_who_replace_one_object_at_once_one_succeeds(datasets: Datasets) -> None:
    with datasets.store.create("a/contested", "application/json") as sink:
        sink.write(b"[]")
    state = datasets.store.state("a/contested")

    def replace(number: int) -> bool:
        try:
            with datasets.store.create("a/contested", "application/json", state) as sink:
                sink.write(f"[{number}]".encode())
        except DatasetChanged:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        done = list(threads.map(replace, range(8)))

    assert done.count(True) == 1
    assert datasets.read("a/contested") == f"[{done.index(True)}]".encode()


def test_what_is_not_there_is_read_as_nothing_and_deleted_without_error(
    datasets: Datasets,
) -> None:
    assert datasets.store.read("a/nothing") is None
    with datasets.store.open("a/nothing") as file:
        assert file is None
    datasets.store.delete("a/nothing")


def test_what_is_deleted_is_gone_and_its_neighbour_stays(datasets: Datasets) -> None:
    for key in ("a/one", "a/one-more"):
        with datasets.store.create(key, "application/json") as sink:
            sink.write(b"[]")

    datasets.store.delete("a/one")
    datasets.store.delete_older_versions("a/one-more")

    assert datasets.read("a/one") is None
    assert datasets.read("a/one-more") == b"[]"


def test_what_is_discarded_holds_nothing_and_one_of_several_takes_its_place(
    datasets: Datasets,
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


WRITER = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}],
}


@pytest.fixture
def refused_to_read(
    moto_datasets: Datasets, monkeypatch: pytest.MonkeyPatch
) -> Callable[[bool], S3DatasetStore]:
    """Stores of somebody who may write and no more, which S3 answers alike for what is not there
    if they may not list."""
    iam = boto3.client("iam")
    iam.create_user(UserName="writer")
    iam.put_user_policy(UserName="writer", PolicyName="w", PolicyDocument=json.dumps(WRITER))
    key = iam.create_access_key(UserName="writer")["AccessKey"]
    client = boto3.client(
        "s3",
        region_name="us-east-1",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    monkeypatch.setattr(moto.settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0)
    return lambda may_list: S3DatasetStore(client, "datasets", may_list)


def test_who_may_not_list_takes_what_they_may_not_read_for_nothing_there(
    refused_to_read: Callable[[bool], S3DatasetStore],
) -> None:
    store = refused_to_read(False)

    assert store.read("a/manifest") is None
    assert store.create_if_absent("a/manifest", b"{}", "application/json")
    with pytest.raises(DatasetsUnavailable, match="nor shows what is there"):
        store.create_if_absent("a/manifest", b"{}", "application/json")


def test_who_may_list_is_told_what_they_may_not_read(
    refused_to_read: Callable[[bool], S3DatasetStore],
) -> None:
    with pytest.raises(DatasetsUnavailable, match="AccessDenied"):
        refused_to_read(True).read("a/manifest")
