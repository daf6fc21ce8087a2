"""A small product whose model is retrained: in-memory stores, datasets and models in folders."""

import shutil
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import cycle
from pathlib import Path
from uuid import UUID, uuid4

from examples.demo.scenario import college_scenario
from prompt_capture.adapters.local_datasets import LocalDatasetStore
from prompt_capture.adapters.local_models import LocalModelObjects, open_published_folder
from prompt_capture.adapters.onnx.classifier import OnnxClassifier
from prompt_capture.adapters.onnx.model_artifact import ModelArtifact
from prompt_capture.domain.changes import Correction
from prompt_capture.domain.datasets.requests import ExportRequest
from prompt_capture.domain.log_ids import new_log_id
from prompt_capture.domain.predictions import Prediction
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.text import canonical_text
from prompt_capture.workflows.exports.export import ExportDataset
from tests.fakes.evaluation import InMemoryEvaluation
from tests.fakes.export_source import InMemoryExports
from tests.fakes.model_registry import InMemoryModelRegistry
from tests.fakes.prompt_store import InMemoryPromptStore
from training.data.examples import Example
from training.gate.settings import GateSettings
from training.retrain.ports import RetrainingOptions, RetrainingPorts
from training.retrain.requests import Occasion, RetrainingReport, RetrainingRequest
from training.retrain.workflow import Retrain

USERS = [uuid4() for _ in range(8)]
REVIEWERS = ("grace", "hedy", "ida")
SECONDS = 900.0


@dataclass
class Notifications:
    """Collects the notifications."""

    sent: list[tuple[str, str]] = field(default_factory=list)

    def publish(self, subject: str, message: str) -> None:
        self.sent.append((subject, message))


class NamedBucket(LocalDatasetStore):
    """A bucket in a folder, whose name does not depend on where the folder is."""

    def url(self, key: str) -> str:
        return f"s3://bucket/{key}"


@cache
def _classify_once(model: OnnxClassifier, text: str) -> Prediction:
    (prediction,) = model.classify([text])
    return prediction


@cache
def _open_once(folder: Path) -> OnnxClassifier:
    return OnnxClassifier(ModelArtifact.load(folder))


_read_scenario_once = cache(college_scenario)


class RetrainingWorld:
    """Messages of a college, the first model in `first`, and everything else in `folder`."""

    def __init__(self, folder: Path, first: Path, seeds: Sequence[Example]) -> None:
        scenario = _read_scenario_once(None)
        self.week, self.next_week = list(scenario.traffic), list(scenario.test)
        intents = sorted({each.label for each in (*seeds, *self.week, *self.next_week)})
        self.folder = folder
        self.store = InMemoryPromptStore(USERS, intents)
        self.registry = InMemoryModelRegistry(intents)
        self.evaluation = InMemoryEvaluation(self.store, self.registry, page_texts=1000)
        self.datasets = NamedBucket(folder)
        self.notifications = Notifications()
        self.first = _open_once(first)
        self._origin = first, seeds
        self.ports = self._connect()
        self.options = RetrainingOptions(
            packaged=first,
            auto_promotes=True,
            gate=GateSettings(max_latency_ratio=10),  # the machine may be busy
        )
        lines = "".join(f"{each.model_dump_json(include={'text', 'label'})}\n" for each in seeds)
        self.datasets.create_if_absent("seeds/seeds.jsonl", lines.encode(), "application/jsonl")

    def _connect(self) -> RetrainingPorts:
        return RetrainingPorts(
            runs=self.evaluation,
            evaluation=self.evaluation,
            queue=self.evaluation,
            registry=self.registry,
            serving=self.registry,
            catalogue=self.store,
            files=open_published_folder(self.folder),
            objects=LocalModelObjects(self.folder),
            datasets=self.datasets,
            notifier=self.notifications,
        )

    def copy_to(self, folder: Path) -> "RetrainingWorld":
        """Return a world with the same messages, decisions, datasets and models."""
        shutil.copytree(self.folder, folder)
        world = RetrainingWorld(folder, *self._origin)
        world.store, world.registry, world.evaluation = deepcopy(
            (self.store, self.registry, self.evaluation)
        )
        world.ports = world._connect()
        return world

    async def send(
        self, examples: Iterable[Example], users: Sequence[UUID] = USERS
    ) -> list[CapturedPrompt]:
        """Capture messages with the predictions of the first model."""
        sent = []
        for example, user in zip(examples, cycle(users), strict=False):
            prediction = _classify_once(self.first, example.text)
            prompt = CapturedPrompt(
                id=new_log_id(),
                user_id=user,
                prompt=example.text,
                predicted_intent=prediction.intent,
                confidence=prediction.confidence,
                source="model",
                model_version=prediction.model_version,
            )
            await self.store.log_prompt(prompt)
            sent.append(prompt)
        return sent

    async def review(
        self,
        sent: Sequence[CapturedPrompt],
        labels: Sequence[str],
        reviewers: Sequence[str] = REVIEWERS,
    ) -> None:
        """Let reviewers label messages in turn."""
        for prompt, label, reviewer in zip(sent, labels, cycle(reviewers), strict=False):
            correction = Correction(corrected_intent=label, corrected_by=reviewer)
            await self.store.add_prompt_correction(prompt.id, correction)

    async def label(
        self, examples: Sequence[Example], reviewers: Sequence[str] = REVIEWERS
    ) -> None:
        """Capture messages and their right labels."""
        sent = await self.send(examples)
        await self.review(sent, [each.label for each in examples], reviewers)

    def decide_pool(self, reviewers: Sequence[str] = REVIEWERS) -> int:
        """Let reviewers decide the undecided disagreements rightly, and return how many."""
        truth = {canonical_text(each.text): each.label for each in (*self.week, *self.next_week)}
        undecided = [each for each in self.store.pool.values() if each.intent is None]
        for pooled, reviewer in zip(undecided, cycle(reviewers), strict=False):
            label = truth[canonical_text(pooled.text)]
            correction = Correction(corrected_intent=label, corrected_by=reviewer)
            self.store.decide_blind(pooled.text, correction)
        return len(undecided)

    async def export(self) -> None:
        """Export the dataset to learn from, and the gold set."""
        export = ExportDataset(InMemoryExports(self.store), self.datasets)
        for event in ({"mode": "retraining", "policy": "audited"}, {"mode": "gold"}):
            await export(ExportRequest.from_event(event))

    async def retrain(
        self,
        tick: str = "one",
        occasion: Occasion = "request",
        ports: RetrainingPorts | None = None,
        **options: object,
    ) -> RetrainingReport:
        """Run the retraining for a tick."""
        changed = replace(self.options, **options)  # type: ignore[arg-type]
        request = RetrainingRequest(tick=tick, occasion=occasion)
        return await Retrain(ports or self.ports, changed)(request, SECONDS)

    async def ledger(self, version: str | None = None) -> list[str]:
        """Return the kinds of events, the oldest first."""
        return [event.kind for event in reversed(await self.registry.events(version))]

    def files(self) -> set[str]:
        """Return the keys of all objects of models."""
        return set(self.datasets.keys("models/"))
