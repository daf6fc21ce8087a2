"""Dead letters are counted and sent again, and an erased person's are removed."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from cli.main import app
from prompt_capture import bootstrap
from prompt_capture.adapters.memory_spool import InMemoryDeadLetters
from prompt_capture.domain.prompts import CapturedPrompt, Outcome
from prompt_capture.domain.spool import SpooledPrompt, SpoolReason
from prompt_capture.workflows.redrive_dead_letters import RedriveDeadLetters
from tests.unit.test_capture import USER, a_store, prompt
from tests.unit.test_erase_user import erasing


def body(sent: CapturedPrompt, reason: SpoolReason = "too_slow") -> str:
    spooled = SpooledPrompt(spooled_at=datetime.now(UTC), reason=reason, prompt=sent)
    return spooled.model_dump_json()


def some_letters() -> InMemoryDeadLetters:
    readable = [body(prompt(text="my secret"), "refused"), body(prompt()), body(prompt())]
    return InMemoryDeadLetters([*readable, "{my secret"])


def test_letters_are_counted_by_their_reason_and_stay() -> None:
    letters = some_letters()

    summary = RedriveDeadLetters(letters)()

    assert summary.reasons == {"refused": 1, "too_slow": 2, "unreadable": 1}
    assert (summary.dead_letters, summary.sent) == (4, 0)
    assert summary.oldest is not None
    assert len(letters.letters) == 4


def test_what_can_be_read_is_sent_again_and_the_rest_stays() -> None:
    letters = some_letters()

    summary = RedriveDeadLetters(letters)(send=True)

    assert summary.sent == len(letters.sent_again) == 3
    assert [letter.body for letter in letters.letters] == ["{my secret"]


def test_without_letters_there_is_nothing_to_say() -> None:
    summary = RedriveDeadLetters(InMemoryDeadLetters([]))(send=True)

    assert (summary.dead_letters, summary.oldest, summary.sent) == (0, None, 0)


@pytest.mark.parametrize(
    ("options", "sent"), [([], 0), (["--send"], 3), (["--send", "--dry-run"], 0)]
)
def test_the_command_shows_figures_and_no_prompt(
    monkeypatch: pytest.MonkeyPatch, options: list[str], sent: int
) -> None:
    letters = some_letters()
    monkeypatch.setattr(bootstrap, "redrive_dead_letters", lambda: RedriveDeadLetters(letters))

    done = CliRunner().invoke(app, ["redrive", *options])

    assert done.exit_code == 0
    assert f'"sent": {sent}' in done.stdout
    assert len(letters.sent_again) == sent
    assert "secret" not in done.output


async def test_an_erased_persons_dead_letters_go_and_nothing_waits_for_them() -> None:
    store, theirs = a_store(), prompt()
    letters = InMemoryDeadLetters([body(theirs), body(theirs), body(prompt(uuid4())), "{"])
    await store.update_prompt_log_outcome(
        theirs.id, Outcome(was_successful=True, workflow_type="x")
    )

    receipt = await erasing(store, letters)(USER)

    assert receipt.dead_letters == 2
    assert len(letters.letters) == 2
    assert store.held == {}


async def test_a_receipt_says_when_nobody_looked_at_dead_letters() -> None:
    assert (await erasing(a_store())(USER)).dead_letters is None
