"""Child processes of the local stack."""

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from infra.local.stack_lock import record_process

_assigned_ports: set[int] = set()


class ServiceFailed(Exception):
    """A service of the local stack failed to start; the message names the service and its log."""


class ChildProcess:
    """A service in its own process group, with its output in a log file.

    Because of the process group, Ctrl-C in a terminal reaches only the parent process, which stops
    its children in order.
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
        """Wait until `ready()` is true.

        Raises `ServiceFailed` if the process ends first or the timeout expires.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if self._process.poll() is not None:
                raise ServiceFailed(self._failure(f"exited with status {self._process.returncode}"))
            if time.monotonic() > deadline:
                raise ServiceFailed(self._failure(f"was not ready after {seconds:.0f} s"))
            time.sleep(0.02)

    def _failure(self, problem: str) -> str:
        tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])
        return f"{self.name} {problem}. The last lines of its log {self.log}:\n{tail}"

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process group; does nothing if the process has ended."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, number)

    def stop(self, grace_seconds: float = 5.0) -> None:
        """Send the stop signal and kill the process after the grace period; safe to call twice."""
        self.signal(self._stop_signal)
        try:
            self._process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self._process.wait()


def free_port() -> int:
    """Return a loopback port that no process listens on.

    The port is below the range that systems use for outgoing connections, and this process never
    gets the same port twice, nor does a process whose id has another last digit. It therefore stays
    free until the service binds it.
    """
    while True:
        port = random.randrange(20_000 + os.getpid() % 10, 32_000, 10)  # noqa: S311
        if port not in _assigned_ports and _is_free(port):
            _assigned_ports.add(port)
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
