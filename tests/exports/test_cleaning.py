"""After an erasure, no version of any exported object contains a line of the user."""

import asyncio
import gzip
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID, uuid4

import boto3
import pytest
from moto import mock_aws
from mypy_boto3_s3 import S3Client

from infra.local.stack import Stack
from prompt_capture.adapters.aws.s3_datasets import S3DatasetStore
from prompt_capture.domain.datasets.manifest import Manifest
from prompt_capture.domain.datasets.requests import ExportedDataset, ExportRequest
from prompt_capture.domain.erasures import CleaningReceipt, ErasureReceipt
from prompt_capture.domain.errors import DatasetsUnavailable
from prompt_capture.workflows.erase_user import EraseUser
from prompt_capture.workflows.exports.cleaning import NO_TIME_LEFT, CleanDatasets
from prompt_capture.workflows.exports.export import ExportDataset
from prompt_capture.workflows.exports.pending_cleaning import CleanPendingObjects
from tests.erasures import erase_in_store
from tests.exports.test_audited import USERS, ExportScenario, dissimilar_texts

BUCKET = "datasets"
ALICE, BOB = USERS[:2]


class VersionedBucket:
    """A bucket with versioning, and access to all versions of its objects."""

    def __init__(self, client: S3Client, name: str, scenario: ExportScenario) -> None:
        self.client, self.name, self.scenario = client, name, scenario
        self.store = S3DatasetStore(client, name)
        enabled = {"Status": "Enabled"}
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration=enabled)  # type: ignore[arg-type]

    async def export(self, **fields: Any) -> ExportedDataset:
        event = {"mode": "retraining", "floor": 0} | fields
        return await ExportDataset(self.scenario.source, self.store)(
            ExportRequest.from_event(event)
        )

    async def erase(self, user_id: UUID) -> ErasureReceipt:
        clean = CleanDatasets(self.scenario.source, lambda bucket: self.store)
        return await EraseUser(self.scenario.store, clean)(user_id)

    async def clean_pending(self) -> CleaningReceipt:
        clean = CleanDatasets(self.scenario.source, lambda bucket: self.store)
        return await CleanPendingObjects(self.scenario.source, clean)()

    def versions(self, key: str) -> list[bytes]:
        listing = self.client.list_object_versions(Bucket=self.name, Prefix=key)
        responses = [
            self.client.get_object(Bucket=self.name, Key=item["Key"], VersionId=item["VersionId"])
            for item in listing.get("Versions", [])
        ]
        return [response["Body"].read() for response in responses]

    def lines(self, key: str) -> list[dict[str, Any]]:
        (content,) = self.versions(key)
        text = gzip.decompress(content) if key.endswith(".gz") else content
        return [json.loads(line) for line in text.splitlines()]

    def manifest(self, dataset: ExportedDataset) -> Manifest:
        (content,) = self.versions(dataset.manifest)
        return Manifest.model_validate_json(content)


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[VersionedBucket]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield VersionedBucket(client, BUCKET, ExportScenario(tmp_path))


@pytest.fixture
def server_bucket(stack: Stack, tmp_path: Path) -> VersionedBucket:
    """A bucket of a real S3 server, which arbitrates between concurrent writers."""
    client, name = stack.s3_client(), f"datasets-{uuid4()}"
    client.create_bucket(Bucket=name)
    return VersionedBucket(client, name, ExportScenario(tmp_path))


async def test_lines_of_an_erased_user_leave_every_version_and_the_manifest_is_updated(
    bucket: VersionedBucket,
) -> None:
    await bucket.scenario.log("alice's secret")
    await bucket.scenario.log("bob's words", user=1)
    dataset = await bucket.export()

    receipt = await bucket.erase(ALICE)

    assert [line["text"] for line in bucket.lines(dataset.key)] == ["bob's words"]
    manifest = bucket.manifest(dataset)
    assert manifest.counts.lines == 1
    assert manifest.objects[0].bytes == len(bucket.versions(dataset.key)[0])
    assert receipt.remaining_objects == ()
    (cleaned,) = receipt.cleaned_objects
    assert (cleaned.key, cleaned.lines_removed) == (dataset.key, 1)
    assert (await bucket.erase(ALICE)).cleaned_objects == ()


