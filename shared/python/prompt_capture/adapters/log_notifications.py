"""Notifications in the log, where there is no topic."""

import logging

logger = logging.getLogger(__name__)


class LogNotifier:
    """Writes the subject of each notification to the log."""

    def publish(self, subject: str, message: str) -> None:
        logger.info(
            "RETRAIN_TOPIC is not set: the notification is in this log alone.",
            extra={"subject": subject},
        )
