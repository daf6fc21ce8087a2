"""Both clients behind one face, so that the same tests hold both."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

from prompt_capture.client import (
    AsyncCaptureClient,
    CaptureClient,
    Classification,
    Recorded,
    WorkflowRun,
)


class Either(Protocol):
    async def classify(self, *given: Any, **more: Any) -> Classification: ...

    async def correct(self, *given: Any, **more: Any) -> Recorded: ...

    async def record_outcome(self, *given: Any) -> Recorded: ...

    def workflow(self, *given: Any) -> AbstractAsyncContextManager[WorkflowRun]: ...

    async def aclose(self) -> None: ...


class Plain:
    """The plain client as if it were asynchronous; the service runs in a thread of its own."""

    def __init__(self, client: CaptureClient) -> None:
        self._client = client

    async def classify(self, *given: Any, **more: Any) -> Classification:
        return self._client.classify(*given, **more)

    async def correct(self, *given: Any, **more: Any) -> Recorded:
        return self._client.correct(*given, **more)

    async def record_outcome(self, *given: Any) -> Recorded:
        return self._client.record_outcome(*given)

    @asynccontextmanager
    async def workflow(self, *given: Any) -> AsyncIterator[WorkflowRun]:
        with self._client.workflow(*given) as run:
            yield run

    async def aclose(self) -> None:
        self._client.close()


def make(kind: str, *given: Any, **options: Any) -> Either:
    """Make a client of either kind."""
    if kind == "plain":
        return Plain(CaptureClient(*given, **options))
    return AsyncCaptureClient(*given, **options)
