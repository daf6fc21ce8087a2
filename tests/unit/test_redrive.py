"""Dead letters are counted and redriven, and those of an erased user are deleted."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from cli.main import app
from prompt_capture.domain.changes import Outcome
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.spool import SpooledPrompt, SpoolReason
from prompt_capture.workflows.redrive_dead_letters import RedriveDeadLetters
from tests.fakes.spool import InMemoryDeadLetters
from tests.unit.test_capture import USER, make_prompt, make_store
from tests.unit.test_erase_user import make_erase_user


def body(sent: CapturedPrompt, reason: SpoolReason = "too_slow") -> str:
    spooled = SpooledPrompt(spooled_at=datetime.now(UTC), reason=reason, prompt=sent)
    return spooled.model_dump_json()


def make_dead_letters() -> InMemoryDeadLetters:
    readable = [
        body(make_prompt(text="my secret"), "refused"),
        body(make_prompt()),
        body(make_prompt()),
    ]
    return InMemoryDeadLetters([*readable, "{my secret"])


def test_dead_letters_are_counted_by_reason_and_stay() -> None:
    dead_letters = make_dead_letters()

    summary = RedriveDeadLetters(dead_letters)()

    assert summary.reasons == {"refused": 1, "too_slow": 2, "unreadable": 1}
    assert (summary.dead_letters, summary.sent) == (4, 0)
    assert summary.oldest is not None
    assert len(dead_letters.dead_letters) == 4


def test_readable_messages_are_redriven_and_the_others_stay() -> None:
    dead_letters = make_dead_letters()

    summary = RedriveDeadLetters(dead_letters)(send=True)

    assert summary.sent == len(dead_letters.redriven) == 3
    assert [dead_letter.body for dead_letter in dead_letters.dead_letters] == ["{my secret"]


def test_the_summary_of_an_empty_queue() -> None:
    summary = RedriveDeadLetters(InMemoryDeadLetters([]))(send=True)

    assert (summary.dead_letters, summary.oldest, summary.sent) == (0, None, 0)


@pytest.mark.parametrize(
    ("options", "sent"), [([], 0), (["--send"], 3), (["--send", "--dry-run"], 0)]
)
def test_the_command_shows_counts_and_no_prompt(
    monkeypatch: pytest.MonkeyPatch, options: list[str], sent: int
) -> None:
    dead_letters = make_dead_letters()
    monkeypatch.setattr(
        "prompt_capture.bootstrap.dead_letters.redrive_dead_letters",
        lambda: RedriveDeadLetters(dead_letters),
    )

    result = CliRunner().invoke(app, ["redrive", *options])

    assert result.exit_code == 0
    assert f'"sent": {sent}' in result.stdout
    assert len(dead_letters.redriven) == sent
    assert "secret" not in result.output


async def test_an_erasure_deletes_dead_letters_and_their_deferred_changes() -> None:
    store, erased = make_store(), make_prompt()
    dead_letters = InMemoryDeadLetters(
        [body(erased), body(erased), body(make_prompt(uuid4())), "{"]
    )
    await store.update_prompt_log_outcome(
        erased.id, Outcome(was_successful=True, workflow_type="x")
    )

    receipt = await make_erase_user(store, dead_letters)(USER)

    assert receipt.dead_letters == 2
    assert len(dead_letters.dead_letters) == 2
    assert store.deferred_changes == {}


async def test_a_receipt_without_a_queue_has_no_count_of_dead_letters() -> None:
    assert (await make_erase_user(make_store())(USER)).dead_letters is None
