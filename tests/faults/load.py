"""Sends messages during a fault and reports what became of them."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import count, islice, product
from uuid import uuid4

import psycopg

from infra.local import stack_env
from infra.local.stack import Stack
from prompt_capture.client import AsyncCaptureClient, Classification, Timeouts

CONCURRENCY = 2
"""The number of senders: one for each instance, so that no message waits for an instance."""

_TEMPLATES = (
    "remind me to call {}",
    "move my meeting with {} to friday",
    "add {} to my list",
    "what did {} send me?",
    "hello {}",
)
_SYLLABLES = ("ba", "ke", "lo", "mi", "nu", "ra", "so", "te", "vi", "zu")
_TIMEOUTS = Timeouts(deadline=60, attempt=30)

FaultScenario = Callable[[Stack], AbstractContextManager[object]]
"""A context manager for a stack; the fault is active inside the block."""

OnProgress = Callable[[int], None]


def generate_messages(number: int) -> list[str]:
    """Return distinct messages without digits, so that redaction does not change them."""
    return list(islice(_messages(), number))


def _messages() -> Iterator[str]:
    for length in count(2):
        for number, syllables in enumerate(product(_SYLLABLES, repeat=length)):
            yield _TEMPLATES[number % len(_TEMPLATES)].format("".join(syllables))


@dataclass(frozen=True)
class TimedResponse:
    """A message, its response and the response time in seconds."""

    message: str
    response: Classification
    seconds: float


@dataclass(frozen=True)
class DeliveryReport:
    """Counts of messages by what became of them, and response times in seconds.

    - `answered`: the client received a response; otherwise `no_response`.
    - `stored`, `spooled`, `writing`, `reported_lost`: the capture result in the response.
    - `lost`: reported as captured, but not in the table.
    - `duplicated`: additional rows of a message.
    - `wrong`: the intent is not the expected one, or the row differs from the response.
    - `late`: slower than the slowest response without capture plus the deadline.
    """

    answered: int
    stored: int
    spooled: int
    writing: int
    reported_lost: int
    no_response: int
    lost: int
    duplicated: int
    wrong: int
    late: int
    p50: float
    slowest: float

    @property
    def is_clean(self) -> bool:
        """Whether every message has the correct response and exactly one row."""
        return not (
            self.reported_lost or self.no_response or self.lost or self.duplicated or self.wrong
        )


class MessageLoad:
    """Sends a fixed list of messages to a stack, with a new user for each run.

    Because of the new user, a message that arrives after the end of its run does not count in a
    later one. `expected` maps each message to its intent on the healthy stack.
    """

    def __init__(self, stack: Stack, number: int, deadline: float) -> None:
        self._stack, self.user_id = stack, str(uuid4())
        self.messages = generate_messages(number)
        self._deadline = deadline
        self.warm_up()
        sent = asyncio.run(self._send_without_capture(self.messages))
        self._slowest_without_capture = max(entry.seconds for entry in sent)
        self.expected = {entry.message: entry.response.intent for entry in sent}

    def warm_up(self) -> None:
        """Start an instance for each sender, so that no measurement includes a cold start."""
        asyncio.run(self._send_without_capture(self.messages[: 4 * CONCURRENCY]))

    async def _send_without_capture(self, messages: Sequence[str]) -> list[TimedResponse]:
        async with self._client() as client:
            return await self._send_concurrently(client, messages, lambda done: None, capture=False)

    def run(
        self, scenario: FaultScenario, on_progress: OnProgress = lambda done: None
    ) -> DeliveryReport:
        """Send all messages and report; the fault is active during the middle half."""
        self.change_user()
        sent = asyncio.run(self._send(scenario, on_progress))
        wait_until_drained(self._stack)
        return self._report(sent)

    def change_user(self) -> None:
        """Create a new user and send as that user from now on."""
        self.user_id = self._stack.create_user(f"{uuid4()}@example.com").id

    def classify(self, message: str) -> Classification:
        """Send one message."""

        async def send() -> Classification:
            async with self._client() as client:
                return await client.classify(message, user_id=self.user_id)

        return asyncio.run(send())

    async def _send(self, scenario: FaultScenario, on_progress: OnProgress) -> list[TimedResponse]:
        quarter = len(self.messages) // 4
        first, last = self.messages[:quarter], self.messages[-quarter:]
        async with self._client() as client:
            sent = await self._send_concurrently(client, first, on_progress)
            fault = scenario(self._stack)
            # The fault starts while messages are in flight, and affects all that follow.
            in_flight = asyncio.create_task(
                self._send_concurrently(client, self.messages[quarter : 2 * quarter], on_progress)
            )
            await asyncio.to_thread(fault.__enter__)
            sent += await in_flight
            middle = self.messages[2 * quarter : -quarter]
            sent += await self._send_concurrently(client, middle, on_progress)
            await asyncio.to_thread(fault.__exit__, None, None, None)
            return sent + await self._send_concurrently(client, last, on_progress)

    async def _send_concurrently(
        self,
        client: AsyncCaptureClient,
        messages: Sequence[str],
        on_progress: OnProgress,
        capture: bool = True,
    ) -> list[TimedResponse]:
        remaining, sent = iter(messages), []

        async def sender() -> None:
            for message in remaining:
                started = time.perf_counter()
                response = await client.classify(message, user_id=self.user_id, capture=capture)
                sent.append(TimedResponse(message, response, time.perf_counter() - started))
                on_progress(1)

        await asyncio.gather(*(sender() for _ in range(CONCURRENCY)))
        return sent

    def _client(self) -> AsyncCaptureClient:
        return AsyncCaptureClient.from_env(stack_env.variables(self._stack), timeouts=_TIMEOUTS)

    def _report(self, sent: Sequence[TimedResponse]) -> DeliveryReport:
        statuses = Counter(entry.response.captured for entry in sent)
        captured = [
            entry for entry in sent if entry.response.captured in {"stored", "spooled", "writing"}
        ]
        rows = self._wait_for_rows({entry.message for entry in captured})
        copies = Counter(prompt for _, prompt, _ in rows)
        rows_by_prompt = {prompt: (log_id, intent) for log_id, prompt, intent in rows}
        seconds = sorted(entry.seconds for entry in sent)
        limit = self._slowest_without_capture + self._deadline
        return DeliveryReport(
            answered=len(sent) - statuses["no_response"],
            stored=statuses["stored"],
            spooled=statuses["spooled"],
            writing=statuses["writing"],
            reported_lost=statuses["lost"],
            no_response=statuses["no_response"],
            lost=sum(entry.message not in copies for entry in captured),
            duplicated=sum(number - 1 for number in copies.values()),
            late=sum(duration > limit for duration in seconds),
            wrong=sum(self._is_wrong(entry, rows_by_prompt.get(entry.message)) for entry in sent),
            p50=seconds[len(seconds) // 2],
            slowest=seconds[-1],
        )

    def _wait_for_rows(self, expected: set[str], seconds: float = 3) -> list[tuple[str, str, str]]:
        """Return the user's rows when all expected prompts are there, or after the timeout."""
        deadline = time.monotonic() + seconds
        while True:
            rows = read_rows(self._stack, self.user_id)
            is_complete = expected <= {prompt for _, prompt, _ in rows}
            if is_complete or time.monotonic() > deadline:
                return rows
            time.sleep(0.1)

    def _is_wrong(self, entry: TimedResponse, row: tuple[str, str] | None) -> bool:
        if entry.response.intent != self.expected[entry.message]:
            return True
        return row is not None and row != (str(entry.response.log_id), entry.response.intent)


def read_rows(stack: Stack, user_id: str) -> list[tuple[str, str, str]]:
    """Return the id, prompt and intent of each prompt log of a user."""
    query = "select id::text, prompt, predicted_intent from public.nlu_prompt_logs"
    with psycopg.connect(stack.postgres_admin_dsn) as connection:
        return connection.execute(f"{query} where user_id = %s".encode(), [user_id]).fetchall()


def wait_until_drained(stack: Stack, seconds: float = 120) -> None:
    """Return when the spool is empty and has no messages in flight.

    Raises `TimeoutError` if the number of messages does not fall for `seconds`.
    """
    client = stack.sqs_client()
    minimum, deadline = None, 0.0
    while queued := count_queued(client, stack.spool_url):
        if minimum is None or queued < minimum:
            minimum, deadline = queued, time.monotonic() + seconds
        elif time.monotonic() > deadline:
            raise TimeoutError(f"The spool still has {queued} messages.")
        time.sleep(0.1)


def count_queued(client: object, url: str) -> int:
    """Return the number of messages in a queue, including messages in flight."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    response = client.get_queue_attributes(QueueUrl=url, AttributeNames=names)  # type: ignore[attr-defined]
    return sum(int(response["Attributes"][name]) for name in names)
