"""Spooled prompts are written once, in few calls, and a faulty message affects no other."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from prompt_capture.domain.changes import Outcome
from prompt_capture.domain.errors import (
    LockConflict,
    PromptRefused,
    RequestAborted,
    StoreUnavailable,
)
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.spool import SpooledPrompt
from prompt_capture.workflows.drain_spool import FINAL_RESULTS, DrainSpool
from tests.fakes.prompt_store import InMemoryPromptStore
from tests.unit.test_capture import USER, make_prompt, make_store


class CountingStore(InMemoryPromptStore):
    """Counts its calls, rejects every prompt `poison`, and raises each of `faults` once.

    A call takes no time, or `slow_seconds` on `clock` if it is aborted.
    """

    calls = 0
    now = 0.0
    slow_seconds = 2.0
    faults: tuple[Exception, ...] = ()

    def clock(self) -> float:
        return self.now

    async def log_prompts(self, prompts: Sequence[CapturedPrompt]) -> frozenset[UUID]:
        self.calls += 1
        if self.faults:
            fault, *others = self.faults
            self.faults = tuple(others)
            raise fault
        if any(prompt.prompt in self.slow_texts for prompt in prompts):
            self.now += self.slow_seconds
        if any(prompt.prompt == "poison" for prompt in prompts):
            raise PromptRefused("The store rejected the row (code 23514).")
        return await super().log_prompts(prompts)


def body(sent: CapturedPrompt) -> str:
    spooled = SpooledPrompt(spooled_at=datetime.now(UTC), reason="too_slow", prompt=sent)
    return spooled.model_dump_json()


def bodies(*sent: CapturedPrompt) -> dict[str, str]:
    return {str(number): body(one) for number, one in enumerate(sent)}


async def test_a_batch_is_written_in_one_call() -> None:
    store = CountingStore([USER], [])
    sent = [make_prompt(text=str(number)) for number in range(50)]

    results = await DrainSpool(store)(bodies(*sent))

    assert set(results.values()) == {"stored"}
    assert len(results) == len(store.rows) == 50
    assert store.calls == 1


async def test_a_repeated_batch_changes_nothing() -> None:
    store = make_store()
    drain, sent = DrainSpool(store), bodies(make_prompt(), make_prompt())

    first, again, third = [await drain(sent) for _ in range(3)]

    assert first == again == third
    assert len(store.rows) == 2


async def test_each_message_has_its_own_result_and_a_faulty_one_affects_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = CountingStore([USER], [])
    recorded = make_prompt(text="first")
    await store.log_prompt(recorded)
    sent = {
        "good": body(make_prompt()),
        "recorded": body(recorded),
        "unknown user": body(make_prompt(uuid4())),
        "poison": body(make_prompt(text="poison")),
        "conflict": body(recorded.model_copy(update={"prompt": "second"})),
        "not JSON": "{my secret",
        "not a prompt": '{"version": 1}',
        "also good": body(make_prompt()),
    }

    results = await DrainSpool(store)(sent)

    assert results == {
        "good": "stored",
        "recorded": "stored",
        "unknown user": "dropped",
        "poison": "refused",
        "conflict": "rekeyed",
        "not JSON": "unreadable",
        "not a prompt": "unreadable",
        "also good": "stored",
    }
    assert {name for name, result in results.items() if result in FINAL_RESULTS} == {
        "good", "recorded", "unknown user", "conflict", "also good",
    }  # fmt: skip
    assert "secret" not in caplog.text


async def test_two_messages_with_one_id_are_both_stored_once_after_repeated_deliveries() -> None:
    store, sent = make_store(), make_prompt()
    other = sent.model_copy(update={"prompt": "another"})

    for _ in range(3):
        results = await DrainSpool(store)(bodies(sent, sent, other, other))

    assert results == {"0": "stored", "1": "stored", "2": "rekeyed", "3": "rekeyed"}
    assert [row.captured.prompt for row in store.rows.values()] == ["move it", "another"]
    assert store.rows[sent.id].captured == sent


async def test_a_spooled_message_whose_key_was_reused_meanwhile_is_rekeyed() -> None:
    store, spooled = make_store(), make_prompt()
    meanwhile = spooled.model_copy(update={"prompt": "sent under the same key"})
    await store.log_prompt(meanwhile)

    results = await DrainSpool(store)(bodies(spooled))

    assert results == {"0": "rekeyed"}
    assert store.rows.pop(meanwhile.id).captured == meanwhile
    (row,) = store.rows.values()
    assert row.captured == spooled.model_copy(update={"id": row.captured.id})


@pytest.mark.parametrize("fault", [{"user_id": UUID(int=1)}, {"prompt": "poison"}], ids=str)
async def test_an_id_whose_first_message_is_faulty_is_free_for_the_second(
    fault: dict[str, object],
) -> None:
    store, second = CountingStore([USER], []), make_prompt()
    first = second.model_copy(update=fault)

    results = await DrainSpool(store)(bodies(first, second))
    again = await DrainSpool(store)({"1": body(second)})

    assert results["1"] not in FINAL_RESULTS
    assert again == {"1": "stored"}
    assert list(store.rows) == [second.id]


async def test_an_outage_leaves_every_message_in_the_queue() -> None:
    store = make_store()
    store.is_reachable = False

    results = await DrainSpool(store)(bodies(make_prompt(), make_prompt()))

    assert set(results.values()) == {"unavailable"}


async def test_an_outage_is_met_once_however_many_parts_of_the_batch_are_left() -> None:
    store = CountingStore([USER], [])
    store.faults = (RequestAborted("too long"), StoreUnavailable("no connection"))

    results = await DrainSpool(store)(bodies(*(make_prompt() for _ in range(30))))

    assert set(results.values()) == {"unavailable"}
    assert store.calls == 2


def slow_store(*slow_texts: str) -> CountingStore:
    store = CountingStore([USER], [])
    store.slow_texts = set(slow_texts)
    return store


async def test_messages_that_take_too_long_are_the_only_ones_that_are_delivered_again() -> None:
    store = slow_store("slow")
    sent = bodies(
        *(make_prompt(text="slow" if number % 12 == 0 else "quick") for number in range(30))
    )

    results = await DrainSpool(store, clock=store.clock)(sent)

    assert Counter(results.values()) == {"stored": 27, "unavailable": 3}
    assert store.now == (1 + 3) * store.slow_seconds


async def test_divided_batches_end_within_the_budget_and_a_few_deliveries_write_the_rest() -> None:
    store = slow_store("slow")
    prompts = [make_prompt(text="slow" if number < 40 else "quick") for number in range(100)]
    waiting, deliveries = bodies(*prompts), 0

    while len(store.rows) < 60:
        started_at = store.now
        results = await DrainSpool(store, budget_seconds=10, clock=store.clock)(waiting)
        assert store.now - started_at <= 10 + store.slow_seconds
        waiting = {key: sent for key, sent in waiting.items() if results[key] == "unavailable"}
        deliveries += 1
        assert deliveries < 480, "The queue delivers a message no more often in a day."

    assert all(row.captured.prompt == "quick" for row in store.rows.values())


async def test_a_batch_that_met_a_lock_is_written_by_a_second_call() -> None:
    store = CountingStore([USER], [])
    store.faults = (LockConflict("deadlock"),)

    results = await DrainSpool(store)(bodies(make_prompt(), make_prompt()))

    assert set(results.values()) == {"stored"}
    assert store.calls == 2


async def test_a_message_whose_lock_stays_taken_is_delivered_again_alone() -> None:
    class LockedStore(InMemoryPromptStore):
        async def log_prompts(self, prompts: Sequence[CapturedPrompt]) -> frozenset[UUID]:
            if any(prompt.prompt == "locked" for prompt in prompts):
                raise LockConflict("an erasure is under way")
            return await super().log_prompts(prompts)

    store = LockedStore([USER], [])

    results = await DrainSpool(store)(bodies(make_prompt(), make_prompt(text="locked")))

    assert results == {"0": "stored", "1": "unavailable"}


async def test_deferred_changes_of_a_dropped_prompt_are_discarded() -> None:
    store, sent = make_store(), make_prompt(uuid4())
    await store.update_prompt_log_outcome(sent.id, Outcome(was_successful=True, workflow_type="x"))

    await DrainSpool(store)(bodies(sent))

    assert store.deferred_changes == {}


async def test_an_empty_batch_has_no_results() -> None:
    assert await DrainSpool(make_store())({}) == {}
