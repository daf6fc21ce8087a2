"""Which requests, datasets and objects a retraining accepts."""

from pathlib import Path

import pytest

from prompt_capture.adapters.local_datasets import LocalDatasetStore
from prompt_capture.domain.errors import InvalidRequest
from prompt_capture.domain.models import DatasetReference
from tests.retraining.world import RetrainingWorld
from training.data.examples import InvalidExamples
from training.retrain.datasets import BucketCopy, DatasetPrefixes, newest_dataset
from training.retrain.notification import describe_report
from training.retrain.requests import RetrainingReport, RetrainingRequest


def test_a_schedule_names_its_tick_and_a_request_is_one_invocation() -> None:
    event = {"occasion": "month", "scheduled_at": "2026-11-02T10:00:00Z"}

    assert RetrainingRequest.from_event(event, "a").tick == "month-20261102T100000Z"
    assert RetrainingRequest.from_event({"occasion": "request"}, "a-b").tick == "request-a-b"
    assert RetrainingRequest.from_event({"tick": "mine"}, "a").tick == "mine"


@pytest.mark.parametrize("event", [{"occasion": "year"}, {"force": True}, "retrain", [1]])
def test_an_invalid_request_is_explained_without_its_content(event: object) -> None:
    with pytest.raises(InvalidRequest, match=r'Send {"occasion": "request"}') as error:
        RetrainingRequest.from_event(event, "a")

    assert "year" not in str(error.value)


async def test_the_newest_complete_dataset_is_used(world: RetrainingWorld) -> None:
    prefix = "exports/audited/"
    assert newest_dataset(world.datasets, prefix) is None
    await world.label(world.week[:40])
    await world.export()
    first = newest_dataset(world.datasets, prefix)
    assert first is not None
    later = first.replace("audited-2", "audited-3")
    (world.folder / later).write_bytes(b"")
    manifest = (world.folder / first).read_text("utf-8")
    changes = {
        '"intents": []': '"intents": ["status"]',
        '"since_last": false': '"since_last": true',
    }
    for number, (before, after) in enumerate(changes.items(), 4):
        assert before in manifest
        of_a_part = first.replace("audited-2", f"audited-{number}")
        (world.folder / of_a_part).write_text(manifest.replace(before, after), "utf-8")

    assert newest_dataset(world.datasets, prefix) == first


async def test_a_damaged_dataset_is_refused(world: RetrainingWorld) -> None:
    await world.label(world.week[:40])
    await world.export()
    (part,) = (world.folder / "exports").rglob("train-*.gz")
    part.write_bytes(part.read_bytes()[:-1])

    report = await world.retrain("one")

    assert report.outcome == "not_ready"
    assert "differs from its manifest" in report.messages[0]


def test_a_key_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    copy = BucketCopy(LocalDatasetStore(tmp_path / "b"), tmp_path / "copy", DatasetPrefixes())

    with pytest.raises(InvalidExamples, match="leads out of its folder"):
        copy.fetch("../outside.jsonl")


def test_datasets_that_are_gone_or_elsewhere_are_unknown(tmp_path: Path) -> None:
    store = LocalDatasetStore(tmp_path / "b")
    copy = BucketCopy(store, tmp_path / "copy", DatasetPrefixes())
    gone = DatasetReference(source=store.url("exports/x.manifest"), examples_by_tier={})
    elsewhere = DatasetReference(source="build/data.jsonl", examples_by_tier={})

    assert copy.read_learnt_texts([]) == []
    assert copy.read_learnt_texts([gone]) is None
    assert copy.read_learnt_texts([elsewhere]) is None


def test_a_notification_says_what_to_do_next() -> None:
    report = RetrainingReport(
        tick="one", outcome="held", candidate="assistant-1", messages=("Hold.",), drawn=250
    )

    subject, message = describe_report(report)

    assert subject == "Prompt Capture: assistant-1 needs more evidence"
    assert "250 disagreements wait in the table model_disagreements" in message
