"""One retraining of a bucket in a folder: `worker.py BUCKET MODEL`. Prints what it took as JSON.

It runs with the packages of the layer alone.
"""

import asyncio
import hashlib
import json
import resource
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from prompt_capture.adapters.local_datasets import LocalDatasetStore
from prompt_capture.adapters.local_models import LocalModelObjects, open_published_folder
from prompt_capture.domain.evaluation import (
    CapturedText,
    Claim,
    DecidedText,
    Draw,
    DrawProgress,
    Evidence,
    NewVerdict,
    RetrainingRun,
)
from prompt_capture.domain.models import (
    ModelEvent,
    NewModel,
    RegisteredModel,
    RegistryDecision,
)
from prompt_capture.domain.splits import PACKAGED_MODEL_ALONE, ServingModels
from training.allocator import limit_arenas
from training.gate.ledger import RecordedVerdict
from training.retrain.ports import RetrainingOptions, RetrainingPorts
from training.retrain.requests import RetrainingRequest
from training.retrain.workflow import Retrain


class Memory:
    """Stands for the database: texts and evidence from a file, and nothing that lasts."""

    def __init__(self, folder: Path) -> None:
        facts = json.loads((folder / "facts.json").read_text("utf-8"))
        self.intents: list[str] = facts["intents"]
        self._captured: list[str] = facts["captured"]
        self._gold: list[list[str]] = facts["gold"]
        self.verdict: NewVerdict | None = None
        self.drawn = 0

    async def known_intents(self) -> list[str]:
        return self.intents

    async def serving(self) -> ServingModels:
        return PACKAGED_MODEL_ALONE

    async def claim_run(self, tick: str, lease: timedelta) -> Claim:
        now = datetime.now(UTC)
        run = RetrainingRun(tick=tick, started_at=now, finished_at=None, outcome=None, progress={})
        return Claim(token=uuid4(), expires_at=now + lease, run=run)

    async def save_progress(
        self, claim: Claim, progress: Mapping[str, object], lease: timedelta
    ) -> Claim:
        return claim

    async def finish_run(self, claim: Claim, outcome: str) -> None:
        pass

    async def latest_run(self) -> None:
        return None

    async def captured_texts(
        self, days: int, seed: int = 0, max_texts: int = 0
    ) -> AsyncIterator[list[CapturedText]]:
        yield [
            CapturedText(UUID(int=number), str(number), text, True)
            for number, text in enumerate(self._captured)
        ]

    async def evidence(self, gold_text_ids: Sequence[str] = ()) -> Evidence:
        gold = tuple(
            DecidedText(text_id, text, intent, (number % 3,), number)
            for number, (text_id, text, intent) in enumerate(self._gold)
        )
        return Evidence((), gold)

    async def draw_progress(self, candidate: str, champion: str) -> DrawProgress:
        return DrawProgress(0, 0)

    async def draw_disagreements(self, draw: Draw) -> int:
        self.drawn = len(draw.disagreements)
        return self.drawn

    async def record_verdict(self, verdict: NewVerdict, decision: RegistryDecision) -> None:
        self.verdict = verdict

    async def register(self, model: NewModel, decision: RegistryDecision) -> RegisteredModel:
        return RegisteredModel(
            **dict(model),
            state="candidate",
            registered_at=datetime.now(UTC),
            registered_by=decision.actor,
            catalogue_version="0" * 64,
        )

    async def events(self, version: str | None = None) -> Sequence[ModelEvent]:
        return []

    async def promote(self, version: str, decision: RegistryDecision) -> None:
        pass

    def publish(self, subject: str, message: str) -> None:
        pass


def _vetoes(verdict: NewVerdict | None) -> list[str]:
    if verdict is None:
        return []
    recorded = RecordedVerdict.model_validate(verdict.evidence)
    return [f"{veto.measure} {veto.difference:+.3f}" for veto in recorded.verdict.vetoes]


def main() -> None:
    """Retrain, and print what it took."""
    folder, packaged = Path(sys.argv[1]), Path(sys.argv[2])
    memory = Memory(folder)
    ports = RetrainingPorts(
        runs=memory,  # type: ignore[arg-type]
        evaluation=memory,  # type: ignore[arg-type]
        queue=memory,  # type: ignore[arg-type]
        registry=memory,  # type: ignore[arg-type]
        serving=memory,
        catalogue=memory,
        files=open_published_folder(folder),
        objects=LocalModelObjects(folder),
        datasets=LocalDatasetStore(folder),
        notifier=memory,
    )
    begun = time.monotonic()
    limit_arenas()  # as the function does
    retrain = Retrain(ports, RetrainingOptions(packaged))
    report = asyncio.run(retrain(RetrainingRequest(tick="bench"), 900))
    seconds = time.monotonic() - begun
    digest = hashlib.sha256(str(report.candidate).encode()).hexdigest()[:8]
    print(  # noqa: T201
        json.dumps(
            {
                "seconds": round(seconds, 1),
                "processor_seconds": round(time.process_time(), 1),
                "resident_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "outcome": report.outcome,
                "drawn": memory.drawn,
                "vetoes": _vetoes(memory.verdict),
                "candidate": digest,
            }
        )
    )


if __name__ == "__main__":
    main()
