"""A function that does what it is told, to see what is let through."""

import time
from pathlib import Path
from typing import Any


def handler(event: dict[str, Any], context: object) -> str:
    if "write" in event:
        return _write(event["write"])
    time.sleep(event.get("sleep", 0))
    bytearray(event.get("allocate", 0))
    return "here"


def _write(place: str) -> str:
    try:
        Path(place, "written").write_text("x")
    except OSError:
        return "refused"
    return "written"
