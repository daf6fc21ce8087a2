"""Child processes of the local stack: started, waited for, stopped, never lost."""

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from infra.local.stack_lock import record_process

_given: set[int] = set()


class ServiceFailed(Exception):
    """A service of the local stack did not start; names it and its log."""


class ChildProcess:
    """A service in a process group of its own, its output in a log file.

    A terminal's Ctrl-C therefore reaches the owner alone, which stops its children in order.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        environment: Mapping[str, str],
        folder: Path,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.log = folder / "logs" / f"{name}.log"
        self._stop_signal = stop_signal
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                list(map(str, command)),
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        record_process(folder, self._process.pid)

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until(self, ready: Callable[[], bool], seconds: float = 30.0) -> None:
        """Return when `ready()` holds.

        Raises `ServiceFailed` when the process ends first or the time is over.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if self._process.poll() is not None:
                raise ServiceFailed(self._complaint(f"ended with {self._process.returncode}"))
            if time.monotonic() > deadline:
                raise ServiceFailed(self._complaint(f"was not ready after {seconds:.0f} s"))
            time.sleep(0.02)

    def _complaint(self, what: str) -> str:
        tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])
        return f"{self.name} {what}. Its log, {self.log}, ends with:\n{tail}"

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process group; does nothing when it has ended."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, number)

    def stop(self, grace_seconds: float = 5.0) -> None:
        """Ask it to end, then kill what is left; safe to call twice."""
        self.signal(self._stop_signal)
        try:
            self._process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self._process.wait()


def free_port() -> int:
    """Pick a loopback port that nobody listens on.

    Below the range that systems hand out for outgoing connections, and never the same twice, so
    that it stays free until the service that asked for it binds it.
    """
    while True:
        port = random.randrange(20_000, 32_000)  # noqa: S311
        if port not in _given and _is_free(port):
            _given.add(port)
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
