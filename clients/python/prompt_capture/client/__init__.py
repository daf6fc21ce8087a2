"""The client for backends: `CaptureClient`, and `AsyncCaptureClient` for asyncio.

It depends on httpx and pydantic only. See `docs/how-to/use-the-python-client.md`.
"""

from prompt_capture.client.asynchronous import AsyncCaptureClient
from prompt_capture.client.base import WorkflowRun
from prompt_capture.client.errors import CaptureError, NoResponse, RequestRejected
from prompt_capture.client.responses import (
    Classification,
    RecordingStatus,
    SecondaryClassification,
)
from prompt_capture.client.retries import Timeouts
from prompt_capture.client.service import Service
from prompt_capture.client.synchronous import CaptureClient

__all__ = [
    "AsyncCaptureClient",
    "CaptureClient",
    "CaptureError",
    "Classification",
    "NoResponse",
    "RecordingStatus",
    "RequestRejected",
    "SecondaryClassification",
    "Service",
    "Timeouts",
    "WorkflowRun",
]
