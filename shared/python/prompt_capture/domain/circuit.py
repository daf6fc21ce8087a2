"""A circuit breaker: it stops calls to a dependency that fails repeatedly."""

import time
from collections.abc import Callable


class CircuitBreaker:
    """Opens after `failure_threshold` consecutive failures.

    While it is open, it allows one trial call every `recovery_seconds`. A success closes it.

    Each warm function instance has its own breaker. An instance processes one request at a time,
    so the breaker needs no lock.
    """

    def __init__(
        self,
        failure_threshold: int = 3,
        recovery_seconds: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failure_threshold = failure_threshold
        self._recovery_seconds = recovery_seconds
        self._clock = clock
        self._failures = 0
        self._opened_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the last calls failed. A call that is allowed now is a trial call."""
        return self._failures >= self._failure_threshold

    def try_acquire(self) -> bool:
        """Return whether a call is allowed. While the breaker is open, True uses up the trial."""
        if not self.is_open:
            return True
        if self._clock() - self._opened_at < self._recovery_seconds:
            return False
        self._opened_at = self._clock()
        return True

    def record_success(self) -> None:
        """Close the breaker."""
        self._failures = 0

    def record_failure(self) -> None:
        """Count a failure, and restart the recovery time."""
        self._failures += 1
        self._opened_at = self._clock()
