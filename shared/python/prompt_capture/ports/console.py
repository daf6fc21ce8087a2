"""What the console needs: the database and the function `models`, as the user who signed in."""

from collections.abc import Mapping
from typing import Any, Protocol

from prompt_capture.domain.changes import Decision, ReviewedItem


class ConsoleStore(Protocol):
    """The store, which looks the user's role up at each call.

    Every method may raise `NotPermitted` or `StoreUnavailable`.
    """

    async def decide(
        self, token: str, item: ReviewedItem, decision: Decision, notes: str | None
    ) -> Mapping[str, Any]:
        """Record a decision about an item of the queue, unless its text has a later event.

        A repeated call changes nothing. Raise `UnknownIntent`.
        """

    async def known_intents(self, token: str) -> list[str]:
        """Return the intents of the catalogue that are in use."""

    async def role(self, token: str) -> str | None:
        """Return what the user may do: `reviewer`, `operator`, `viewer` or None."""


class ModelDecisions(Protocol):
    """The API of the function `models`."""

    async def send(self, token: str, decision: str, body: bytes) -> tuple[int, bytes]:
        """Send a decision as the user; return the status and the body of the response.

        Raise `StoreUnavailable`.
        """

    async def split(self, token: str) -> tuple[int, bytes]:
        """Ask for the latest split as the user; return the status and the body of the response.

        Raise `StoreUnavailable`.
        """