async def test_older_versions_of_an_object_that_someone_deleted_are_removed(
    bucket: VersionedBucket,
) -> None:
    await bucket.scenario.log("alice's secret")
    dataset = await bucket.export()
    bucket.client.delete_object(Bucket=BUCKET, Key=dataset.key)
    assert bucket.versions(dataset.key)

    receipt = await bucket.erase(ALICE)

    assert receipt.remaining_objects == ()
    assert bucket.versions(dataset.key) == []
    assert bucket.manifest(dataset).counts.lines == 0


async def test_a_line_that_other_users_sent_too_stays_with_their_count(
    bucket: VersionedBucket,
) -> None:
    text, own = list(dissimilar_texts("train"))[:2]
    for user in (0, 0, 1):
        await bucket.scenario.log(text, user=user)
    await bucket.scenario.log(own)
    dataset = await bucket.export(policy="audited")

    receipt = await bucket.erase(ALICE)

    assert [(line["text"], line["count"]) for line in bucket.lines(dataset.key)] == [(text, 1)]
    assert [(item.lines_removed, item.lines_changed) for item in receipt.cleaned_objects] == [
        (1, 1)
    ]
    assert bucket.manifest(dataset).counts.messages == 1


async def test_an_anonymised_line_is_removed_when_too_few_users_remain(
    bucket: VersionedBucket,
) -> None:
    text = next(dissimilar_texts("train"))
    for user in (0, 1):
        await bucket.scenario.log(text, user=user)
    dataset = await bucket.export(policy="audited", anonymize=True, users_per_cluster=2)
    assert len(bucket.lines(dataset.key)) == 1

    await bucket.erase(ALICE)

    assert bucket.lines(dataset.key) == []


async def test_a_review_file_is_cleaned_too(bucket: VersionedBucket) -> None:
    await bucket.scenario.log("alice's secret", confidence=0.1)
    await bucket.scenario.log("bob's words", confidence=0.1, user=1)
    dataset = await bucket.export(mode="review")

    await bucket.erase(ALICE)

    (content,) = bucket.versions(dataset.key)
    assert [entry["prompt"] for entry in json.loads(content)] == ["bob's words"]


async def test_a_review_file_that_was_filled_in_is_cleaned_and_keeps_the_decisions(
    bucket: VersionedBucket,
) -> None:
    await bucket.scenario.log("alice's secret", confidence=0.1)
    await bucket.scenario.log("bob's words", confidence=0.1, user=1)
    dataset = await bucket.export(mode="review")
    (content,) = bucket.versions(dataset.key)
    decided = [
        entry | {"id": entry["id"].upper(), "corrected_intent": "reminder", "count": "many"}
        for entry in json.loads(content)
    ]
    body = json.dumps(decided).encode()
    bucket.client.put_object(Bucket=bucket.name, Key=dataset.key, Body=body)

    receipt = await bucket.erase(ALICE)

    assert receipt.remaining_objects == ()
    (content,) = bucket.versions(dataset.key)
    assert json.loads(content) == decided[1:]


async def test_a_review_file_in_which_one_column_was_sorted_remains(
    bucket: VersionedBucket,
) -> None:
    await bucket.scenario.log("alice's secret", confidence=0.1)
    await bucket.scenario.log("bob's words", confidence=0.1, user=1)
    dataset = await bucket.export(mode="review")
    (content,) = bucket.versions(dataset.key)
    alice, bob = json.loads(content)
    alice["prompt"], bob["prompt"] = bob["prompt"], alice["prompt"]
    sorted_column = json.dumps([alice, bob]).encode()
    bucket.client.put_object(Bucket=bucket.name, Key=dataset.key, Body=sorted_column)

    receipt = await bucket.erase(ALICE)

    [remaining] = receipt.remaining_objects
    assert "does not have the prompt of its id" in remaining.reason
    assert sorted_column in bucket.versions(dataset.key)

    bob["prompt"] = "bob's words, which a reviewer shortened"
    body = json.dumps([{**alice, "prompt": "alice's secret"}, bob]).encode()
    bucket.client.put_object(Bucket=bucket.name, Key=dataset.key, Body=body)
    assert (await bucket.clean_pending()).remaining_objects == ()
    (content,) = bucket.versions(dataset.key)
    assert json.loads(content) == [bob]


