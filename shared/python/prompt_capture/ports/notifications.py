"""What tells operators that something was decided or waits for them."""

from typing import Protocol


class Notifier(Protocol):
    """Sends notifications, which hold no text of a user."""

    def publish(self, subject: str, message: str) -> None:
        """Send a notification. Raise `NotificationFailed`."""
