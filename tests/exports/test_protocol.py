"""A killed, doubled or raced export never makes a wrong dataset, and windows miss nothing."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prompt_capture.adapters.local_datasets import LocalDatasetStore
from prompt_capture.domain.datasets.requests import ExportedDataset, ExportRequest
from prompt_capture.domain.errors import DatasetsUnavailable, ExportInvalidated
from prompt_capture.workflows.datasets.export import ExportDataset
from tests.exports.world import Dying, Killed, World, list_user_lines

RUNS = int(os.environ.get("EXPORT_RUNS", "100"))
TICK = datetime(2026, 11, 23, 4, tzinfo=UTC)
POLICIES = ("confidence", "audited")

Lines = dict[str, dict[str, Any]]


def _request(policy: str, tick: int | None = None, since_last: bool = True) -> ExportRequest:
    return ExportRequest.from_event(
        {
            "mode": "retraining",
            "policy": policy,
            "floor": 0,
            "since_last": since_last,
            "scheduled_at": TICK + timedelta(days=7 * tick) if tick is not None else None,
        }
    )


async def _try(world: World, request: ExportRequest, fate: int | None, kills: bool) -> None:
    export = ExportDataset(world.source, Dying(world.folder, fate, kills))
    try:
        await export(request)
    except (Killed, DatasetsUnavailable, ExportInvalidated):
        return


async def _surely(world: World, request: ExportRequest) -> ExportedDataset:
    return await ExportDataset(world.source, LocalDatasetStore(world.folder))(request)


async def _week(world: World, policy: str, tick: int) -> None:
    """Fire one tick several times, at once, with deaths and faults, while life goes on."""
    chance = world.chance
    fates = [
        (chance.randrange(1, 14) if chance.random() < 0.7 else None, chance.random() < 0.5)
        for _ in range(chance.randrange(1, 4))
    ]
    request = _request(policy, tick)
    await world.happen(chance.randrange(12))
    await asyncio.gather(
        world.happen(chance.randrange(12)), *(_try(world, request, *fate) for fate in fates)
    )
    await _surely(world, request)


def _merged(world: World) -> Lines:
    """Answer what a consumer has who took every dataset in, in order."""
    held: Lines = {}
    for manifest in world.manifests().values():
        for gone in list_user_lines(world.folder, manifest, "tombstoned"):
            held.pop(gone["id"], None)
        held |= {line["id"]: line for line in list_user_lines(world.folder, manifest)}
    return held


@pytest.mark.parametrize("seed", range(RUNS))
async def test_whatever_befalls_exports_datasets_are_right(seed: int, tmp_path: Path) -> None:
    world = World(tmp_path / "weekly", seed)
    policy = POLICIES[seed % 2]
    weeks = 3
    for tick in range(weeks):
        await _week(world, policy, tick)

    assert len(world.manifests()) == weeks
    held = _merged(world)

    whole = World(tmp_path / "whole", seed)
    whole.store, whole.source = world.store, world.source
    told = await _surely(whole, _request(policy, since_last=False))
    (manifest,) = whole.manifests().values()
    expected = {line["id"]: line for line in list_user_lines(whole.folder, manifest)}
    changed = world.store.changes > max(int(m.window.end) - 1 for m in world.manifests().values())
    assert told.rows == len(expected) == manifest.counts.lines
    if not changed:
        assert _labels(held) == _labels(expected)
    ids = {str(log_id) for log_id in world.store.rows}
    texts = {row.captured.prompt for row in world.store.rows.values()}
    assert all(line["text"] in texts for line in held.values())
    if policy == "confidence":
        assert set(held) <= ids


def _files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _labels(lines: Lines) -> dict[str, tuple[Any, ...]]:
    return {key: (line["text"], line["label"], line["corrected"]) for key, line in lines.items()}


@pytest.mark.parametrize("policy", POLICIES)
async def test_the_same_tick_again_finds_its_dataset_and_writes_nothing(
    policy: str, tmp_path: Path
) -> None:
    world = World(tmp_path, 1)
    await world.happen(30)
    first = await _surely(world, _request(policy, 0))
    files = _files(tmp_path)
    await world.happen(10)

    again = await _surely(world, _request(policy, 0))

    assert again == first.model_copy(update={"is_repeat": True})
    assert _files(tmp_path) == files


async def test_of_many_at_once_one_wins_and_the_others_leave_nothing(tmp_path: Path) -> None:
    world = World(tmp_path, 2)
    await world.happen(30)

    told = await asyncio.gather(*(_surely(world, _request("audited", 0)) for _ in range(5)))

    assert len({dataset.key for dataset in told}) == 1
    assert sum(not dataset.is_repeat for dataset in told) == 1
    (manifest,) = world.manifests().values()
    listed = {str(tmp_path / part.key) for part in manifest.objects}
    found = {str(path) for path in _files(tmp_path) if path.suffix == ".gz"}
    assert found == listed
