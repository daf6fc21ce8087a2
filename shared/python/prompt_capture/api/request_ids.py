"""The id that identifies a request in the logs: Lambda's request id where there is one."""

from collections.abc import MutableMapping
from typing import Any
from uuid import uuid4

_KEY = "prompt_capture.request_id"


def request_id(scope: MutableMapping[str, Any]) -> str:
    """Return the id of a request. Repeated calls return the same id."""
    if _KEY not in scope:
        context = scope.get("aws.context")
        scope[_KEY] = getattr(context, "aws_request_id", None) or str(uuid4())
    return str(scope[_KEY])
