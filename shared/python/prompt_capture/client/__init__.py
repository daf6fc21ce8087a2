"""Capture messages from a backend: `CaptureClient`, and `AsyncCaptureClient` for asyncio.

Needs httpx and pydantic alone. See `docs/client.md`.
"""

from prompt_capture.client.answers import Classification, Recorded, SecondaryIntent
from prompt_capture.client.asynchronous import AsyncCaptureClient
from prompt_capture.client.calls import Service
from prompt_capture.client.errors import CaptureError, NoResponse, RequestRejected
from prompt_capture.client.exchange import Timeouts
from prompt_capture.client.plain import CaptureClient
from prompt_capture.client.runs import WorkflowRun

__all__ = [
    "AsyncCaptureClient",
    "CaptureClient",
    "CaptureError",
    "Classification",
    "NoResponse",
    "Recorded",
    "RequestRejected",
    "SecondaryIntent",
    "Service",
    "Timeouts",
    "WorkflowRun",
]
