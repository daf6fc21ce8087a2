"""A simulated store with random events, and exports that fail, crash and race each other."""

import asyncio
import gzip
import hashlib
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID, uuid4

from prompt_capture.adapters.local_datasets import LocalDatasetStore
from prompt_capture.domain.changes import Correction, Outcome
from prompt_capture.domain.datasets.manifest import Manifest
from prompt_capture.domain.errors import DatasetsUnavailable
from prompt_capture.domain.log_ids import new_log_id
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.workflows.erase_user import EraseUser
from prompt_capture.workflows.exports.cleaning import CleanDatasets
from prompt_capture.workflows.exports.pending_cleaning import CleanPendingObjects
from tests.erasures import erase_in_store
from tests.fakes.export_source import InMemoryExports
from tests.fakes.prompt_store import InMemoryPromptStore

INTENTS = ("status", "reminder", "search")


class ProcessKilled(BaseException):
    """The simulated process was killed, and runs no further code."""


class FaultyDatasetStore(LocalDatasetStore):
    """A folder that fails once, at step `fails_at`. With `kills`, the process dies there."""

    def __init__(self, folder: Path, fails_at: int | None, kills: bool) -> None:
        super().__init__(folder)
        self._fails_at, self._kills, self._steps = fails_at, kills, 0

    def _step(self) -> None:
        self._steps += 1
        if self._fails_at is None:
            return
        if self._kills and self._steps >= self._fails_at:
            raise ProcessKilled
        if self._steps == self._fails_at:
            raise DatasetsUnavailable("The folder cannot be used: an injected fault.")

    @contextmanager
    def create(
        self, key: str, content_type: str, replaces: str | None = None
    ) -> Iterator[BinaryIO]:
        self._step()
        with super().create(key, content_type, replaces) as file:
            yield file
            self._step()
        self._step()

    def create_if_absent(self, key: str, content: bytes, content_type: str) -> bool:
        self._step()
        is_created = super().create_if_absent(key, content, content_type)
        self._step()
        return is_created

    def read(self, key: str) -> bytes | None:
        self._step()
        return super().read(key)

    def discard(self, key: str) -> None:
        self._step()
        super().discard(key)


class InterleavedExports(InMemoryExports):
    """Exports that let other tasks run before and after every call."""

    def __init__(self, store: InMemoryPromptStore, rng: random.Random) -> None:
        super().__init__(store, page_rows=3)
        self._rng = rng

    async def _yield_to_others(self) -> None:
        for _ in range(self._rng.randrange(3)):
            await asyncio.sleep(0)

    async def open_export(self, *arguments: Any) -> Any:
        await self._yield_to_others()
        return await super().open_export(*arguments)

    async def register_rows(self, *arguments: Any) -> Any:
        await self._yield_to_others()
        deleted = await super().register_rows(*arguments)
        await self._yield_to_others()
        return deleted

    async def list_erased_lines(self, *arguments: Any) -> Any:
        erased = await super().list_erased_lines(*arguments)
        await self._yield_to_others()
        return erased

    async def list_uncleaned_objects(self) -> Any:
        objects = await super().list_uncleaned_objects()
        await self._yield_to_others()
        return objects

    async def has_erasures_since(self, *arguments: Any) -> Any:
        has_erasures = await super().has_erasures_since(*arguments)
        await self._yield_to_others()
        return has_erasures


class Simulation:
    """Random events on one store, which is exported to one folder."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.rng = random.Random(seed)
        self.folder = folder
        self.users = [uuid4() for _ in range(4)]
        self.store = InMemoryPromptStore(self.users, INTENTS)
        self.source = InterleavedExports(self.store, self.rng)
        self.erased: set[UUID] = set()
        self._clean = CleanDatasets(self.source, lambda bucket: LocalDatasetStore(Path(bucket)))

    async def run_events(self, count: int) -> None:
        """Run random events one after the other."""
        for _ in range(count):
            await asyncio.sleep(0)
            event = self.rng.choices(
                (
                    self.capture,
                    self.record_outcome,
                    self.correct,
                    self.erase_users,
                    self.delete_account,
                    self.clean_pending,
                ),
                (8, 3, 3, 0.2, 0.1, 0.3),
            )[0]
            await event()

    async def capture(self) -> None:
        """A user sends a message, often a copy of an earlier one."""
        remaining = [user_id for user_id in self.users if user_id not in self.erased]
        if not remaining:
            return
        prompt = CapturedPrompt(
            id=new_log_id(),
            user_id=self.rng.choice(remaining),
            prompt=f"text {self.rng.randrange(25)}",
            predicted_intent=self.rng.choice(INTENTS),
            confidence=self.rng.random(),
            source=self.rng.choice(("rule", "model")),
            model_version="test-1",
        )
        await self.store.log_prompt(prompt)

    async def record_outcome(self) -> None:
        """A workflow ends."""
        if self.store.rows:
            outcome = Outcome(was_successful=self.rng.random() < 0.7, workflow_type="w")
            log_id = self.rng.choice(list(self.store.rows))
            await self.store.update_prompt_log_outcome(log_id, outcome)

    async def correct(self) -> None:
        """A reviewer corrects an intent. Reviewers may disagree."""
        if self.store.rows:
            correction = Correction(
                corrected_intent=self.rng.choice(INTENTS),
                corrected_by=self.rng.choice(("grace", "alan")),
            )
            log_id = self.rng.choice(list(self.store.rows))
            await self.store.add_prompt_correction(log_id, correction)

    async def erase_users(self) -> None:
        """One or two users are erased concurrently, from the datasets too."""
        users = self.rng.sample(self.users, self.rng.choice((1, 2)))
        self.erased.update(users)
        erase = EraseUser(self.store, self._clean)
        await asyncio.gather(*(erase(user_id) for user_id in users))

    async def delete_account(self) -> None:
        """A user is erased in the store only; the exported objects stay as they are."""
        user_id = self.rng.choice(self.users)
        self.erased.add(user_id)
        await erase_in_store(self.store, user_id)

    async def clean_pending(self) -> None:
        """The exported objects of all erased users are cleaned."""
        await CleanPendingObjects(self.source, self._clean)()

    def manifests(self) -> dict[Path, Manifest]:
        """Read the manifests of all datasets, in the order of their runs."""
        return {
            path: Manifest.model_validate_json(path.read_bytes())
            for path in sorted(self.folder.rglob("*.manifest"))
        }


def read_lines(folder: Path, manifest: Manifest, kind: str = "lines") -> list[dict[str, Any]]:
    """Read the objects of one kind, and check all objects against the manifest."""
    entries: list[dict[str, Any]] = []
    for part in manifest.objects:
        raw = (folder / part.key).read_bytes()
        assert (len(raw), hashlib.sha256(raw).hexdigest()) == (part.bytes, part.sha256)
        text = gzip.decompress(raw) if part.key.endswith(".gz") else raw
        lines = [json.loads(line) for line in text.decode().split("\n") if line]
        assert len(lines) == part.lines
        entries += lines if part.kind == kind else []
    return entries
