"""Write, or spool, within one deadline; what failed is said, and costs no answer."""

import asyncio
import time
from uuid import UUID, uuid4

import pytest

from prompt_capture.adapters.memory_spool import InMemorySpool
from prompt_capture.adapters.memory_store import InMemoryPromptStore
from prompt_capture.domain.circuit import CircuitBreaker
from prompt_capture.domain.errors import (
    CaptureConflict,
    PromptRefused,
    StoreUnavailable,
    UnknownUser,
)
from prompt_capture.domain.log_ids import new_log_id
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.spool import SpooledPrompt
from prompt_capture.workflows.capture import WriteFirst

USER = uuid4()


class Hanging(InMemoryPromptStore):
    """A store that never answers."""

    async def log_prompt(self, prompt: CapturedPrompt) -> CapturedPrompt:
        await asyncio.Event().wait()
        return prompt


class Slow(InMemoryPromptStore):
    """A store that answers when the spool was asked as well."""

    def __init__(self, users: list[UUID], intents: list[str]) -> None:
        super().__init__(users, intents)
        self.spool = AskedSpool()

    async def log_prompt(self, prompt: CapturedPrompt) -> CapturedPrompt:
        await self.spool.asked.wait()
        return await super().log_prompt(prompt)


class Broken(InMemoryPromptStore):
    """A store that fails as nobody foresaw."""

    async def log_prompt(self, prompt: CapturedPrompt) -> CapturedPrompt:
        raise RuntimeError(f"the row was: {prompt.prompt}")


class Counting(Hanging):
    """One that never answers, and counts what it is asked."""

    writes = 0

    async def log_prompt(self, prompt: CapturedPrompt) -> CapturedPrompt:
        self.writes += 1
        return await super().log_prompt(prompt)


class FailingOnce(InMemoryPromptStore):
    """A store with a bad moment."""

    has_failed = False

    async def log_prompt(self, prompt: CapturedPrompt) -> CapturedPrompt:
        if not self.has_failed:
            self.has_failed = True
            raise StoreUnavailable("The store did not answer (ReadError).")
        return await super().log_prompt(prompt)


class Refusing(InMemoryPromptStore):
    """A store that takes no row, and answers at once."""

    async def log_prompt(self, prompt: CapturedPrompt) -> CapturedPrompt:
        raise PromptRefused("The store takes no such row (code 23514).")


class HangingSpool(InMemorySpool):
    """A queue that never answers."""

    async def put(self, prompt: SpooledPrompt) -> None:
        await asyncio.Event().wait()


