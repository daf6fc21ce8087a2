"""A circuit breaker: what failed several times in a row is left alone for a while."""

import time
from collections.abc import Callable


class CircuitBreaker:
    """Opens after `failures` in a row; after `seconds` one attempt may show that all is well.

    One of these belongs to one warm instance, whose requests come one after the other.
    """

    def __init__(
        self, failures: int = 3, seconds: float = 5.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = failures
        self._seconds = seconds
        self._clock = clock
        self._failures = 0
        self._opened_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the last attempts failed: one that is allowed now shows how things are."""
        return self._failures >= self._limit

    def allows_an_attempt(self) -> bool:
        """Whether to try; while it is open, to have asked counts as the one attempt."""
        if not self.is_open:
            return True
        if self._clock() - self._opened_at < self._seconds:
            return False
        self._opened_at = self._clock()
        return True

    def succeeded(self) -> None:
        """Note that the other side answered."""
        self._failures = 0

    def failed(self) -> None:
        """Note that it did not."""
        self._failures += 1
        self._opened_at = self._clock()
