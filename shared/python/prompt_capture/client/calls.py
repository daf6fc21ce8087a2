"""The requests that a client sends, and to whom."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID, uuid4

from prompt_capture.client.exchange import Call


@dataclass(frozen=True)
class Service:
    """Where the service's functions are, and the key that a backend calls them with.

    Without a key, calls need a user's token, and outcomes cannot be recorded.
    """

    classify_url: str
    outcomes_url: str
    corrections_url: str
    api_key: str | None = field(default=None, repr=False)

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read CLASSIFY_URL, OUTCOMES_URL and CORRECTIONS_URL, and API_KEY where it is set."""
        return cls(
            environment["CLASSIFY_URL"],
            environment["OUTCOMES_URL"],
            environment["CORRECTIONS_URL"],
            environment.get("API_KEY") or None,
        )

    def classify(
        self,
        message: str,
        *,
        user_id: UUID | str | None,
        token: str | None,
        idempotency_key: str | None,
        **more: Any,
    ) -> Call:
        """Ask what a message means; a retry under the same key captures nothing twice."""
        key = {"Idempotency-Key": idempotency_key or str(uuid4())}
        body = {"message": message, "user_id": user_id, **more}
        return self._call(self.classify_url, body, self._caller(token) | key)

    def outcome(
        self, log_id: UUID, was_successful: bool, workflow_type: str, execution_error: str | None
    ) -> Call:
        """Tell how a workflow ended."""
        body = {
            "log_id": log_id,
            "was_successful": was_successful,
            "workflow_type": workflow_type,
            "execution_error": execution_error,
        }
        return self._call(self.outcomes_url, body, self._caller(None))

    def correction(
        self, log_id: UUID | str, intent: str, *, token: str | None, **more: Any
    ) -> Call:
        """Tell what a reviewer says that a message meant."""
        body = {"log_id": log_id, "corrected_intent": intent, **more}
        return self._call(self.corrections_url, body, self._caller(token))

    def _caller(self, token: str | None) -> dict[str, str]:
        # Not `Authorization`, which belongs to AWS where a Function URL asks for its signature.
        if token is not None:
            return {"X-User-Token": token}
        return {"X-Api-Key": self.api_key} if self.api_key else {}

    @staticmethod
    def _call(url: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Call:
        given = {name: _plain(value) for name, value in body.items() if value is not None}
        # Escaped, so that there is no text that cannot be encoded.
        content = json.dumps(given).encode("ascii")
        return Call(url, content, {"Content-Type": "application/json", **headers})


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value
