"""Whatever is wrong with the registry, the bucket or a model, the packaged model answers."""

import threading
import time
from collections.abc import Callable
from signal import SIGCONT, SIGSTOP

import pytest

from infra.local.faults import Fault
from infra.local.functions import CLASSIFY
from infra.local.model_variants import HEADS
from prompt_capture.adapters.onnx.model_artifact import read_manifest
from prompt_capture.domain.models import blob_key, manifest_key
from tests.serving.conftest import PACKAGED, RETRAINED, LocalRegistry, Sender

BUCKET_FAULTS = [
    Fault("refuse"),
    Fault("hang"),
    Fault("reset"),
    Fault("half"),
    Fault("slow", seconds=20),
    Fault("slow", bytes_per_second=20_000),
    Fault("status", status=403),
    Fault("status", status=503),
]


def answers_eventually(sender: Sender, version: str) -> bool:
    """Send messages until a model answers; the pause after a failed load is five seconds."""
    for _ in range(60):
        if sender.model_of_next_answer() == version:
            return True
        time.sleep(1)
    return False


@pytest.mark.parametrize("fault", BUCKET_FAULTS, ids=lambda fault: fault.kind)
def test_a_cold_start_survives_a_fault_of_the_bucket(
    registry: LocalRegistry, sender: Sender, fault: Fault
) -> None:
    registry.promote("retrained-2")

    with registry.stack.faults.inject("models", fault):
        registry.start_new_instances()
        assert sender.model_of_next_answer() == PACKAGED

    assert answers_eventually(sender, "retrained-2")


@pytest.mark.parametrize("fault", [Fault("refuse"), Fault("half")], ids=lambda fault: fault.kind)
def test_a_warm_instance_survives_a_fault_of_the_bucket(
    registry: LocalRegistry, sender: Sender, fault: Fault
) -> None:
    registry.promote("retrained-1")
    assert answers_eventually(sender, "retrained-1")

    with registry.stack.faults.inject("models", fault):
        registry.promote("retrained-2")
        sender.send()
        assert sender.model_of_next_answer() == PACKAGED

    assert answers_eventually(sender, "retrained-2")


def test_a_cold_start_survives_a_registry_that_does_not_answer(
    registry: LocalRegistry, sender: Sender
) -> None:
    registry.promote("retrained-1")

    with registry.stack.faults.inject("store", Fault("status", status=503)):
        registry.start_new_instances()
        answer = sender.send()
    assert (answer["model_version"], answer["captured"]) == (PACKAGED, "spooled")

    assert answers_eventually(sender, "retrained-1")


def replace_head(registry: LocalRegistry, version: str) -> None:
    """Replace the head of a published model in the bucket, by one of the same size."""
    manifest = read_manifest(registry.folder / version)
    head = manifest.files["encoder.head.onnx"]
    registry.stack.s3_client().put_object(
        Bucket=registry.stack.bucket, Key=blob_key(head.sha256), Body=b"0" * head.bytes
    )


def cut_head(registry: LocalRegistry, version: str) -> None:
    head = read_manifest(registry.folder / version).files["encoder.head.onnx"]
    registry.stack.s3_client().put_object(
        Bucket=registry.stack.bucket, Key=blob_key(head.sha256), Body=b"0" * (head.bytes // 2)
    )


def delete_manifest(registry: LocalRegistry, version: str) -> None:
    client, bucket = registry.stack.s3_client(), registry.stack.bucket
    for item in client.list_object_versions(Bucket=bucket, Prefix=manifest_key(version))[
        "Versions"
    ]:
        client.delete_object(Bucket=bucket, Key=item["Key"], VersionId=item["VersionId"])


@pytest.mark.parametrize("damage", [replace_head, cut_head, delete_manifest])
def test_a_damaged_model_never_answers(
    registry: LocalRegistry, sender: Sender, damage: Callable[[LocalRegistry, str], None]
) -> None:
    version = f"damaged-{damage.__name__}"
    registry.publish(version, HEADS)
    damage(registry, version)

    registry.promote(version)
    sender.send()
    assert sender.model_of_next_answer() == PACKAGED
    registry.start_new_instances()
    assert sender.model_of_next_answer() == PACKAGED


def test_a_manifest_that_was_overwritten_is_not_read(
    registry: LocalRegistry, sender: Sender
) -> None:
    registry.publish("overwritten-1", HEADS)
    registry.stack.s3_client().put_object(
        Bucket=registry.stack.bucket, Key=manifest_key("overwritten-1"), Body=b"{}"
    )

    registry.promote("overwritten-1")
    sender.send()

    assert sender.model_of_next_answer() == "overwritten-1"


def test_an_instance_that_is_frozen_while_it_loads_completes_the_load_later(
    registry: LocalRegistry, sender: Sender
) -> None:
    sender.send()
    registry.promote("retrained-2")

    with registry.stack.faults.inject("models", Fault("slow", seconds=1)):
        sender.send()
        time.sleep(0.5)
        registry.stack.signal(CLASSIFY, SIGSTOP)
        time.sleep(3)
        registry.stack.signal(CLASSIFY, SIGCONT)

    assert answers_eventually(sender, "retrained-2")


def test_two_promotions_at_once_leave_one_champion(registry: LocalRegistry, sender: Sender) -> None:
    threads = [threading.Thread(target=registry.promote, args=(version,)) for version in RETRAINED]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    latest, earlier, *_ = registry.events()
    assert {latest["version"], earlier["version"]} == set(RETRAINED)
    assert latest["replaced"] == earlier["version"]
    assert answers_eventually(sender, latest["version"])
