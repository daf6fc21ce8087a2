"""What is captured after the answer: what the request left, and nothing before."""

import queue
from uuid import uuid4

import pytest

from prompt_capture.workflows.answer_first import AnswerFirst
from prompt_capture.workflows.capture import WriteFirst
from tests.unit.test_capture import a_store, prompt


async def test_what_a_request_left_is_written_once_it_was_answered() -> None:
    late, store = AnswerFirst(), a_store()
    sent = prompt()

    capture = await late(sent)
    assert (capture.captured, store.rows) == ("writing", {})
    late.finish()
    await late.write_rest(WriteFirst(store), 5)

    assert [row.captured for row in store.rows.values()] == [sent]


async def test_a_request_that_left_nothing_is_waited_for_all_the_same() -> None:
    late = AnswerFirst()
    late.finish()

    await late.write_rest(WriteFirst(a_store()), 5)

    with pytest.raises(queue.Empty):
        await late.write_rest(WriteFirst(a_store()), 0.01)


async def test_an_answered_message_under_a_used_key_is_written_under_another_id() -> None:
    late, store, first = AnswerFirst(), a_store(), prompt()
    await store.log_prompt(first)

    for _ in range(2):
        await late(first.model_copy(update={"prompt": "another"}))
        late.finish()
        await late.write_rest(WriteFirst(store), 5)

    assert [row.captured.prompt for row in store.rows.values()] == ["move it", "another"]


async def test_an_unknown_user_is_told_to_the_log_alone(caplog: pytest.LogCaptureFixture) -> None:
    late, store = AnswerFirst(), a_store()

    await late(prompt(uuid4(), "my secret"))
    await late(prompt())
    late.finish()
    await late.write_rest(WriteFirst(store), 5)

    assert len(store.rows) == 1
    assert "An answered prompt was not captured." in caplog.text
    assert "secret" not in str([record.__dict__ for record in caplog.records])
