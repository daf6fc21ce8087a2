"""Rounds in which each thing is done once, so that what disturbs one disturbs all."""

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

import httpx

from benchmarks.capture.worker import KINDS, MESSAGE, called
from infra.local.functions import CLASSIFY, DRAIN
from infra.local.paths import FUNCTIONS, ROOT
from infra.local.stack import Stack
from infra.local.users import User
from infra.packaging.build import layer_folder
from infra.packaging.functions import function_folder
from infra.packaging.mounted import MountedFunction
from infra.packaging.targets import X86_64

_MODELS = "/opt/model_artifacts"
Seconds = dict[str, list[float]]


class Worker:
    """A process that does its thing once whenever it is asked."""

    def __init__(self, kind: str, process: "subprocess.Popen[str]") -> None:
        self._kind, self._process = kind, process

    def __call__(self) -> tuple[float, float]:
        """Return the seconds that it took, by the clock and of the processor."""
        assert self._process.stdin is not None  # noqa: S101 - it was made with pipes
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        clock, processor = self.read().split()
        return float(clock), float(processor)

    def read(self) -> str:
        """Read a line; raises `RuntimeError` when the process has ended."""
        assert self._process.stdout is not None  # noqa: S101 - it was made with pipes
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"The worker of {self._kind} ended.")
        return line.strip()


@contextmanager
def worker(kind: str, stack: Stack, user: User) -> Iterator[Worker]:
    """Start a process with a function's settings; it ends with the block."""
    function = DRAIN if kind.startswith("drain") else CLASSIFY
    command = [sys.executable, "-m", "benchmarks.capture.worker", kind, user.id]
    with subprocess.Popen(  # noqa: S603 - our own program
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env=_environment(stack, function),
    ) as process:
        started = Worker(kind, process)
        started.read()
        yield started
        process.kill()


def _environment(stack: Stack, function: str) -> Mapping[str, str]:
    return stack.env(function) | {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, FUNCTIONS / CLASSIFY))),
        "AWS_REGION": "eu-west-1",
        "AWS_LAMBDA_FUNCTION_NAME": function,
        "API_KEY": stack.keys.api_key,
        "DATABASE_URL": stack.postgres_admin_dsn,
    }


class Caller:
    """Calls a warm function of the local stack, over one connection."""

    def __init__(self, stack: Stack, user: User, capture: bool) -> None:
        self._http = httpx.Client(timeout=30, headers={"X-Api-Key": stack.keys.api_key})
        self._url = stack.classify_url
        self._body = {"message": MESSAGE, "user_id": user.id, "capture": capture}

    def __call__(self) -> tuple[float, float]:
        """Return the seconds that a request took by the clock; the work is done elsewhere."""
        began = time.perf_counter()
        self._http.post(self._url, json=self._body).raise_for_status()
        return time.perf_counter() - began, 0.0


class Packaged:
    """Invokes the packaged function, under Lambda's runtime client and its emulator."""

    def __init__(self, function: MountedFunction, stack: Stack, user: User, capture: bool) -> None:
        body = {"message": MESSAGE, "user_id": user.id, "capture": capture}
        self._event = called(json.dumps(body), stack.keys.api_key)
        self._function = function
        self()

    def __call__(self) -> tuple[float, float]:
        """Return the seconds that an invocation took by the clock; the work is done elsewhere."""
        began = time.perf_counter()
        answer = self._function.invoke(self._event)
        seconds = time.perf_counter() - began
        if answer["statusCode"] != 200:
            raise RuntimeError(f"The packaged function answered {answer['statusCode']}.")
        return seconds, 0.0


def _mounted(stack: Stack) -> MountedFunction:
    places = {"MODEL_DIR": f"{_MODELS}/assistant", "RULES_FILE": f"{_MODELS}/rules.toml"}
    task = function_folder(CLASSIFY, X86_64)
    return MountedFunction(task, layer_folder(X86_64), stack.env(CLASSIFY) | places)


def measured(rounds: int, stack: Stack, answering_first: Stack) -> Iterator[Seconds]:
    """Yield all figures so far after each round, by the name of what was done."""
    user = stack.create_user("bench@example.com")
    other = answering_first.create_user("bench@example.com")
    seconds: Seconds = defaultdict(list)
    doing: dict[str, Callable[[], tuple[float, float]]] = {}
    with ExitStack() as running:
        doing |= {kind: running.enter_context(worker(kind, stack, user)) for kind in KINDS}
        function = running.enter_context(_mounted(stack))
        doing |= {
            "packaged, without": Packaged(function, stack, user, capture=False),
            "packaged, write-first": Packaged(function, stack, user, capture=True),
            "stack, without": Caller(answering_first, other, capture=False),
            "stack, answer-first": Caller(answering_first, other, capture=True),
        }
        for _ in range(rounds):
            for name, once in doing.items():
                clock, processor = once()
                seconds[name].append(clock)
                seconds[f"{name}, processor"].append(processor)
            yield seconds
