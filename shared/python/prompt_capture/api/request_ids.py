"""The id by which a request is found in the logs: Lambda's own where there is one."""

from collections.abc import MutableMapping
from typing import Any
from uuid import uuid4

_KEY = "prompt_capture.request_id"


def request_id(scope: MutableMapping[str, Any]) -> str:
    """Answer the request's id, the same one however often it is asked."""
    if _KEY not in scope:
        context = scope.get("aws.context")
        scope[_KEY] = getattr(context, "aws_request_id", None) or str(uuid4())
    return str(scope[_KEY])
