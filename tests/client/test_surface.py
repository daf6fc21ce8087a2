"""The client is small to look at and light to import."""

import subprocess
import sys

from prompt_capture import client


def test_the_public_names_are_these() -> None:
    assert client.__all__ == [
        "AsyncCaptureClient",
        "CaptureClient",
        "CaptureError",
        "Classification",
        "Timeouts",
        "Recorded",
        "RequestRejected",
        "SecondaryIntent",
        "Service",
        "NoResponse",
        "WorkflowRun",
    ]


def test_importing_it_loads_httpx_and_pydantic_and_nothing_of_the_service() -> None:
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
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert ended.stdout.splitlines() == ["prompt_capture", ""]
