"""How long work tells how far it is."""

from collections.abc import Callable
from typing import Protocol

Told = Callable[[int, int], None]
"""Hears how much of a step is done, of how much."""


class Progress(Protocol):
    """Hears of each step of long work."""

    def step(self, name: str) -> Told:
        """Begin a step, and answer what is told of it."""


class Silent:
    """Tells nobody."""

    def step(self, name: str) -> Told:
        """Begin a step that nobody hears of."""
        return ignored


def ignored(done: int, total: int) -> None:
    """Tell nobody."""
