"""The erasure of a user, its receipt, and its verification."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from cli.main import app
from prompt_capture.bootstrap import erasure
from prompt_capture.bootstrap.datasets import dataset_store
from prompt_capture.domain.changes import Correction
from prompt_capture.domain.erasures import FinishedErasure, UserDataCounts
from prompt_capture.domain.errors import ErasureIncomplete, StoreUnavailable
from prompt_capture.domain.log_ids import new_log_id
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.ports.drain import DeadLetters
from prompt_capture.workflows.erase_user import MAX_ATTEMPTS, EraseUser
from prompt_capture.workflows.exports.cleaning import CleanDatasets
from prompt_capture.workflows.exports.pending_cleaning import CleanPendingObjects
from prompt_capture.workflows.pending_erasures import FinishPendingErasures
from tests.erasures import erase_in_store
from tests.fakes.export_source import InMemoryExports
from tests.fakes.prompt_store import InMemoryPromptStore

USER = uuid4()
FOLDER = "/a/folder/of/another/machine"


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prompt_capture.workflows.erase_user.RETRY_PAUSE_SECONDS", 0)


class IncompleteErasureStore(InMemoryPromptStore):
    """A store that ends an erasure which it did not make."""

    async def continue_erasure(self, user_id: UUID) -> int | FinishedErasure:
        return FinishedErasure(erased_at="2026-11-24T00:00:00Z")


class StuckErasureStore(InMemoryPromptStore):
    """A store in which no step of the erasure of one user ends."""

    def __init__(self, stuck: UUID, users: Sequence[UUID], intents: Sequence[str]) -> None:
        super().__init__(users, intents)
        self._stuck = stuck

    async def continue_erasure(self, user_id: UUID) -> int | FinishedErasure:
        if user_id == self._stuck:
            raise StoreUnavailable("The store aborted the request (code 57014).")
        return await super().continue_erasure(user_id)


class UnreliableStore(InMemoryPromptStore):
    """A store that fails `failures` times before each call that succeeds.

    A step that fails may have had its effect.
    """

    failures = 0

    async def continue_erasure(self, user_id: UUID) -> int | FinishedErasure:
        step = await super().continue_erasure(user_id)
        self._fail()
        return step

    async def count_user_data(self, user_id: UUID) -> UserDataCounts:
        self._fail()
        return await super().count_user_data(user_id)

    def __init__(self, failures: int) -> None:
        super().__init__([USER], ["help"])
        self.failures = self.failures_left = failures

    def _fail(self) -> None:
        if self.failures_left:
            self.failures_left -= 1
            raise StoreUnavailable("The store did not respond.")
        self.failures_left = self.failures


class LateCaptureStore(InMemoryPromptStore):
    """A store that captures a prompt after the first count, before the erasure begins."""

    async def continue_erasure(self, user_id: UUID) -> int | FinishedErasure:
        if user_id not in self.erased:
            await add_prompts(self)
        return await super().continue_erasure(user_id)


class CancelledErasureStore(InMemoryPromptStore):
    """A store whose second step is interrupted by Ctrl-C."""

    async def continue_erasure(self, user_id: UUID) -> int | FinishedErasure:
        if user_id in self.erased:
            raise KeyboardInterrupt
        return await super().continue_erasure(user_id)


def make_store() -> InMemoryPromptStore:
    return InMemoryPromptStore([USER], ["help"])


def make_erase_user(
    store: InMemoryPromptStore, dead_letters: DeadLetters | None = None
) -> EraseUser:
    return EraseUser(store, CleanDatasets(InMemoryExports(store), dataset_store), dead_letters)


async def add_prompts(store: InMemoryPromptStore, count: int = 1) -> InMemoryPromptStore:
    for number in range(count):
        await store.log_prompt(
            CapturedPrompt(
                id=new_log_id(),
                user_id=USER,
                prompt=f"a secret {number}",
                predicted_intent="help",
                confidence=0.5,
                source="model",
                model_version="test-1",
            )
        )
    return store


async def test_a_receipt_has_the_counts_before_and_after_the_erasure() -> None:
    store = await add_prompts(make_store(), 5)

    receipt = await make_erase_user(store)(USER)

    assert receipt.counts_before == UserDataCounts(prompts=5)
    assert receipt.counts_after == UserDataCounts()
    assert store.rows == {}


async def test_an_erasure_with_remaining_data_raises_an_error() -> None:
    store = await add_prompts(IncompleteErasureStore([USER], ["help"]))

    with pytest.raises(ErasureIncomplete):
        await make_erase_user(store)(USER)


async def test_an_erasure_reports_its_progress_up_to_what_it_counted() -> None:
    store = await add_prompts(LateCaptureStore([USER], ["help"]), 2)
    store.erased_per_step = 1
    ledger = InMemoryExports(store)
    await ledger.register_rows(FOLDER, "k", list(map(str, store.rows)))
    progress: list[tuple[str, int, int]] = []

    erase = EraseUser(store, CleanDatasets(ledger, dataset_store))
    await erase(USER, lambda activity, done, total: progress.append((activity, done, total)))

    assert progress == [
        *(("erasing", done, 2) for done in (0, 0, 1, 2, 2)),
        ("cleaning", 0, 1),
    ]


@pytest.mark.parametrize("failures", [1, MAX_ATTEMPTS - 1])
async def test_a_step_that_fails_is_repeated(failures: int) -> None:
    store = await add_prompts(UnreliableStore(failures), 5)

    receipt = await make_erase_user(store)(USER)

    assert receipt.counts_before.prompts == 5
    assert store.rows == {}


async def test_an_erasure_that_the_store_interrupts_continues_when_it_runs_again() -> None:
    store = UnreliableStore(0)
    await add_prompts(store, 5)
    await store.continue_erasure(USER)
    await store.continue_erasure(USER)
    store.failures_left = MAX_ATTEMPTS

    with pytest.raises(ErasureIncomplete, match="Run the command again: it continues"):
        await make_erase_user(store)(USER)
    assert 0 < len(store.rows) < 5
    receipt = await make_erase_user(store)(USER)

    assert (receipt.counts_before.prompts, store.rows) == (3, {})


async def test_the_corrections_of_a_reviewer_are_counted_and_pseudonymised() -> None:
    other = uuid4()
    store = await add_prompts(InMemoryPromptStore([USER, other], ["help"]), 3)
    for log_id in store.rows:
        correction = Correction(corrected_intent="help", corrected_by=str(other))
        await store.add_prompt_correction(log_id, correction)

    receipt = await make_erase_user(store)(other)

    assert receipt.counts_before == UserDataCounts(corrections=3)
    assert receipt.counts_after == UserDataCounts()


def run(
    monkeypatch: pytest.MonkeyPatch, store: InMemoryPromptStore, *options: str, answer: str = ""
) -> tuple[int, str, str]:
    """Run the command, and return its exit status, its output and its messages."""
    ledger = InMemoryExports(store)
    clean = CleanDatasets(ledger, erasure.existing_dataset_store)
    monkeypatch.setattr(erasure, "erase_user", lambda: EraseUser(store, clean))
    finish = FinishPendingErasures(
        store, EraseUser(store, clean), CleanPendingObjects(ledger, clean)
    )
    monkeypatch.setattr(erasure, "finish_pending_erasures", lambda: finish)
    result = CliRunner().invoke(app, ["erase", *options], input=answer, env={"COLUMNS": "200"})
    return result.exit_code, result.stdout, result.stderr


def test_the_command_asks_for_confirmation_and_prints_the_receipt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = make_store()

    assert run(monkeypatch, store, "--user", str(USER), answer="n\n")[0] == 1
    assert store.erased == {}
    status, output, messages = run(monkeypatch, store, "--user", str(USER), "--yes")

    assert status == 0
    assert list(json.loads(output)) == [
        *("erased_at", "counts_before", "counts_after"),
        *("cleaned_objects", "remaining_objects", "dead_letters"),
    ]
    assert "Erasing rows, texts and corrections ..." in messages


@pytest.mark.parametrize("options", [(), ("--user", str(USER), "--pending")])
def test_the_command_needs_a_user_or_pending(
    monkeypatch: pytest.MonkeyPatch, options: Sequence[str]
) -> None:
    status, _, messages = run(monkeypatch, make_store(), *options)

    assert status == 2
    assert "Choose --user or --pending" in messages


def test_an_interrupted_command_says_that_it_continues(monkeypatch: pytest.MonkeyPatch) -> None:
    store = CancelledErasureStore([USER], ["help"])

    status, output, messages = run(monkeypatch, store, "--user", str(USER), "--yes")

    assert (status, output) == (130, "")
    assert "Run the command again: it continues." in messages


async def _export_and_delete_account(store: InMemoryPromptStore, bucket: str) -> None:
    await add_prompts(store)
    await InMemoryExports(store).register_rows(bucket, "k", list(map(str, store.rows)))
    for page in store.ledger.values():
        page.registered_at = page.registered_at.replace(year=2020)
    await erase_in_store(store, USER)


@pytest.mark.parametrize("options", [("--pending",), ("--user", str(USER), "--yes")])
def test_objects_in_a_folder_of_another_machine_remain(
    monkeypatch: pytest.MonkeyPatch, options: Sequence[str]
) -> None:
    store = make_store()
    asyncio.run(_export_and_delete_account(store, FOLDER))

    status, output, messages = run(monkeypatch, store, *options)

    assert status == 1
    assert json.loads(output)["remaining_objects"] == [
        {"bucket": FOLDER, "key": "k", "reason": "This machine has no such folder."}
    ]
    assert "1 exported objects still hold rows" in messages


def test_pending_cleans_what_a_deleted_account_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store = make_store()
    asyncio.run(_export_and_delete_account(store, str(tmp_path)))

    status, output, messages = run(monkeypatch, store, "--pending")

    assert status == 0
    assert [item["key"] for item in json.loads(output)["cleaned_objects"]] == ["k"]
    assert "Cleaning exported objects ..." in messages
    assert json.loads(run(monkeypatch, store, "--pending")[1]) == {
        "cleaned_objects": [],
        "remaining_objects": [],
        "finished_erasures": 0,
    }


def test_pending_finishes_an_erasure_that_was_interrupted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store = make_store()
    asyncio.run(add_prompts(store))
    asyncio.run(
        InMemoryExports(store).register_rows(str(tmp_path), "k", list(map(str, store.rows)))
    )
    for page in store.ledger.values():
        page.registered_at = page.registered_at.replace(year=2020)
    asyncio.run(store.continue_erasure(USER))
    assert store.rows

    status, output, messages = run(monkeypatch, store, "--pending")

    receipt = json.loads(output)
    assert (status, receipt["finished_erasures"], store.rows) == (0, 1, {})
    assert [item["key"] for item in receipt["cleaned_objects"]] == ["k"]
    assert "Erasing rows, texts and corrections ..." in messages
    assert json.loads(run(monkeypatch, store, "--pending")[1])["finished_erasures"] == 0


def test_an_erasure_that_fails_does_not_keep_the_others_waiting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stuck = uuid4()
    store = StuckErasureStore(stuck, [stuck, USER], ["help"])
    asyncio.run(add_prompts(store))
    asyncio.run(
        InMemoryExports(store).register_rows(str(tmp_path), "k", list(map(str, store.rows)))
    )
    for page in store.ledger.values():
        page.registered_at = page.registered_at.replace(year=2020)
    store.unfinished_erasures = [stuck]
    asyncio.run(store.continue_erasure(USER))

    status, output, messages = run(monkeypatch, store, "--pending")

    assert (status, output, store.rows) == (1, "", {})
    assert store.unfinished_erasures == [stuck]
    assert "The erasure has not ended. Run the command again" in " ".join(messages.split())
    assert asyncio.run(InMemoryExports(store).list_uncleaned_objects()) == []
