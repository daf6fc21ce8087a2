"""A prompt is written or spooled within one deadline, and failures are reported."""

import asyncio
import time
from uuid import UUID, uuid4

import pytest

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
from tests.fakes.prompt_store import InMemoryPromptStore
from tests.fakes.spool import InMemorySpool

USER = uuid4()


class HangingStore(InMemoryPromptStore):
    """A store that never responds."""

    async def log_prompt(self, prompt: CapturedPrompt) -> CapturedPrompt:
        await asyncio.Event().wait()
        return prompt


class SlowStore(InMemoryPromptStore):
    """A store that responds once the spool was called too."""

    def __init__(self, users: list[UUID], intents: list[str]) -> None:
        super().__init__(users, intents)
        self.spool = SignallingSpool()

    async def log_prompt(self, prompt: CapturedPrompt) -> CapturedPrompt:
        await self.spool.was_called.wait()
        return await super().log_prompt(prompt)


class BrokenStore(InMemoryPromptStore):
    """A store with an unexpected error."""

    async def log_prompt(self, prompt: CapturedPrompt) -> CapturedPrompt:
        raise RuntimeError(f"the row was: {prompt.prompt}")


class CountingHangingStore(HangingStore):
    """A store that never responds, and counts the writes."""

    writes = 0

    async def log_prompt(self, prompt: CapturedPrompt) -> CapturedPrompt:
        self.writes += 1
        return await super().log_prompt(prompt)


class FailingOnceStore(InMemoryPromptStore):
    """A store whose first write fails."""

    has_failed = False

    async def log_prompt(self, prompt: CapturedPrompt) -> CapturedPrompt:
        if not self.has_failed:
            self.has_failed = True
            raise StoreUnavailable("The store did not respond (ReadError).")
        return await super().log_prompt(prompt)


class RejectingStore(InMemoryPromptStore):
    """A store that rejects every row."""

    async def log_prompt(self, prompt: CapturedPrompt) -> CapturedPrompt:
        raise PromptRefused("The store rejected the row (code 23514).")


class HangingSpool(InMemorySpool):
    """A queue that never responds."""

    async def put(self, prompt: SpooledPrompt) -> None:
        await asyncio.Event().wait()


class SignallingSpool(HangingSpool):
    """A queue that never responds, and signals each call."""

    def __init__(self) -> None:
        super().__init__()
        self.was_called = asyncio.Event()

    async def put(self, prompt: SpooledPrompt) -> None:
        self.was_called.set()
        await super().put(prompt)


class SlowSpool(InMemorySpool):
    """A queue that is slightly slower than the delay before the next attempt."""

    async def put(self, prompt: SpooledPrompt) -> None:
        await asyncio.sleep(0.11)
        await super().put(prompt)


class ReleasingSpool(InMemorySpool):
    """A queue that accepts prompts, and makes a slow store respond afterwards."""

    def __init__(self, store_spool: SignallingSpool) -> None:
        super().__init__()
        self._store_spool = store_spool

    async def put(self, prompt: SpooledPrompt) -> None:
        await super().put(prompt)
        asyncio.get_running_loop().call_later(0.02, self._store_spool.was_called.set)


def make_prompt(user_id: UUID = USER, text: str = "move it") -> CapturedPrompt:
    return CapturedPrompt(
        id=new_log_id(),
        user_id=user_id,
        prompt=text,
        predicted_intent="reschedule",
        confidence=0.9,
        source="model",
        model_version="test-1",
    )


def make_store(kind: type[InMemoryPromptStore] = InMemoryPromptStore) -> InMemoryPromptStore:
    return kind([USER], ["reschedule"])


async def test_a_prompt_that_is_written_is_not_spooled() -> None:
    store, spool = make_store(), InMemorySpool()
    sent = make_prompt()

    capture = await WriteFirst(store, spool)(sent)

    assert (capture.captured, capture.reason) == ("stored", None)
    assert store.rows[sent.id].captured == sent
    assert spool.waiting == []
    assert capture.seconds.keys() == {"write"}


