"""What the model ledger keeps of a verdict, and how later looks read it."""

import hashlib
import json
from collections.abc import Iterable
from typing import Final, Self

from pydantic import ConfigDict, ValidationError, computed_field

from prompt_capture.domain.evaluation import Tick
from prompt_capture.domain.models import ModelEvent, Sha256
from prompt_capture.domain.types import FrozenModel
from training.gate.backtest import Backtest
from training.gate.description import describe_reasons
from training.gate.evidence import SelectedEvidence
from training.gate.verdict import Verdict

DECIDED: Final = "decided"
"""The field of a verdict in the ledger: how many disagreements were decided before it."""


class RecordedVerdict(FrozenModel):
    """A verdict with the backtest that it rests on, as the evidence of an event.

    `evidence_sha256` is that of `digest_evidence`. `tick` names the run that recorded it; None: a
    person did. `reasons` say what decided, for people. The ledger adds fields of its own.
    """

    model_config = ConfigDict(extra="ignore")

    verdict: Verdict
    backtest: Backtest
    evidence_sha256: Sha256
    tick: Tick | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def reasons(self) -> tuple[str, ...]:
        """What the verdict rests on, each as a sentence."""
        return tuple(describe_reasons(self.verdict))

    @classmethod
    def of(cls, event: ModelEvent) -> Self | None:
        """Read an event of the ledger; None where it is no verdict that this version can read."""
        if event.kind != "verdict":
            return None
        try:
            return cls.model_validate(event.evidence)
        except ValidationError:
            return None


def recorded_verdicts(events: Iterable[ModelEvent]) -> list[RecordedVerdict]:
    """Return the verdicts among the events of a model, the oldest first.

    `events` are the newest first, as the registry has them.
    """
    recorded = [RecordedVerdict.of(event) for event in events]
    return [each for each in reversed(recorded) if each is not None]


def digest_evidence(selected: SelectedEvidence) -> str:
    """Return a SHA-256 in hex that changes with each text of the evidence, and with its intent."""
    lines = sorted(
        (each.decided.text_id, each.decided.intent, each.origin) for each in selected.texts
    )
    return hashlib.sha256(json.dumps(lines).encode()).hexdigest()
