"""Blocks as decorators, which record how the run of a function ends.

A coroutine or a generator runs after the call that creates it: a block around that call alone would
record a success before anything has happened.
"""

import functools
import inspect
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AsyncContextDecorator, ContextDecorator
from typing import TypeVar

Result = TypeVar("Result")

_REMEDY = "Write `with` or `async with` and the block within the function instead of the decorator"


def is_asynchronous(function: Callable[..., object]) -> bool:
    """Return whether calls of a function are awaited. Raise `TypeError` for a generator.

    Also raise it for what is called only once it belongs to a class, such as a `classmethod`.
    """
    if not callable(function):
        raise TypeError(
            f"A workflow block cannot decorate a {type(function).__name__}. Write its decorator "
            "below that one, so that it decorates the function"
        )
    while isinstance(function, functools.partial | staticmethod):
        function = function.func if isinstance(function, functools.partial) else function.__func__
    kinds = (function, getattr(function, "__call__", None))  # noqa: B004 - an object's own code
    if any(inspect.isgeneratorfunction(kind) or inspect.isasyncgenfunction(kind) for kind in kinds):
        raise TypeError(f"A workflow block cannot decorate a generator function. {_REMEDY}")
    return any(inspect.iscoroutinefunction(kind) for kind in kinds)


def require_asynchronous(function: Callable[..., object]) -> None:
    """Raise `TypeError` unless calls of a function are awaited."""
    if not is_asynchronous(function):
        raise TypeError(
            "A workflow block of AsyncCaptureClient decorates functions with `async def` only. "
            "Use CaptureClient for others"
        )


def require_finished(result: Result) -> Result:
    """Return what a function returned. Raise `TypeError` if it is work that is yet to run."""
    if inspect.iscoroutine(result):
        result.close()
    elif not (
        inspect.isawaitable(result)
        or isinstance(result, Future)
        or inspect.isgenerator(result)
        or inspect.isasyncgen(result)
        or isinstance(result, ContextDecorator | AsyncContextDecorator)  # those of `contextlib`
    ):
        return result
    raise TypeError(
        "The function returned an awaitable, a future, a generator or a context manager, whose "
        f"work is yet to run. {_REMEDY}"
    )