@pytest.mark.parametrize(
    ("kind", "reason"),
    [(HangingStore, "too_slow"), (BrokenStore, "unavailable"), (RejectingStore, "refused")],
)
async def test_a_prompt_that_cannot_be_written_is_spooled_with_the_reason(
    kind: type[InMemoryPromptStore], reason: str
) -> None:
    spool, sent = InMemorySpool(), make_prompt()

    capture = await WriteFirst(make_store(kind), spool, timeout=0.1)(sent)

    assert (capture.captured, capture.reason) == ("spooled", reason)
    assert [waiting.prompt for waiting in spool.waiting] == [sent]
    assert spool.waiting[0].reason == reason


async def test_a_hanging_write_and_a_hanging_spool_end_at_the_deadline() -> None:
    started_at = time.monotonic()

    capture = await WriteFirst(make_store(HangingStore), HangingSpool(), timeout=0.2)(make_prompt())

    assert (capture.captured, capture.reason) == ("lost", "too_slow")
    assert capture.seconds["write"] > capture.seconds["spool"] > 0.03
    assert time.monotonic() - started_at < 10


async def test_a_slow_write_can_succeed_while_the_spool_is_slower() -> None:
    store = SlowStore([USER], ["reschedule"])

    capture = await WriteFirst(store, store.spool, timeout=0.5)(make_prompt())

    assert (capture.captured, capture.reason) == ("stored", None)
    assert capture.seconds.keys() == {"write", "spool"}


async def test_a_write_slower_than_the_spool_counts_as_a_failure_of_the_store() -> None:
    circuit = CircuitBreaker(failure_threshold=1, recovery_seconds=60)

    capture = await WriteFirst(make_store(HangingStore), InMemorySpool(), 0.1, circuit)(
        make_prompt()
    )

    assert (capture.captured, capture.reason) == ("spooled", "too_slow")
    assert not circuit.try_acquire()


async def test_a_failed_write_is_retried_while_the_spool_is_slow() -> None:
    store, sent = make_store(FailingOnceStore), make_prompt()

    capture = await WriteFirst(store, HangingSpool(), timeout=0.5)(sent)

    assert (capture.captured, capture.reason) == ("stored", None)
    assert store.rows[sent.id].captured == sent


async def test_a_write_that_hangs_is_not_repeated() -> None:
    store = CountingHangingStore([USER], ["reschedule"])

    assert (await WriteFirst(store, HangingSpool(), timeout=0.3)(make_prompt())).captured == "lost"
    assert store.writes == 1


async def test_a_write_cancelled_soon_after_its_start_is_no_failure_of_the_store() -> None:
    now = [0.0]
    circuit = CircuitBreaker(failure_threshold=1, recovery_seconds=5, clock=lambda: now[0])
    circuit.record_failure()
    now[0] = 4.0
    capture = WriteFirst(make_store(HangingStore), SlowSpool(), 0.3, circuit)

    assert (await capture(make_prompt())).captured == "spooled"
    now[0] = 5.0

    assert circuit.try_acquire()


async def test_a_trial_write_may_take_longer_than_the_spool() -> None:
    now = [0.0]
    circuit = CircuitBreaker(failure_threshold=1, recovery_seconds=5, clock=lambda: now[0])
    store = SlowStore([USER], ["reschedule"])
    spool = ReleasingSpool(store.spool)
    capture = WriteFirst(store, spool, 0.5, circuit)
    circuit.record_failure()
    now[0] = 5.0

    assert (await capture(make_prompt())).captured == "stored"
    assert not circuit.is_open
    assert len(spool.waiting) == 1


async def test_a_prompt_whose_trial_write_fails_is_spooled() -> None:
    now = [0.0]
    circuit = CircuitBreaker(failure_threshold=1, recovery_seconds=5, clock=lambda: now[0])
    circuit.record_failure()
    now[0] = 5.0

    spooled = await WriteFirst(make_store(HangingStore), InMemorySpool(), 0.1, circuit)(
        make_prompt()
    )

    assert (spooled.captured, spooled.reason) == ("spooled", "too_slow")
    assert circuit.is_open


async def test_an_unknown_user_is_raised_even_after_the_spool_was_called() -> None:
    store = SlowStore([USER], ["reschedule"])

    with pytest.raises(UnknownUser):
        await WriteFirst(store, store.spool, timeout=0.5)(make_prompt(uuid4()))


async def test_no_task_is_left_running_after_a_capture() -> None:
    before, slow = asyncio.all_tasks(), SlowStore([USER], ["reschedule"])

    await WriteFirst(make_store(HangingStore), InMemorySpool(), timeout=0.1)(make_prompt())
    await WriteFirst(slow, slow.spool, timeout=0.5)(make_prompt())

    assert asyncio.all_tasks() == before


