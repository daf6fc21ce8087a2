"""One execution environment: a process of the real runtime client and what it works on."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from infra.local.lambda_runtime import environment
from infra.local.lambda_runtime.extensions import Extensions
from infra.local.lambda_runtime.values import FunctionSpec, Invocation, Outcome
from infra.local.stack_lock import record_process

# Lambda allows ten; a small machine that starts everything at once is slower.
_INIT_SECONDS = 30
_EXITED = Outcome.error("Runtime.ExitError", "Error: Runtime exited before the request")


class Instance:
    """Takes one invocation at a time, each time its runtime and its extensions ask for the next.

    `on_idle` is called when all have asked; `on_end` once, when the process has ended, with what
    went wrong. An answer goes out when the runtime gives it, whatever extensions still do; they
    have until the function's timeout.
    """

    def __init__(
        self,
        spec: FunctionSpec,
        on_idle: Callable[["Instance"], None],
        on_end: Callable[["Instance", Outcome], None],
    ) -> None:
        self.spec = spec
        self.initialised = False
        self.extensions = Extensions(spec, self._become_idle)
        self._killed = False
        self._on_idle, self._on_end = on_idle, on_end
        self._loop = asyncio.get_running_loop()
        self._next: asyncio.Future[Invocation | None] | None = None
        self._current: Invocation | None = None
        self._busy_with: Invocation | None = None
        self._init_error: Outcome | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._ending: asyncio.Task[None] | None = None

    @property
    def is_coming(self) -> bool:
        """Whether it will soon ask for work: it starts, or has answered and returns.

        One whose extensions are still at work may take long; as on Lambda, nobody waits for it.
        """
        if self._killed:
            return False
        has_answered = self._current is not None and self._current.outcome.done()
        return not self.initialised or (has_answered and self.extensions.are_ready)

    async def start(self, runtime_api: str, folder: Path) -> None:
        """Start the process; its output goes to the function's log in `folder`."""
        try:
            self._process = await self._spawn(runtime_api, folder)
        except OSError as error:
            self._on_end(self, Outcome.error("Runtime.InvalidEntrypoint", str(error)))
            return
        record_process(folder, self._process.pid)
        self._ending = asyncio.create_task(self._watch(self._process))
        self._loop.call_later(_INIT_SECONDS, self._give_up_init)

    async def _spawn(self, runtime_api: str, folder: Path) -> asyncio.subprocess.Process:
        temporary = folder / "tmp"
        temporary.mkdir(exist_ok=True)
        (folder / "logs").mkdir(exist_ok=True)
        with (folder / "logs" / f"{self.spec.name}.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "awslambdaric", self.spec.handler),
                cwd=self.spec.folder,
                env=environment.of_instance(self.spec, runtime_api, temporary),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _give_up_init(self) -> None:
        if not self.initialised:
            message = f"Initialisation timed out after {_INIT_SECONDS} seconds"
            self.fail_init(Outcome.error("Sandbox.Timedout", message))
            self.kill()

    async def next(self) -> Invocation | None:
        """Wait for work on the runtime's behalf; `None` means that the instance ends."""
        self._current, self._next = None, self._loop.create_future()
        self._become_idle()
        self._current = await self._next
        return self._current

    def _become_idle(self) -> None:
        if self._next is not None and not self._next.done() and self.extensions.are_ready:
            self.initialised = True
            self._busy_with = None
            self._on_idle(self)

    def give(self, invocation: Invocation) -> None:
        """Hand work to the waiting runtime."""
        if self._next is not None and not self._next.done():
            self._next.set_result(invocation)
            self._current = self._busy_with = invocation
            self.extensions.invoke(invocation)
            self._loop.call_later(self.spec.timeout_seconds, self._end_if_busy_with, invocation)
        else:
            invocation.settle(_EXITED)

    def _end_if_busy_with(self, invocation: Invocation) -> None:
        if self._busy_with is invocation:
            self.kill()

    def settle(self, request_id: str, outcome: Outcome) -> bool:
        """Take what the runtime reports; false when it is not about the current request."""
        if self._current is None or self._current.request_id != request_id:
            return False
        self._current.settle(outcome)
        return True

    def fail_init(self, outcome: Outcome) -> None:
        """Remember why the function could not be loaded; the process ends next."""
        self._init_error = outcome

    def kill(self) -> None:
        """End it at once, as Lambda does."""
        self._killed = True
        self.signal(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process, if it runs: SIGSTOP and SIGCONT freeze it and thaw it."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    async def close(self) -> None:
        """Kill it and wait until it is gone."""
        self.kill()
        if self._ending is not None:
            await self._ending

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        status = await process.wait()
        outcome = self._init_error or Outcome.error(
            "Runtime.ExitError", f"Error: Runtime exited with error: {_described(status)}"
        )
        self.extensions.end()
        if self._next is not None and not self._next.done():
            self._next.set_result(None)
        if self._current is not None:
            self._current.settle(outcome)
        self._on_end(self, outcome)


def _described(status: int) -> str:
    return f"exit status {status}" if status >= 0 else f"signal: {signal.Signals(-status).name}"
