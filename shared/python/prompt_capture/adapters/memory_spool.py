"""The spool's twin in memory, for unit tests; held to the same contract tests as the real one."""

from prompt_capture.domain.errors import SpoolUnavailable
from prompt_capture.domain.spool import SpooledPrompt


class InMemorySpool:
    """Keeps what is put; `reachable = False` makes it fail as an outage."""

    def __init__(self) -> None:
        self.waiting: list[SpooledPrompt] = []
        self.reachable = True

    async def put(self, prompt: SpooledPrompt) -> None:
        if not self.reachable:
            raise SpoolUnavailable("The queue did not answer.")
        self.waiting.append(prompt)
