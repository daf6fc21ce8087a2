import gzip
import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from prompt_capture.adapters.local_datasets import LocalDatasetStore
from prompt_capture.domain.changes import Correction, Outcome
from prompt_capture.domain.datasets.requests import ExportedDataset, ExportRequest
from prompt_capture.domain.errors import (
    ExportInvalidated,
    ExportTooLarge,
    InvalidExport,
    StoreUnavailable,
)
from prompt_capture.domain.log_ids import new_log_id
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.review_files import ReviewFormat
from prompt_capture.workflows.exports.export import ExportDataset
from tests.fakes.export_source import InMemoryExports
from tests.fakes.prompt_store import InMemoryPromptStore
from training.data.reading import read_examples

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
USER = uuid4()


@pytest.fixture
def store() -> InMemoryPromptStore:
    return InMemoryPromptStore([USER], ["reminder", "status"])


@pytest.fixture
def export(store: InMemoryPromptStore, tmp_path: Path) -> ExportDataset:
    return ExportDataset(InMemoryExports(store), LocalDatasetStore(tmp_path), clock=lambda: NOW)


async def _log(
    store: InMemoryPromptStore,
    text: str,
    confidence: float,
    age: timedelta = timedelta(),
    needs_review: bool = False,
) -> UUID:
    prompt = CapturedPrompt(
        id=new_log_id(),
        user_id=USER,
        prompt=text,
        predicted_intent="status",
        confidence=confidence,
        needs_review=needs_review,
        source="model",
        model_version="test-1",
    )
    await store.log_prompt(prompt)
    store.rows[prompt.id].created_at = NOW - age
    return prompt.id


def _read(dataset: ExportedDataset) -> str:
    return Path(dataset.url).read_text("utf-8")


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_retraining_dataset_is_json_lines(
    store: InMemoryPromptStore, export: ExportDataset
) -> None:
    sure = await _log(store, "sure, ünï", 0.9)
    unsure = await _log(store, "unsure", 0.2)
    correction = Correction(corrected_intent="reminder", corrected_by="grace")
    await store.add_prompt_correction(unsure, correction)
    await _log(store, "in between", 0.8)

    dataset = await export(ExportRequest(mode="retraining"))

    rest = (
        '"confidence":%s,"source":"production","corrected":%s,"id":"%s","tier":"%s",'
        '"audited":false,"audit_probability":null'
    )
    assert sorted(_read(dataset).splitlines()) == [
        f'{{"text":"sure, ünï","label":"status",{rest % ("0.9", "false", sure, "confident")}}}',
        f'{{"text":"unsure","label":"reminder",{rest % ("0.2", "true", unsure, "person")}}}',
    ]
    assert dataset.rows == 2
    assert dataset.key == "exports/retraining/2026/11/24/retraining-20261124T040000000000Z.jsonl"


async def test_a_review_dataset_is_one_json_array(
    store: InMemoryPromptStore, export: ExportDataset
) -> None:
    ids = [await _log(store, f"unsure {number}", 0.1 * number) for number in range(1, 4)]

    dataset = await export(ExportRequest(mode="review", confidence_threshold=0.25))

    entries = json.loads(_read(dataset))
    assert [entry["id"] for entry in entries] == [str(log_id) for log_id in ids[:2]]
    assert set(entries[0]) == {
        "id",
        "prompt",
        "predicted_intent",
        "predicted_secondary_intents",
        "confidence",
        "created_at",
        "reasons",
        "corrected_intent",
        "corrected_secondary_intents",
        "notes",
    }


async def test_a_review_dataset_holds_what_waits_for_other_reasons_than_confidence(
    store: InMemoryPromptStore, export: ExportDataset
) -> None:
    unsure = await _log(store, "unsure", 0.2)
    failed = await _log(store, "failed", 0.99)
    await store.update_prompt_log_outcome(
        failed, Outcome(was_successful=False, workflow_type="move", execution_error="no event")
    )
    marked = await _log(store, "below the threshold of the model", 0.9, needs_review=True)
    await _log(store, "sure", 0.99)

    entries = json.loads(_read(await export(ExportRequest(mode="review"))))

    assert {entry["id"]: entry["reasons"] for entry in entries} == {
        str(unsure): ["low_confidence"],
        str(marked): ["needs_review"],
        str(failed): ["failed_workflow"],
    }


@pytest.mark.parametrize("review_format", ["csv", "label-studio"])
async def test_a_review_file_without_lists_has_the_reasons_as_text(
    store: InMemoryPromptStore, export: ExportDataset, review_format: ReviewFormat
) -> None:
    failed = await _log(store, "failed", 0.2)
    await store.update_prompt_log_outcome(
        failed, Outcome(was_successful=False, workflow_type="move", execution_error="no event")
    )

    content = _read(await export(ExportRequest(mode="review", format=review_format)))

    assert "failed_workflow, low_confidence" in content


