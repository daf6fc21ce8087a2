"""The spool's twins in memory, for unit tests; held to the same contract tests as the real ones."""

from collections.abc import Sequence
from datetime import UTC, datetime

from prompt_capture.domain.errors import SpoolUnavailable
from prompt_capture.domain.spool import DeadLetter, SpooledPrompt


class InMemorySpool:
    """Keeps what is put; `reachable = False` makes it fail as an outage."""

    def __init__(self) -> None:
        self.waiting: list[SpooledPrompt] = []
        self.reachable = True

    async def put(self, prompt: SpooledPrompt) -> None:
        if not self.reachable:
            raise SpoolUnavailable("The queue did not answer.")
        self.waiting.append(prompt)


class InMemoryDeadLetters:
    """Holds the bodies that it is given, and those that were sent again."""

    def __init__(self, bodies: Sequence[str]) -> None:
        self.letters = [
            DeadLetter(handle=str(number), sent_at=datetime.now(UTC), body=body)
            for number, body in enumerate(bodies)
        ]
        self.sent_again: list[str] = []

    def read(self) -> list[DeadLetter]:
        return list(self.letters)

    def put_back(self, letters: Sequence[DeadLetter]) -> None:
        """They were never hidden."""

    def send_again(self, letters: Sequence[DeadLetter]) -> None:
        self.sent_again += [letter.body for letter in letters]
        self.delete(letters)

    def delete(self, letters: Sequence[DeadLetter]) -> None:
        self.letters = [letter for letter in self.letters if letter not in letters]
