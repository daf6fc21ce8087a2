"""An internal Lambda extension: a thread that keeps the environment running after the response.

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
_REGISTER_TIMEOUT_SECONDS = 5

logger = logging.getLogger(__name__)


class LambdaExtension:
    """Registers itself on creation, which must happen while the function initialises.

    `on_start` runs once in the thread. `on_invoke` runs for each invocation, and receives the
    seconds that are left. An internal extension gets no Shutdown event, but SIGTERM half a second
    before SIGKILL. The signal is ignored, so that running work has that time to end.
    """

    def __init__(
        self,
        runtime_api: str,
        on_start: Callable[[], Awaitable[None]],
        on_invoke: Callable[[float], Awaitable[None]],
    ) -> None:
        self._runtime_api = runtime_api
        self._on_start, self._on_invoke = on_start, on_invoke
        self._identifier = self._register()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        threading.Thread(target=self._run, name=_NAME, daemon=True).start()

    def _register(self) -> str:
        connection = HTTPConnection(self._runtime_api, timeout=_REGISTER_TIMEOUT_SECONDS)
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
                runner.run(_log_errors(self._on_start()))
                connection = HTTPConnection(self._runtime_api)
                while True:
                    seconds_left = self._next_event(connection)
                    runner.run(_log_errors(self._on_invoke(seconds_left)))
        except BaseException as error:  # noqa: BLE001
            # Without this thread, every invocation would wait for the function's timeout. Lambda
            # starts a new process instead.
            logger.critical("The Lambda extension failed.", extra={"reason": type(error).__name__})
            os._exit(1)

    def _next_event(self, connection: HTTPConnection) -> float:
        """Wait for an invocation, and return the seconds that it has left."""
        headers = {"Lambda-Extension-Identifier": self._identifier}
        connection.request("GET", f"{_PATH}/event/next", headers=headers)
        event = json.loads(connection.getresponse().read())
        return float(event["deadlineMs"]) / 1000 - time.time() - _MARGIN_SECONDS


async def _log_errors(work: Awaitable[None]) -> None:
    """Await the work. Log its error instead of raising, so that the thread continues."""
    try:
        await work
    except Exception as error:  # noqa: BLE001 - the error's text may contain a prompt
        logger.error("Work after the response failed.", extra={"reason": type(error).__name__})
