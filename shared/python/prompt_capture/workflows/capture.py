"""Write a prompt to the store, or to the spool, within one deadline."""

from collections.abc import Callable
from typing import Protocol

from prompt_capture.domain.captures import Capture
from prompt_capture.domain.circuit import CircuitBreaker
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.ports import PromptStore, Spool
from prompt_capture.workflows.capture_attempts import CaptureAttempts


class CaptureStrategy(Protocol):
    """A way to capture a prompt."""

    async def __call__(self, prompt: CapturedPrompt, seconds_left: float = 60.0) -> Capture:
        """Capture a prompt within `seconds_left`, or within the configured timeout if that is less.

        Raise `UnknownUser`, or `CaptureConflict` when the id belongs to a different message.
        """


class WriteFirst:
    """Writes a prompt before the response, and spools it when the write does not succeed.

    `timeout` in seconds covers the write and the spool together. Without a spool, the write has all
    of it, and a prompt that cannot be written is lost. `record_metrics` receives each capture.
    """

    def __init__(
        self,
        store: PromptStore,
        spool: Spool | None = None,
        timeout: float = 0.3,
        circuit: CircuitBreaker | None = None,
        record_metrics: Callable[[Capture], None] = lambda capture: None,
    ) -> None:
        self._store = store
        self._spool = spool
        self._timeout = timeout
        self._circuit = circuit or CircuitBreaker()
        self._record_metrics = record_metrics

    async def __call__(self, prompt: CapturedPrompt, seconds_left: float = 60.0) -> Capture:
        attempts = CaptureAttempts(prompt, self._store, self._spool, self._circuit, self._timeout)
        capture = await attempts.run(max(0.0, min(seconds_left, self._timeout)))
        self._record_metrics(capture)
        return capture
