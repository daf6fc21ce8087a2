"""The in-memory prompt store, for unit tests. It passes the same contract tests as Supabase's."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from uuid import UUID

from prompt_capture.domain.changes import (
    ERASED_PREFIX,
    ChangeStatus,
    Correction,
    Decision,
    Outcome,
    ReviewStatus,
    find_unknown_intent,
)
from prompt_capture.domain.erasures import ExportedObject, FinishedErasure, UserDataCounts
from prompt_capture.domain.errors import (
    CaptureConflict,
    PromptLogNotFound,
    RequestAborted,
    ReviewerErased,
    StoreUnavailable,
    TooManyDeferred,
    UnknownUser,
)
from prompt_capture.domain.evaluation import Draw
from prompt_capture.domain.log_ids import may_arrive
from prompt_capture.domain.predictions import PredictedIntents
from prompt_capture.domain.prompts import (
    CapturedPrompt,
    FailedPrompt,
    LabelledPrompt,
    ReviewablePrompt,
)
from prompt_capture.domain.text import canonical_text


@dataclass
class LoggedPrompt:
    """A row of the store: the captured prompt, its outcome and its correction."""

    captured: CapturedPrompt
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    outcome: Outcome | None = None
    correction: Correction | None = None
    is_disputed: bool = False
    changed_in: int = 0

    @property
    def review_columns(self) -> dict[str, object]:
        """The columns that a reviewer sees."""
        columns = self.captured.model_dump(
            include={"id", "prompt", "predicted_intent", "confidence"}
        )
        return columns | {"created_at": self.created_at}


@dataclass
class LedgerPage:
    """What the ledger holds of an exported object: the user and the text id of each row."""

    rows: dict[UUID, tuple[UUID, str]] = field(default_factory=dict)
    registered_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass
class PooledText:
    """A text in the pool of disagreements. `intent` is what a reviewer decided blind."""

    text: str
    text_id: str
    draw: Draw
    drawn_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    intent: str | None = None


class InMemoryPromptStore:
    """A store with fixed users and intents.

    `is_reachable = False` simulates an outage, and `slow_texts` rows that exceed the time limit.
    """

    max_deferred_corrections = 1_000
    erased_per_step = 2

    def __init__(self, users: Iterable[UUID], intents: Iterable[str]) -> None:
        self._users = set(users)
        self._intents = frozenset(intents)
        self.rows: dict[UUID, LoggedPrompt] = {}
        self.votes: dict[str, dict[str, str]] = {}
        self.voted_in: dict[tuple[str, str], int] = {}
        self._labels: dict[str, tuple[Correction, bool]] = {}
        self.labelled_at: dict[str, datetime] = {}
        self.pool: dict[str, PooledText] = {}
        self.ledger: dict[tuple[str, str], LedgerPage] = {}
        self.erased: dict[UUID, datetime] = {}
        self.unfinished_erasures: list[UUID] = []
        self.erased_rows: list[tuple[int, LoggedPrompt]] = []
        self.changes = 0
        self.deferred_changes: dict[UUID, list[Outcome | Correction]] = {}
        self.is_reachable = True
        self.slow_texts: set[str] = set()

    async def log_prompt(self, prompt: CapturedPrompt) -> CapturedPrompt:
        if await self.log_prompts([prompt]):
            raise CaptureConflict("The id belongs to a different message.")
        return self.rows[prompt.id].captured

    async def log_prompts(self, prompts: Sequence[CapturedPrompt]) -> frozenset[UUID]:
        self.raise_if_unreachable()
        if any(prompt.user_id not in self._users for prompt in prompts):
            raise UnknownUser("The user does not exist.")
        if any(prompt.prompt in self.slow_texts for prompt in prompts):
            raise RequestAborted("The store aborted the request (code 57014).")
        for prompt in prompts:
            if prompt.id not in self.rows:
                correction, is_disputed = self._labels.get(
                    canonical_text(prompt.prompt), (None, False)
                )
                self.rows[prompt.id] = LoggedPrompt(
                    prompt,
                    correction=correction,
                    is_disputed=is_disputed,
                    changed_in=self._next_change(),
                )
                self._apply_deferred_changes(prompt.id)
        return frozenset(
            prompt.id for prompt in prompts if not self.rows[prompt.id].captured.is_copy_of(prompt)
        )

    async def discard_deferred_changes(self, log_ids: Sequence[UUID]) -> None:
        self.raise_if_unreachable()
        for log_id in log_ids:
            self.deferred_changes.pop(log_id, None)

    async def update_prompt_log_outcome(self, log_id: UUID, outcome: Outcome) -> ChangeStatus:
        if not self._has_arrived(log_id):
            return self._defer(log_id, outcome)
        self._record_outcome(self.rows[log_id], outcome)
        return "recorded"

    async def add_prompt_correction(self, log_id: UUID, correction: Correction) -> ChangeStatus:
        self._refuse_erased_reviewer(correction)
        has_arrived = self._has_arrived(log_id)
        self._refuse_unknown_intent(correction)
        if not has_arrived:
            self._refuse_too_many_deferred(correction.corrected_by)
            return self._defer(log_id, correction)
        self._correct(self.rows[log_id], correction)
        return "recorded"

    async def record_review(
        self,
        log_id: UUID,
        correction: Correction,
        seen: Decision | None,
        seen_correction: int | None = None,
    ) -> ReviewStatus:
        self.raise_if_unreachable()
        self._refuse_erased_reviewer(correction)
        row = self.rows.get(log_id)
        if row is None:
            return "absent"
        latest = row.correction
        is_own = latest is not None and (
            latest.corrected_intent == correction.corrected_intent
            and latest.corrected_by == correction.corrected_by
        )
        if latest and is_own and correction.corrected_secondary_intents is None:
            stated = {"corrected_secondary_intents": latest.corrected_secondary_intents}
            correction = correction.model_copy(update=stated)
        on_record = (await self.get_decisions([log_id]))[log_id]
        is_own = latest is not None and is_own and latest.decision == correction.decision
        text, reviewer = (
            canonical_text(row.captured.prompt),
            canonical_text(correction.corrected_by),
        )
        has_voted_since = (
            seen_correction is not None
            and self.voted_in.get((text, reviewer), 0) > seen_correction
            and self.votes[text][reviewer] != correction.corrected_intent
        )
        if has_voted_since or (on_record not in {seen, correction.decision} and not is_own):
            return "changed"
        self._refuse_unknown_intent(correction)
        self._correct(row, correction)
        return "recorded"

    async def find_latest_correction(self) -> int:
        self.raise_if_unreachable()
        return max(self.voted_in.values(), default=0)

    def _refuse_erased_reviewer(self, correction: Correction) -> None:
        if correction.corrected_by.lower() in map(str, self.erased):
            raise ReviewerErased("The account of this reviewer was erased.")

    def _refuse_unknown_intent(self, correction: Correction) -> None:
        if unknown := find_unknown_intent(correction.decision, self._intents):
            raise unknown

    def _refuse_too_many_deferred(self, reviewer: str) -> None:
        deferred = (change for changes in self.deferred_changes.values() for change in changes)
        corrections = [change for change in deferred if isinstance(change, Correction)]
        count = sum(correction.corrected_by == reviewer for correction in corrections)
        if count >= self.max_deferred_corrections:
            raise TooManyDeferred("Too many corrections wait for their prompts.")

    def decide_blind(self, text: str, correction: Correction) -> None:
        """Decide a text of the pool, as a reviewer does in the dashboard."""
        pooled = self.pool[canonical_text(text)]
        pooled.intent = correction.corrected_intent
        row = next(row for row in self.rows.values() if text_id(row) == pooled.text_id)
        self._correct(row, correction)

    def _correct(self, row: LoggedPrompt, correction: Correction) -> None:
        text = canonical_text(row.captured.prompt)
        votes = self.votes.setdefault(text, {})
        votes[canonical_text(correction.corrected_by)] = correction.corrected_intent
        counts = Counter(votes.values())
        votes_for_intent = counts.pop(correction.corrected_intent)
        is_disputed = any(other_votes >= votes_for_intent for other_votes in counts.values())
        self._labels[text] = correction, is_disputed
        self.labelled_at[text] = datetime.now(UTC)
        pooled = self.pool.get(text)
        if pooled and (is_disputed or pooled.intent != correction.corrected_intent):
            pooled.intent = None
        change = self.voted_in[text, canonical_text(correction.corrected_by)] = self._next_change()
        for copy in self.rows.values():
            if _canonical_prompt(copy.captured.prompt) == text:
                copy.correction, copy.changed_in = correction, change
                copy.is_disputed = is_disputed

    async def get_decisions(self, log_ids: Sequence[UUID]) -> dict[UUID, Decision | None]:
        self.raise_if_unreachable()
        rows = {log_id: self.rows[log_id] for log_id in log_ids if log_id in self.rows}
        return {
            log_id: row.correction.decision if row.correction and not row.is_disputed else None
            for log_id, row in rows.items()
        }

    async def find_votes(self, log_ids: Sequence[UUID], reviewer: str) -> dict[UUID, str]:
        texts = await self.get_texts(log_ids)
        votes = {
            log_id: self.votes.get(canonical_text(text), {}).get(canonical_text(reviewer))
            for log_id, text in texts.items()
        }
        return {log_id: vote for log_id, vote in votes.items() if vote}

    async def get_texts(self, log_ids: Sequence[UUID]) -> dict[UUID, str]:
        self.raise_if_unreachable()
        rows = {log_id: self.rows[log_id] for log_id in log_ids if log_id in self.rows}
        return {log_id: row.captured.prompt for log_id, row in rows.items()}

    async def get_predictions(self, log_ids: Sequence[UUID]) -> dict[UUID, PredictedIntents]:
        self.raise_if_unreachable()
        captured = {log_id: self.rows[log_id].captured for log_id in log_ids if log_id in self.rows}
        return {
            log_id: PredictedIntents(
                prompt.predicted_intent, tuple(each.intent for each in prompt.secondary_intents)
            )
            for log_id, prompt in captured.items()
        }

    async def known_intents(self) -> list[str]:
        self.raise_if_unreachable()
        return sorted(self._intents)

    async def get_low_confidence_prompts(
        self, threshold: float = 0.7, since: datetime | None = None
    ) -> AsyncIterator[ReviewablePrompt]:
        for row in self._select(
            lambda row: row.correction is None and row.captured.confidence < threshold, since
        ):
            yield ReviewablePrompt.model_validate(row.review_columns)

    async def get_failed_workflow_prompts(
        self, since: datetime | None = None
    ) -> AsyncIterator[FailedPrompt]:
        for row in self._select(_has_failed, since):
            outcome = row.outcome.model_dump(exclude={"was_successful"}) if row.outcome else {}
            yield FailedPrompt.model_validate(row.review_columns | outcome)

    async def get_prompts_for_retraining(
        self, threshold: float = 0.85, since: datetime | None = None
    ) -> AsyncIterator[LabelledPrompt]:
        for row in self._select(
            lambda row: (
                not row.is_disputed
                and canonical_text(row.captured.prompt) not in self.pool
                and (row.correction is not None or row.captured.confidence > threshold)
            ),
            since,
        ):
            fields = {"corrected_intent", "corrected_secondary_intents"}
            corrected = (
                row.correction.model_dump(include=fields)
                if row.correction
                else dict.fromkeys(fields)
            )
            yield LabelledPrompt.model_validate(row.review_columns | corrected)

    async def continue_erasure(self, user_id: UUID) -> int | FinishedErasure:
        self.raise_if_unreachable()
        if user_id not in self.erased:
            self._users.discard(user_id)
            self.erased[user_id] = datetime.now(UTC)
            self.unfinished_erasures.append(user_id)
            return 0
        erased = self._erase_rows(user_id) or self._pseudonymise(user_id)
        if erased:
            return erased
        self.erased[user_id] = datetime.now(UTC)
        self.unfinished_erasures = [one for one in self.unfinished_erasures if one != user_id]
        return FinishedErasure(
            erased_at=self.erased[user_id],
            remaining_objects=tuple(
                ExportedObject(bucket=bucket, key=key)
                for (bucket, key), page in sorted(self.ledger.items())
                if any(row_user_id == user_id for row_user_id, _ in page.rows.values())
            ),
        )

    def _erase_rows(self, user_id: UUID) -> int:
        """Remove some rows of a user, and labels of texts that nobody else sent."""
        rows = [row for row in self.rows.values() if row.captured.user_id == user_id]
        for row in rows[: self.erased_per_step]:
            self.erased_rows.append((self._next_change(), row))
            del self.rows[row.captured.id]
        texts = {canonical_text(row.captured.prompt) for row in self.rows.values()}
        self.votes = {text: votes for text, votes in self.votes.items() if text in texts}
        self._labels = {text: label for text, label in self._labels.items() if text in texts}
        self.pool = {text: pooled for text, pooled in self.pool.items() if text in texts}
        return len(rows[: self.erased_per_step])

    def _pseudonymise(self, user_id: UUID) -> int:
        """Replace the name of an erased reviewer on some texts."""
        reviewed = [votes for votes in self.votes.values() if str(user_id) in votes]
        for votes in reviewed[: self.erased_per_step]:
            votes[f"{ERASED_PREFIX}{user_id.hex[:12]}"] = votes.pop(str(user_id))
        return len(reviewed[: self.erased_per_step])

    async def list_unfinished_erasures(self) -> list[UUID]:
        self.raise_if_unreachable()
        return list(self.unfinished_erasures)

    async def count_user_data(self, user_id: UUID) -> UserDataCounts:
        self.raise_if_unreachable()
        return UserDataCounts(
            prompts=sum(row.captured.user_id == user_id for row in self.rows.values()),
            corrections=sum(str(user_id) in votes for votes in self.votes.values()),
        )

    def raise_if_unreachable(self) -> None:
        """Raise `StoreUnavailable` during an outage."""
        if not self.is_reachable:
            raise StoreUnavailable("The store did not respond.")

    def _next_change(self) -> int:
        self.changes += 1
        return self.changes

    def _has_arrived(self, log_id: UUID) -> bool:
        """Return whether a prompt has arrived. Raise `PromptLogNotFound` when it never can."""
        self.raise_if_unreachable()
        if log_id in self.rows:
            return True
        if not may_arrive(log_id):
            raise PromptLogNotFound("No captured prompt has this id, and none with it can arrive.")
        return False

    def _defer(self, log_id: UUID, change: Outcome | Correction) -> ChangeStatus:
        deferred = self.deferred_changes.setdefault(log_id, [])
        same_type = [other for other in deferred if type(other) is type(change)]
        if same_type[-1:] != [change]:
            deferred.append(change)
        return "pending"

    def _apply_deferred_changes(self, log_id: UUID) -> None:
        row = self.rows[log_id]
        for change in self.deferred_changes.pop(log_id, []):
            if isinstance(change, Outcome):
                self._record_outcome(row, change)
            else:
                self._correct(row, change)

    def _record_outcome(self, row: LoggedPrompt, outcome: Outcome) -> None:
        if row.outcome != outcome:
            row.outcome, row.changed_in = outcome, self._next_change()

    def _select(
        self, condition: Callable[[LoggedPrompt], bool], since: datetime | None
    ) -> list[LoggedPrompt]:
        self.raise_if_unreachable()
        rows = (row for row in self.rows.values() if since is None or row.created_at >= since)
        return sorted(filter(condition, rows), key=lambda row: (row.created_at, row.captured.id))


def text_id(row: LoggedPrompt) -> str:
    """Return the id that all copies of a row's text share."""
    return _text_id(row.captured.prompt)


_canonical_prompt = cache(canonical_text)  # each change compares its prompt with all others


@cache
def _text_id(prompt: str) -> str:
    return sha256(canonical_text(prompt).encode()).hexdigest()[:32]


def _has_failed(row: LoggedPrompt) -> bool:
    return row.outcome is not None and not row.outcome.was_successful
