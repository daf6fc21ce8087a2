"""The backtest: run a candidate and the champion over captured texts and evidence."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from prompt_capture.adapters.onnx.classifier import OnnxClassifier
from prompt_capture.domain.evaluation import CapturedText, Disagreement, Draw
from prompt_capture.domain.types import FrozenModel
from training.calibrate.predictions import Predictions
from training.gate.evidence import (
    CapturedCounts,
    DistinctTexts,
    LearntTexts,
    Mask,
    PairedEvidence,
    SelectedEvidence,
    pair_evidence,
)
from training.gate.figures import (
    MAX_INTENTS,
    ConfidenceBand,
    GoldConfusion,
    IntentChange,
    compare_intents,
    count_bands,
    count_confusions,
)
from training.gate.models import ModelFacts
from training.gate.settings import GateSettings
from training.report.evaluation import classify_in_turn, is_recognised_as_out_of_scope
from training.report.paired_tests import Confidences, excess_calibration_error

Floats = NDArray[np.floating]
Intents = NDArray[np.str_]


@dataclass(frozen=True)
class BacktestedModel:
    """A model to backtest, and the size of its files."""

    classifier: OnnxClassifier
    size_bytes: int


@dataclass(frozen=True)
class BacktestOptions:
    """The settings, and the seed of the draw."""

    settings: GateSettings = field(default_factory=GateSettings)
    seed: int = 0


class IntentShare(FrozenModel):
    """How many captured texts each model gives an intent.

    `gained` texts have it from the candidate alone, and `given_up` from the champion alone.
    """

    intent: str
    candidate: int
    champion: int
    gained: int
    given_up: int


class ModelFigures(FrozenModel):
    """The figures of one model. None: there is nothing to measure it on.

    `accuracy`, `excess_calibration_error`, `bands` and `confusions` are those on the gold texts of
    the evidence. `out_of_scope` is the share of captured texts that service does not take for
    messages to this assistant. The milliseconds per text are those of captured texts and evidence.
    """

    version: str
    size_bytes: int
    accuracy: float | None
    excess_calibration_error: float | None
    out_of_scope: float | None
    p50_ms: float | None
    p99_ms: float | None
    bands: tuple[ConfidenceBand, ...] = ()
    confusions: tuple[GoldConfusion, ...] = ()


class Backtest(FrozenModel):
    """The report of a backtest, without any text.

    Of the `captured` texts, `left_out` were learnt by either model, or nearly repeat another text
    or evidence. Of the others, `disagreements` got different intents, and `drawable` of these may
    go to review. `intents` lists the intents that they move to or from.

    The evidence are `gold` texts and `decided` disagreements. `learnt`, `repeated` and `outdated`
    count what it leaves out (see `SelectedEvidence`).
    """

    candidate: ModelFigures
    champion: ModelFigures
    captured: int
    left_out: int
    disagreements: int
    drawable: int
    intents: tuple[IntentShare, ...]
    gold: int
    decided: int
    learnt: int
    repeated: int
    outdated: int
    changes: tuple[IntentChange, ...] = ()


@dataclass(frozen=True)
class BacktestResult:
    """The report, what the gate needs, and a draw for the pool; None: there is nothing to draw."""

    report: Backtest
    evidence: PairedEvidence
    candidate: ModelFacts
    champion: ModelFacts
    draw: Draw | None


def backtest(
    models: tuple[BacktestedModel, BacktestedModel],
    captured: Sequence[CapturedText],
    evidence: SelectedEvidence,
    learnt: LearntTexts,
    options: BacktestOptions | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> BacktestResult:
    """Run a candidate and the champion, in this order, over captured texts and evidence.

    Both classify a text before the next one begins. The draw is a random sample of the
    disagreements that may be drawn. Raise `ValueError` where both are the same model.
    """
    options = options or BacktestOptions()
    if models[0].classifier.version == models[1].classifier.version:
        raise ValueError("The candidate is the champion already.")
    counted = _select_captured(captured, evidence, learnt)
    new, old = _classify(models, counted, evidence, on_progress)
    moves = _Moves(counted, new.on_captured.predicted, old.on_captured.predicted)
    paired = pair_evidence(evidence.texts, new.on_evidence, old.on_evidence, moves.counts)
    report = Backtest(
        candidate=new.measure(paired.is_gold),
        champion=old.measure(paired.is_gold),
        captured=len(captured),
        left_out=len(captured) - len(counted),
        disagreements=moves.counts.disagreements,
        drawable=len(moves.drawable),
        intents=tuple(moves.compare_shares()),
        gold=paired.gold,
        decided=paired.disagreements,
        learnt=evidence.learnt,
        repeated=evidence.repeated,
        outdated=evidence.outdated,
        changes=tuple(compare_intents(paired)),
    )
    draw = moves.draw(new.version, old.version, options)
    return BacktestResult(report, paired, new.facts, old.facts, draw)


def _select_captured(
    captured: Sequence[CapturedText], evidence: SelectedEvidence, learnt: LearntTexts
) -> list[CapturedText]:
    """Return the captured texts that could be evidence, one of all near-duplicates."""
    distinct = DistinctTexts()
    for each in evidence.texts:
        distinct.add(each.decided.text)
    is_learnt = learnt.contain([each.text for each in captured])
    return [
        each
        for each, is_known in zip(captured, is_learnt, strict=True)
        if not is_known and distinct.add(each.text)
    ]


@dataclass(frozen=True)
class _Answered:
    """A model, its answers to the evidence and to captured texts, and the time for all of them."""

    model: BacktestedModel
    on_evidence: Predictions
    on_captured: Predictions
    milliseconds: Floats

    @property
    def version(self) -> str:
        return self.model.classifier.version

    @property
    def facts(self) -> ModelFacts:
        labels = self.model.classifier.labels
        return ModelFacts(self.version, labels, self.model.size_bytes, self.milliseconds)

    def measure(self, is_gold: Mask) -> ModelFigures:
        gold = self.on_evidence.select(is_gold, self.on_evidence.weights)
        on_gold = Confidences(gold.confidences, gold.correct)
        has_gold, has_captured = bool(is_gold.any()), len(self.on_captured.texts) > 0
        out_of_scope = is_recognised_as_out_of_scope(self.on_captured)
        p50, p99 = (
            np.percentile(self.milliseconds, [50, 99]).tolist()
            if len(self.milliseconds)
            else (None, None)
        )
        return ModelFigures(
            version=self.version,
            size_bytes=self.model.size_bytes,
            accuracy=float(on_gold.correct.mean()) if has_gold else None,
            excess_calibration_error=excess_calibration_error(on_gold) if has_gold else None,
            out_of_scope=float(out_of_scope.mean()) if has_captured else None,
            p50_ms=p50,
            p99_ms=p99,
            bands=tuple(count_bands(gold)),
            confusions=tuple(count_confusions(gold)),
        )


def _classify(
    models: tuple[BacktestedModel, BacktestedModel],
    captured: Sequence[CapturedText],
    evidence: SelectedEvidence,
    on_progress: Callable[[int, int], None],
) -> list[_Answered]:
    decided = [each.decided for each in evidence.texts]
    texts = [*(each.text for each in decided), *(each.text for each in captured)]
    truth = [*(each.intent for each in decided), *([""] * len(captured))]  # nobody decided these
    runs = classify_in_turn([model.classifier for model in models], texts, on_progress)
    rows = np.arange(len(texts)) < len(decided)
    answered = []
    for model, run in zip(models, runs, strict=True):
        predictions = run.predictions(texts, truth)
        on_evidence, on_captured = (
            predictions.select(part, predictions.weights) for part in (rows, ~rows)
        )
        milliseconds = np.array(run.milliseconds, float)
        answered.append(_Answered(model, on_evidence, on_captured, milliseconds))
    return answered


@dataclass(frozen=True)
class _Moves:
    """Captured texts, and the intents [texts] that candidate and champion give them."""

    captured: Sequence[CapturedText]
    new: Intents
    old: Intents

    @property
    def counts(self) -> CapturedCounts:
        same = self.new == self.old
        agreed = dict(Counter(self.new[same].tolist()))
        return CapturedCounts(len(same), int((~same).sum()), agreed)

    @cached_property
    def drawable(self) -> list[Disagreement]:
        """The disagreements that may be drawn."""
        return [
            Disagreement(self.captured[row].log_id, str(self.new[row]), str(self.old[row]))
            for row in np.flatnonzero(self.new != self.old).tolist()
            if self.captured[row].may_be_drawn
        ]

    def draw(self, candidate: str, champion: str, options: BacktestOptions) -> Draw | None:
        """Return a random sample of the disagreements that may be drawn."""
        n = min(len(self.drawable), options.settings.disagreements)
        if not n:
            return None
        random = np.random.default_rng(options.seed)
        rows = np.sort(random.choice(len(self.drawable), n, replace=False))
        return Draw(
            candidate=candidate,
            champion=champion,
            probability=n / len(self.drawable),
            disagreements=tuple(self.drawable[row] for row in rows.tolist()),
        )

    def compare_shares(self) -> Iterator[IntentShare]:
        """Yield the intents that texts move to or from, those with most of such texts first."""
        moved = self.new != self.old
        gained, given_up = Counter(self.new[moved].tolist()), Counter(self.old[moved].tolist())
        new, old = Counter(self.new.tolist()), Counter(self.old.tolist())
        by_moves = sorted({*gained, *given_up}, key=lambda x: (-gained[x] - given_up[x], x))
        for intent in by_moves[:MAX_INTENTS]:
            yield IntentShare(
                intent=intent,
                candidate=new[intent],
                champion=old[intent],
                gained=gained[intent],
                given_up=given_up[intent],
            )


def describe_backtest(report: Backtest) -> Iterator[str]:
    """Yield what a backtest found, each as a sentence."""
    counted = report.captured - report.left_out
    yield (
        f"{report.captured:,} distinct captured texts, of which {report.left_out:,} do not count: "
        "a model learnt them, or they nearly repeat others."
    )
    if counted:
        yield (
            f"The models disagree on {report.disagreements:,} of {counted:,} texts "
            f"({report.disagreements / counted:.1%})."
        )
    yield f"Evidence: {report.gold:,} gold texts and {report.decided:,} decided disagreements."
    left_out = {
        "that a model learnt": report.learnt,
        "that nearly repeat others": report.repeated,
        "with intents that the catalogue no longer has": report.outdated,
    }
    for reason, texts in left_out.items():
        if texts:
            yield f"The evidence leaves out {texts:,} decided texts {reason}."