async def test_a_review_file_with_too_many_entries_is_refused(
    store: InMemoryPromptStore,
    export: ExportDataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("prompt_capture.workflows.exports.writer.MAX_SORTED_LINES", 2)
    for number in range(3):
        await _log(store, str(number), 0.1)

    with pytest.raises(ExportTooLarge, match="more than 2 entries"):
        await export(ExportRequest(mode="review"))

    assert _files(tmp_path) == []


async def test_days_bound_the_window(store: InMemoryPromptStore, export: ExportDataset) -> None:
    await _log(store, "recent", 0.9, timedelta(days=6))
    await _log(store, "old", 0.9, timedelta(days=8))

    dataset = await export(ExportRequest(mode="retraining", days=7))

    assert dataset.rows == 1
    assert dataset.since == NOW - timedelta(days=7)


async def test_unicode_line_separators_do_not_break_a_line(
    store: InMemoryPromptStore, export: ExportDataset
) -> None:
    text = "one\u2028two\u2029three\x85four\x0bfive\r\nsix"
    await _log(store, text, 0.9)

    dataset = await export(ExportRequest(mode="retraining"))

    assert len(_read(dataset).splitlines()) == 1
    assert [example.text for example in read_examples([Path(dataset.url)])] == [text]


async def test_an_export_reports_its_progress(store: InMemoryPromptStore, tmp_path: Path) -> None:
    for number in range(5):
        await _log(store, str(number), 0.9)
    progress: list[int] = []

    source = InMemoryExports(store, page_rows=2)
    export = ExportDataset(source, LocalDatasetStore(tmp_path), report=progress.append)
    await export(ExportRequest(mode="retraining"))

    assert progress == [2, 4, 5]


async def test_an_outage_leaves_no_file(
    store: InMemoryPromptStore, export: ExportDataset, tmp_path: Path
) -> None:
    store.is_reachable = False

    with pytest.raises(StoreUnavailable):
        await export(ExportRequest(mode="retraining"))

    assert _files(tmp_path) == []


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        ({}, "mode"),
        ({"mode": "all"}, "mode"),
        ({"mode": "Review"}, "mode: Input should be 'retraining', 'review', 'gold' or 'labelled'"),
        ({"mode": "review", "intents": "help"}, "intents: Input should be a list"),
        ({"mode": "review", "days": 0}, "days"),
        ({"mode": "review", "confidence_threshold": -1}, "confidence_threshold"),
        ({"mode": "review", "dys": 1}, "an unknown key"),
        ({"mode": "review", "days": True}, "days"),
        ({"mode": "review", "days": "7"}, "days"),
        ({"detail-type": "Scheduled Event", "detail": "[" * 20_000}, "event"),
        ("review", "event"),
    ],
)
def test_the_error_for_an_invalid_event_says_what_to_send(event: object, problem: str) -> None:
    with pytest.raises(InvalidExport, match=rf"{problem}.*Send") as raised:
        ExportRequest.from_event(event)

    assert all(name in str(raised.value) for name in ExportRequest.model_fields)
    assert "tuple" not in str(raised.value)


@pytest.mark.parametrize(("mode", "content"), [("retraining", ""), ("review", "[]\n")])
async def test_an_empty_dataset_is_written(export: ExportDataset, mode: str, content: str) -> None:
    dataset = await export(ExportRequest.from_event({"mode": mode}))

    assert dataset.rows == 0
    assert _read(dataset) == content


@pytest.mark.parametrize(
    ("event", "texts"),
    [
        ({"mode": "retraining"}, ["0.86", "0.9"]),
        ({"mode": "retraining", "confidence_threshold": 0.9}, []),
        ({"mode": "retraining", "confidence_threshold": 0}, ["0.69", "0.7", "0.85", "0.86", "0.9"]),
        ({"mode": "review"}, ["0.69"]),
        ({"mode": "review", "confidence_threshold": 0.86}, ["0.69", "0.7", "0.85"]),
        ({"mode": "review", "confidence_threshold": 0}, []),
    ],
    ids=str,
)
async def test_a_threshold_excludes_its_own_value(
    store: InMemoryPromptStore, export: ExportDataset, event: object, texts: list[str]
) -> None:
    for number, confidence in enumerate([0.69, 0.7, 0.85, 0.86, 0.9]):
        await _log(store, str(confidence), confidence, timedelta(minutes=-number))

    content = _read(await export(ExportRequest.from_event(event)))

    entries = json.loads(content) if content[:1] == "[" else map(json.loads, content.splitlines())
    assert sorted(entry.get("text", entry.get("prompt")) for entry in entries) == texts


