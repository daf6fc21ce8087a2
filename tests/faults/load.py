"""Messages sent while something is wrong, and the account of them afterwards."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import count, islice, product
from uuid import uuid4

import psycopg

from infra.local import variables
from infra.local.stack import Stack
from prompt_capture.client import AsyncCaptureClient, Classification, Timeouts

AT_ONCE = 2
"""As many as there are instances, so that nobody waits for one."""

_TEMPLATES = (
    "remind me to call {}",
    "move my meeting with {} to friday",
    "add {} to my list",
    "what did {} send me?",
    "hello {}",
)
_SYLLABLES = ("ba", "ke", "lo", "mi", "nu", "ra", "so", "te", "vi", "zu")
_PATIENCE = Timeouts(deadline=60, attempt=30)

Breakage = Callable[[Stack], AbstractContextManager[object]]


def messages(number: int) -> list[str]:
    """Make different messages, without digits, which redaction might take for something."""
    return list(islice(_messages(), number))


def _messages() -> Iterator[str]:
    for length in count(2):
        for number, parts in enumerate(product(_SYLLABLES, repeat=length)):
            yield _TEMPLATES[number % len(_TEMPLATES)].format("".join(parts))


@dataclass(frozen=True)
class Answered:
    """A message, what was answered, and after how many seconds."""

    message: str
    answer: Classification
    seconds: float


@dataclass(frozen=True)
class Account:
    """What became of a load, in messages."""

    answered: int
    stored: int
    spooled: int
    writing: int
    said_lost: int
    unanswered: int
    lost: int
    duplicated: int
    wrong: int
    late: int
    """Answers that took longer than the slowest without capture, and the deadline."""
    p50: float
    slowest: float

    @property
    def is_clean(self) -> bool:
        """Whether each message was answered rightly and is on record once."""
        return not (self.said_lost or self.unanswered or self.lost or self.duplicated or self.wrong)


class Load:
    """Sends messages, each time of a new user; `expected` is what they mean while all is well.

    A straggler of an earlier load is therefore not counted in a later one.
    """

    def __init__(self, stack: Stack, number: int, deadline: float) -> None:
        self._stack, self.user_id = stack, str(uuid4())
        self.messages = messages(number)
        self._deadline = deadline
        self.warm_up()
        sent = asyncio.run(self._without_capture(self.messages))
        self._slowest_without = max(one.seconds for one in sent)
        self.expected = {one.message: one.answer.intent for one in sent}

    def warm_up(self) -> None:
        """Have as many instances ready as there are senders, so that no start is measured."""
        asyncio.run(self._without_capture(self.messages[: 4 * AT_ONCE]))

    async def _without_capture(self, texts: Sequence[str]) -> list[Answered]:
        async with self._client() as client:
            return await self._side_by_side(client, texts, lambda done: None, capture=False)

    def run(self, breakage: Breakage, report: Callable[[int], None] = lambda done: None) -> Account:
        """Send everything, the middle half while something is broken, and account for it."""
        self.change_user()
        sent = asyncio.run(self._send(breakage, report))
        wait_until_drained(self._stack)
        return self._account(sent)

    def change_user(self) -> None:
        """Send as somebody new from now on."""
        self.user_id = self._stack.create_user(f"{uuid4()}@example.com").id

    def classify(self, message: str) -> Classification:
        """Send one message."""

        async def send() -> Classification:
            async with self._client() as client:
                return await client.classify(message, user_id=self.user_id)

        return asyncio.run(send())

    async def _send(self, breakage: Breakage, report: Callable[[int], None]) -> list[Answered]:
        quarter = len(self.messages) // 4
        first, last = self.messages[:quarter], self.messages[-quarter:]
        async with self._client() as client:
            sent = await self._side_by_side(client, first, report)
            broken = breakage(self._stack)
            # Entered while messages are under way, so that it hits some of them.
            middle = asyncio.create_task(
                self._side_by_side(client, self.messages[quarter:-quarter], report)
            )
            await asyncio.to_thread(broken.__enter__)
            sent += await middle
            await asyncio.to_thread(broken.__exit__, None, None, None)
            return sent + await self._side_by_side(client, last, report)

    async def _side_by_side(
        self,
        client: AsyncCaptureClient,
        texts: Sequence[str],
        report: Callable[[int], None],
        capture: bool = True,
    ) -> list[Answered]:
        waiting, answered = iter(texts), []

        async def sender() -> None:
            for text in waiting:
                began = time.perf_counter()
                answer = await client.classify(text, user_id=self.user_id, capture=capture)
                answered.append(Answered(text, answer, time.perf_counter() - began))
                report(1)

        await asyncio.gather(*(sender() for _ in range(AT_ONCE)))
        return answered

    def _client(self) -> AsyncCaptureClient:
        return AsyncCaptureClient.from_env(variables.of(self._stack), patience=_PATIENCE)

    def _account(self, sent: Sequence[Answered]) -> Account:
        said = Counter(one.answer.captured for one in sent)
        kept = [one for one in sent if one.answer.captured in {"stored", "spooled", "writing"}]
        rows = self._settled({one.message for one in kept})
        copies = Counter(prompt for _, prompt, _ in rows)
        ids = {prompt: (log_id, intent) for log_id, prompt, intent in rows}
        seconds = sorted(one.seconds for one in sent)
        return Account(
            answered=len(sent) - said["unanswered"],
            stored=said["stored"],
            spooled=said["spooled"],
            writing=said["writing"],
            said_lost=said["lost"],
            unanswered=said["unanswered"],
            lost=sum(one.message not in copies for one in kept),
            duplicated=sum(number - 1 for number in copies.values()),
            late=sum(each > self._slowest_without + self._deadline for each in seconds),
            wrong=sum(self._is_wrong(one, ids.get(one.message)) for one in sent),
            p50=seconds[len(seconds) // 2],
            slowest=seconds[-1],
        )

    def _settled(self, kept: set[str], seconds: float = 3) -> list[tuple[str, str, str]]:
        """Read the table when all is there, or nothing more has come for a while."""
        gives_up = time.monotonic() + seconds
        while True:
            rows = read_rows(self._stack, self.user_id)
            is_there = kept <= {prompt for _, prompt, _ in rows}
            if is_there or time.monotonic() > gives_up:
                return rows
            time.sleep(0.1)

    def _is_wrong(self, one: Answered, row: tuple[str, str] | None) -> bool:
        if one.answer.intent != self.expected[one.message]:
            return True
        return row is not None and row != (str(one.answer.log_id), one.answer.intent)


def read_rows(stack: Stack, user_id: str) -> list[tuple[str, str, str]]:
    """Read what is on record of a user: id, prompt and intent."""
    query = "select id::text, prompt, predicted_intent from public.nlu_prompt_logs"
    with psycopg.connect(stack.postgres_admin_dsn) as connection:
        return connection.execute(f"{query} where user_id = %s".encode(), [user_id]).fetchall()


def wait_until_drained(stack: Stack, seconds: float = 120) -> None:
    """Return when the spool is empty, and nothing that was received from it is still held.

    Raises `TimeoutError` when it got no emptier for so many seconds.
    """
    client = stack.sqs_client()
    fewest, gives_up = None, 0.0
    while left := waiting(client, stack.spool_url):
        if fewest is None or left < fewest:
            fewest, gives_up = left, time.monotonic() + seconds
        elif time.monotonic() > gives_up:
            raise TimeoutError("The spool was not drained.")
        time.sleep(0.1)


def waiting(client: object, url: str) -> int:
    """Count a queue's messages, those in somebody's hands included."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = client.get_queue_attributes(QueueUrl=url, AttributeNames=names)  # type: ignore[attr-defined]
    return sum(int(answer["Attributes"][name]) for name in names)
