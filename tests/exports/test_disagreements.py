"""No dataset holds a text of the pool of disagreements, and no training data one like it."""

import asyncio
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_capture.adapters.local_datasets import LocalDatasetStore
from prompt_capture.domain.changes import Correction
from prompt_capture.domain.datasets.lines import split_of
from prompt_capture.domain.datasets.manifest import Manifest
from prompt_capture.domain.datasets.near_duplicates import NearDuplicateIndex
from prompt_capture.domain.datasets.requests import ExportRequest
from prompt_capture.domain.evaluation import Disagreement, Draw
from prompt_capture.domain.text import canonical_text
from prompt_capture.workflows.exports.export import ExportDataset
from prompt_capture.workflows.models.decisions import decision_of
from tests.exports.test_audited import ExportScenario, dissimilar_texts
from tests.fakes.evaluation import InMemoryEvaluation
from tests.fakes.export_source import InMemoryExports
from tests.fakes.model_registry import InMemoryModelRegistry
from tests.unit.registered_models import new_model

CANDIDATE = "candidate-1"
TRAINING: tuple[dict[str, Any], ...] = (
    {"mode": "retraining", "policy": "confidence"},
    {"mode": "retraining", "policy": "audited", "floor": 0},
    {"mode": "labelled"},
)
OTHERS: tuple[dict[str, Any], ...] = ({"mode": "gold"}, {"mode": "review"})


class PoolScenario(ExportScenario):
    """A store whose messages are drawn as disagreements, and exported to a folder."""

    async def draw(self, *log_ids: UUID) -> int:
        """Draw the texts of some messages."""
        registry = InMemoryModelRegistry()
        await registry.register(new_model(CANDIDATE), decision_of("ada", "trained"))
        draw = Draw(
            candidate=CANDIDATE,
            champion="champion-1",
            probability=1,
            disagreements=tuple(Disagreement(one, "status", "reminder") for one in log_ids),
        )
        return await InMemoryEvaluation(self.store, registry).draw_disagreements(draw)

    def decide(self, text: str, intent: str = "status") -> None:
        """Decide a text of the pool."""
        self.store.decide_blind(text, Correction(corrected_intent=intent, corrected_by="ben"))

    async def texts(self, event: dict[str, Any]) -> list[str]:
        """Export a dataset, and return its texts."""
        export = ExportDataset(self.source, LocalDatasetStore(self.folder))
        dataset = await export(ExportRequest.from_event(event))
        manifest = Manifest.model_validate_json((self.folder / dataset.manifest).read_bytes())
        if event["mode"] != "review":
            return [line["text"] for line in (await self.export(**event))[0]]
        with (self.folder / manifest.objects[0].key).open("rb") as file:
            return [entry["prompt"] for entry in manifest.request.kind.decode(file)]


@pytest.fixture
def scenario(tmp_path: Path) -> PoolScenario:
    return PoolScenario(tmp_path)


@pytest.mark.parametrize("event", [*TRAINING, *OTHERS], ids=str)
@pytest.mark.parametrize("confidence", [0.3, 0.99])
async def test_no_dataset_holds_a_text_of_the_pool_before_or_after_its_decision(
    scenario: PoolScenario, event: dict[str, Any], confidence: float
) -> None:
    texts = dissimilar_texts("gold" if event["mode"] == "gold" else "train")
    pooled, other = next(texts), next(texts)
    drawn = await scenario.log(pooled, confidence=confidence)
    await scenario.log(f" {pooled.upper()} ", user=1, confidence=confidence)
    await scenario.log_labelled(other, "status")
    waiting = await scenario.log("which waits", confidence=0.2)
    assert await scenario.draw(drawn.id) == 1

    for _ in range(2):
        exported = await scenario.texts(event)
        assert canonical_text(pooled) not in map(canonical_text, exported)
        assert (waiting.prompt if event["mode"] == "review" else other) in exported
        scenario.decide(pooled)


