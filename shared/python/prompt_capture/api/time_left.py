"""How long an invocation may still take."""

from collections.abc import MutableMapping
from typing import Any

_MARGIN_SECONDS = 0.2
"""What it takes to answer, when all else is done."""

_NO_LIMIT = 60.0


def time_left(scope: MutableMapping[str, Any]) -> float:
    """Answer the seconds that a request may still take: Lambda's own limit, less a margin.

    Lambda tells the limit by the wall clock. One that has passed while we run says that the clock
    has jumped, and nothing of the time that is left.
    """
    context = scope.get("aws.context")
    if context is None:
        return _NO_LIMIT
    remaining = float(context.get_remaining_time_in_millis()) / 1000
    return remaining - _MARGIN_SECONDS if remaining > 0 else _NO_LIMIT
