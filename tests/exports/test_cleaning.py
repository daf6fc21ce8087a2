"""A person who is erased is in no version of any exported object."""

import asyncio
import gzip
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID, uuid4

import boto3
import pytest
from moto import mock_aws
from mypy_boto3_s3 import S3Client

from infra.local.stack import Stack
from prompt_capture.adapters.s3_datasets import S3DatasetStore
from prompt_capture.domain.datasets.manifests import Manifest
from prompt_capture.domain.datasets.requests import ExportedDataset, ExportRequest
from prompt_capture.domain.erasures import ErasureReceipt
from prompt_capture.domain.errors import DatasetsUnavailable
from prompt_capture.workflows.datasets.clean import CleanDatasets
from prompt_capture.workflows.datasets.export import ExportDataset
from prompt_capture.workflows.erase_user import EraseUser
from tests.exports.test_audited import PEOPLE, Assistant, _texts

BUCKET = "datasets"
ALICE, BOB = PEOPLE[:2]


class Bucket:
    """A bucket with versions, and what can be found in any of them."""

    def __init__(self, client: S3Client, name: str, assistant: Assistant) -> None:
        self.client, self.name, self.assistant = client, name, assistant
        self.store = S3DatasetStore(client, name)
        enabled = {"Status": "Enabled"}
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration=enabled)  # type: ignore[arg-type]

    async def export(self, **asked: Any) -> ExportedDataset:
        event = {"mode": "retraining", "floor": 0} | asked
        return await ExportDataset(self.assistant.source, self.store)(
            ExportRequest.from_event(event)
        )

    async def erase(self, person: UUID) -> ErasureReceipt:
        clean = CleanDatasets(self.assistant.source, lambda bucket: self.store)
        return await EraseUser(self.assistant.store, clean)(person)

    def versions(self, key: str) -> list[bytes]:
        found = self.client.list_object_versions(Bucket=self.name, Prefix=key)
        bodies = [
            self.client.get_object(Bucket=self.name, Key=item["Key"], VersionId=item["VersionId"])
            for item in found.get("Versions", [])
        ]
        return [body["Body"].read() for body in bodies]

    def lines(self, key: str) -> list[dict[str, Any]]:
        (content,) = self.versions(key)
        text = gzip.decompress(content) if key.endswith(".gz") else content
        return [json.loads(line) for line in text.splitlines()]

    def manifest(self, told: ExportedDataset) -> Manifest:
        (content,) = self.versions(told.manifest)
        return Manifest.model_validate_json(content)


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield Bucket(client, BUCKET, Assistant(tmp_path))


@pytest.fixture
def served_bucket(stack: Stack, tmp_path: Path) -> Bucket:
    """A bucket of a real server, which decides for itself which of two writers was first."""
    client, name = stack.s3_client(), f"datasets-{uuid4()}"
    client.create_bucket(Bucket=name)
    return Bucket(client, name, Assistant(tmp_path))


async def test_their_lines_go_from_every_version_and_the_manifest_is_right_again(
    bucket: Bucket,
) -> None:
    await bucket.assistant.say("alice's secret")
    await bucket.assistant.say("bob's words", person=1)
    told = await bucket.export()

    receipt = await bucket.erase(ALICE)

    assert [line["text"] for line in bucket.lines(told.key)] == ["bob's words"]
    manifest = bucket.manifest(told)
    assert manifest.counts.lines == 1
    assert manifest.objects[0].bytes == len(bucket.versions(told.key)[0])
    assert receipt.exports == ()
    (cleaned,) = receipt.cleaned
    assert (cleaned.key, cleaned.lines_removed) == (told.key, 1)
    assert (await bucket.erase(ALICE)).cleaned == ()


async def test_what_others_sent_too_stays_with_their_count(bucket: Bucket) -> None:
    text, own = list(_texts("train"))[:2]
    for person in (0, 0, 1):
        await bucket.assistant.say(text, person=person)
    await bucket.assistant.say(own)
    told = await bucket.export(policy="audited")

    receipt = await bucket.erase(ALICE)

    assert [(line["text"], line["count"]) for line in bucket.lines(told.key)] == [(text, 1)]
    assert [(item.lines_removed, item.lines_changed) for item in receipt.cleaned] == [(1, 1)]
    assert bucket.manifest(told).counts.messages == 1


