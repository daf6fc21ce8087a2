"""In-memory implementations of the spool and its dead letters, for unit tests.

They pass the same contract tests as the SQS implementations.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from prompt_capture.domain.errors import SpoolUnavailable
from prompt_capture.domain.spool import DeadLetter, SpooledPrompt


class InMemorySpool:
    """Stores spooled prompts in a list. `is_reachable = False` simulates an outage."""

    def __init__(self) -> None:
        self.waiting: list[SpooledPrompt] = []
        self.is_reachable = True

    async def put(self, prompt: SpooledPrompt) -> None:
        if not self.is_reachable:
            raise SpoolUnavailable("The queue did not respond.")
        self.waiting.append(prompt)


class InMemoryDeadLetters:
    """Stores dead letters with the given bodies, and the bodies of those that are redriven."""

    def __init__(self, bodies: Sequence[str]) -> None:
        self.dead_letters = [
            DeadLetter(handle=str(number), sent_at=datetime.now(UTC), body=body)
            for number, body in enumerate(bodies)
        ]
        self.redriven: list[str] = []

    def read(self) -> list[DeadLetter]:
        return list(self.dead_letters)

    def release(self, dead_letters: Sequence[DeadLetter]) -> None:
        """Do nothing: reading does not hide these dead letters."""

    def redrive(self, dead_letters: Sequence[DeadLetter]) -> None:
        self.redriven += [dead_letter.body for dead_letter in dead_letters]
        self.delete(dead_letters)

    def delete(self, dead_letters: Sequence[DeadLetter]) -> None:
        self.dead_letters = [one for one in self.dead_letters if one not in dead_letters]
