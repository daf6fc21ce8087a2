"""The erasure of a user, its receipt, and its verification."""

from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from cli.main import app
from prompt_capture import bootstrap
from prompt_capture.domain.erasures import ErasureReceipt, UserDataCounts
from prompt_capture.domain.errors import ErasureIncomplete
from prompt_capture.domain.log_ids import new_log_id
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.ports.drain import DeadLetters
from prompt_capture.workflows.erase_user import EraseUser
from prompt_capture.workflows.exports.cleaning import CleanDatasets
from tests.fakes.export_source import InMemoryExports
from tests.fakes.prompt_store import InMemoryPromptStore

USER = uuid4()


class IncompleteErasureStore(InMemoryPromptStore):
    """A store that returns a receipt without an erasure."""

    async def erase_user(self, user_id: UUID) -> ErasureReceipt:
        counts_before = await self.count_user_data(user_id)
        return ErasureReceipt(
            erased_at="2026-11-24T00:00:00Z",
            counts_before=counts_before,
            counts_after=UserDataCounts(),
        )


def make_erase_user(
    store: InMemoryPromptStore, dead_letters: DeadLetters | None = None
) -> EraseUser:
    return EraseUser(
        store, CleanDatasets(InMemoryExports(store), bootstrap.dataset_store), dead_letters
    )


async def add_prompt(store: InMemoryPromptStore) -> InMemoryPromptStore:
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


async def test_a_receipt_has_the_counts_before_and_after_the_erasure() -> None:
    store = await add_prompt(InMemoryPromptStore([USER], ["help"]))

    receipt = await make_erase_user(store)(USER)

    assert receipt.counts_before == UserDataCounts(prompts=1)
    assert receipt.counts_after == UserDataCounts()
    assert store.rows == {}


async def test_an_erasure_with_remaining_data_raises_an_error() -> None:
    store = await add_prompt(IncompleteErasureStore([USER], ["help"]))

    with pytest.raises(ErasureIncomplete):
        await make_erase_user(store)(USER)


def test_the_command_asks_for_confirmation_and_prints_the_receipt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = InMemoryPromptStore([USER], ["help"])
    monkeypatch.setattr(
        bootstrap,
        "erase_user",
        lambda: make_erase_user(store),
    )
    command = ["erase", "--user", str(USER)]

    assert CliRunner().invoke(app, command, input="n\n").exit_code == 1
    result = CliRunner().invoke(app, [*command, "--yes"])

    assert result.exit_code == 0
    assert '"counts_after": {' in result.stdout
