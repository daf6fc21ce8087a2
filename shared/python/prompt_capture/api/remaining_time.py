"""The time that is left of a Lambda invocation."""

from collections.abc import MutableMapping
from typing import Any

_MARGIN_SECONDS = 0.2
"""The time to send the response once everything else is done."""

_NO_LIMIT_SECONDS = 60.0


def remaining_seconds(scope: MutableMapping[str, Any]) -> float:
    """Return the seconds that a request may still take: Lambda's limit less a margin.

    Lambda reports the limit by the wall clock. A limit in the past means that the clock has jumped
    and does not show how much time is left, so it is ignored.
    """
    context = scope.get("aws.context")
    if context is None:
        return _NO_LIMIT_SECONDS
    remaining = float(context.get_remaining_time_in_millis()) / 1000
    return remaining - _MARGIN_SECONDS if remaining > 0 else _NO_LIMIT_SECONDS
