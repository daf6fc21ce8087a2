"""The store's twin in memory, for unit tests; held to the same contract tests as the real one."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from prompt_capture.domain.erasures import ErasureReceipt, ExportedObject, UserDataCounts
from prompt_capture.domain.errors import (
    CaptureConflict,
    PromptLogNotFound,
    StoreUnavailable,
    UnknownIntent,
    UnknownUser,
)
from prompt_capture.domain.intents import close_intents
from prompt_capture.domain.log_ids import may_arrive
from prompt_capture.domain.prompts import (
    CapturedPrompt,
    Correction,
    FailedPrompt,
    LabelledPrompt,
    Outcome,
    Recorded,
    ReviewablePrompt,
)
from prompt_capture.domain.text import shared_text


@dataclass
class LoggedPrompt:
    """A row of the store: what was captured, and what came later."""

    captured: CapturedPrompt
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    outcome: Outcome | None = None
    correction: Correction | None = None
    is_disputed: bool = False
    changed_in: int = 0

    @property
    def review_columns(self) -> dict[str, object]:
        """What a reviewer sees of it."""
        shown = self.captured.model_dump(include={"id", "prompt", "predicted_intent", "confidence"})
        return shown | {"created_at": self.created_at}


class InMemoryPromptStore:
    """Knows the users and intents it is given; `reachable = False` makes it fail as an outage."""

    def __init__(self, users: Iterable[UUID], intents: Iterable[str]) -> None:
        self._users = set(users)
        self._intents = frozenset(intents)
        self.rows: dict[UUID, LoggedPrompt] = {}
        self.votes: dict[str, dict[str, str]] = {}
        self._labels: dict[str, tuple[Correction, bool]] = {}
        self.noted: dict[tuple[str, str], dict[UUID, tuple[UUID, str]]] = {}
        self.erased: dict[UUID, datetime] = {}
        self.erased_rows: list[tuple[int, LoggedPrompt]] = []
        self.changes = 0
        self.held: dict[UUID, list[Outcome | Correction]] = {}
        self.reachable = True

    async def log_prompt(self, prompt: CapturedPrompt) -> CapturedPrompt:
        if await self.log_prompts([prompt]):
            raise CaptureConflict("The id stands for another message.")
        return self.rows[prompt.id].captured

    async def log_prompts(self, prompts: Sequence[CapturedPrompt]) -> frozenset[UUID]:
        self.reach()
        if any(prompt.user_id not in self._users for prompt in prompts):
            raise UnknownUser("No such user.")
        for prompt in prompts:
            if prompt.id not in self.rows:
                correction, is_disputed = self._labels.get(
                    shared_text(prompt.prompt), (None, False)
                )
                self.rows[prompt.id] = LoggedPrompt(
                    prompt,
                    correction=correction,
                    is_disputed=is_disputed,
                    changed_in=self._change(),
                )
                self._apply_deferred_changes(prompt.id)
        return frozenset(
            prompt.id for prompt in prompts if not self.rows[prompt.id].captured.is_copy_of(prompt)
        )

    async def discard_deferred_changes(self, log_ids: Sequence[UUID]) -> None:
        self.reach()
        for log_id in log_ids:
            self.held.pop(log_id, None)

    async def update_prompt_log_outcome(self, log_id: UUID, outcome: Outcome) -> Recorded:
        if not self._is_there(log_id):
            return self._hold(log_id, outcome)
        self._end(self.rows[log_id], outcome)
        return "recorded"

    async def add_prompt_correction(self, log_id: UUID, correction: Correction) -> Recorded:
        is_there = self._is_there(log_id)
        if correction.corrected_intent not in self._intents:
            raise UnknownIntent(close_intents(correction.corrected_intent, self._intents))
        if not is_there:
            return self._hold(log_id, correction)
        self._correct(self.rows[log_id], correction)
        return "recorded"

    def _correct(self, row: LoggedPrompt, correction: Correction) -> None:
        text = shared_text(row.captured.prompt)
        votes = self.votes.setdefault(text, {})
        votes[correction.corrected_by] = correction.corrected_intent
        counts = Counter(votes.values())
        most = counts.pop(correction.corrected_intent)
        is_disputed = any(others >= most for others in counts.values())
        self._labels[text] = correction, is_disputed
        change = self._change()
        for copy in self.rows.values():
            if shared_text(copy.captured.prompt) == text:
                copy.correction, copy.changed_in = correction, change
                copy.is_disputed = is_disputed

    async def get_corrected_intents(self, log_ids: Sequence[UUID]) -> dict[UUID, str | None]:
        self.reach()
        found = {log_id: self.rows[log_id] for log_id in log_ids if log_id in self.rows}
        return {
            log_id: row.correction.corrected_intent
            if row.correction and not row.is_disputed
            else None
            for log_id, row in found.items()
        }

    async def known_intents(self) -> list[str]:
        self.reach()
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
        change = self._change()
        self.erased_rows += [
            (change, row) for row in self.rows.values() if row.captured.user_id == user_id
        ]
        self.rows = {
            log_id: row for log_id, row in self.rows.items() if row.captured.user_id != user_id
        }
        left = {shared_text(row.captured.prompt) for row in self.rows.values()}
        self.votes = {text: votes for text, votes in self.votes.items() if text in left}
        self._labels = {text: label for text, label in self._labels.items() if text in left}
        return ErasureReceipt(
            erased_at=datetime.now(UTC),
            counts_before=counts_before,
            left=await self.count_user_data(user_id),
            exports=tuple(
                ExportedObject(bucket=bucket, key=key)
                for (bucket, key), rows in sorted(self.noted.items())
                if any(owner == user_id for owner, _ in rows.values())
            ),
        )

    async def count_user_data(self, user_id: UUID) -> UserDataCounts:
        self.reach()
        return UserDataCounts(
            prompts=sum(row.captured.user_id == user_id for row in self.rows.values()),
            corrections=sum(str(user_id) in votes for votes in self.votes.values()),
        )

    def reach(self) -> None:
        """Raise `StoreUnavailable` during an outage."""
        if not self.reachable:
            raise StoreUnavailable("The store did not answer.")

    def _change(self) -> int:
        self.changes += 1
        return self.changes

    def _is_there(self, log_id: UUID) -> bool:
        """Tell whether a prompt is there; raises `PromptLogNotFound` when it cannot come."""
        self.reach()
        if log_id in self.rows:
            return True
        if not may_arrive(log_id):
            raise PromptLogNotFound("No captured prompt has this id, and none will.")
        return False

    def _hold(self, log_id: UUID, change: Outcome | Correction) -> Recorded:
        held = self.held.setdefault(log_id, [])
        alike = [other for other in held if type(other) is type(change)]
        if alike[-1:] != [change]:
            held.append(change)
        return "pending"

    def _apply_deferred_changes(self, log_id: UUID) -> None:
        row = self.rows[log_id]
        for change in self.held.pop(log_id, []):
            if isinstance(change, Outcome):
                self._end(row, change)
            else:
                self._correct(row, change)

    def _end(self, row: LoggedPrompt, outcome: Outcome) -> None:
        if row.outcome != outcome:
            row.outcome, row.changed_in = outcome, self._change()

    def _select(
        self, wanted: Callable[[LoggedPrompt], bool], since: datetime | None
    ) -> list[LoggedPrompt]:
        self.reach()
        rows = (row for row in self.rows.values() if since is None or row.created_at >= since)
        return sorted(filter(wanted, rows), key=lambda row: (row.created_at, row.captured.id))


def _has_failed(row: LoggedPrompt) -> bool:
    return row.outcome is not None and not row.outcome.was_successful