@pytest.mark.parametrize("event", TRAINING, ids=str)
async def test_training_data_holds_no_near_duplicate_of_a_text_of_the_pool(
    scenario: PoolScenario, event: dict[str, Any]
) -> None:
    stem = "please move my appointment at the dentist from thursday morning to friday"
    variants = [text for n in range(99) if split_of(text := f"{stem} {n}") == "train"]
    drawn = await scenario.log(variants[0])
    near = await scenario.log_labelled(variants[1], "status")
    other = await scenario.log_labelled(next(dissimilar_texts("train")), "status")
    assert near.prompt in await scenario.texts(event)

    await scenario.draw(drawn.id)

    lines, manifest = await scenario.export(**event)
    assert [line["text"] for line in lines] == [other.prompt]
    assert manifest.excluded["near_disagreement"] == 2 - (event["mode"] == "labelled")


@pytest.mark.parametrize("event", OTHERS, ids=str)
async def test_test_data_and_files_for_review_hold_near_duplicates_of_the_pool(
    scenario: PoolScenario, event: dict[str, Any]
) -> None:
    stem = "please move my appointment at the dentist from thursday morning to friday"
    variants = [text for n in range(99) if split_of(text := f"{stem} {n}") == "gold"]
    drawn = await scenario.log(variants[0])
    if event["mode"] == "gold":
        await scenario.log_labelled(variants[1], "status")
    else:
        await scenario.log(variants[1], confidence=0.2)

    await scenario.draw(drawn.id)

    assert await scenario.texts(event) == [variants[1]]


class DrawingSource(InMemoryExports):
    """Draws a text in the middle of an export: before its rows are registered, or after."""

    def __init__(self, scenario: PoolScenario, log_id: UUID, is_before: bool) -> None:
        super().__init__(scenario.store, page_rows=3)
        self._scenario, self._log_id, self._is_before = scenario, log_id, is_before
        self.builds = 0

    async def register_rows(self, bucket: str, key: str, row_ids: Sequence[str]) -> frozenset[str]:
        if self._is_before:
            await self._scenario.draw(self._log_id)
        return await super().register_rows(bucket, key, row_ids)

    async def has_erasures_since(self, bucket: str, keys: Sequence[str], since: datetime) -> bool:
        self.builds += 1
        await self._scenario.draw(self._log_id)
        return await super().has_erasures_since(bucket, keys, since)


@pytest.mark.parametrize("is_before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("event", TRAINING[:2], ids=str)
async def test_a_text_that_is_drawn_while_an_export_runs_is_not_in_its_dataset(
    scenario: PoolScenario, event: dict[str, Any], is_before: bool
) -> None:
    texts = dissimilar_texts("train")
    drawn, other = await scenario.log(next(texts)), await scenario.log(next(texts))
    scenario.source = source = DrawingSource(scenario, drawn.id, is_before)

    lines, _ = await scenario.export(**event)

    assert [line["text"] for line in lines] == [other.prompt]
    assert source.builds == (2 if is_before else 3), "a check that fails begins another build"


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["log", "log_copy", "label", "draw", "decide", "export"]),
        st.integers(0, 12),
    ),
    max_size=40,
)


async def change(scenario: PoolScenario, kind: str, number: int) -> None:
    """Let something happen to the text with this number."""
    text = f"text {number} of some length, {number}"
    rows = [row.captured for row in scenario.store.rows.values()]
    if kind == "label":
        await scenario.log_labelled(text, "status")
    elif kind == "draw":
        await scenario.draw(*(one.id for one in rows if canonical_text(one.prompt) == text))
    elif kind == "decide" and text in scenario.store.pool:
        scenario.decide(text, "reminder")
    else:
        await scenario.log(text if kind == "log" else f"  {text.upper()} ")


@given(EVENTS)
@settings(max_examples=60, deadline=None)
def test_no_training_data_ever_holds_what_was_in_the_pool_when_it_was_exported(
    events: list[tuple[str, int]],
) -> None:
    async def run_events(folder: Path) -> None:
        scenario = PoolScenario(folder)
        for kind, number in [*events, ("export", 0)]:
            if kind != "export":
                await change(scenario, kind, number)
                continue
            pool = NearDuplicateIndex(one.text for one in scenario.store.pool.values())
            for event in TRAINING:
                for line in (await scenario.export(**event, since_last=number % 2 == 0))[0]:
                    assert not pool.has_near_duplicate(line["text"])

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run_events(Path(folder)))
