"""What the ledger keeps of a verdict, and how a later run reads it."""

import hashlib
import json
from collections.abc import Sequence
from typing import Self

from pydantic import ValidationError

from prompt_capture.domain.evaluation import Tick
from prompt_capture.domain.models import ModelEvent, Sha256
from prompt_capture.domain.types import FrozenModel
from prompt_capture.ports.models import ModelRegistry
from training.gate.backtest import Backtest
from training.gate.evidence import SelectedEvidence
from training.gate.verdict import Verdict


class RecordedVerdict(FrozenModel):
    """A verdict with the backtest that it rests on.

    `evidence_sha256` covers the decided texts by their ids, and their intents. `decided` counts the
    decided disagreements of the two models.
    """

    verdict: Verdict
    backtest: Backtest | None = None
    evidence_sha256: Sha256 | None = None
    decided: int = 0
    tick: Tick | None = None

    @classmethod
    def of(cls, event: ModelEvent) -> Self | None:
        """Read an event of the ledger; None where it is no verdict that this version knows."""
        if event.kind != "verdict":
            return None
        try:
            return cls.model_validate(event.evidence)
        except ValidationError:
            return None


async def recorded_verdicts(registry: ModelRegistry, version: str) -> list[RecordedVerdict]:
    """Return the verdicts on a model, the oldest first. Raise `StoreUnavailable`."""
    events = await registry.events(version)
    recorded = [RecordedVerdict.of(event) for event in events]
    return [each for each in reversed(recorded) if each is not None]


def digest_evidence(selected: SelectedEvidence) -> str:
    """Return a SHA-256 that changes with each text of the evidence, and with its intent."""
    lines = sorted(
        (text.decided.text_id, text.decided.intent, text.origin) for text in selected.texts
    )
    return hashlib.sha256(json.dumps(lines).encode()).hexdigest()


def find_verdict(
    verdicts: Sequence[RecordedVerdict], tick: str, champion: str, evidence_sha256: str
) -> RecordedVerdict | None:
    """Return the verdict of this tick, or the latest one if it rests on the same evidence."""
    for each in verdicts:
        if each.tick == tick:
            return each
    if verdicts and verdicts[-1].verdict.champion == champion:
        return verdicts[-1] if verdicts[-1].evidence_sha256 == evidence_sha256 else None
    return None
