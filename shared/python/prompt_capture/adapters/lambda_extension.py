"""An internal Lambda extension: a thread that holds the environment until late work is done.

Lambda freezes an environment once the runtime and every extension have asked for the next event.
"""

import asyncio
import json
import logging
import os
import signal
import threading
import time
from collections.abc import Awaitable, Callable
from http.client import HTTPConnection, HTTPException

from prompt_capture.domain.errors import InvalidSettings

_NAME = "prompt-capture"
_PATH = "/2020-01-01/extension"
_MARGIN_SECONDS = 0.2
_REGISTER_SECONDS = 5

logger = logging.getLogger(__name__)


class LambdaExtension:
    """Registers when it is made, which must be while the function initialises.

    `begin` runs once in the thread; `work` for each invocation, with the seconds that are left.
    Inside the process there is no Shutdown event, but SIGTERM, half a second before SIGKILL: what
    is in hand has that long, as the signal itself ends nothing.
    """

    def __init__(
        self,
        runtime_api: str,
        begin: Callable[[], Awaitable[None]],
        work: Callable[[float], Awaitable[None]],
    ) -> None:
        self._runtime_api = runtime_api
        self._begin, self._work = begin, work
        self._identifier = self._register()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        threading.Thread(target=self._run, name=_NAME, daemon=True).start()

    def _register(self) -> str:
        connection = HTTPConnection(self._runtime_api, timeout=_REGISTER_SECONDS)
        headers = {"Lambda-Extension-Name": _NAME}
        body = json.dumps({"events": ["INVOKE"]})
        try:
            connection.request("POST", f"{_PATH}/register", body, headers)
            identifier = connection.getresponse().getheader("Lambda-Extension-Identifier")
        except (OSError, HTTPException):
            identifier = None
        finally:
            connection.close()
        if identifier is None:
            raise InvalidSettings("CAPTURE_MODE=answer-first needs Lambda's Extensions API.")
        return identifier

    def _run(self) -> None:
        try:
            with asyncio.Runner() as runner:
                runner.run(_undisturbed(self._begin()))
                connection = HTTPConnection(self._runtime_api)
                while True:
                    seconds = self._next(connection)
                    runner.run(_undisturbed(self._work(seconds)))
        except BaseException as error:  # noqa: BLE001
            # Without the thread every request would wait for the function's timeout: start anew.
            logger.critical("The extension failed.", extra={"reason": type(error).__name__})
            os._exit(1)

    def _next(self, connection: HTTPConnection) -> float:
        """Wait for an invocation and answer the seconds it has left."""
        headers = {"Lambda-Extension-Identifier": self._identifier}
        connection.request("GET", f"{_PATH}/event/next", headers=headers)
        event = json.loads(connection.getresponse().read())
        return float(event["deadlineMs"]) / 1000 - time.time() - _MARGIN_SECONDS


async def _undisturbed(work: Awaitable[None]) -> None:
    """Late work that fails must not keep later work from being done."""
    try:
        await work
    except Exception as error:  # noqa: BLE001 - its text may hold a prompt
        logger.error("Late work failed.", extra={"reason": type(error).__name__})
