"""What was spooled is written once, in few calls; one fault takes no other message with it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from prompt_capture.adapters.memory_store import InMemoryPromptStore
from prompt_capture.domain.errors import PromptRefused
from prompt_capture.domain.prompts import CapturedPrompt, Outcome
from prompt_capture.domain.spool import SpooledPrompt
from prompt_capture.workflows.drain_spool import DONE, DrainSpool
from tests.unit.test_capture import USER, a_store, prompt


class Counting(InMemoryPromptStore):
    """Counts its calls, and takes no prompt that says `poison`."""

    calls = 0

    async def log_prompts(self, prompts: Sequence[CapturedPrompt]) -> frozenset[UUID]:
        self.calls += 1
        if any(prompt.prompt == "poison" for prompt in prompts):
            raise PromptRefused("The store takes no such row (code 23514).")
        return await super().log_prompts(prompts)


def body(sent: CapturedPrompt) -> str:
    spooled = SpooledPrompt(spooled_at=datetime.now(UTC), reason="too_slow", prompt=sent)
    return spooled.model_dump_json()


def bodies(*sent: CapturedPrompt) -> dict[str, str]:
    return {str(number): body(one) for number, one in enumerate(sent)}


async def test_a_batch_is_written_in_one_call() -> None:
    store = Counting([USER], [])
    sent = [prompt(text=str(number)) for number in range(50)]

    fates = await DrainSpool(store)(bodies(*sent))

    assert set(fates.values()) == {"stored"}
    assert len(fates) == len(store.rows) == 50
    assert store.calls == 1


async def test_the_same_batch_again_changes_nothing() -> None:
    store = a_store()
    drain, sent = DrainSpool(store), bodies(prompt(), prompt())

    first, again, third = [await drain(sent) for _ in range(3)]

    assert first == again == third
    assert len(store.rows) == 2


async def test_a_fault_is_told_from_the_others_and_takes_none_with_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = Counting([USER], [])
    taken = prompt(text="first")
    await store.log_prompt(taken)
    sent = {
        "good": body(prompt()),
        "there": body(taken),
        "nobody's": body(prompt(uuid4())),
        "poison": body(prompt(text="poison")),
        "other": body(taken.model_copy(update={"prompt": "second"})),
        "no json": "{my secret",
        "no prompt": '{"version": 1}',
        "good too": body(prompt()),
    }

    fates = await DrainSpool(store)(sent)

    assert fates == {
        "good": "stored",
        "there": "stored",
        "nobody's": "dropped",
        "poison": "refused",
        "other": "apart",
        "no json": "unreadable",
        "no prompt": "unreadable",
        "good too": "stored",
    }
    assert {name for name, fate in fates.items() if fate in DONE} == {
        "good", "there", "nobody's", "other", "good too",
    }  # fmt: skip
    assert "secret" not in caplog.text


async def test_two_messages_under_one_id_are_both_stored_once_however_often_they_come() -> None:
    store, sent = a_store(), prompt()
    other = sent.model_copy(update={"prompt": "another"})

    for _ in range(3):
        fates = await DrainSpool(store)(bodies(sent, sent, other, other))

    assert fates == {"0": "stored", "1": "stored", "2": "apart", "3": "apart"}
    assert [row.captured.prompt for row in store.rows.values()] == ["move it", "another"]
    assert store.rows[sent.id].captured == sent


async def test_a_spooled_message_whose_key_was_used_meanwhile_is_stored_under_another_id() -> None:
    store, spooled = a_store(), prompt()
    meanwhile = spooled.model_copy(update={"prompt": "sent under the same key"})
    await store.log_prompt(meanwhile)

    fates = await DrainSpool(store)(bodies(spooled))

    assert fates == {"0": "apart"}
    assert store.rows.pop(meanwhile.id).captured == meanwhile
    (row,) = store.rows.values()
    assert row.captured == spooled.model_copy(update={"id": row.captured.id})


@pytest.mark.parametrize("fault", [{"user_id": uuid4()}, {"prompt": "poison"}], ids=str)
async def test_an_id_that_the_first_message_did_not_take_is_left_to_the_second(
    fault: dict[str, object],
) -> None:
    store, second = Counting([USER], []), prompt()
    first = second.model_copy(update=fault)

    fates = await DrainSpool(store)(bodies(first, second))
    again = await DrainSpool(store)({"1": body(second)})

    assert fates["1"] not in DONE
    assert again == {"1": "stored"}
    assert list(store.rows) == [second.id]


async def test_an_outage_leaves_every_message_in_the_queue() -> None:
    store = a_store()
    store.reachable = False

    fates = await DrainSpool(store)(bodies(prompt(), prompt()))

    assert set(fates.values()) == {"unavailable"}


async def test_nothing_waits_for_a_prompt_that_was_dropped() -> None:
    store, sent = a_store(), prompt(uuid4())
    await store.update_prompt_log_outcome(sent.id, Outcome(was_successful=True, workflow_type="x"))

    await DrainSpool(store)(bodies(sent))

    assert store.held == {}


async def test_an_empty_batch_is_no_fault() -> None:
    assert await DrainSpool(a_store())({}) == {}
