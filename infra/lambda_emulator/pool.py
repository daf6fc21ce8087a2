"""The instances of one function: each runs one request at a time, and further requests queue."""

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from signal import Signals

from infra.lambda_emulator.instance import Instance
from infra.lambda_emulator.runtime_api import RuntimeApi
from infra.lambda_emulator.types import FunctionSpec, Invocation, InvocationResult


class InitFailed(Exception):
    """An instance failed to start; `result` is the error for the request that waited for it."""

    def __init__(self, result: InvocationResult) -> None:
        super().__init__("The function could not be initialised.")
        self.result = result


class InstancePool:
    """Runs the invocations of one function; use it from one event loop only."""

    def __init__(
        self,
        spec: FunctionSpec,
        apis: Mapping[str, RuntimeApi],
        folder: Path,
        on_process: Callable[[int], None],
    ) -> None:
        """`apis` maps `host:port` to a Runtime API, with one entry for each possible instance."""
        self.spec = spec
        self._apis, self._folder, self._on_process = apis, folder, on_process
        self._free_addresses = list(apis)
        self._instances: dict[Instance, str] = {}
        self._idle: list[Instance] = []
        self._waiting: deque[asyncio.Future[Instance]] = deque()
        self._starts: set[asyncio.Task[None]] = set()

    async def invoke(self, payload: bytes, client_context: str | None = None) -> InvocationResult:
        """Invoke the function with an event (JSON); a failure of the function is a result too."""
        try:
            instance = await self._acquire()
        except InitFailed as error:
            return error.result
        return await self._run(instance, payload, client_context)

    async def _run(
        self, instance: Instance, payload: bytes, client_context: str | None
    ) -> InvocationResult:
        seconds = instance.spec.timeout_seconds
        future = asyncio.get_running_loop().create_future()
        deadline_ms = int((time.time() + seconds) * 1000)
        request_id = str(uuid.uuid4())
        instance.dispatch(Invocation(request_id, payload, deadline_ms, future, client_context))
        timer = asyncio.get_running_loop().call_later(seconds, self._time_out, instance, future)
        try:
            result: InvocationResult = await future
            return result
        finally:
            timer.cancel()

    def _time_out(self, instance: Instance, future: asyncio.Future[InvocationResult]) -> None:
        if not future.done():
            message = f"Task timed out after {instance.spec.timeout_seconds:.2f} seconds"
            future.set_result(InvocationResult.error("Sandbox.Timedout", f"Error: {message}"))
            instance.kill()

    async def warm(self) -> InvocationResult | None:
        """Start an instance if none is idle; return the error if it fails to start."""
        try:
            self._offer(await self._acquire())
        except InitFailed as error:
            return error.result
        return None

    async def redeploy(self, environment: Mapping[str, str]) -> None:
        """Change environment variables; an empty value removes a variable.

        Idle instances end now, busy instances after their current request.
        """
        changed = {**self.spec.environment, **environment}
        present = {name: value for name, value in changed.items() if value}
        self.spec = replace(self.spec, environment=present)
        idle, self._idle = self._idle, []
        await asyncio.gather(*(instance.close() for instance in idle))

    def signal(self, number: Signals) -> None:
        """Send a signal to every instance."""
        for instance in self._instances:
            instance.signal(number)

    async def close(self) -> None:
        """End all instances."""
        for waiter in self._waiting:
            waiter.cancel()
        self._waiting.clear()
        for start in self._starts:
            start.cancel()
        await asyncio.gather(*self._starts, return_exceptions=True)
        await asyncio.gather(*(instance.close() for instance in list(self._instances)))

    async def _acquire(self) -> Instance:
        if self._idle:
            return self._idle.pop()
        waiter: asyncio.Future[Instance] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        self._grow()
        return await waiter

    def _grow(self) -> None:
        """Start an instance if more requests wait than instances that are about to become idle."""
        idle_soon = sum(instance.is_idle_soon for instance in self._instances)
        if self._free_addresses and idle_soon < len(self._waiting):
            instance = Instance(self.spec, self._offer, self._remove)
            address = self._instances[instance] = self._free_addresses.pop()
            self._apis[address].instance = instance
            start = asyncio.create_task(instance.start(address, self._folder, self._on_process))
            self._starts.add(start)
            start.add_done_callback(self._starts.discard)

    def _offer(self, instance: Instance) -> None:
        """Give an idle instance to the longest-waiting request, or add it to the idle list."""
        if instance.spec is not self.spec:
            instance.kill()
        elif (waiter := self._next_waiter()) is not None:
            waiter.set_result(instance)
        else:
            self._idle.append(instance)

    def _next_waiter(self) -> asyncio.Future[Instance] | None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                return waiter
        return None

    def _remove(self, instance: Instance, error: InvocationResult) -> None:
        """Remove an ended instance; if it failed to start, one waiting request gets the error."""
        self._free_addresses.append(self._instances.pop(instance))
        if instance in self._idle:
            self._idle.remove(instance)
        if not instance.initialised and (waiter := self._next_waiter()) is not None:
            waiter.set_exception(InitFailed(error))
        self._grow()