async def test_an_anonymised_line_goes_when_too_few_people_are_left(bucket: Bucket) -> None:
    text = next(_texts("train"))
    for person in (0, 1):
        await bucket.assistant.say(text, person=person)
    told = await bucket.export(policy="audited", anonymize=True, users_per_cluster=2)
    assert len(bucket.lines(told.key)) == 1

    await bucket.erase(ALICE)

    assert bucket.lines(told.key) == []


async def test_a_review_file_is_cleaned_too(bucket: Bucket) -> None:
    await bucket.assistant.say("alice's secret", confidence=0.1)
    await bucket.assistant.say("bob's words", confidence=0.1, person=1)
    told = await bucket.export(mode="review")

    await bucket.erase(ALICE)

    (content,) = bucket.versions(told.key)
    assert [entry["prompt"] for entry in json.loads(content)] == ["bob's words"]


async def test_a_bucket_that_is_away_stays_on_the_receipt_until_it_was_cleaned(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bucket.assistant.say("alice's secret")
    told = await bucket.export()

    def away(key: str) -> bytes | None:
        raise DatasetsUnavailable("The bucket did not answer.")

    with monkeypatch.context() as outage:
        outage.setattr(bucket.store, "read", away)
        receipt = await bucket.erase(ALICE)
    assert [item.key for item in receipt.exports] == [told.key]

    again = await bucket.erase(ALICE)
    assert [item.key for item in again.cleaned] == [told.key]
    assert bucket.lines(told.key) == []


class Interrupted(S3DatasetStore):
    """Lets something happen just before what it writes arrives, the first `times` times."""

    def __init__(self, bucket: Bucket, meanwhile: Callable[[], None], times: int = 1) -> None:
        super().__init__(bucket.client, bucket.name)
        self._meanwhile, self._left = meanwhile, times

    @contextmanager
    def create(
        self, key: str, content_type: str, replaces: str | None = None
    ) -> Iterator[BinaryIO]:
        with super().create(key, content_type, replaces) as file:
            yield file
            if self._is_time(key):
                self._left -= 1
                self._meanwhile()

    def _is_time(self, key: str) -> bool:
        return self._left > 0


class InterruptedManifest(Interrupted):
    """The same, once the object is written and its manifest is not."""

    def _is_time(self, key: str) -> bool:
        return key.endswith(".manifest") and super()._is_time(key)


@pytest.mark.parametrize("policy", ["confidence", "audited"])
@pytest.mark.parametrize("store", [Interrupted, InterruptedManifest])
async def test_two_people_erased_at_once_are_both_gone_and_the_manifest_is_right(
    served_bucket: Bucket, store: type[Interrupted], policy: str
) -> None:
    bucket = served_bucket
    shared, alices, bobs, carols = islice(_texts("train"), 4)
    for text, people in ((shared, (0, 1)), (alices, (0,)), (bobs, (1,)), (carols, (2,))):
        for person in people:
            await bucket.assistant.say(text, person=person)
    told = await bucket.export(policy=policy)
    receipts = {person: await bucket.assistant.store.erase_user(person) for person in (ALICE, BOB)}

    def clean(person: UUID, datasets: S3DatasetStore) -> Any:
        cleaning = CleanDatasets(bucket.assistant.source, lambda _: datasets)
        with ThreadPoolExecutor() as elsewhere:
            exported = receipts[person].exports
            return elsewhere.submit(asyncio.run, cleaning(person, exported)).result()

    (cleaned,), left = clean(ALICE, store(bucket, lambda: clean(BOB, bucket.store)))

    assert (left, cleaned.key) == ((), told.key)
    assert [line["text"] for line in bucket.lines(told.key)] == [carols]
    manifest = bucket.manifest(told)
    assert (manifest.counts.lines, manifest.counts.messages) == (1, 1)
    assert manifest.objects[0].bytes == len(bucket.versions(told.key)[0])


async def test_a_dataset_that_others_keep_changing_stays_on_the_receipt(
    bucket: Bucket,
) -> None:
    await bucket.assistant.say("alice's secret")
    told = await bucket.export()
    receipt = await bucket.assistant.store.erase_user(ALICE)

    def change() -> None:
        content = bucket.store.read(told.key) or b""
        with bucket.store.create(told.key, "application/json") as sink:
            sink.write(content + b'{"id": "another"}\n')

    store = Interrupted(bucket, change, times=1000)
    cleaned, left = await CleanDatasets(bucket.assistant.source, lambda _: store)(
        ALICE, receipt.exports
    )

    assert (cleaned, left) == ((), receipt.exports)
