"""How long work tells how far it is."""

from collections.abc import Callable
from typing import Protocol


class Report(Protocol):
    """Hears of each step of long work."""

    def step(self, name: str) -> Callable[[int, int], None]:
        """Begin a step; what is answered is called with how much is done, of how much."""


class Silent:
    """Tells nobody."""

    def step(self, name: str) -> Callable[[int, int], None]:
        """Answer a function that ignores what it is told."""
        return lambda done, total: None
