"""The part of the product that calls us: its backend, its users, and a reviewer."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from infra.local.stack import Stack
from infra.local.users import User
from training.examples import Example

AT_ONCE = 4
EVERY_NTH_BY_TOKEN = 10

T = TypeVar("T")
Advance = Callable[[], None]


@dataclass(frozen=True)
class Answered:
    """A message, what it truly means, and what the function answered."""

    example: Example
    user: User
    answer: dict[str, Any]
    milliseconds: float

    @property
    def is_right(self) -> bool:
        """Whether the first intent is the true one."""
        return bool(self.answer["intent"] == self.example.label)


class Assistant:
    """Calls the functions over HTTP, a few requests at a time."""

    def __init__(self, stack: Stack, users: Sequence[User], reviewer: User) -> None:
        self.stack, self.users, self.reviewer = stack, users, reviewer
        self._http = httpx.Client(timeout=30)
        self._key = {"X-Api-Key": stack.keys.api_key}

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, traffic: Sequence[Example], advance: Advance) -> list[Answered]:
        """Send all messages, most by the backend's key, some by the users' own tokens."""
        return self._side_by_side(self._classify, enumerate(traffic), advance)

    def record_outcomes(self, answered: Sequence[Answered], advance: Advance) -> None:
        """Run a stand-in for the product's workflows: it can only act on the right intent."""
        self._side_by_side(self._record_outcome, answered, advance)

    def correct(self, corrections: dict[str, str], advance: Advance) -> None:
        """Post the reviewer's intent for each log id."""
        self._side_by_side(self._correct, corrections.items(), advance)

    def ask(self, message: str) -> dict[str, Any]:
        """Classify a message without a trace."""
        return self._post(
            self.stack.classify_url, {"message": message, "capture": False}, self._key
        )

    def _classify(self, numbered: tuple[int, Example]) -> Answered:
        number, example = numbered
        user = self.users[number % len(self.users)]
        body: dict[str, Any] = {"message": example.text, "conversation_id": f"demo-{user.email}"}
        if number % EVERY_NTH_BY_TOKEN:
            headers, body["user_id"] = self._key, user.id
        else:
            headers = {"Authorization": f"Bearer {user.access_token}"}
        start = time.perf_counter()
        answer = self._post(self.stack.classify_url, body, headers)
        return Answered(example, user, answer, (time.perf_counter() - start) * 1000)

    def _record_outcome(self, answered: Answered) -> None:
        outcome = {
            "log_id": answered.answer["log_id"],
            "was_successful": answered.is_right,
            "workflow_type": answered.answer["intent"],
        }
        if not answered.is_right:
            outcome["execution_error"] = "The workflow found nothing to act on."
        self._post(self.stack.outcomes_url, outcome, self._key)

    def _correct(self, correction: tuple[str, str]) -> None:
        log_id, intent = correction
        token = {"Authorization": f"Bearer {self.reviewer.access_token}"}
        body = {"log_id": log_id, "corrected_intent": intent}
        self._post(self.stack.corrections_url, body, token)

    def _post(self, url: str, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
        answer = self._http.post(url, json=body, headers=headers).raise_for_status()
        content: dict[str, Any] = answer.json()
        return content

    @staticmethod
    def _side_by_side(work: Callable[[Any], T], items: Iterable[Any], advance: Advance) -> list[T]:
        def one(item: Any) -> T:
            result = work(item)
            advance()
            return result

        with ThreadPoolExecutor(AT_ONCE) as threads:
            return list(threads.map(one, items))
