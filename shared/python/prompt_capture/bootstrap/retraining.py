"""The retraining: its settings, and whom it notifies."""

from prompt_capture.bootstrap.access import environment
from prompt_capture.ports.notifications import Notifier
from prompt_capture.settings.retraining import RetrainingSettings


def retraining_settings() -> RetrainingSettings:
    """Return the settings of the retraining. Raise `InvalidSettings`."""
    return RetrainingSettings.from_env(environment())


def notifier(topic: str | None) -> Notifier:
    """Connect to an SNS topic; without one, only the log has the notifications."""
    if topic is None:
        from prompt_capture.adapters.log_notifications import LogNotifier

        return LogNotifier()
    from prompt_capture.adapters.aws.client_settings import create_aws_client
    from prompt_capture.adapters.aws.notifications import SnsNotifier

    return SnsNotifier(create_aws_client("sns"), topic)
