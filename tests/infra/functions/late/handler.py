"""A function with an extension in its process: it notes what it does after the answer."""

import asyncio
import os
from pathlib import Path
from typing import Any

from prompt_capture.adapters.lambda_extension import LambdaExtension

NOTES = Path(os.environ["NOTES"])


def note(line: str) -> None:
    with NOTES.open("a") as notes:
        notes.write(f"{line}\n")


async def begin() -> None:
    note("begun")


async def work(seconds: float) -> None:
    await asyncio.sleep(float(os.environ["LATE_SECONDS"]))
    note(f"late {seconds:.0f}")


LambdaExtension(os.environ["AWS_LAMBDA_RUNTIME_API"], begin, work)


def handler(event: Any, context: Any) -> int:
    return os.getpid()
