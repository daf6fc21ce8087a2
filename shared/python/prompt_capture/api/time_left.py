"""How long an invocation may still take."""

from collections.abc import MutableMapping
from typing import Any

_MARGIN_SECONDS = 0.2
"""What it takes to answer, when all else is done."""

_NO_LIMIT = 60.0


def time_left(scope: MutableMapping[str, Any]) -> float:
    """Answer the seconds that a request may still take: Lambda's own limit, less a margin."""
    context = scope.get("aws.context")
    if context is None:
        return _NO_LIMIT
    return float(context.get_remaining_time_in_millis()) / 1000 - _MARGIN_SECONDS
