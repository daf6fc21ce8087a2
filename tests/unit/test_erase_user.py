"""Erasing a user: what is told, and what happens when something is left."""

from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from cli.main import app
from prompt_capture import bootstrap
from prompt_capture.adapters.memory_exports import InMemoryExports
from prompt_capture.adapters.memory_store import InMemoryPromptStore
from prompt_capture.domain.erasures import ErasureReceipt, UserDataCounts
from prompt_capture.domain.errors import ErasureIncomplete
from prompt_capture.domain.log_ids import new_log_id
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.ports import DeadLetters
from prompt_capture.workflows.datasets.clean import CleanDatasets
from prompt_capture.workflows.erase_user import EraseUser

USER = uuid4()


class Forgetful(InMemoryPromptStore):
    """A store that says it erased and did not."""

    async def erase_user(self, user_id: UUID) -> ErasureReceipt:
        counts_before = await self.count_user_data(user_id)
        return ErasureReceipt(
            erased_at="2026-11-24T00:00:00Z",
            counts_before=counts_before,
            left=UserDataCounts(),
        )


def erasing(store: InMemoryPromptStore, letters: DeadLetters | None = None) -> EraseUser:
    return EraseUser(store, CleanDatasets(InMemoryExports(store), bootstrap.bucket), letters)


async def filled(store: InMemoryPromptStore) -> InMemoryPromptStore:
    await store.log_prompt(
        CapturedPrompt(
            id=new_log_id(),
            user_id=USER,
            prompt="a secret",
            predicted_intent="help",
            confidence=0.5,
            source="model",
            model_version="test-1",
        )
    )
    return store


async def test_a_receipt_says_what_there_was_and_what_was_found_afterwards() -> None:
    store = await filled(InMemoryPromptStore([USER], ["help"]))

    receipt = await erasing(store)(USER)

    assert receipt.counts_before == UserDataCounts(prompts=1)
    assert receipt.left == UserDataCounts()
    assert store.rows == {}


async def test_a_receipt_is_not_believed_when_something_is_still_there() -> None:
    store = await filled(Forgetful([USER], ["help"]))

    with pytest.raises(ErasureIncomplete):
        await erasing(store)(USER)


def test_the_command_asks_first_and_prints_the_receipt(monkeypatch: pytest.MonkeyPatch) -> None:
    store = InMemoryPromptStore([USER], ["help"])
    monkeypatch.setattr(
        bootstrap,
        "erase_user",
        lambda: erasing(store),
    )
    command = ["erase", "--user", str(USER)]

    assert CliRunner().invoke(app, command, input="n\n").exit_code == 1
    done = CliRunner().invoke(app, [*command, "--yes"])

    assert done.exit_code == 0
    assert '"left": {' in done.stdout
