"""A store with people who write, review and leave, and exports that die, fail and race."""

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
from prompt_capture.adapters.memory_exports import InMemoryExports
from prompt_capture.adapters.memory_store import InMemoryPromptStore
from prompt_capture.domain.datasets.manifests import Manifest
from prompt_capture.domain.errors import DatasetsUnavailable
from prompt_capture.domain.log_ids import new_log_id
from prompt_capture.domain.prompts import CapturedPrompt, Correction, Outcome
from prompt_capture.workflows.datasets.clean import CleanDatasets
from prompt_capture.workflows.erase_user import EraseUser

INTENTS = ("status", "reminder", "search")


class Killed(BaseException):
    """The process is gone: nothing of it runs any more."""


class Dying(LocalDatasetStore):
    """A folder that some process reaches: at its `fate`-th step it fails, or the process dies."""

    def __init__(self, folder: Path, fate: int | None, kills: bool) -> None:
        super().__init__(folder)
        self._fate, self._kills, self._steps = fate, kills, 0

    def _step(self) -> None:
        self._steps += 1
        if self._fate is None:
            return
        if self._kills and self._steps >= self._fate:
            raise Killed
        if self._steps == self._fate:
            raise DatasetsUnavailable("The folder refused: a fault.")

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
        done = super().create_if_absent(key, content, content_type)
        self._step()
        return done

    def read(self, key: str) -> bytes | None:
        self._step()
        return super().read(key)

    def discard(self, key: str) -> None:
        self._step()
        super().discard(key)


class Interleaved(InMemoryExports):
    """Lets others run before and after every call."""

    def __init__(self, store: InMemoryPromptStore, chance: random.Random) -> None:
        super().__init__(store, page_rows=3)
        self._chance = chance

    async def _wait(self) -> None:
        for _ in range(self._chance.randrange(3)):
            await asyncio.sleep(0)

    async def open_export(self, *arguments: Any) -> Any:
        await self._wait()
        return await super().open_export(*arguments)

    async def register_rows(self, *arguments: Any) -> Any:
        await self._wait()
        gone = await super().register_rows(*arguments)
        await self._wait()
        return gone

    async def list_user_lines(self, *arguments: Any) -> Any:
        lines = await super().list_user_lines(*arguments)
        await self._wait()
        return lines

    async def has_erasures_since(self, *arguments: Any) -> Any:
        answer = await super().has_erasures_since(*arguments)
        await self._wait()
        return answer


class World:
    """Random events on one store, exported into one folder."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.folder = folder
        self.people = [uuid4() for _ in range(4)]
        self.store = InMemoryPromptStore(self.people, INTENTS)
        self.source = Interleaved(self.store, self.chance)
        self.erased: set[UUID] = set()

    async def happen(self, events: int) -> None:
        """Let some things happen, one after the other."""
        for _ in range(events):
            await asyncio.sleep(0)
            happening = self.chance.choices(
                (self.capture, self.end, self.review, self.leave), (8, 3, 3, 0.3)
            )[0]
            await happening()

    async def capture(self) -> None:
        """Somebody sends a message, often one that was sent before."""
        left = [person for person in self.people if person not in self.erased]
        if not left:
            return
        prompt = CapturedPrompt(
            id=new_log_id(),
            user_id=self.chance.choice(left),
            prompt=f"text {self.chance.randrange(25)}",
            predicted_intent=self.chance.choice(INTENTS),
            confidence=self.chance.random(),
            source=self.chance.choice(("rule", "model")),
            model_version="test-1",
        )
        await self.store.log_prompt(prompt)

    async def end(self) -> None:
        """A workflow ends."""
        if self.store.rows:
            outcome = Outcome(was_successful=self.chance.random() < 0.7, workflow_type="w")
            log_id = self.chance.choice(list(self.store.rows))
            await self.store.update_prompt_log_outcome(log_id, outcome)

    async def review(self) -> None:
        """A reviewer decides, and another one perhaps otherwise."""
        if self.store.rows:
            correction = Correction(
                corrected_intent=self.chance.choice(INTENTS),
                corrected_by=self.chance.choice(("grace", "alan")),
            )
            log_id = self.chance.choice(list(self.store.rows))
            await self.store.add_prompt_correction(log_id, correction)

    async def leave(self) -> None:
        """One or two people are erased at once, from the datasets too."""
        leaving = self.chance.sample(self.people, self.chance.choice((1, 2)))
        self.erased.update(leaving)
        clean = CleanDatasets(self.source, lambda bucket: LocalDatasetStore(Path(bucket)))
        await asyncio.gather(*(EraseUser(self.store, clean)(person) for person in leaving))

    def manifests(self) -> dict[Path, Manifest]:
        """Read every dataset there is, in the order of their runs."""
        return {
            path: Manifest.model_validate_json(path.read_bytes())
            for path in sorted(self.folder.rglob("*.manifest"))
        }


def list_user_lines(folder: Path, manifest: Manifest, kind: str = "lines") -> list[dict[str, Any]]:
    """Read a dataset as its manifest says, and check that it is as it says."""
    found: list[dict[str, Any]] = []
    for part in manifest.objects:
        raw = (folder / part.key).read_bytes()
        assert (len(raw), hashlib.sha256(raw).hexdigest()) == (part.bytes, part.sha256)
        text = gzip.decompress(raw) if part.key.endswith(".gz") else raw
        lines = [json.loads(line) for line in text.decode().split("\n") if line]
        assert len(lines) == part.lines
        found += lines if part.kind == kind else []
    return found
