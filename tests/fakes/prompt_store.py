"""The in-memory prompt store, for unit tests. It passes the same contract tests as Supabase's."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from prompt_capture.domain.changes import ChangeStatus, Correction, Outcome, suggest_intents
from prompt_capture.domain.erasures import ErasureReceipt, ExportedObject, UserDataCounts
from prompt_capture.domain.errors import (
    CaptureConflict,
    PromptLogNotFound,
    RequestAborted,
    StoreUnavailable,
    UnknownIntent,
    UnknownUser,
)
from prompt_capture.domain.log_ids import may_arrive
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


class InMemoryPromptStore:
    """A store with fixed users and intents.

    `is_reachable = False` simulates an outage, and `slow_texts` rows that exceed the time limit.
    """

    def __init__(self, users: Iterable[UUID], intents: Iterable[str]) -> None:
        self._users = set(users)
        self._intents = frozenset(intents)
        self.rows: dict[UUID, LoggedPrompt] = {}
        self.votes: dict[str, dict[str, str]] = {}
        self._labels: dict[str, tuple[Correction, bool]] = {}
        self.registered_rows: dict[tuple[str, str], dict[UUID, tuple[UUID, str]]] = {}
        self.erased: dict[UUID, datetime] = {}
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
        has_arrived = self._has_arrived(log_id)
        if correction.corrected_intent not in self._intents:
            raise UnknownIntent(suggest_intents(correction.corrected_intent, self._intents))
        if not has_arrived:
            return self._defer(log_id, correction)
        self._correct(self.rows[log_id], correction)
        return "recorded"

    def _correct(self, row: LoggedPrompt, correction: Correction) -> None:
        text = canonical_text(row.captured.prompt)
        votes = self.votes.setdefault(text, {})
        votes[canonical_text(correction.corrected_by)] = correction.corrected_intent
        counts = Counter(votes.values())
        votes_for_intent = counts.pop(correction.corrected_intent)
        is_disputed = any(other_votes >= votes_for_intent for other_votes in counts.values())
        self._labels[text] = correction, is_disputed
        change = self._next_change()
        for copy in self.rows.values():
            if canonical_text(copy.captured.prompt) == text:
                copy.correction, copy.changed_in = correction, change
                copy.is_disputed = is_disputed

    async def get_corrected_intents(self, log_ids: Sequence[UUID]) -> dict[UUID, str | None]:
        self.raise_if_unreachable()
        rows = {log_id: self.rows[log_id] for log_id in log_ids if log_id in self.rows}
        return {
            log_id: row.correction.corrected_intent
            if row.correction and not row.is_disputed
            else None
            for log_id, row in rows.items()
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
                and (row.correction is not None or row.captured.confidence > threshold)
            ),
            since,
        ):
            corrected = row.correction.corrected_intent if row.correction else None
            yield LabelledPrompt.model_validate(
                row.review_columns | {"corrected_intent": corrected}
            )

    async def erase_user(self, user_id: UUID) -> ErasureReceipt:
        counts_before = await self.count_user_data(user_id)
        self._users.discard(user_id)
        self.erased.setdefault(user_id, datetime.now(UTC))
        change = self._next_change()
        self.erased_rows += [
            (change, row) for row in self.rows.values() if row.captured.user_id == user_id
        ]
        self.rows = {
            log_id: row for log_id, row in self.rows.items() if row.captured.user_id != user_id
        }
        texts = {canonical_text(row.captured.prompt) for row in self.rows.values()}
        self.votes = {text: votes for text, votes in self.votes.items() if text in texts}
        self._labels = {text: label for text, label in self._labels.items() if text in texts}
        return ErasureReceipt(
            erased_at=datetime.now(UTC),
            counts_before=counts_before,
            counts_after=await self.count_user_data(user_id),
            remaining_objects=tuple(
                ExportedObject(bucket=bucket, key=key)
                for (bucket, key), rows in sorted(self.registered_rows.items())
                if any(row_user_id == user_id for row_user_id, _ in rows.values())
            ),
        )

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


def _has_failed(row: LoggedPrompt) -> bool:
    return row.outcome is not None and not row.outcome.was_successful