async def test_the_window_includes_its_start(
    store: InMemoryPromptStore, export: ExportDataset
) -> None:
    for age in (timedelta(days=7, microseconds=1), timedelta(days=7)):
        await _log(store, str(age), 0.9, age)

    lines = _read(await export(ExportRequest(mode="retraining", days=7))).splitlines()

    assert [json.loads(line)["text"] for line in lines] == [str(timedelta(days=7))]


@pytest.mark.parametrize("mode", ["retraining", "review"])
async def test_filters_that_select_nothing_are_named(
    store: InMemoryPromptStore, export: ExportDataset, mode: str
) -> None:
    await _log(store, "sure", 0.9)
    await _log(store, "unsure", 0.1)

    event: dict[str, object] = {"mode": mode, "scheduled_at": NOW.isoformat()}
    found = await export(ExportRequest.from_event(event | {"intents": ["status"]}))
    event |= {"intents": ["Status"], "model_versions": ["next"]}
    nothing = await export(ExportRequest.from_event(event))
    changes = await export(ExportRequest.from_event(event | {"since_last": True}))

    assert (found.rows, nothing.rows) == (1, 0)
    assert not any("no line" in each for each in (*found.warnings, *changes.warnings))
    assert nothing.warnings == (
        "The dataset has no line of the intents Status. They are compared as written.",
        "The dataset has no line of the model versions next. They are compared as written.",
    )


@pytest.mark.parametrize("source", ["Rule", "user", ""])
def test_a_source_that_no_prediction_has_is_refused(source: str) -> None:
    with pytest.raises(InvalidExport, match=r"sources.*'rule' or 'model'"):
        ExportRequest.from_event({"mode": "retraining", "sources": [source]})


@pytest.mark.parametrize("event", [{"mode": "review"}, {"mode": "retraining"}])
def test_datasets_with_one_line_per_message_cannot_be_anonymised(event: dict[str, object]) -> None:
    with pytest.raises(InvalidExport, match="one line per text"):
        ExportRequest.from_event(event | {"anonymize": True})


async def test_many_tombstones_are_one_object(
    store: InMemoryPromptStore,
    export: ExportDataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("prompt_capture.workflows.exports.writer.LINES_PER_PART", 2)
    request = ExportRequest(mode="labelled", since_last=True)
    correction = Correction(corrected_intent="reminder", corrected_by="grace")
    await store.add_prompt_correction(await _log(store, "labelled", 0.9), correction)
    await export(request)
    for number in range(5):
        await _log(store, f"unlabelled {number}", 0.9)

    dataset = await export(request.model_copy(update={"scheduled_at": NOW}))

    manifest = json.loads((tmp_path / dataset.manifest).read_text("utf-8"))
    tombstones = [part for part in manifest["objects"] if part["kind"] == "tombstones"]
    assert [part["lines"] for part in tombstones] == [5]
    with gzip.open(tmp_path / tombstones[0]["key"]) as file:
        assert len(file.readlines()) == 5


async def test_an_export_that_was_interrupted_for_half_a_day_writes_nothing(
    store: InMemoryPromptStore, tmp_path: Path
) -> None:
    await _log(store, "sure", 0.9)
    times = iter(NOW + timedelta(hours=hours) for hours in (0, 0, 0, 13))
    datasets = LocalDatasetStore(tmp_path)
    export = ExportDataset(InMemoryExports(store), datasets, clock=lambda: next(times))

    with pytest.raises(ExportInvalidated, match="12 hours"):
        await export(ExportRequest(mode="retraining"))

    assert _files(tmp_path) == []


@pytest.mark.parametrize("clean", ["delete", "delete_older_versions"])
def test_what_a_killed_process_left_of_an_object_in_a_folder_is_removed_later(
    tmp_path: Path, clean: str
) -> None:
    datasets = LocalDatasetStore(tmp_path)
    names = (".a.json.0a1b2c3d.partial", ".a.json.00000000.partial", ".b.json.0a1b2c3d.partial")
    left, recent, of_another = (tmp_path / "exports" / name for name in names)
    left.parent.mkdir()
    for path in (left, recent, of_another):
        path.write_text("private")
        days = 0 if path == recent else 2
        os.utime(path, (time.time() - days * 86_400,) * 2)

    getattr(datasets, clean)("exports/a.json")

    assert [path.exists() for path in (left, recent, of_another)] == [False, True, True]
