"""Ports that fail at their n-th call, before it or after it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import fields
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any

from training.retrain.ports import RetrainingPorts


class RunKilled(BaseException):
    """The process ends at once, as when the environment runs out of time."""


class Faults:
    """Counts the calls of all ports, and raises an error at one of them."""

    def __init__(
        self, error: Callable[[], BaseException] | None = None, at: int = -1, after: bool = False
    ) -> None:
        self.calls: list[str] = []
        self._error, self._at, self._after = error, at, after

    def wrap(self, ports: RetrainingPorts) -> RetrainingPorts:
        """Return ports that fail."""
        wrapped = {one.name: _Port(getattr(ports, one.name), self) for one in fields(ports)}
        return RetrainingPorts(**wrapped)

    def before(self, name: str) -> int:
        """Count a call, and fail before it."""
        self.calls.append(name)
        number = len(self.calls) - 1
        self._raise(number, after=False)
        return number

    def after(self, number: int) -> None:
        """Fail after a call."""
        self._raise(number, after=True)

    def _raise(self, number: int, *, after: bool) -> None:
        if self._error is not None and (number, after) == (self._at, self._after):
            raise self._error()


class _Port:
    """Passes calls on to a port."""

    def __init__(self, port: object, faults: Faults) -> None:
        self._port, self._faults = port, faults

    def __getattr__(self, name: str) -> Any:
        method, faults = getattr(self._port, name), self._faults
        if isasyncgenfunction(method):

            async def stream(*values: Any) -> AsyncIterator[Any]:
                number = faults.before(name)
                async for page in method(*values):
                    yield page
                faults.after(number)

            return stream
        if iscoroutinefunction(method):

            async def call(*values: Any) -> Any:
                number = faults.before(name)
                result = await method(*values)
                faults.after(number)
                return result

            return call
        if not callable(method) or name == "open":
            return method

        def call_at_once(*values: Any) -> Any:
            number = faults.before(name)
            result = method(*values)
            faults.after(number)
            return result

        return call_at_once
