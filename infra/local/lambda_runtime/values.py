"""What a function is, what it is asked and what comes back."""

import json
from asyncio import Future
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ACCOUNT, REGION = "123456789012", "eu-west-1"
PAYLOAD_LIMIT = 6 * 1024 * 1024


@dataclass(frozen=True)
class FunctionSpec:
    """A function as it is deployed; `folder` holds the handler's module."""

    name: str
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    handler: str = "handler.handler"
    memory_mb: int = 512
    timeout_seconds: float = 10.0
    max_instances: int = 2
    has_url: bool = True

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.name}"


@dataclass(frozen=True)
class Outcome:
    """A result, or with `failed` an error document, as JSON."""

    payload: bytes
    failed: bool = False

    @classmethod
    def error(cls, kind: str, message: str) -> "Outcome":
        """Describe a failure of the function as Lambda does."""
        return cls(json.dumps({"errorType": kind, "errorMessage": message}).encode(), failed=True)

    @property
    def message(self) -> str:
        """Say what failed, without the stack trace."""
        return str(json.loads(self.payload).get("errorMessage", "unknown error"))


@dataclass(frozen=True)
class Invocation:
    """One request on its way through an instance."""

    request_id: str
    payload: bytes
    deadline_ms: int
    outcome: Future[Outcome]
    client_context: str | None = None

    def settle(self, outcome: Outcome) -> None:
        """Set the outcome; the first one counts."""
        if not self.outcome.done():
            self.outcome.set_result(outcome)
