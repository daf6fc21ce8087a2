"""Crashed, repeated and concurrent exports never make a wrong dataset, and miss no change."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prompt_capture.adapters.local_datasets import LocalDatasetStore
from prompt_capture.domain.datasets.requests import ExportedDataset, ExportRequest
from prompt_capture.domain.errors import DatasetsUnavailable, ExportInvalidated
from prompt_capture.workflows.exports.export import ExportDataset
from tests.exports.simulation import FaultyDatasetStore, ProcessKilled, Simulation, read_lines

RUNS = int(os.environ.get("EXPORT_RUNS", "100"))
FIRST_TICK = datetime(2026, 11, 23, 4, tzinfo=UTC)
POLICIES = ("confidence", "audited")

Lines = dict[str, dict[str, Any]]


def _request(policy: str, week: int | None = None, since_last: bool = True) -> ExportRequest:
    return ExportRequest.from_event(
        {
            "mode": "retraining",
            "policy": policy,
            "floor": 0,
            "since_last": since_last,
            "scheduled_at": FIRST_TICK + timedelta(days=7 * week) if week is not None else None,
        }
    )


async def _export_with_fault(
    simulation: Simulation, request: ExportRequest, fails_at: int | None, kills: bool
) -> None:
    store = FaultyDatasetStore(simulation.folder, fails_at, kills)
    try:
        await ExportDataset(simulation.source, store)(request)
    except (ProcessKilled, DatasetsUnavailable, ExportInvalidated):
        return


async def _export(simulation: Simulation, request: ExportRequest) -> ExportedDataset:
    return await ExportDataset(simulation.source, LocalDatasetStore(simulation.folder))(request)


async def _run_week(simulation: Simulation, policy: str, week: int) -> None:
    """Run the export of one tick several times, with crashes, faults and concurrent events."""
    rng = simulation.rng
    faults = [
        (rng.randrange(1, 14) if rng.random() < 0.7 else None, rng.random() < 0.5)
        for _ in range(rng.randrange(1, 4))
    ]
    request = _request(policy, week)
    await simulation.run_events(rng.randrange(12))
    await asyncio.gather(
        simulation.run_events(rng.randrange(12)),
        *(_export_with_fault(simulation, request, *fault) for fault in faults),
    )
    await _export(simulation, request)


def _merge_datasets(simulation: Simulation) -> Lines:
    """Return the lines of a consumer that applied every dataset in order."""
    merged: Lines = {}
    for manifest in simulation.manifests().values():
        for tombstone in read_lines(simulation.folder, manifest, "tombstones"):
            merged.pop(tombstone["id"], None)
        merged |= {line["id"]: line for line in read_lines(simulation.folder, manifest)}
    return merged


@pytest.mark.parametrize("seed", range(RUNS))
async def test_datasets_are_right_despite_faults_crashes_and_races(
    seed: int, tmp_path: Path
) -> None:
    simulation = Simulation(tmp_path / "weekly", seed)
    policy = POLICIES[seed % 2]
    weeks = 3
    for week in range(weeks):
        await _run_week(simulation, policy, week)
    await simulation.clean_pending()

    assert len(simulation.manifests()) == weeks
    merged = _merge_datasets(simulation)

    whole = Simulation(tmp_path / "whole", seed)
    whole.store, whole.source = simulation.store, simulation.source
    dataset = await _export(whole, _request(policy, since_last=False))
    (manifest,) = whole.manifests().values()
    expected = {line["id"]: line for line in read_lines(whole.folder, manifest)}
    last_exported_change = max(int(m.window.end) - 1 for m in simulation.manifests().values())
    assert dataset.rows == len(expected) == manifest.counts.lines
    if simulation.store.changes <= last_exported_change:
        assert _labels(merged) == _labels(expected)
    ids = {str(log_id) for log_id in simulation.store.rows}
    texts = {row.captured.prompt for row in simulation.store.rows.values()}
    assert all(line["text"] in texts for line in merged.values())
    if policy == "confidence":
        assert set(merged) <= ids


def _files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _labels(lines: Lines) -> dict[str, tuple[Any, ...]]:
    return {key: (line["text"], line["label"], line["corrected"]) for key, line in lines.items()}


@pytest.mark.parametrize("policy", POLICIES)
async def test_a_repeat_of_the_same_tick_finds_its_dataset_and_writes_nothing(
    policy: str, tmp_path: Path
) -> None:
    simulation = Simulation(tmp_path, 1)
    await simulation.run_events(30)
    first = await _export(simulation, _request(policy, 0))
    files = _files(tmp_path)
    for _ in range(10):
        await simulation.capture()

    repeat = await _export(simulation, _request(policy, 0))

    assert repeat == first.model_copy(update={"is_repeat": True})
    assert _files(tmp_path) == files


async def test_one_of_several_concurrent_exports_wins_and_the_others_leave_nothing(
    tmp_path: Path,
) -> None:
    simulation = Simulation(tmp_path, 2)
    await simulation.run_events(30)

    datasets = await asyncio.gather(
        *(_export(simulation, _request("audited", 0)) for _ in range(5))
    )

    assert len({dataset.key for dataset in datasets}) == 1
    assert sum(not dataset.is_repeat for dataset in datasets) == 1
    (manifest,) = simulation.manifests().values()
    listed = {str(tmp_path / part.key) for part in manifest.objects}
    existing = {str(path) for path in _files(tmp_path) if path.suffix == ".gz"}
    assert existing == listed
