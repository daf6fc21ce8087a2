"""In-memory comparisons of models. They pass the same contract tests as the real ones."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from prompt_capture.domain.changes import ANONYMOUS_REVIEWERS
from prompt_capture.domain.errors import ClaimLost
from prompt_capture.domain.evaluation import (
    MAX_CAPTURED_TEXTS,
    CapturedText,
    Claim,
    DecidedDisagreement,
    DecidedText,
    Draw,
    DrawProgress,
    Evidence,
    NewVerdict,
    QueueScore,
    RetrainingRun,
    Tick,
    WaitingText,
)
from prompt_capture.domain.models import ModelEvent, RegistryDecision
from prompt_capture.domain.text import canonical_text
from tests.fakes.export_source import REVIEW_THRESHOLD
from tests.fakes.model_registry import InMemoryModelRegistry
from tests.fakes.prompt_store import InMemoryPromptStore, LoggedPrompt, PooledText, text_id


class InMemoryEvaluation:
    """Compares the models of a registry on the texts of a store.

    Implements `EvaluationStore`, `RetrainingRuns` and `QueueScores`. `now` is the clock of the
    leases, and `scores` what was recorded last about each text.
    """

    def __init__(
        self, store: InMemoryPromptStore, registry: InMemoryModelRegistry, page_texts: int = 2
    ) -> None:
        self._store, self._registry = store, registry
        self._page_texts = page_texts
        self._runs: dict[str, RetrainingRun] = {}
        self._claims: dict[str, Claim] = {}
        self.scores: dict[str, tuple[str, QueueScore]] = {}
        self.elapsed = timedelta()

    async def captured_texts(
        self, days: int, seed: int = 0, max_texts: int = MAX_CAPTURED_TEXTS
    ) -> AsyncIterator[list[CapturedText]]:
        self._store.raise_if_unreachable()
        since = datetime.now(UTC) - timedelta(days=days)
        copies = {text_id(row): row for row in self._store.rows.values() if row.created_at >= since}
        texts = [
            CapturedText(row.captured.id, known_id, row.captured.prompt, self._may_be_drawn(row))
            for known_id, row in sorted(copies.items())
        ]
        start = seed % max(1, len(texts))
        chosen = [*texts[start:], *texts[:start]][:max_texts]
        for position in range(0, len(chosen), self._page_texts):
            yield chosen[position : position + self._page_texts]

    async def draw_disagreements(self, draw: Draw) -> int:
        self._store.raise_if_unreachable()
        await self._registry.model(draw.candidate)
        added = 0
        for disagreement in draw.disagreements:
            row = self._store.rows.get(disagreement.log_id)
            if row is not None and self._may_be_drawn(row):
                text = canonical_text(row.captured.prompt)
                self._store.pool[text] = PooledText(text, text_id(row), draw)
                added += 1
        return added

    async def draw_progress(self, candidate: str, champion: str) -> DrawProgress:
        self._store.raise_if_unreachable()
        drawn = [
            one
            for one in self._store.pool.values()
            if (one.draw.candidate, one.draw.champion) == (candidate, champion)
        ]
        return DrawProgress(len(drawn), sum(one.intent is not None for one in drawn))

    async def evidence(self, gold_text_ids: Sequence[str] = ()) -> Evidence:
        self._store.raise_if_unreachable()
        reviewers: dict[str, int] = {}
        senders: dict[UUID, int] = {}

        def decided(row: LoggedPrompt, intent: str) -> DecidedText:
            known_id = text_id(row)
            who = {
                one.captured.user_id
                for one in self._store.rows.values()
                if text_id(one) == known_id
            }
            return DecidedText(
                known_id,
                row.captured.prompt,
                intent,
                tuple(
                    sorted(
                        reviewers.setdefault(name, len(reviewers))
                        for name in self._decisive_reviewers(row, intent)
                    )
                ),
                senders.setdefault(min(who), len(senders)) if len(who) == 1 else None,
            )

        disagreements = tuple(
            DecidedDisagreement(
                decided(self._first_copy(one.text_id), one.intent),
                one.draw.candidate,
                one.draw.champion,
                one.draw.probability,
            )
            for one in self._store.pool.values()
            if one.intent is not None
        )
        copies = {text_id(row): row for row in self._store.rows.values()}
        gold = tuple(
            decided(row, row.correction.corrected_intent)
            for known_id in gold_text_ids
            if (row := copies.get(known_id)) and row.correction and not row.is_disputed
        )
        return Evidence(disagreements, gold)

    async def record_verdict(self, verdict: NewVerdict, decision: RegistryDecision) -> ModelEvent:
        self._store.raise_if_unreachable()
        return await self._registry.record_verdict(verdict, decision)

    async def claim_run(self, tick: Tick, lease: timedelta) -> Claim | None:
        self._store.raise_if_unreachable()
        run = self._runs.get(tick)
        is_claimed = any(
            claim.expires_at > self._now() and self._runs[other].finished_at is None
            for other, claim in self._claims.items()
        )
        if is_claimed or (run and run.finished_at):
            return None
        run = run or RetrainingRun(
            tick=tick, started_at=self._now(), finished_at=None, outcome=None, progress={}
        )
        return self._keep(Claim(token=uuid4(), expires_at=self._now() + lease, run=run))

    async def save_progress(
        self, claim: Claim, progress: Mapping[str, object], lease: timedelta
    ) -> Claim:
        self._refuse_lost(claim)
        run = claim.run.model_copy(update={"progress": dict(progress)})
        return self._keep(Claim(token=claim.token, expires_at=self._now() + lease, run=run))

    async def finish_run(self, claim: Claim, outcome: str) -> None:
        self._store.raise_if_unreachable()
        run = self._runs[claim.run.tick]
        if run.finished_at and self._is_held(claim) and run.outcome == outcome:
            return
        self._refuse_lost(claim)
        ended = {"finished_at": self._now(), "outcome": outcome}
        self._runs[run.tick] = run.model_copy(update=ended)

    async def latest_run(self) -> RetrainingRun | None:
        self._store.raise_if_unreachable()
        ended = [run for run in self._runs.values() if run.finished_at is not None]
        return max(ended, key=lambda run: str(run.finished_at), default=None)

    async def count_new_labels(self, since: datetime | None) -> int:
        self._store.raise_if_unreachable()
        return sum(
            at > (since or datetime.min.replace(tzinfo=UTC)) and text not in self._store.pool
            for text, at in self._store.labelled_at.items()
        )

    async def waiting_texts(
        self, max_texts: int = MAX_CAPTURED_TEXTS
    ) -> AsyncIterator[list[WaitingText]]:
        self._store.raise_if_unreachable()
        waiting = [WaitingText(text_id(row), row.captured.prompt) for row in self._waiting()]
        chosen = list({one.text_id: one for one in waiting}.values())[:max_texts]
        for position in range(0, len(chosen), self._page_texts):
            yield chosen[position : position + self._page_texts]

    async def record_scores(self, version: str, scores: Sequence[QueueScore]) -> int:
        self._store.raise_if_unreachable()
        await self._registry.model(version)
        waiting = {text_id(row) for row in self._waiting()}
        recorded = {one.text_id: (version, one) for one in scores if one.text_id in waiting}
        self.scores |= recorded
        return len(recorded)

    def _now(self) -> datetime:
        return datetime.now(UTC) + self.elapsed

    def _keep(self, claim: Claim) -> Claim:
        self._runs[claim.run.tick], self._claims[claim.run.tick] = claim.run, claim
        return claim

    def _is_held(self, claim: Claim) -> bool:
        held = self._claims.get(claim.run.tick)
        return held is not None and held.token == claim.token

    def _refuse_lost(self, claim: Claim) -> None:
        self._store.raise_if_unreachable()
        if not self._is_held(claim) or self._runs[claim.run.tick].finished_at:
            raise ClaimLost("Somebody else carries out this run, or it has ended.")

    def _may_be_drawn(self, row: LoggedPrompt) -> bool:
        text = canonical_text(row.captured.prompt)
        return text not in self._store.pool and text not in self._store.votes

    def _first_copy(self, known_id: str) -> LoggedPrompt:
        return next(row for row in self._store.rows.values() if text_id(row) == known_id)

    def _decisive_reviewers(self, row: LoggedPrompt, intent: str) -> Sequence[str]:
        votes = self._store.votes.get(canonical_text(row.captured.prompt), {})
        named = {name: vote for name, vote in votes.items() if name not in ANONYMOUS_REVIEWERS}
        voters = [name for name, vote in named.items() if vote == intent]
        against = Counter(vote for vote in named.values() if vote != intent)
        if not voters and row.correction:
            return [row.correction.corrected_by]
        return [] if len(voters) - 1 > max(against.values(), default=0) else voters

    def _waiting(self) -> Sequence[LoggedPrompt]:
        """Return unsure messages that nobody decided, the least sure first."""
        return sorted(
            (
                row
                for row in self._store.rows.values()
                if row.captured.confidence < REVIEW_THRESHOLD
                and (row.correction is None or row.is_disputed)
                and canonical_text(row.captured.prompt) not in self._store.pool
            ),
            key=lambda row: row.captured.confidence,
        )
