"""Run packaged functions as Lambda does: read-only mounts, its runtime client and its emulator."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from infra.local.processes import free_port
from infra.packaging import PackagingError
from infra.packaging.interpreter import find_lambda_python
from infra.packaging.paths import CACHE
from infra.packaging.wheels import install_runtime_wheels

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_EMULATOR_PACKAGE = "aws-sam-cli==1.170.0"
_EMULATOR = CACHE / "emulator" / "samcli" / "local" / "rapid" / "aws-lambda-rie-x86_64"
_MOUNTS = """
set -e
mount --bind "$LAYER" /opt && mount -o remount,bind,ro /opt
mount -t tmpfs none /mnt
mkdir /mnt/rie /mnt/task /mnt/runtime
mount --bind "$(dirname "$EMULATOR")" /mnt/rie
mount --bind "$TASK" /mnt/task
mount --bind "$RUNTIME" /mnt/runtime
mount -t tmpfs none /var
mkdir /var/task /var/runtime /var/rie
mount --bind /mnt/task /var/task && mount -o remount,bind,ro /var/task
mount --bind /mnt/runtime /var/runtime && mount -o remount,bind,ro /var/runtime
mount --bind /mnt/rie /var/rie
mount -t tmpfs -o size=512m none /tmp
cd /var/task
exec env -i "$@"
"""


def install_emulator() -> Path:
    """Return Lambda's runtime interface emulator, installed from the wheel of `aws-sam-cli`."""
    if not _EMULATOR.is_file():
        target = CACHE / "emulator"
        command: list[str | Path] = [
            *(Path(sys.executable).with_name("uv"), "pip", "install", "--quiet"),
            *("--system-certs", "--no-deps", "--target", target, _EMULATOR_PACKAGE),
        ]
        subprocess.run(command, check=True)  # noqa: S603
    return _EMULATOR


class EmulatedFunction:
    """One execution environment of a packaged function; handles one event at a time.

    A context manager. `seconds` is the timeout of an invocation; `memory_bytes` limits the address
    space of the process.
    """

    def __init__(
        self,
        task: Path,
        layer: Path,
        environment: Mapping[str, str],
        *,
        seconds: int = 10,
        memory_bytes: int | None = None,
    ) -> None:
        self._port, runtime_port = free_port(), free_port()
        runtime_environment = {
            "PATH": "/usr/bin:/bin",
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "HOME": "/tmp",  # noqa: S108 - the only writable folder on Lambda
            "LAMBDA_TASK_ROOT": "/var/task",
            "LAMBDA_RUNTIME_DIR": "/var/runtime",
            "PYTHONPATH": "/var/task:/opt/python:/var/runtime",
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_LAMBDA_FUNCTION_NAME": task.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(seconds),
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
        }
        variables = {**runtime_environment, **environment}
        command = [
            *(f"{name}={value}" for name, value in variables.items()),
            *(["prlimit", f"--as={memory_bytes}"] if memory_bytes else []),
            *("/var/rie/aws-lambda-rie-x86_64", "--log-level", "info"),
            *("--runtime-interface-emulator-address", f"127.0.0.1:{self._port}"),
            *("--runtime-api-address", f"127.0.0.1:{runtime_port}"),
            *(str(find_lambda_python()), "-m", "awslambdaric", "handler.handler"),
        ]
        self._command = [
            "unshare",
            *_user_namespace(),
            "--mount",
            "sh",
            "-c",
            _MOUNTS,
            "sh",
            *command,
        ]
        self._mount_sources = {
            "LAYER": str(layer),
            "TASK": str(task),
            "RUNTIME": str(install_runtime_wheels()),
            "EMULATOR": str(install_emulator()),
        }

    def __enter__(self) -> Self:
        self._output = tempfile.TemporaryFile()  # the function would block on a full pipe
        self._process = subprocess.Popen(  # noqa: S603
            self._command,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **self._mount_sources},
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        if not _wait_for_port(self._port, self._process):
            self.__exit__()
            raise PackagingError(f"The runtime interface emulator did not start:\n{self._log}")
        return self

    def __exit__(self, *exception: object) -> None:
        self.signal(signal.SIGKILL)
        self._process.wait()
        with self._output as output:
            output.seek(0)
            self._log = output.read().decode()

    @property
    def log(self) -> str:
        """The whole output of the environment; available after it ends."""
        return self._log

    def invoke(self, event: Any, seconds: float = 60) -> Any:
        """Return the function's result, its error document, or the emulator's error text."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}/2015-03-31/functions/function/invocations",
            json.dumps(event).encode(),
        )
        with _DIRECT.open(request, timeout=seconds) as response:
            text = response.read().decode()
        try:
            return json.loads(text or "null")
        except ValueError:
            return text

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the emulator and the runtime: SIGSTOP freezes, SIGCONT thaws."""
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return


def _user_namespace() -> list[str]:
    return [] if os.geteuid() == 0 else ["--user", "--map-root-user"]


def _wait_for_port(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Wait until the port accepts connections; return False on exit or after 30 seconds."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.05)
    return False