async def test_a_review_file_in_which_copies_of_a_text_were_edited_is_cleaned(
    bucket: VersionedBucket,
) -> None:
    await bucket.scenario.log("alice's secret", confidence=0.1)
    for user in (1, 2):
        await bucket.scenario.log("the same wrods", confidence=0.1, user=user)
    dataset = await bucket.export(mode="review")
    (content,) = bucket.versions(dataset.key)
    alice, bob, carol = json.loads(content)
    bob["prompt"] = "the same words"
    edited = json.dumps([alice, bob, carol]).encode()
    bucket.client.put_object(Bucket=bucket.name, Key=dataset.key, Body=edited)

    receipt = await bucket.erase(ALICE)

    assert receipt.remaining_objects == ()
    (content,) = bucket.versions(dataset.key)
    assert json.loads(content) == [bob, carol]


async def test_a_review_file_that_is_saved_after_its_check_is_checked_again(
    bucket: VersionedBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bucket.scenario.log("alice's secret", confidence=0.1)
    await bucket.scenario.log("bob's words", confidence=0.1, user=1)
    dataset = await bucket.export(mode="review")
    (content,) = bucket.versions(dataset.key)
    alice, bob = json.loads(content)
    alice["prompt"], bob["prompt"] = bob["prompt"], alice["prompt"]
    sorted_column = json.dumps([alice, bob]).encode()
    source = bucket.scenario.source
    get_texts = source.get_texts

    async def save_meanwhile(log_ids: Sequence[UUID]) -> dict[UUID, str]:
        bucket.client.put_object(Bucket=bucket.name, Key=dataset.key, Body=sorted_column)
        return await get_texts(log_ids)

    monkeypatch.setattr(source, "get_texts", save_meanwhile)

    receipt = await bucket.erase(ALICE)

    [remaining] = receipt.remaining_objects
    assert remaining.reason.startswith("Entry 2 does not have the prompt of its id")
    assert sorted_column in bucket.versions(dataset.key)


async def test_a_damaged_review_file_keeps_no_other_object_from_being_cleaned(
    bucket: VersionedBucket,
) -> None:
    await bucket.scenario.log("alice's secret", confidence=0.1)
    damaged = [await bucket.export(mode="review") for _ in range(2)]
    for dataset, body in zip(damaged, [b"[null]", b'[{"id": '], strict=True):
        bucket.client.put_object(Bucket=bucket.name, Key=dataset.key, Body=body)
    await bucket.scenario.log("alice's other secret")
    intact = await bucket.export()

    receipt = await bucket.erase(ALICE)

    assert bucket.lines(intact.key) == []
    reasons = {item.key: item.reason for item in receipt.remaining_objects}
    assert reasons.keys() == {dataset.key for dataset in damaged}
    assert "Correct or delete it" in reasons[damaged[0].key]


async def test_objects_of_an_unreachable_bucket_stay_on_the_receipt_until_cleaned(
    bucket: VersionedBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bucket.scenario.log("alice's secret")
    dataset = await bucket.export()

    def fail(key: str) -> bytes | None:
        raise DatasetsUnavailable("The bucket did not respond.")

    with monkeypatch.context() as outage:
        outage.setattr(bucket.store, "read", fail)
        receipt = await bucket.erase(ALICE)
    assert [item.key for item in receipt.remaining_objects] == [dataset.key]

    repeat = await bucket.erase(ALICE)
    assert [item.key for item in repeat.cleaned_objects] == [dataset.key]
    assert bucket.lines(dataset.key) == []


class InterruptedStore(S3DatasetStore):
    """Calls a function just before a write arrives in S3, for the first `times` writes."""

    def __init__(
        self, bucket: VersionedBucket, interrupt: Callable[[], None], times: int = 1
    ) -> None:
        super().__init__(bucket.client, bucket.name)
        self._interrupt, self._remaining_times = interrupt, times

    @contextmanager
    def create(
        self, key: str, content_type: str, replaces: str | None = None
    ) -> Iterator[BinaryIO]:
        with super().create(key, content_type, replaces) as file:
            yield file
            if self._should_interrupt(key):
                self._remaining_times -= 1
                self._interrupt()

    def _should_interrupt(self, key: str) -> bool:
        return self._remaining_times > 0


class InterruptedManifestStore(InterruptedStore):
    """Calls the function between the writes of the object and of its manifest."""

    def _should_interrupt(self, key: str) -> bool:
        return key.endswith(".manifest") and super()._should_interrupt(key)


@pytest.mark.parametrize("policy", ["confidence", "audited"])
@pytest.mark.parametrize("store", [InterruptedStore, InterruptedManifestStore])
async def test_two_concurrent_cleanings_remove_both_users_and_the_manifest_is_updated(
    server_bucket: VersionedBucket, store: type[InterruptedStore], policy: str
) -> None:
    bucket = server_bucket
    shared, alices, bobs, carols = islice(dissimilar_texts("train"), 4)
    for text, users in ((shared, (0, 1)), (alices, (0,)), (bobs, (1,)), (carols, (2,))):
        for user in users:
            await bucket.scenario.log(text, user=user)
    dataset = await bucket.export(policy=policy)
    erased = await erase_in_store(bucket.scenario.store, ALICE)

    def clean(datasets: S3DatasetStore) -> CleaningReceipt:
        clean_datasets = CleanDatasets(bucket.scenario.source, lambda _: datasets)
        with ThreadPoolExecutor() as executor:
            run = executor.submit(asyncio.run, clean_datasets(erased.remaining_objects))
            return run.result()

    def erase_bob() -> None:
        with ThreadPoolExecutor() as executor:
            executor.submit(asyncio.run, erase_in_store(bucket.scenario.store, BOB)).result()
        clean(bucket.store)

    receipt = clean(store(bucket, erase_bob))

    assert receipt.remaining_objects == ()
    assert [item.key for item in receipt.cleaned_objects] == [dataset.key]
    assert [line["text"] for line in bucket.lines(dataset.key)] == [carols]
    manifest = bucket.manifest(dataset)
    assert (manifest.counts.lines, manifest.counts.messages) == (1, 1)
    assert manifest.objects[0].bytes == len(bucket.versions(dataset.key)[0])


async def test_a_dataset_that_changes_continually_stays_on_the_receipt(
    bucket: VersionedBucket,
) -> None:
    await bucket.scenario.log("alice's secret")
    dataset = await bucket.export()
    erased = await erase_in_store(bucket.scenario.store, ALICE)

    def change() -> None:
        content = bucket.store.read(dataset.key) or b""
        with bucket.store.create(dataset.key, "application/json") as file:
            file.write(content + b'{"id": "another"}\n')

    store = InterruptedStore(bucket, change, times=1000)
    receipt = await CleanDatasets(bucket.scenario.source, lambda _: store)(erased.remaining_objects)

    assert receipt.cleaned_objects == ()
    assert [item.key for item in receipt.remaining_objects] == [dataset.key]


async def test_objects_of_a_deleted_account_are_cleaned_without_its_id(
    bucket: VersionedBucket,
) -> None:
    await bucket.scenario.log("alice's secret")
    await bucket.scenario.log("bob's words", user=1)
    datasets = [await bucket.export(), await bucket.export(mode="review", confidence_threshold=1)]
    await erase_in_store(bucket.scenario.store, ALICE)

    receipt = await bucket.clean_pending()

    assert {item.key for item in receipt.cleaned_objects} == {item.key for item in datasets}
    assert receipt.remaining_objects == ()
    for dataset in datasets:
        (content,) = bucket.versions(dataset.key)
        assert b"secret" not in content
        assert b"bob's words" in content
    assert await bucket.clean_pending() == CleaningReceipt()


async def test_an_object_without_a_manifest_stays_registered_while_its_export_may_run(
    bucket: VersionedBucket,
) -> None:
    await bucket.scenario.log("alice's secret")
    dataset = await bucket.export()
    bucket.store.delete(dataset.manifest)
    await erase_in_store(bucket.scenario.store, ALICE)

    for _ in range(2):
        (cleaned,) = (await bucket.clean_pending()).cleaned_objects
        assert (cleaned.key, bucket.versions(dataset.key)) == (dataset.key, [])
    (page,) = bucket.scenario.store.ledger.values()
    page.registered_at -= timedelta(days=1)
    await bucket.clean_pending()

    assert await bucket.clean_pending() == CleaningReceipt()


async def test_an_object_that_cannot_be_read_keeps_no_other_from_being_cleaned(
    bucket: VersionedBucket,
) -> None:
    text = next(dissimilar_texts("train"))
    await bucket.scenario.log(text)
    damaged = [await bucket.export(policy="audited") for _ in range(3)]
    for dataset, content in zip(damaged, [b"no gzip", b"", b"\x1f\x8b\x08"], strict=True):
        bucket.client.put_object(Bucket=bucket.name, Key=dataset.key, Body=content)
    no_manifest = await bucket.export()
    bucket.client.put_object(Bucket=bucket.name, Key=no_manifest.manifest, Body=b"{")
    intact = await bucket.export()
    await erase_in_store(bucket.scenario.store, ALICE)

    receipt = await bucket.clean_pending()

    assert bucket.lines(intact.key) == []
    assert {item.key: item.reason for item in receipt.remaining_objects} == {
        damaged[0].key: "The object cannot be rewritten (BadGzipFile).",
        damaged[2].key: "The object cannot be rewritten (EOFError).",
        no_manifest.key: "The object cannot be rewritten (ValidationError).",
    }
    assert text not in receipt.model_dump_json()


@pytest.mark.parametrize(
    "line", ["null", "[]", "1", '{"id": ["x"]}', '{"count": "two", "id": "x"}']
)
async def test_a_line_that_is_no_entry_keeps_no_other_object_from_being_cleaned(
    bucket: VersionedBucket, line: str
) -> None:
    await bucket.scenario.log("alice's secret")
    damaged, intact = [await bucket.export() for _ in range(2)]
    body = f"{line}\n".encode()
    bucket.client.put_object(Bucket=bucket.name, Key=damaged.key, Body=body)

    receipt = await bucket.erase(ALICE)

    assert bucket.lines(intact.key) == []
    (remaining,) = receipt.remaining_objects
    assert remaining.key == damaged.key
    assert remaining.reason.startswith("The object cannot be rewritten")


async def test_a_cleaning_ends_when_the_store_fails_or_no_time_is_left(
    bucket: VersionedBucket,
) -> None:
    await bucket.scenario.log("alice's secret")
    keys = {(await bucket.export()).key for _ in range(3)}
    await erase_in_store(bucket.scenario.store, ALICE)
    exported = await bucket.scenario.source.list_uncleaned_objects()
    clean = CleanDatasets(bucket.scenario.source, lambda _: bucket.store)
    progress: list[tuple[int, int]] = []
    time_left = iter([True, False, False])

    receipt = await clean(
        exported, lambda done, total: progress.append((done, total)), lambda: next(time_left)
    )
    bucket.scenario.store.is_reachable = False
    unreachable = await clean(exported)

    assert progress == [(0, 3), (1, 3), (2, 3)]
    assert len(receipt.cleaned_objects) == 1
    assert {item.reason for item in receipt.remaining_objects} == {NO_TIME_LEFT}
    assert {item.key for item in unreachable.remaining_objects} == keys
    assert {item.reason for item in unreachable.remaining_objects} == {"The store did not respond."}
