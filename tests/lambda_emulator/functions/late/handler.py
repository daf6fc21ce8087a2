"""A function with an internal extension that works after the response and logs its work."""

import asyncio
import os
from pathlib import Path
from typing import Any

from prompt_capture.adapters.aws.lambda_extension import LambdaExtension

LOG = Path(os.environ["EXTENSION_LOG"])


def append(line: str) -> None:
    with LOG.open("a") as log:
        log.write(f"{line}\n")


async def start() -> None:
    append("started")


async def work(seconds: float) -> None:
    await asyncio.sleep(float(os.environ["WORK_SECONDS"]))
    append(f"worked {seconds:.0f}")


LambdaExtension(os.environ["AWS_LAMBDA_RUNTIME_API"], start, work)


def handler(event: Any, context: Any) -> int:
    return os.getpid()
