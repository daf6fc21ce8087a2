"""One execution environment: a process that runs the real runtime client."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import mkdtemp

from infra.lambda_emulator.extensions import Extensions
from infra.lambda_emulator.types import REGION, FunctionSpec, Invocation, InvocationResult

# Lambda allows ten seconds. A small machine that starts everything at once needs more.
_INIT_SECONDS = 30
_EXITED = InvocationResult.error("Runtime.ExitError", "Error: Runtime exited before the request")


class Instance:
    """Runs one invocation at a time; it is idle when its runtime and extensions ask for the next.

    `on_idle` is called each time the instance becomes idle. `on_end` is called once, with the
    error, when the process has ended. The result of an invocation is available as soon as the
    runtime reports it, even if extensions still work. Extensions can work until the function's
    timeout.
    """

    def __init__(
        self,
        spec: FunctionSpec,
        on_idle: Callable[["Instance"], None],
        on_end: Callable[["Instance", InvocationResult], None],
    ) -> None:
        self.spec = spec
        self.initialised = False
        self.extensions = Extensions(spec, self._check_idle)
        self._killed = False
        self._on_idle, self._on_end = on_idle, on_end
        self._loop = asyncio.get_running_loop()
        self._next: asyncio.Future[Invocation | None] | None = None
        # The runtime works on `_current`. `_unfinished` also covers the work of extensions.
        self._current: Invocation | None = None
        self._unfinished: Invocation | None = None
        self._init_error: InvocationResult | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        # As on Lambda, no other instance sees these files.
        self._temporary: Path | None = None

    @property
    def is_idle_soon(self) -> bool:
        """Whether the instance is starting, or has responded and is about to become idle.

        This is false while extensions still work, because that can take long. As on Lambda,
        requests do not wait for such an instance.
        """
        if self._killed:
            return False
        has_responded = self._current is not None and self._current.result.done()
        return not self.initialised or (has_responded and self.extensions.are_idle)

    async def start(
        self, runtime_api: str, folder: Path, on_process: Callable[[int], None]
    ) -> None:
        """Start the process; its output goes to the function's log file in `folder`.

        `on_process` receives the process id.
        """
        try:
            self._process = await self._spawn(runtime_api, folder)
        except OSError as error:
            self._on_end(self, InvocationResult.error("Runtime.InvalidEntrypoint", str(error)))
            return
        on_process(self._process.pid)
        self._watcher = asyncio.create_task(self._watch(self._process))
        self._loop.call_later(_INIT_SECONDS, self._time_out_init)

    async def _spawn(self, runtime_api: str, folder: Path) -> asyncio.subprocess.Process:
        (folder / "tmp").mkdir(exist_ok=True)
        self._temporary = Path(mkdtemp(dir=folder / "tmp", prefix=f"{self.spec.name}-"))
        (folder / "logs").mkdir(exist_ok=True)
        with (folder / "logs" / f"{self.spec.name}.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "awslambdaric", self.spec.handler),
                cwd=self.spec.folder,
                env=_environment(self.spec, runtime_api, self._temporary),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _time_out_init(self) -> None:
        if not self.initialised:
            message = f"Initialisation timed out after {_INIT_SECONDS} seconds"
            self.fail_init(InvocationResult.error("Sandbox.Timedout", message))
            self.kill()

    async def next_invocation(self) -> Invocation | None:
        """Wait for an invocation for the runtime; `None` means that the instance ends."""
        self._current, self._next = None, self._loop.create_future()
        self._check_idle()
        self._current = await self._next
        return self._current

    def _check_idle(self) -> None:
        if self._next is not None and not self._next.done() and self.extensions.are_idle:
            self.initialised = True
            self._unfinished = None
            self._on_idle(self)

    def dispatch(self, invocation: Invocation) -> None:
        """Pass an invocation to the waiting runtime."""
        if self._next is not None and not self._next.done():
            self._next.set_result(invocation)
            self._current = self._unfinished = invocation
            self.extensions.notify(invocation)
            self._loop.call_later(self.spec.timeout_seconds, self._kill_if_unfinished, invocation)
        else:
            invocation.complete(_EXITED)

    def _kill_if_unfinished(self, invocation: Invocation) -> None:
        if self._unfinished is invocation:
            self.kill()

    def complete(self, request_id: str, result: InvocationResult) -> bool:
        """Set the result of the current invocation; return false if the id is another one's."""
        if self._current is None or self._current.request_id != request_id:
            return False
        self._current.complete(result)
        return True

    def fail_init(self, error: InvocationResult) -> None:
        """Record why the function failed to load; the process ends afterwards."""
        self._init_error = error

    def kill(self) -> None:
        """Kill the process immediately, as Lambda does."""
        self._killed = True
        self.signal(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process if it runs; SIGSTOP freezes it and SIGCONT thaws it."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    async def close(self) -> None:
        """Kill the process and wait until it has ended."""
        self.kill()
        if self._watcher is not None:
            await self._watcher

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        status = await process.wait()
        if self._temporary:
            shutil.rmtree(self._temporary, ignore_errors=True)
        error = self._init_error or InvocationResult.error(
            "Runtime.ExitError", f"Error: Runtime exited with error: {_describe_exit(status)}"
        )
        self.extensions.close()
        if self._next is not None and not self._next.done():
            self._next.set_result(None)
        if self._current is not None:
            self._current.complete(error)
        self._on_end(self, error)


def _describe_exit(status: int) -> str:
    return f"exit status {status}" if status >= 0 else f"signal: {signal.Signals(-status).name}"


def _environment(spec: FunctionSpec, runtime_api: str, temporary: Path) -> Mapping[str, str]:
    """Return all variables of an instance; it inherits none from this process."""
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}/usr/bin{os.pathsep}/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "HOME": str(temporary),
        "TMPDIR": str(temporary),
        "PYTHONUNBUFFERED": "1",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info[0]}.{sys.version_info[1]}",
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_LAMBDA_LOG_LEVEL": "INFO",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{spec.name}",
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "LAMBDA_TASK_ROOT": str(spec.folder),
        "_HANDLER": spec.handler,
        **({"PYTHONPATH": str(spec.layer / "python")} if spec.layer else {}),
        **spec.environment,
    }
