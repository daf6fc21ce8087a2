"""What exports read of the store in memory; held to the same contract tests as the real one."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from prompt_capture.adapters.memory_store import InMemoryPromptStore, LoggedPrompt
from prompt_capture.domain.datasets.rows import (
    ErasedRow,
    ExportRow,
    OpenedExport,
    UserLine,
    Window,
)
from prompt_capture.domain.datasets.tiers import Audit, tier_of
from prompt_capture.domain.text import shared_text


class InMemoryExports:
    """Exports and the ledger over an `InMemoryPromptStore`; `audited` are rows drawn at random."""

    def __init__(self, store: InMemoryPromptStore, page_rows: int = 1_000) -> None:
        self._store = store
        self._page_rows = page_rows
        self._horizons: dict[str, int] = {}
        self.datasets: dict[tuple[str, str], int] = {}
        self.audited: set[UUID] = set()

    async def open_export(self, series: str, since_last: bool, max_rows: int) -> OpenedExport:
        self._store.reach()
        begin, end = self._horizons.get(series, 0) if since_last else 0, self._store.changes + 1
        rows = sum(begin <= row.changed_in < end for row in self._store.rows.values())
        window = Window(begin=str(begin), end=str(end))
        return OpenedExport(window, min(rows, max_rows + 1), datetime.now(UTC))

    async def read_export(
        self, window: Window, salt: str, labelled_only: bool = False
    ) -> AsyncIterator[list[ExportRow]]:
        self._store.reach()
        begin, end = int(window.begin), int(window.end)
        logged = [row for row in self._store.rows.values() if row.changed_in < end]
        changed = {_text_id(row) for row in logged if begin <= row.changed_in}
        changed |= {row.text_id for row in self._erased_rows() if begin <= int(row.change) < end}
        rows = sorted(
            (
                _export_row(row, salt)
                for row in logged
                if _text_id(row) in changed and (row.correction or not labelled_only)
            ),
            key=lambda row: (row.text_id, int(row.change), row.id),
        )
        for start in range(0, len(rows), self._page_rows):
            self._store.reach()
            yield rows[start : start + self._page_rows]

    async def read_erased_rows(self, window: Window) -> AsyncIterator[list[ErasedRow]]:
        self._store.reach()
        begin, end = int(window.begin), int(window.end)
        yield [row for row in self._erased_rows() if begin <= int(row.change) < end]

    async def read_audit_results(self, threshold: float) -> list[Audit]:
        self._store.reach()
        audited: Counter[tuple[str, str]] = Counter()
        right: Counter[tuple[str, str]] = Counter()
        for row in self._store.rows.values():
            if row.captured.id in self.audited and row.correction and not row.is_disputed:
                unread = _export_row(row, "")._replace(corrected_intent=None)
                tier = tier_of(unread, threshold) or ""
                key = (tier, row.captured.model_version)
                audited[key] += 1
                right[key] += row.correction.corrected_intent == row.captured.predicted_intent
        return [Audit(*key, n, right[key]) for key, n in sorted(audited.items()) if key[0]]

    async def register_rows(self, bucket: str, key: str, row_ids: Sequence[str]) -> frozenset[str]:
        self._store.reach()
        wanted = [UUID(row_id) for row_id in row_ids]
        held = self._store.noted.setdefault((bucket, key), {})
        for log_id in wanted:
            if row := self._store.rows.get(log_id):
                held[log_id] = (row.captured.user_id, _text_id(row))
        return frozenset(str(log_id) for log_id in wanted if log_id not in self._store.rows)

    async def has_erasures_since(self, bucket: str, keys: Sequence[str], since: datetime) -> bool:
        self._store.reach()
        erased = {user for user, at in self._store.erased.items() if at >= since}
        return any(
            owner in erased
            for key in keys
            for owner, _ in self._store.noted.get((bucket, key), {}).values()
        )

    async def record_dataset(
        self, series: str, bucket: str, manifest: str, window: Window, lines: int
    ) -> None:
        self._store.reach()
        if (bucket, manifest) not in self.datasets:
            self._horizons[series] = max(self._horizons.get(series, 0), int(window.end))
            self.datasets[bucket, manifest] = lines

    async def list_user_lines(self, person: UUID, bucket: str, key: str) -> list[UserLine]:
        self._store.reach()
        held = self._store.noted.get((bucket, key), {})
        return [
            UserLine(str(log_id), text, *self._others(held, person, text))
            for log_id, (owner, text) in held.items()
            if owner == person
        ]

    async def unregister_user_rows(self, person: UUID, bucket: str, key: str) -> None:
        self._store.reach()
        held = self._store.noted.get((bucket, key), {})
        for log_id in [log_id for log_id, (owner, _) in held.items() if owner == person]:
            held.pop(log_id)

    def _others(
        self, held: dict[UUID, tuple[UUID, str]], person: UUID, text: str
    ) -> tuple[int, int]:
        gone = {person, *self._store.erased}
        owners = [owner for owner, of_text in held.values() if of_text == text]
        staying = [owner for owner in owners if owner not in gone]
        return len(staying), len(set(staying))

    def _erased_rows(self) -> list[ErasedRow]:
        return [
            ErasedRow(str(row.captured.id), _text_id(row), str(change))
            for change, row in self._store.erased_rows
        ]


def _text_id(row: LoggedPrompt) -> str:
    return sha256(shared_text(row.captured.prompt).encode()).hexdigest()[:32]


def _export_row(row: LoggedPrompt, salt: str) -> ExportRow:
    captured = row.captured
    return ExportRow(
        id=str(captured.id),
        text_id=_text_id(row),
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
    )
