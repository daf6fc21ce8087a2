"""The client has a small public interface, and imports few packages."""

import subprocess
import sys

from prompt_capture import client


def test_public_names() -> None:
    assert client.__all__ == [
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


def test_the_client_imports_nothing_but_httpx_and_pydantic() -> None:
    script = """
import sys
import httpx, pydantic
class Model(pydantic.BaseModel): pass
before = set(sys.modules)
import prompt_capture.client
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before
               if name[0] != "_" and name.partition(".")[0] not in sys.stdlib_module_names}))
print(*sorted(name for name in sys.modules if name.startswith("prompt_capture.")
              and not name.startswith("prompt_capture.client")))
"""
    completed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert completed.stdout.splitlines() == ["prompt_capture", ""]
