"""The callers of the functions: a backend, its users, and a reviewer."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from infra.local.stack import Stack
from infra.local.users import User
from training.data.examples import Example

CONCURRENCY = 4
USER_TOKEN_INTERVAL = 10
"""Every tenth message is sent with a user's token instead of the backend's API key."""

T = TypeVar("T")
Advance = Callable[[], None]


@dataclass(frozen=True)
class SentMessage:
    """A message with its true label, its user, and the function's response."""

    example: Example
    user: User
    response: dict[str, Any]
    milliseconds: float

    @property
    def is_correct(self) -> bool:
        """Whether the predicted intent is the true label."""
        return bool(self.response["intent"] == self.example.label)


class DemoClient:
    """Calls the functions over HTTP, with a few concurrent requests."""

    def __init__(self, stack: Stack, users: Sequence[User], reviewer: User) -> None:
        self.stack, self.users, self.reviewer = stack, users, reviewer
        self._http = httpx.Client(timeout=30)
        self._api_key = {"X-Api-Key": stack.keys.api_key}

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send_messages(self, traffic: Sequence[Example], advance: Advance) -> list[SentMessage]:
        """Send all messages, most with the backend's API key, some with the users' tokens."""
        return self._run_concurrently(self._classify, enumerate(traffic), advance)

    def record_outcomes(self, sent: Sequence[SentMessage], advance: Advance) -> None:
        """Record the outcomes of simulated workflows, which succeed only on the correct intent."""
        self._run_concurrently(self._record_outcome, sent, advance)

    def submit_corrections(self, corrections: dict[str, str], advance: Advance) -> None:
        """Submit the reviewer's intent for each log id."""
        self._run_concurrently(self._submit_correction, corrections.items(), advance)

    def classify(self, message: str) -> dict[str, Any]:
        """Classify and capture a message of the first user."""
        body = {"message": message, "user_id": self.users[0].id}
        return self._post(self.stack.classify_url, body, self._api_key)

    def classify_without_capture(self, message: str) -> dict[str, Any]:
        """Classify a message that is not captured."""
        return self._post(
            self.stack.classify_url, {"message": message, "capture": False}, self._api_key
        )

    def _classify(self, numbered: tuple[int, Example]) -> SentMessage:
        number, example = numbered
        user = self.users[number % len(self.users)]
        body: dict[str, Any] = {"message": example.text, "conversation_id": f"demo-{user.email}"}
        if number % USER_TOKEN_INTERVAL:
            headers, body["user_id"] = self._api_key, user.id
        else:
            headers = {"Authorization": f"Bearer {user.access_token}"}
        start = time.perf_counter()
        response = self._post(self.stack.classify_url, body, headers)
        return SentMessage(example, user, response, (time.perf_counter() - start) * 1000)

    def _record_outcome(self, message: SentMessage) -> None:
        outcome = {
            "log_id": message.response["log_id"],
            "was_successful": message.is_correct,
            "workflow_type": message.response["intent"],
        }
        if not message.is_correct:
            outcome["execution_error"] = "The workflow found nothing to act on."
        self._post(self.stack.outcomes_url, outcome, self._api_key)

    def _submit_correction(self, correction: tuple[str, str]) -> None:
        log_id, intent = correction
        token = {"Authorization": f"Bearer {self.reviewer.access_token}"}
        body = {"log_id": log_id, "corrected_intent": intent}
        self._post(self.stack.corrections_url, body, token)

    def _post(self, url: str, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
        response = self._http.post(url, json=body, headers=headers).raise_for_status()
        content: dict[str, Any] = response.json()
        return content

    @staticmethod
    def _run_concurrently(
        call: Callable[[Any], T], items: Iterable[Any], advance: Advance
    ) -> list[T]:
        def call_and_advance(item: Any) -> T:
            result = call(item)
            advance()
            return result

        with ThreadPoolExecutor(CONCURRENCY) as threads:
            return list(threads.map(call_and_advance, items))
