"""Function specifications, invocations and invocation results."""

import json
from asyncio import Future
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ACCOUNT_ID = "123456789012"
REGION: Final = "eu-west-1"
PAYLOAD_LIMIT = 6 * 1024 * 1024
"""The maximum size of a request or a response, in bytes."""


@dataclass(frozen=True)
class FunctionSpec:
    """The configuration of a function; `folder` contains the handler's module.

    `layer` contains a folder `python`, whose packages the function can import. The Function URL
    gets the port `url_port`, or a free one if it is 0. `LambdaService.warm` starts an instance
    where `is_warmed` is true.
    """

    name: str
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    handler: str = "handler.handler"
    memory_mb: int = 512
    timeout_seconds: float = 10.0
    max_instances: int = 2
    has_url: bool = True
    url_port: int = 0
    layer: Path | None = None
    is_warmed: bool = True

    @property
    def arn(self) -> str:
        """The ARN that the function's context contains."""
        return f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{self.name}"


@dataclass(frozen=True)
class InvocationResult:
    """The result of a function as JSON; with `failed`, an error document."""

    payload: bytes
    failed: bool = False

    @classmethod
    def error(cls, error_type: str, message: str) -> "InvocationResult":
        """Return a failure in Lambda's error format."""
        document = {"errorType": error_type, "errorMessage": message}
        return cls(json.dumps(document).encode(), failed=True)

    @property
    def error_message(self) -> str:
        """The error message, without the stack trace."""
        return str(json.loads(self.payload).get("errorMessage", "unknown error"))


@dataclass(frozen=True)
class Invocation:
    """One request to an instance."""

    request_id: str
    payload: bytes
    deadline_ms: int
    result: Future[InvocationResult]
    client_context: str | None = None

    def complete(self, result: InvocationResult) -> None:
        """Set the result; does nothing if the invocation already has one."""
        if not self.result.done():
            self.result.set_result(result)