async def test_a_capture_takes_no_longer_than_the_invocation_has_left() -> None:
    started_at = time.monotonic()

    capture = await WriteFirst(make_store(HangingStore), HangingSpool(), timeout=30)(
        make_prompt(), 0.05
    )

    assert capture.captured == "lost"
    assert time.monotonic() - started_at < 10


async def test_an_invocation_without_time_left_gets_a_result_at_once() -> None:
    capture = await WriteFirst(make_store(), InMemorySpool())(make_prompt(), -1.0)

    assert capture.captured in {"stored", "spooled", "lost"}


@pytest.mark.parametrize("spool", [None, InMemorySpool()])
async def test_a_lost_prompt_is_logged_without_its_text(
    spool: InMemorySpool | None, caplog: pytest.LogCaptureFixture
) -> None:
    if spool:
        spool.is_reachable = False
    sent = make_prompt(text="my secret")

    capture = await WriteFirst(make_store(BrokenStore), spool)(sent)

    assert capture.captured == "lost"
    (lost,) = [record for record in caplog.records if "Prompt lost" in record.message]
    assert lost.levelname == "ERROR"
    assert "secret" not in str([record.__dict__ for record in caplog.records])


async def test_an_unknown_user_and_an_id_conflict_are_raised() -> None:
    store, sent = make_store(), make_prompt()
    capture = WriteFirst(store, InMemorySpool())
    await capture(sent)

    with pytest.raises(UnknownUser):
        await capture(make_prompt(uuid4()))
    with pytest.raises(CaptureConflict):
        await capture(sent.model_copy(update={"prompt": "another"}))


async def test_a_repeated_message_returns_the_first_prediction() -> None:
    store, sent = make_store(), make_prompt()
    capture = WriteFirst(store)
    await capture(sent)

    again = await capture(sent.model_copy(update={"predicted_intent": "help", "confidence": 0.1}))

    assert again.prompt.prediction == sent.prediction


async def test_during_an_outage_prompts_are_spooled_without_a_write() -> None:
    store, spool, now = make_store(), InMemorySpool(), [0.0]
    store.is_reachable = False
    circuit = CircuitBreaker(failure_threshold=2, recovery_seconds=5, clock=lambda: now[0])
    capture = WriteFirst(store, spool, circuit=circuit)

    reasons = [(await capture(make_prompt())).reason for _ in range(3)]
    now[0] = 6.0
    store.is_reachable = True
    after = [(await capture(make_prompt())).captured for _ in range(2)]

    assert reasons == ["unavailable", "unavailable", "circuit_open"]
    assert after == ["stored", "stored"]


async def test_without_a_spool_every_prompt_is_written() -> None:
    store = make_store()
    store.is_reachable = False
    capture = WriteFirst(store)

    reasons = {(await capture(make_prompt())).reason for _ in range(9)}

    assert reasons == {"unavailable"}


async def test_a_rejected_row_does_not_open_the_circuit() -> None:
    capture = WriteFirst(make_store(RejectingStore), InMemorySpool())

    reasons = {(await capture(make_prompt())).reason for _ in range(9)}

    assert reasons == {"refused"}


async def test_a_prompt_is_written_despite_an_open_circuit_when_the_spool_hangs() -> None:
    circuit = CircuitBreaker(failure_threshold=1, recovery_seconds=5)
    circuit.record_failure()
    store, sent = make_store(), make_prompt()

    capture = await WriteFirst(store, HangingSpool(), circuit=circuit)(sent)

    assert (capture.captured, capture.reason) == ("stored", None)
    assert store.rows[sent.id].captured == sent


def test_an_open_circuit_allows_one_trial_at_a_time() -> None:
    now = [0.0]
    circuit = CircuitBreaker(failure_threshold=1, recovery_seconds=5, clock=lambda: now[0])
    circuit.record_failure()

    now[0] = 4.9
    assert not circuit.try_acquire()
    now[0] = 5.0
    assert circuit.try_acquire()
    assert not circuit.try_acquire()
    circuit.record_failure()
    now[0] = 9.9
    assert not circuit.try_acquire()
    now[0] = 10.0
    assert circuit.try_acquire()
    circuit.record_success()
    assert circuit.try_acquire()
    assert circuit.try_acquire()
