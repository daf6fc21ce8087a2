"""The backtest behind `prompt-capture models backtest`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from cli.published_models import fetch_model
from prompt_capture.adapters.onnx.classifier import OnnxClassifier
from prompt_capture.adapters.onnx.model_artifact import FINGERPRINT_FILE, ModelArtifact
from prompt_capture.domain.errors import PromptCaptureError
from prompt_capture.domain.evaluation import NewVerdict
from prompt_capture.domain.models import RegisteredModel
from prompt_capture.ports.evaluation import EvaluationStore
from prompt_capture.ports.exports import DatasetStore
from prompt_capture.ports.models import ModelRegistry
from prompt_capture.workflows.models.decisions import decision_of
from training.data.exported_datasets import datasets_in_use, find_datasets
from training.data.fingerprint import TrainingFingerprint
from training.data.formats.reading import Reading
from training.data.sources import DataSource
from training.gate.backtest import (
    Backtest,
    BacktestedModel,
    BacktestOptions,
    BacktestResult,
    backtest,
)
from training.gate.description import describe_verdict
from training.gate.evidence import LearntTexts, select_evidence
from training.gate.ledger import RecordedVerdict, digest_evidence, recorded_verdicts
from training.gate.pool import draw_if_needed, read_captured_texts, seed_of
from training.gate.verdict import Verdict, decide, looks_of


class NothingToCompare(PromptCaptureError):
    """The model serves already, so there is nothing to compare it with."""


class BacktestReport(BaseModel):
    """What a backtest found and what the gate decided, without any text.

    `is_new`: this look was recorded. Otherwise the evidence is that of the latest verdict, which
    still stands. `drawn` disagreements were put into the pool, and `waiting` of the pool are not
    decided.
    """

    backtest: Backtest
    verdict: Verdict
    is_new: bool
    drawn: int
    waiting: int


@dataclass(frozen=True)
class ComparedModel:
    """A model to compare. `registered` is its version in the registry; None: the packaged one."""

    artifact: ModelArtifact
    registered: str | None

    @property
    def version(self) -> str:
        """The version in the manifest."""
        return self.artifact.manifest.version

    def open(self) -> BacktestedModel:
        """Load its graphs."""
        return BacktestedModel(OnnxClassifier(self.artifact), self.artifact.manifest.total_bytes)


@dataclass(frozen=True)
class ComparedModels:
    """Two models, and what a comparison of them needs to know.

    `learnt` are known texts that either model learnt, besides those that the fingerprints know.
    """

    candidate: ComparedModel
    champion: ComparedModel
    learnt: Sequence[str]
    gold_ids: Sequence[str]
    catalogue: Sequence[str]
    days: int

    @property
    def learnt_texts(self) -> LearntTexts:
        """What is no evidence about the two models."""
        models = (self.candidate, self.champion)
        fingerprints = [TrainingFingerprint.read(model.artifact.folder) for model in models]
        return LearntTexts(tuple(self.learnt), fingerprints)


async def find_models(
    registry: ModelRegistry, bucket: DatasetStore, version: str, packaged: Path, folder: Path
) -> tuple[ComparedModel, ComparedModel]:
    """Fetch a candidate and the champion, which is the packaged model where none is registered.

    Raise `ModelNotFound`, `NothingToCompare`, or an error of the registry or the bucket.
    """
    candidate = await registry.model(version)
    champions = [model for model in await registry.models() if model.state == "champion"]
    if candidate.state == "champion":
        raise NothingToCompare(f"{version} is the champion. Name another model to compare with it.")

    def fetch(model: RegisteredModel) -> ComparedModel:
        artifact = fetch_model(bucket, model.address, folder / model.address.version)
        return ComparedModel(artifact, model.address.version)

    if champions:
        return fetch(candidate), fetch(champions[0])
    artifact = ModelArtifact.load(packaged)
    artifact.check(FINGERPRINT_FILE)
    return fetch(candidate), ComparedModel(artifact, None)


def read_gold_ids(sources: Sequence[DataSource]) -> list[str]:
    """Return the ids of the texts in gold datasets. Raise `InvalidExamples`."""
    datasets = [each for source in sources for each in datasets_in_use(find_datasets(source))]
    return sorted({text_id for each in datasets for text_id in each.read(Reading()).by_id})


async def compare_models(
    evaluation: EvaluationStore,
    registry: ModelRegistry,
    comparison: ComparedModels,
    operator: str,
    on_progress: Callable[[int, int], None],
) -> BacktestReport:
    """Run a backtest, decide by the gate, and record the verdict as a look at the candidate.

    The same evidence as at the latest look is no new look: its verdict stands. While the gate holds
    and no disagreement waits for review, a new sample of them is drawn.
    """
    candidate, champion = comparison.candidate.version, comparison.champion.version
    learnt = comparison.learnt_texts
    decided = await evaluation.evidence(comparison.gold_ids)
    selected = select_evidence(decided, candidate, champion, learnt, comparison.catalogue)
    seed = seed_of(candidate)
    captured = await read_captured_texts(evaluation, comparison.days, seed)
    models = comparison.candidate.open(), comparison.champion.open()
    options = BacktestOptions(seed=seed)
    result = backtest(models, captured, selected, learnt, options, on_progress)
    recorded = recorded_verdicts(await registry.events(candidate))
    latest = recorded[-1] if recorded else None
    digest = digest_evidence(selected)
    if latest and (latest.evidence_sha256, latest.verdict.champion) == (digest, champion):
        verdict, is_new = latest.verdict, False
    else:
        verdict, is_new = _decide(result, recorded, comparison), True
    drawn, pool = await draw_if_needed(evaluation, result, verdict)
    if is_new:
        new = RecordedVerdict(verdict=verdict, backtest=result.report, evidence_sha256=digest)
        await _record(evaluation, new, comparison, operator)
    return BacktestReport(
        backtest=result.report,
        verdict=verdict,
        is_new=is_new,
        drawn=drawn,
        waiting=pool.drawn - pool.decided + drawn,
    )


def _decide(
    result: BacktestResult, recorded: Sequence[RecordedVerdict], comparison: ComparedModels
) -> Verdict:
    looks = looks_of(each.verdict for each in recorded)
    facts = result.candidate, result.champion
    return decide(result.evidence, *facts, looks, comparison.catalogue)


async def _record(
    evaluation: EvaluationStore,
    recorded: RecordedVerdict,
    comparison: ComparedModels,
    operator: str,
) -> None:
    verdict = recorded.verdict
    new = NewVerdict(
        version=verdict.candidate,
        champion=comparison.champion.registered,
        decision=verdict.decision,
        looks_before=await evaluation.count_looks(verdict.candidate),
        evidence=recorded.model_dump(mode="json"),
    )
    await evaluation.record_verdict(new, decision_of(operator, " ".join(describe_verdict(verdict))))
