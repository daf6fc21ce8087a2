"""The memory allocator of the C library, which by default keeps much of what was freed."""

import ctypes

_ARENA_MAX = -8
"""The number of this parameter in glibc's `mallopt`."""
_ARENAS = 2


def limit_arenas() -> None:
    """Let all threads share two arenas; without glibc, do nothing.

    By default each thread gets one of its own, which keeps what the thread has freed. Call this
    before any threads start: it holds for the process.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(_ARENA_MAX, _ARENAS)


def return_freed_memory() -> None:
    """Give freed memory back to the system; without glibc, do nothing."""
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if malloc_trim:
        malloc_trim(0)