class AskedSpool(HangingSpool):
    """One that tells that it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()

    async def put(self, prompt: SpooledPrompt) -> None:
        self.asked.set()
        await super().put(prompt)


class SlowSpool(InMemorySpool):
    """One that takes a little more than its head start."""

    async def put(self, prompt: SpooledPrompt) -> None:
        await asyncio.sleep(0.11)
        await super().put(prompt)


class TellingSpool(InMemorySpool):
    """One that takes what it is asked to, and has a store answer only afterwards."""

    def __init__(self, told: AskedSpool) -> None:
        super().__init__()
        self._told = told

    async def put(self, prompt: SpooledPrompt) -> None:
        await super().put(prompt)
        asyncio.get_running_loop().call_later(0.02, self._told.asked.set)


def prompt(user_id: UUID = USER, text: str = "move it") -> CapturedPrompt:
    return CapturedPrompt(
        id=new_log_id(),
        user_id=user_id,
        prompt=text,
        predicted_intent="reschedule",
        confidence=0.9,
        source="model",
        model_version="test-1",
    )


def a_store(kind: type[InMemoryPromptStore] = InMemoryPromptStore) -> InMemoryPromptStore:
    return kind([USER], ["reschedule"])


async def test_what_can_be_written_is_stored_and_not_spooled() -> None:
    store, spool = a_store(), InMemorySpool()
    sent = prompt()

    capture = await WriteFirst(store, spool)(sent)

    assert (capture.captured, capture.reason) == ("stored", None)
    assert store.rows[sent.id].captured == sent
    assert spool.waiting == []
    assert capture.seconds.keys() == {"write"}


@pytest.mark.parametrize(
    ("kind", "reason"),
    [(Hanging, "too_slow"), (Broken, "unavailable"), (Refusing, "refused")],
)
async def test_what_cannot_be_written_is_spooled_with_the_reason(
    kind: type[InMemoryPromptStore], reason: str
) -> None:
    spool, sent = InMemorySpool(), prompt()

    capture = await WriteFirst(a_store(kind), spool, timeout=0.1)(sent)

    assert (capture.captured, capture.reason) == ("spooled", reason)
    assert [waiting.prompt for waiting in spool.waiting] == [sent]
    assert spool.waiting[0].reason == reason


async def test_a_hanging_write_leaves_time_for_the_spool_and_both_end_in_time() -> None:
    started = time.monotonic()

    capture = await WriteFirst(a_store(Hanging), HangingSpool(), timeout=0.2)(prompt())

    assert (capture.captured, capture.reason) == ("lost", "too_slow")
    assert capture.seconds["write"] > capture.seconds["spool"] > 0.03
    assert time.monotonic() - started < 10


async def test_a_slow_write_is_not_given_up_for_a_spool_that_is_slower() -> None:
    store = Slow([USER], ["reschedule"])

    capture = await WriteFirst(store, store.spool, timeout=0.5)(prompt())

    assert (capture.captured, capture.reason) == ("stored", None)
    assert capture.seconds.keys() == {"write", "spool"}


async def test_a_write_that_the_spool_overtakes_speaks_against_the_store() -> None:
    circuit = CircuitBreaker(failures=1, seconds=60)

    capture = await WriteFirst(a_store(Hanging), InMemorySpool(), 0.1, circuit)(prompt())

    assert (capture.captured, capture.reason) == ("spooled", "too_slow")
    assert not circuit.allows_an_attempt()


async def test_a_write_that_failed_is_tried_again_beside_a_spool_that_is_slow() -> None:
    store, sent = a_store(FailingOnce), prompt()

    capture = await WriteFirst(store, HangingSpool(), timeout=0.5)(sent)

    assert (capture.captured, capture.reason) == ("stored", None)
    assert store.rows[sent.id].captured == sent


async def test_a_write_that_hangs_is_not_begun_twice() -> None:
    store = Counting([USER], ["reschedule"])

    assert (await WriteFirst(store, HangingSpool(), timeout=0.3)(prompt())).captured == "lost"
    assert store.writes == 1


async def test_a_write_that_had_hardly_begun_says_nothing_of_the_store() -> None:
    now = [0.0]
    circuit = CircuitBreaker(failures=1, seconds=5, clock=lambda: now[0])
    circuit.failed()
    now[0] = 4.0
    capture = WriteFirst(a_store(Hanging), SlowSpool(), 0.3, circuit)

    assert (await capture(prompt())).captured == "spooled"
    now[0] = 5.0

    assert circuit.allows_an_attempt()


async def test_while_the_circuit_is_open_an_attempt_may_take_longer_than_the_spool() -> None:
    now = [0.0]
    circuit = CircuitBreaker(failures=1, seconds=5, clock=lambda: now[0])
    store = Slow([USER], ["reschedule"])
    spool = TellingSpool(store.spool)
    capture = WriteFirst(store, spool, 0.5, circuit)
    circuit.failed()
    now[0] = 5.0

    assert (await capture(prompt())).captured == "stored"
    assert not circuit.is_open
    assert len(spool.waiting) == 1


async def test_an_attempt_that_fails_while_the_circuit_is_open_is_spooled() -> None:
    now = [0.0]
    circuit = CircuitBreaker(failures=1, seconds=5, clock=lambda: now[0])
    circuit.failed()
    now[0] = 5.0

    spooled = await WriteFirst(a_store(Hanging), InMemorySpool(), 0.1, circuit)(prompt())

    assert (spooled.captured, spooled.reason) == ("spooled", "too_slow")
    assert circuit.is_open


async def test_what_the_caller_must_know_is_raised_however_late_it_is_known() -> None:
    store = Slow([USER], ["reschedule"])

    with pytest.raises(UnknownUser):
        await WriteFirst(store, store.spool, timeout=0.5)(prompt(uuid4()))


async def test_nothing_is_left_running_behind_an_answer() -> None:
    before, slow = asyncio.all_tasks(), Slow([USER], ["reschedule"])

    await WriteFirst(a_store(Hanging), InMemorySpool(), timeout=0.1)(prompt())
    await WriteFirst(slow, slow.spool, timeout=0.5)(prompt())

    assert asyncio.all_tasks() == before


async def test_no_more_is_used_than_the_invocation_has_left() -> None:
    started = time.monotonic()

    capture = await WriteFirst(a_store(Hanging), HangingSpool(), timeout=30)(prompt(), 0.05)

    assert capture.captured == "lost"
    assert time.monotonic() - started < 10


async def test_an_invocation_without_time_answers_at_once() -> None:
    capture = await WriteFirst(a_store(), InMemorySpool())(prompt(), -1.0)

    assert capture.captured in {"stored", "spooled", "lost"}


@pytest.mark.parametrize("spool", [None, InMemorySpool()])
async def test_what_is_neither_written_nor_spooled_is_lost_and_logged_without_its_text(
    spool: InMemorySpool | None, caplog: pytest.LogCaptureFixture
) -> None:
    if spool:
        spool.reachable = False
    sent = prompt(text="my secret")

    capture = await WriteFirst(a_store(Broken), spool)(sent)

    assert capture.captured == "lost"
    (lost,) = [record for record in caplog.records if record.message == "A prompt was lost."]
    assert lost.levelname == "ERROR"
    assert "secret" not in str([record.__dict__ for record in caplog.records])


async def test_what_the_caller_must_know_is_raised() -> None:
    store, sent = a_store(), prompt()
    capture = WriteFirst(store, InMemorySpool())
    await capture(sent)

    with pytest.raises(UnknownUser):
        await capture(prompt(uuid4()))
    with pytest.raises(CaptureConflict):
        await capture(sent.model_copy(update={"prompt": "another"}))


async def test_a_message_on_record_keeps_the_first_prediction() -> None:
    store, sent = a_store(), prompt()
    capture = WriteFirst(store)
    await capture(sent)

    again = await capture(sent.model_copy(update={"predicted_intent": "help", "confidence": 0.1}))

    assert again.prompt.prediction == sent.prediction


async def test_while_the_store_is_down_prompts_are_spooled_at_once() -> None:
    store, spool, now = a_store(), InMemorySpool(), [0.0]
    store.reachable = False
    circuit = CircuitBreaker(failures=2, seconds=5, clock=lambda: now[0])
    capture = WriteFirst(store, spool, circuit=circuit)

    reasons = [(await capture(prompt())).reason for _ in range(3)]
    now[0] = 6.0
    store.reachable = True
    after = [(await capture(prompt())).captured for _ in range(2)]

    assert reasons == ["unavailable", "unavailable", "circuit_open"]
    assert after == ["stored", "stored"]


async def test_without_a_spool_every_prompt_is_tried() -> None:
    store = a_store()
    store.reachable = False
    capture = WriteFirst(store)

    reasons = {(await capture(prompt())).reason for _ in range(9)}

    assert reasons == {"unavailable"}


async def test_a_refused_row_says_nothing_against_the_store() -> None:
    capture = WriteFirst(a_store(Refusing), InMemorySpool())

    reasons = {(await capture(prompt())).reason for _ in range(9)}

    assert reasons == {"refused"}


async def test_an_open_circuit_is_no_reason_to_lose_a_prompt_that_the_spool_does_not_take() -> None:
    circuit = CircuitBreaker(failures=1, seconds=5)
    circuit.failed()
    store, sent = a_store(), prompt()

    capture = await WriteFirst(store, HangingSpool(), circuit=circuit)(sent)

    assert (capture.captured, capture.reason) == ("stored", None)
    assert store.rows[sent.id].captured == sent


def test_an_open_circuit_lets_one_attempt_through_at_a_time() -> None:
    now = [0.0]
    circuit = CircuitBreaker(failures=1, seconds=5, clock=lambda: now[0])
    circuit.failed()

    now[0] = 4.9
    assert not circuit.allows_an_attempt()
    now[0] = 5.0
    assert circuit.allows_an_attempt()
    assert not circuit.allows_an_attempt()
    circuit.failed()
    now[0] = 9.9
    assert not circuit.allows_an_attempt()
    now[0] = 10.0
    assert circuit.allows_an_attempt()
    circuit.succeeded()
    assert circuit.allows_an_attempt()
    assert circuit.allows_an_attempt()
