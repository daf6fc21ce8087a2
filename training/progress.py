"""How long-running work reports its progress."""

from collections.abc import Callable
from typing import Protocol

ProgressCallback = Callable[[int, int], None]
"""Receives how much of a step is done, and how much there is to do."""


class Progress(Protocol):
    """Receives each step of long-running work."""

    def step(self, name: str) -> ProgressCallback:
        """Begin a step, and return the callback for its progress."""


class NoProgress:
    """Ignores all progress."""

    def step(self, name: str) -> ProgressCallback:
        """Begin a step without a report."""
        return ignore_progress


def ignore_progress(done: int, total: int) -> None:
    """Do nothing."""
