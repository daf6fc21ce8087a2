"""Prompts are captured after the response in answer-first mode."""

import queue
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from prompt_capture.domain.changes import Outcome
from prompt_capture.domain.errors import StoreUnavailable
from prompt_capture.workflows.after_response import AfterResponse
from prompt_capture.workflows.answer_first import AnswerFirst
from prompt_capture.workflows.capture import WriteFirst
from tests.unit.test_capture import make_prompt, make_store

FAILURE = Outcome(was_successful=False, workflow_type="move", execution_error="failed")


async def discard(log_ids: Sequence[UUID]) -> None:
    """Discard no changes."""


async def test_the_prompt_of_a_request_is_written_after_the_response() -> None:
    answer_first, store = AnswerFirst(discard), make_store()
    sent = make_prompt()

    capture = await answer_first(sent)
    assert (capture.captured, store.rows) == ("writing", {})
    await answer_first.capture_collected(WriteFirst(store), 5)

    assert [row.captured for row in store.rows.values()] == [sent]


async def test_work_waits_for_the_response() -> None:
    response = AfterResponse()
    with pytest.raises(queue.Empty):
        await response.wait(0.01)

    response.mark_answered()

    assert 4 < await response.wait(5) < 5


async def test_a_message_with_a_used_key_is_rekeyed() -> None:
    answer_first, store, first = AnswerFirst(discard), make_store(), make_prompt()
    await store.log_prompt(first)

    for _ in range(2):
        await answer_first(first.model_copy(update={"prompt": "another"}))
        await answer_first.capture_collected(WriteFirst(store), 5)

    assert [row.captured.prompt for row in store.rows.values()] == ["move it", "another"]


async def test_an_unknown_user_is_logged_and_does_not_affect_other_prompts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer_first, store = AnswerFirst(discard), make_store()

    await answer_first(make_prompt(uuid4(), "my secret"))
    await answer_first(make_prompt())
    await answer_first.capture_collected(WriteFirst(store), 5)

    assert len(store.rows) == 1
    assert "The prompt of an answered message was not captured." in caplog.text
    assert "secret" not in str([record.__dict__ for record in caplog.records])


async def test_changes_of_a_prompt_of_an_unknown_user_are_discarded() -> None:
    """Its id was answered, so an outcome may wait for it."""
    store, sent = make_store(), make_prompt(uuid4())
    answer_first = AnswerFirst(store.discard_deferred_changes)
    await store.update_prompt_log_outcome(sent.id, FAILURE)

    await answer_first(sent)
    await answer_first.capture_collected(WriteFirst(store), 5)

    assert store.deferred_changes == {}


async def test_the_next_prompt_is_captured_where_changes_cannot_be_discarded() -> None:
    async def fail(log_ids: Sequence[UUID]) -> None:
        raise StoreUnavailable("The store did not respond.")

    answer_first, store = AnswerFirst(fail), make_store()
    await answer_first(make_prompt(uuid4()))
    await answer_first(make_prompt())
    await answer_first.capture_collected(WriteFirst(store), 5)

    assert len(store.rows) == 1
