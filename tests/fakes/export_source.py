"""In-memory exports for unit tests. They pass the same contract tests as the real ones."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import takewhile
from uuid import UUID

from prompt_capture.domain.datasets.lines import tier_of
from prompt_capture.domain.datasets.rows import (
    AuditResult,
    AuditResults,
    ErasedLine,
    ErasedLines,
    ErasedRow,
    ExportRow,
    OpenedExport,
    SenderOfPage,
    Window,
)
from prompt_capture.domain.erasures import ExportedObject
from prompt_capture.domain.predictions import MIN_SCOPE, UNKNOWN_INTENT
from tests.fakes.prompt_store import InMemoryPromptStore, LedgerPage, LoggedPrompt, text_id

REVIEW_THRESHOLD = 0.7
"""The default of the setting `review_threshold`."""


class InMemoryExports:
    """Reads exports from an `InMemoryPromptStore`, and keeps the ledger in it.

    Each row is audited with `audit_probability`. Add log ids to `audited_ids` to draw their rows.
    The audit is complete before the first drawn row without a decision, and before none without any
    drawn row.
    """

    def __init__(
        self, store: InMemoryPromptStore, page_rows: int = 1_000, audit_probability: float = 0.05
    ) -> None:
        self._store = store
        self._page_rows = page_rows
        self.audit_probability = audit_probability
        self._horizons: dict[str, int] = {}
        self._audit_cutoffs: dict[str, datetime | None] = {}
        self.datasets: dict[tuple[str, str], int] = {}
        self.audited_ids: set[UUID] = set()

    async def open_export(self, series: str, since_last: bool, max_rows: int) -> OpenedExport:
        self._store.raise_if_unreachable()
        begin, end = self._horizons.get(series, 0) if since_last else 0, self._store.changes + 1
        rows = sum(begin <= row.changed_in < end for row in self._store.rows.values())
        cutoff = self._audit_cutoffs.get(series) if since_last else None
        window = Window(begin=str(begin), end=str(end), audits_begin=cutoff)
        return OpenedExport(window, min(rows, max_rows + 1), datetime.now(UTC))

    async def read_export(
        self, window: Window, salt: str, labelled_only: bool = False
    ) -> AsyncIterator[list[ExportRow]]:
        self._store.raise_if_unreachable()
        begin, end = int(window.begin), int(window.end)
        logged = [row for row in self._store.rows.values() if row.changed_in < end]
        changed = {text_id(row) for row in logged if begin <= row.changed_in}
        changed |= {row.text_id for row in self._erased_rows() if begin <= int(row.change) < end}
        changed |= self._texts_passed_by_the_cutoff(window)
        rows = sorted(
            (
                self._export_row(row, salt)
                for row in logged
                if text_id(row) in changed and (row.correction or not labelled_only)
            ),
            key=lambda row: (row.text_id, int(row.change), row.id),
        )
        for start in range(0, len(rows), self._page_rows):
            self._store.raise_if_unreachable()
            yield rows[start : start + self._page_rows]

    async def read_erased_rows(self, window: Window) -> AsyncIterator[list[ErasedRow]]:
        self._store.raise_if_unreachable()
        begin, end = int(window.begin), int(window.end)
        yield [row for row in self._erased_rows() if begin <= int(row.change) < end]

    async def held_out_texts(self) -> list[str]:
        self._store.raise_if_unreachable()
        return [pooled.text for pooled in self._store.pool.values()]

    async def read_audit_results(self, threshold: float) -> AuditResults:
        self._store.raise_if_unreachable()
        audited = sorted(
            (row for row in self._store.rows.values() if row.captured.id in self.audited_ids),
            key=lambda row: row.created_at,
        )
        decided = list(takewhile(lambda row: row.correction is not None, audited))
        if not decided:
            return AuditResults(None, [])
        results: dict[tuple[str, str], list[bool]] = {}
        for row in decided:
            uncorrected = self._export_row(row, "")._replace(corrected_intent=None)
            tier = tier_of(uncorrected, threshold)
            if tier and row.correction and not row.is_disputed:
                is_correct = row.correction.corrected_intent == row.captured.predicted_intent
                key = (tier, row.captured.model_version)
                results.setdefault(key, []).append(is_correct)
        is_complete = len(decided) == len(audited)
        return AuditResults(
            datetime.now(UTC) if is_complete else audited[len(decided)].created_at,
            [
                audit_result(*key, sum(group), len(group), self.audit_probability)
                for key, group in sorted(results.items())
            ],
        )

    async def register_rows(self, bucket: str, key: str, row_ids: Sequence[str]) -> frozenset[str]:
        self._store.raise_if_unreachable()
        log_ids = [UUID(row_id) for row_id in row_ids]
        held_out = {pooled.text_id for pooled in self._store.pool.values()}
        registered = {
            log_id: (row.captured.user_id, text_id(row))
            for log_id in log_ids
            if (row := self._store.rows.get(log_id)) and text_id(row) not in held_out
        }
        if registered:
            page = self._store.ledger.setdefault((bucket, key), LedgerPage())
            page.rows |= registered
            page.registered_at = datetime.now(UTC)
        return frozenset(str(log_id) for log_id in log_ids if log_id not in registered)

    async def has_erasures_since(self, bucket: str, keys: Sequence[str], since: datetime) -> bool:
        self._store.raise_if_unreachable()
        erased = {user_id for user_id, at in self._store.erased.items() if at >= since}
        drawn = {one.text_id for one in self._store.pool.values() if one.drawn_at >= since}
        return any(
            user_id in erased or row_text_id in drawn
            for key in keys
            for user_id, row_text_id in self._page(bucket, key).rows.values()
        )

    async def record_dataset(
        self, series: str, bucket: str, manifest: str, window: Window, lines: int
    ) -> None:
        self._store.raise_if_unreachable()
        if (bucket, manifest) not in self.datasets:
            self._horizons[series] = max(self._horizons.get(series, 0), int(window.end))
            self._audit_cutoffs[series] = window.audits_end
            self.datasets[bucket, manifest] = lines

    async def list_uncleaned_objects(self) -> list[ExportedObject]:
        self._store.raise_if_unreachable()
        return [
            ExportedObject(bucket=bucket, key=key)
            for bucket, key in self._store.ledger
            if self._store.erased.keys() & set(self._user_ids(bucket, key))
        ]

    async def list_erased_lines(self, exported: ExportedObject) -> ErasedLines:
        self._store.raise_if_unreachable()
        page = self._store.ledger.get((exported.bucket, exported.key))
        if page is None:
            return ErasedLines([], [], is_recent=False)
        lines = [
            ErasedLine(str(log_id), text_id, *self._count_others(page, text_id))
            for log_id, (user_id, text_id) in page.rows.items()
            if user_id in self._store.erased
        ]
        users = self._user_ids(exported.bucket, exported.key)
        senders = [
            SenderOfPage(1, list(self._store.erased).index(user_id))
            for user_id in self._store.erased
            if user_id in users
        ]
        age = datetime.now(UTC) - page.registered_at
        return ErasedLines(lines, senders, is_recent=age < timedelta(days=1))

    async def get_texts(self, log_ids: Sequence[UUID]) -> dict[UUID, str]:
        return await self._store.get_texts(log_ids)

    async def unregister_senders(
        self, exported: ExportedObject, senders: Sequence[SenderOfPage]
    ) -> None:
        self._store.raise_if_unreachable()
        erased = list(self._store.erased)
        cleaned = {erased[sender.user_index] for sender in senders}
        page = self._store.ledger.get((exported.bucket, exported.key), LedgerPage())
        page.rows = {key: row for key, row in page.rows.items() if row[0] not in cleaned}

    def _texts_passed_by_the_cutoff(self, window: Window) -> set[str]:
        """Return the texts with a completed audit of which the cut-off moved over a row."""
        never = datetime.min.replace(tzinfo=UTC)
        first, last = sorted((window.audits_begin or never, window.audits_end or never))
        before = [row for row in self._store.rows.values() if row.created_at < last]
        drawn = {text_id(row) for row in before if row.captured.id in self.audited_ids}
        return {text_id(row) for row in before if row.created_at >= first} & drawn

    def _user_ids(self, bucket: str, key: str) -> list[UUID]:
        return [user_id for user_id, _ in self._page(bucket, key).rows.values()]

    def _page(self, bucket: str, key: str) -> LedgerPage:
        return self._store.ledger.get((bucket, key), LedgerPage())

    def _count_others(self, page: LedgerPage, text_id: str) -> tuple[int, int]:
        """Return the number of other rows with the text, and of the users who sent them."""
        other_users = [
            row_user_id
            for row_user_id, row_text_id in page.rows.values()
            if row_text_id == text_id and row_user_id not in self._store.erased
        ]
        return len(other_users), len(set(other_users))

    def _export_row(self, row: LoggedPrompt, salt: str) -> ExportRow:
        captured = row.captured
        return ExportRow(
            id=str(captured.id),
            text_id=text_id(row),
            change=str(row.changed_in),
            prompt=captured.prompt,
            predicted_intent=captured.predicted_intent,
            confidence=captured.confidence,
            scope=captured.scope,
            source=captured.source,
            model_version=captured.model_version,
            corrected_intent=row.correction.corrected_intent if row.correction else None,
            was_successful=row.outcome.was_successful if row.outcome else None,
            is_disputed=row.is_disputed,
            created_at=row.created_at.isoformat(),
            sender=sha256(f"{salt}{captured.user_id}".encode()).hexdigest()[:16] if salt else None,
            reasons=_review_reasons(row),
            is_audited=captured.id in self.audited_ids,
            audit_probability=self.audit_probability,
            corrected_secondary_intents=_secondary_intents(row),
            predicted_secondary_intents=[one.intent for one in captured.secondary_intents] or None,
        )

    def _erased_rows(self) -> list[ErasedRow]:
        return [
            ErasedRow(str(row.captured.id), text_id(row), str(change))
            for change, row in self._store.erased_rows
        ]


def audit_result(
    tier: str, model_version: str, correct: int, audited: int, probability: float = 0.05
) -> AuditResult:
    """Return the result of audits that were all drawn with one probability."""
    weight, wrong = 1 / probability, audited - correct
    return AuditResult(
        tier, model_version, audited, correct,
        correct * weight, correct * weight**2, wrong * weight, wrong * weight**2,
    )  # fmt: skip


def _secondary_intents(row: LoggedPrompt) -> list[str] | None:
    stated = row.correction.corrected_secondary_intents if row.correction else None
    return None if stated is None else list(stated)


def _review_reasons(row: LoggedPrompt) -> list[str] | None:
    """Return why a row waits for review, but for the audit."""
    captured = row.captured
    reasons = {
        "disagreement": row.is_disputed,
        "failed_workflow": row.outcome is not None and not row.outcome.was_successful,
        "out_of_scope": captured.confidence < REVIEW_THRESHOLD
        if captured.predicted_intent == UNKNOWN_INTENT
        else captured.scope is not None and captured.scope < MIN_SCOPE,
        "low_confidence": captured.confidence < REVIEW_THRESHOLD,
    }
    reasons["needs_review"] = captured.needs_review and not (
        reasons["out_of_scope"] or reasons["low_confidence"]
    )
    if row.correction is not None and not row.is_disputed:
        return None
    return sorted(reason for reason, applies in reasons.items() if applies) or None
