"""The addresses of the service, and the requests to it."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID, uuid4

from prompt_capture.client.retries import ServiceRequest
from prompt_capture.client.texts import (
    clean_error,
    clean_idempotency_key,
    clean_identifier,
    clean_intents,
    clean_message,
    clean_note,
    clean_workflow_type,
)

_CLEANERS: Mapping[str, Callable[[object], object]] = {
    "message": clean_message,
    "conversation_id": clean_identifier,
    "workflow_type": clean_workflow_type,
    "execution_error": clean_error,
    "notes": clean_note,
    "corrected_secondary_intents": clean_intents,
    "reviewer": clean_identifier,
}


@dataclass(frozen=True)
class Service:
    """The URLs of the service's functions, and the backend's API key.

    Without a key, requests need a user's token, and outcomes cannot be recorded.
    """

    classify_url: str
    outcomes_url: str
    corrections_url: str
    api_key: str | None = field(default=None, repr=False)

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read CLASSIFY_URL, OUTCOMES_URL, CORRECTIONS_URL and, where it is set, API_KEY."""
        return cls(
            environment["CLASSIFY_URL"],
            environment["OUTCOMES_URL"],
            environment["CORRECTIONS_URL"],
            environment.get("API_KEY") or None,
        )

    def classify_request(
        self,
        message: str,
        *,
        user_id: UUID | str | None,
        token: str | None,
        idempotency_key: str | None,
        **fields: Any,
    ) -> ServiceRequest:
        """Create a request to classify a message. Its idempotency key makes retries safe."""
        key = {"Idempotency-Key": clean_idempotency_key(idempotency_key or uuid4())}
        body = {"message": message, "user_id": user_id, **fields}
        return self._request(self.classify_url, body, self._credentials(token) | key)

    def outcome_request(
        self,
        log_id: UUID,
        was_successful: bool,
        workflow_type: str,
        execution_error: str | BaseException | None,
    ) -> ServiceRequest:
        """Create a request to record the outcome of a workflow."""
        body = {
            "log_id": log_id,
            "was_successful": was_successful,
            "workflow_type": workflow_type,
            "execution_error": execution_error,
        }
        return self._request(self.outcomes_url, body, self._credentials(None))

    def correction_request(
        self, log_id: UUID | str, corrected_intent: str, *, token: str | None, **fields: Any
    ) -> ServiceRequest:
        """Create a request to record a reviewer's correction."""
        body = {"log_id": log_id, "corrected_intent": corrected_intent, **fields}
        return self._request(self.corrections_url, body, self._credentials(token))

    def _credentials(self, token: str | None) -> dict[str, str]:
        # A Function URL with AWS_IAM needs the header `Authorization` for its own signature.
        if token is not None:
            return {"X-User-Token": token}
        return {"X-Api-Key": self.api_key} if self.api_key else {}

    @staticmethod
    def _request(url: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> ServiceRequest:
        cleaned = {name: _to_json(name, value) for name, value in body.items()}
        present = {name: value for name, value in cleaned.items() if value is not None}
        # UTF-8 takes a third of the bytes of escaped characters, and a body has a limit.
        content = json.dumps(present, ensure_ascii=False).encode("utf-8", "replace")
        return ServiceRequest(url, content, {"Content-Type": "application/json", **headers})


def _to_json(name: str, value: Any) -> Any:
    if name in _CLEANERS:
        return _CLEANERS[name](value)
    return str(value) if isinstance(value, UUID) else value
