"""Interleaved rounds: each round runs every variant once, so that noise affects all alike."""

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

import httpx

from benchmarks.capture.worker import MESSAGE, VARIANTS, function_url_event
from infra.local.functions import CLASSIFY, DRAIN
from infra.local.paths import FUNCTIONS, ROOT
from infra.local.stack import Stack
from infra.local.users import User
from infra.packaging.emulator import EmulatedFunction
from infra.packaging.paths import function_folder, layer_folder
from infra.packaging.targets import X86_64

_MODELS = "/opt/model_artifacts"

Samples = dict[str, list[float]]
"""Seconds per run, by variant; CPU time is under the variant's name with ", CPU" appended."""


class WorkerProcess:
    """A process that runs one variant on request."""

    def __init__(self, variant: str, process: "subprocess.Popen[str]") -> None:
        self._variant, self._process = variant, process

    def __call__(self) -> tuple[float, float]:
        """Run the variant and return its wall clock and CPU time in seconds."""
        assert self._process.stdin is not None  # noqa: S101 - it is created with pipes
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        wall, cpu = self.read().split()
        return float(wall), float(cpu)

    def read(self) -> str:
        """Read a line. Raises `RuntimeError` if the process has exited."""
        assert self._process.stdout is not None  # noqa: S101 - it is created with pipes
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"The worker of the variant {self._variant!r} exited unexpectedly.")
        return line.strip()


@contextmanager
def start_worker(variant: str, stack: Stack, user: User) -> Iterator[WorkerProcess]:
    """Start a worker with a function's settings; it is killed when the block ends."""
    function = DRAIN if variant.startswith("drain") else CLASSIFY
    command = [sys.executable, "-m", "benchmarks.capture.worker", variant, user.id]
    with subprocess.Popen(  # noqa: S603 - our own program
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env=_worker_environment(stack, function),
    ) as process:
        worker = WorkerProcess(variant, process)
        worker.read()
        yield worker
        process.kill()


def _worker_environment(stack: Stack, function: str) -> Mapping[str, str]:
    return stack.environment(function) | {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, FUNCTIONS / CLASSIFY))),
        "AWS_REGION": "eu-west-1",
        "AWS_LAMBDA_FUNCTION_NAME": function,
        "API_KEY": stack.keys.api_key,
        "DATABASE_URL": stack.postgres_admin_dsn,
    }


class StackCaller:
    """Calls a warm function of the local stack over one connection."""

    def __init__(self, stack: Stack, user: User, capture: bool) -> None:
        self._http = httpx.Client(timeout=30, headers={"X-Api-Key": stack.keys.api_key})
        self._url = stack.classify_url
        self._body = {"message": MESSAGE, "user_id": user.id, "capture": capture}

    def __call__(self) -> tuple[float, float]:
        """Return the wall clock time of a request; its CPU time is unknown and reported as 0."""
        start = time.perf_counter()
        self._http.post(self._url, json=self._body).raise_for_status()
        return time.perf_counter() - start, 0.0


class PackagedCaller:
    """Invokes the packaged function under Lambda's runtime client and emulator."""

    def __init__(self, function: EmulatedFunction, stack: Stack, user: User, capture: bool) -> None:
        body = {"message": MESSAGE, "user_id": user.id, "capture": capture}
        self._event = function_url_event(json.dumps(body), stack.keys.api_key)
        self._function = function
        self()

    def __call__(self) -> tuple[float, float]:
        """Return the wall clock time of an invocation; its CPU time is reported as 0."""
        start = time.perf_counter()
        response = self._function.invoke(self._event)
        seconds = time.perf_counter() - start
        if response["statusCode"] != 200:
            raise RuntimeError(f"The packaged function returned status {response['statusCode']}.")
        return seconds, 0.0


def _mount_function(stack: Stack) -> EmulatedFunction:
    paths = {"MODEL_DIR": f"{_MODELS}/assistant", "RULES_FILE": f"{_MODELS}/rules.toml"}
    task = function_folder(CLASSIFY, X86_64)
    return EmulatedFunction(task, layer_folder(X86_64), stack.environment(CLASSIFY) | paths)


def run_rounds(rounds: int, stack: Stack, answer_first_stack: Stack) -> Iterator[Samples]:
    """Yield all samples so far after each round."""
    user = stack.create_user("bench@example.com")
    answer_first_user = answer_first_stack.create_user("bench@example.com")
    samples: Samples = defaultdict(list)
    variants: dict[str, Callable[[], tuple[float, float]]] = {}
    with ExitStack() as resources:
        variants |= {
            variant: resources.enter_context(start_worker(variant, stack, user))
            for variant in VARIANTS
        }
        function = resources.enter_context(_mount_function(stack))
        variants |= {
            "packaged, no capture": PackagedCaller(function, stack, user, capture=False),
            "packaged, write-first": PackagedCaller(function, stack, user, capture=True),
            "stack, no capture": StackCaller(answer_first_stack, answer_first_user, capture=False),
            "stack, answer-first": StackCaller(answer_first_stack, answer_first_user, capture=True),
        }
        for _ in range(rounds):
            for variant, run in variants.items():
                wall, cpu = run()
                samples[variant].append(wall)
                samples[f"{variant}, CPU"].append(cpu)
            yield samples
