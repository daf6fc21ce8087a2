"""The dead letters of the spool."""

from typing import TYPE_CHECKING

from prompt_capture.bootstrap.access import environment
from prompt_capture.settings.capture import QueueSettings
from prompt_capture.workflows.redrive_dead_letters import RedriveDeadLetters

if TYPE_CHECKING:
    from prompt_capture.adapters.aws.dead_letters import SqsDeadLetters


def spool_dead_letters() -> "SqsDeadLetters":
    """Connect to the dead letters of the spool. Raise `InvalidSettings`."""
    from prompt_capture.adapters.aws.client_settings import create_aws_client
    from prompt_capture.adapters.aws.dead_letters import SqsDeadLetters

    queue_url = QueueSettings.from_env(environment()).spool_queue_url
    return SqsDeadLetters(create_aws_client("sqs"), queue_url)


def redrive_dead_letters() -> RedriveDeadLetters:
    """Wire the redrive of dead letters. Raise `InvalidSettings`."""
    return RedriveDeadLetters(spool_dead_letters())
