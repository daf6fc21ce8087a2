"""Write a prompt, or spool it, within one deadline; the answer never depends on it."""

from collections.abc import Callable
from typing import Protocol

from prompt_capture.domain.captures import Capture
from prompt_capture.domain.circuit import CircuitBreaker
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.ports import PromptStore, Spool
from prompt_capture.workflows.capture_attempts import CaptureAttempts


class CaptureStrategy(Protocol):
    """A way to capture."""

    async def __call__(self, prompt: CapturedPrompt, allowed: float = 60.0) -> Capture:
        """Capture a prompt within `allowed` seconds, or in the time that is set, if it is less.

        Raises `UnknownUser`, and `CaptureConflict` when the id stands for another message.
        """


class WriteFirst:
    """Writes, and spools what cannot be written; `timeout` in seconds covers both together.

    Without a spool the write has all of it, and what fails is lost. `tell` gets each capture.
    """

    def __init__(
        self,
        store: PromptStore,
        spool: Spool | None = None,
        timeout: float = 0.3,
        circuit: CircuitBreaker | None = None,
        tell: Callable[[Capture], None] = lambda capture: None,
    ) -> None:
        self._store = store
        self._spool = spool
        self._timeout = timeout
        self._circuit = circuit or CircuitBreaker()
        self._tell = tell

    async def __call__(self, prompt: CapturedPrompt, allowed: float = 60.0) -> Capture:
        attempts = CaptureAttempts(prompt, self._store, self._spool, self._circuit, self._timeout)
        capture = await attempts.within(max(0.0, min(allowed, self._timeout)))
        self._tell(capture)
        return capture
