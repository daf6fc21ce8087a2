"""A look at a candidate: its backtest, its verdict, the draw into the pool, and the record."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from prompt_capture.domain.evaluation import DrawProgress, NewVerdict, Tick
from prompt_capture.domain.models import ModelEvent
from prompt_capture.ports.evaluation import EvaluationStore
from prompt_capture.ports.models import ModelRegistry
from prompt_capture.workflows.models.decisions import decision_of
from training.gate.backtest import BacktestOptions, BacktestResult, backtest
from training.gate.comparison import CandidateComparison
from training.gate.description import describe_verdict
from training.gate.evidence import SelectedEvidence, select_evidence
from training.gate.ledger import DECIDED, RecordedVerdict, digest_evidence, recorded_verdicts
from training.gate.pool import draw_if_needed, read_captured_texts, seed_of
from training.gate.verdict import decide, looks_of


@dataclass(frozen=True)
class CandidateLook:
    """What a look at a candidate starts from.

    `events` are those of the candidate in the ledger, the newest first.
    """

    comparison: CandidateComparison
    evidence: SelectedEvidence
    events: Sequence[ModelEvent]

    @cached_property
    def evidence_sha256(self) -> str:
        """The digest of the evidence."""
        return digest_evidence(self.evidence)

    @cached_property
    def earlier(self) -> Sequence[RecordedVerdict]:
        """The earlier verdicts on the candidate, the oldest first."""
        return recorded_verdicts(self.events)

    @property
    def standing(self) -> RecordedVerdict | None:
        """The latest verdict, if it rests on this evidence and champion: it still stands."""
        latest = self.earlier[-1] if self.earlier else None
        rests_on = (self.comparison.champion.version, self.evidence_sha256)
        is_same = latest and (latest.verdict.champion, latest.evidence_sha256) == rests_on
        return latest if is_same else None

    def of_tick(self, tick: Tick) -> RecordedVerdict | None:
        """Return the verdict that a run recorded."""
        return next((each for each in self.earlier if each.tick == tick), None)


@dataclass(frozen=True)
class LookResult:
    """A recorded verdict, how many disagreements it drew, and what the pool held before."""

    recorded: RecordedVerdict
    drawn: int
    pool: DrawProgress


async def open_look(
    evaluation: EvaluationStore, registry: ModelRegistry, comparison: CandidateComparison
) -> CandidateLook:
    """Read the evidence about two models, and the earlier looks. Raise `StoreUnavailable`."""
    candidate, champion = comparison.candidate.version, comparison.champion.version
    decided = await evaluation.evidence(comparison.gold_ids)
    evidence = select_evidence(
        decided, candidate, champion, comparison.learnt_texts, comparison.catalogue
    )
    return CandidateLook(comparison, evidence, await registry.events(candidate))


async def run_backtest(
    evaluation: EvaluationStore,
    look: CandidateLook,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> BacktestResult:
    """Run both models over captured texts and the evidence. Raise `StoreUnavailable`."""
    comparison = look.comparison
    seed = seed_of(comparison.candidate.version)
    captured = await read_captured_texts(evaluation, comparison.days, seed)
    return backtest(
        (comparison.candidate.to_backtest(), comparison.champion.to_backtest()),
        captured,
        look.evidence,
        comparison.learnt_texts,
        BacktestOptions(comparison.settings, seed),
        on_progress,
    )


async def record_look(
    evaluation: EvaluationStore,
    look: CandidateLook,
    result: BacktestResult,
    actor: str,
    tick: Tick | None = None,
) -> LookResult:
    """Decide, draw disagreements where more evidence is needed, and record the verdict.

    The draw comes first: a run that is killed between the two draws no second time, since
    undecided disagreements are there. `tick` names the run that looks. Raise `ModelConflict` where
    somebody else looked meanwhile, or `StoreUnavailable`.
    """
    comparison = look.comparison
    verdict = decide(
        result.evidence,
        result.candidate,
        result.champion,
        looks_of(each.verdict for each in look.earlier),
        comparison.catalogue,
        comparison.settings,
    )
    drawn, pool = await draw_if_needed(evaluation, result, verdict)
    recorded = RecordedVerdict(
        verdict=verdict,
        backtest=result.report,
        evidence_sha256=look.evidence_sha256,
        tick=tick,
    )
    new = NewVerdict(
        version=verdict.candidate,
        champion=comparison.champion.registered,
        decision=verdict.decision,
        looks_before=sum(event.kind == "verdict" for event in look.events),
        evidence={**recorded.model_dump(mode="json"), DECIDED: pool.decided},
    )
    reason = next(describe_verdict(verdict))  # the evidence has all of it
    await evaluation.record_verdict(new, decision_of(actor, reason))
    return LookResult(recorded, drawn, pool)
