"""Events of Lambda: messages from a queue, and events that ask for nothing.

The latter are warm-up pings and tests from the Lambda console.
"""

import logging
from typing import Any, Literal

from prompt_capture.domain.errors import InvalidMonitoringEvent

_WARM_UP_SOURCE = "serverless-plugin-warmup"
_WARMER_FIELDS = ("warmer", "warmup")
"""The field of the npm package lambda-warmer, and the usual one of a schedule's own input."""

_CONSOLE_FIELDS = {"key1", "key2", "key3"}
"""The fields of the console's test event "Hello World"."""

_CONSOLE_TIME = "1970-01-01T00:00:00Z"
"""The time in the console's test events of EventBridge."""

_SCHEDULERS = ("aws.events", "aws.scheduler")
_QUEUE = "aws:sqs"

logger = logging.getLogger(__name__)


def is_ping(event: object) -> bool:
    """Return whether an event is a warm-up ping, empty, or a test event of the console."""
    if not event:
        return True
    if not isinstance(event, dict):
        return False
    return (
        event.get("source") == _WARM_UP_SOURCE
        or any(event.get(name) is True for name in _WARMER_FIELDS)
        or event.keys() <= _CONSOLE_FIELDS
        or event.get("time") == _CONSOLE_TIME
    )


def is_schedule(event: object) -> bool:
    """Return whether an event comes from a schedule of EventBridge, which may be a warm-up."""
    return isinstance(event, dict) and event.get("source") in _SCHEDULERS


def queue_messages(event: object) -> dict[str, str]:
    """Return the bodies of SQS messages by their ids; none where the event has no messages.

    A body that is no text is returned as an empty one, so that its message is reported as failed.
    """
    records = event.get("Records") if isinstance(event, dict) else None
    return {
        record["messageId"]: body if isinstance(body := record.get("body"), str) else ""
        for record in (records if isinstance(records, list) else [])
        if isinstance(record, dict)
        and isinstance(record.get("messageId"), str)
        and record.get("eventSource", _QUEUE) == _QUEUE
    }


def ignore(event: object, expected: str) -> dict[str, Any]:
    """Return the answer to an event that the function does not handle.

    The response names what the function handles (`expected`). An event that is not a ping is
    logged, without its content.
    """
    message = f"This function expects {expected}. Nothing was done."
    if not (is_ping(event) or is_schedule(event)):
        logger.warning("The event was ignored.", extra={"reason": message})
    return {"status": "ignored", "message": message}


def monitoring_mode(event: object) -> Literal["evaluate", "digest"]:
    """Return what a schedule or an operator asks of the monitor. Raise `InvalidMonitoringEvent`."""
    match event:
        case {"mode": "evaluate"}:
            return "evaluate"
        case {"mode": "digest"}:
            return "digest"
    raise InvalidMonitoringEvent('Send {"mode": "evaluate"} or {"mode": "digest"}.')
