"""One asynchronous interface for both clients, so that the same tests run with both."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

from prompt_capture.client import (
    AsyncCaptureClient,
    CaptureClient,
    Classification,
    RecordingStatus,
    WorkflowRun,
)


class AnyClient(Protocol):
    async def classify(self, *args: Any, **kwargs: Any) -> Classification: ...

    async def correct(self, *args: Any, **kwargs: Any) -> RecordingStatus: ...

    async def record_outcome(self, *args: Any) -> RecordingStatus: ...

    def workflow(self, *args: Any) -> AbstractAsyncContextManager[WorkflowRun]: ...

    async def aclose(self) -> None: ...


class SynchronousClientAdapter:
    """The synchronous client with the asynchronous interface. The service has its own thread."""

    def __init__(self, client: CaptureClient) -> None:
        self._client = client

    async def classify(self, *args: Any, **kwargs: Any) -> Classification:
        return self._client.classify(*args, **kwargs)

    async def correct(self, *args: Any, **kwargs: Any) -> RecordingStatus:
        return self._client.correct(*args, **kwargs)

    async def record_outcome(self, *args: Any) -> RecordingStatus:
        return self._client.record_outcome(*args)

    @asynccontextmanager
    async def workflow(self, *args: Any) -> AsyncIterator[WorkflowRun]:
        with self._client.workflow(*args) as run:
            yield run

    async def aclose(self) -> None:
        self._client.close()


def create_client(kind: str, *args: Any, **options: Any) -> AnyClient:
    """Create a `synchronous` or an `asynchronous` client."""
    if kind == "synchronous":
        return SynchronousClientAdapter(CaptureClient(*args, **options))
    return AsyncCaptureClient(*args, **options)
