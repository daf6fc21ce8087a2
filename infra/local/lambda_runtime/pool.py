"""A function's instances: one request each at a time, more on demand, the rest queues."""

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from signal import Signals

from infra.local.lambda_runtime.instance import Instance
from infra.local.lambda_runtime.runtime_api import RuntimeApi
from infra.local.lambda_runtime.values import FunctionSpec, Invocation, Outcome


class InitFailed(Exception):
    """No instance came up; carries the outcome for the request that asked for it."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("The function could not be initialised.")
        self.outcome = outcome


class Pool:
    """Runs invocations of one function; lives on one event loop."""

    def __init__(self, spec: FunctionSpec, apis: Mapping[str, RuntimeApi], folder: Path) -> None:
        """`apis` holds a Runtime API by its `host:port`, as many as there may be instances."""
        self.spec = spec
        self._apis, self._folder = apis, folder
        self._free = list(apis)
        self._instances: dict[Instance, str] = {}
        self._idle: list[Instance] = []
        self._waiting: deque[asyncio.Future[Instance]] = deque()
        self._starts: set[asyncio.Task[None]] = set()

    async def invoke(self, payload: bytes, client_context: str | None = None) -> Outcome:
        """Run one event (JSON) to its outcome; failures of the function are outcomes too."""
        try:
            instance = await self._acquire()
        except InitFailed as failure:
            return failure.outcome
        return await self._run(instance, payload, client_context)

    async def _run(self, instance: Instance, payload: bytes, client_context: str | None) -> Outcome:
        seconds = instance.spec.timeout_seconds
        outcome = asyncio.get_running_loop().create_future()
        deadline_ms = int((time.time() + seconds) * 1000)
        request_id = str(uuid.uuid4())
        instance.give(Invocation(request_id, payload, deadline_ms, outcome, client_context))
        timer = asyncio.get_running_loop().call_later(seconds, self._time_out, instance, outcome)
        try:
            result: Outcome = await outcome
            return result
        finally:
            timer.cancel()

    def _time_out(self, instance: Instance, outcome: asyncio.Future[Outcome]) -> None:
        if not outcome.done():
            message = f"Task timed out after {instance.spec.timeout_seconds:.2f} seconds"
            outcome.set_result(Outcome.error("Sandbox.Timedout", f"Error: {message}"))
            instance.kill()

    async def warm(self) -> Outcome | None:
        """Have an instance ready; returns what went wrong, if anything."""
        try:
            self._offer(await self._acquire())
        except InitFailed as failure:
            return failure.outcome
        return None

    async def redeploy(self, environment: Mapping[str, str]) -> None:
        """Change settings: idle instances go now, busy ones after their request.

        An empty value takes the setting away.
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
        """Start an instance if somebody waits whom no other will serve in a moment."""
        coming = sum(instance.is_coming for instance in self._instances)
        if self._free and coming < len(self._waiting):
            instance = Instance(self.spec, self._offer, self._ended)
            address = self._instances[instance] = self._free.pop()
            self._apis[address].instance = instance
            start = asyncio.create_task(instance.start(address, self._folder))
            self._starts.add(start)
            start.add_done_callback(self._starts.discard)

    def _offer(self, instance: Instance) -> None:
        """Give a ready instance to who waits longest, or keep it for later."""
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

    def _ended(self, instance: Instance, outcome: Outcome) -> None:
        """Take an instance off the books; what it failed to start for is told so."""
        self._free.append(self._instances.pop(instance))
        if instance in self._idle:
            self._idle.remove(instance)
        if not instance.initialised and (waiter := self._next_waiter()) is not None:
            waiter.set_exception(InitFailed(outcome))
        self._grow()
