"""What the capture of a message needs: a classifier, a store and a spool."""

from collections.abc import Sequence
from typing import Protocol

from prompt_capture.domain.predictions import Prediction
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.spool import SpooledPrompt


class Classifier(Protocol):
    """An intent model."""

    @property
    def version(self) -> str:
        """The version that captured prompts record."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The intents that the model can predict."""

    def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """Return one prediction per text, in order, each with `source="model"`."""

    def classify_clauses(self, clauses: Sequence[str]) -> list[Prediction]:
        """Return one prediction per clause of a message that may carry several intents.

        `confidence` is the probability that the message carries this intent at all.
        """


class CaptureStore(Protocol):
    """The store of captured prompts."""

    async def log_prompt(self, prompt: CapturedPrompt) -> CapturedPrompt:
        """Write a captured prompt, and return the prompt on record.

        The call is idempotent: repeats return the first write with its prediction. Raise
        `UnknownUser` when the user does not exist, `CaptureConflict` when the id belongs to a
        different message, `PromptRefused` when the store rejects the row, and `StoreUnavailable`
        when it cannot be reached.
        """


class Spool(Protocol):
    """The queue of captured prompts that the store did not take in time."""

    async def put(self, prompt: SpooledPrompt) -> None:
        """Queue a prompt for the drain. Raise `SpoolUnavailable`."""
