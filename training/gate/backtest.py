"""The backtest: run a candidate and the champion over captured texts and evidence."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from prompt_capture.adapters.onnx.classifier import OnnxClassifier
from prompt_capture.domain.evaluation import CapturedText, Draw
from prompt_capture.domain.types import FrozenModel
from training.gate.evidence import LearntTexts, PairedEvidence, SelectedEvidence
from training.gate.settings import GateSettings
from training.gate.verdict import ModelFacts


@dataclass(frozen=True)
class BacktestedModel:
    """A model to backtest, and the size of its files."""

    classifier: OnnxClassifier
    size_bytes: int


class IntentShare(FrozenModel):
    """How many captured texts get an intent from each model, and how many move."""

    intent: str
    candidate: int
    champion: int
    moved_in: int
    moved_out: int


class ModelFigures(FrozenModel):
    """The figures of one model. None: there is nothing to measure it on.

    `accuracy` and `excess_calibration_error` stand on the gold set, `out_of_scope` is the share of
    captured texts that service would not take for messages to this assistant, and the milliseconds
    per message those of captured texts and evidence together.
    """

    version: str
    size_bytes: int
    accuracy: float | None
    excess_calibration_error: float | None
    out_of_scope: float | None
    p50_ms: float | None
    p99_ms: float | None


class Backtest(FrozenModel):
    """The report of a backtest, without any text.

    `captured` distinct texts were classified, of which `learnt` count no further. `disagreements` of
    the others got different intents; `drawable` of these may go to review, and `drawn` do.
    `gold`, and `decided` disagreements, are the evidence; `learnt_evidence`, `repeated_evidence` and
    `outdated_evidence` were left out of it (see `SelectedEvidence`).
    """

    candidate: ModelFigures
    champion: ModelFigures
    captured: int
    learnt: int
    disagreements: int
    drawable: int
    drawn: int
    intents: tuple[IntentShare, ...]
    gold: int
    decided: int
    learnt_evidence: int
    repeated_evidence: int
    outdated_evidence: int


@dataclass(frozen=True)
class BacktestResult:
    """The report, what the gate needs, and what to draw into the pool; None: nothing to draw."""

    report: Backtest
    evidence: PairedEvidence
    candidate: ModelFacts
    champion: ModelFacts
    draw: Draw | None


def backtest(
    candidate: BacktestedModel,
    champion: BacktestedModel,
    captured: Sequence[CapturedText],
    evidence: SelectedEvidence,
    learnt: LearntTexts,
    settings: GateSettings | None = None,
    seed: int = 0,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> BacktestResult:
    """Run both models over captured texts and evidence, and draw disagreements to review.

    Both models classify a text before the next one begins. The draw is a random sample of the
    disagreements that may be drawn, by `seed`.
    """
    raise NotImplementedError


def describe_backtest(report: Backtest) -> Iterator[str]:
    """Yield sentences for a terminal."""
    raise NotImplementedError
