"""A function that writes a file, sleeps or allocates memory, to test the emulator's limits."""

import time
from pathlib import Path
from typing import Any


def handler(event: dict[str, Any], context: object) -> str:
    if "write" in event:
        return _write(event["write"])
    time.sleep(event.get("sleep", 0))
    bytearray(event.get("allocate", 0))
    return "done"


def _write(folder: str) -> str:
    try:
        Path(folder, "written").write_text("x")
    except OSError:
        return "denied"
    return "written"
