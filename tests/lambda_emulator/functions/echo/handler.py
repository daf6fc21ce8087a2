"""A function that performs the action in its event, or returns its event and environment."""

import os
import time
from typing import Any


def handler(event: Any, context: Any) -> Any:  # noqa: C901 - one case for each action
    body = event if "action" in event else {"action": event["rawPath"].strip("/")}
    match body["action"]:
        case "sleep":
            time.sleep(body.get("seconds", 0.1))
        case "crash":
            os._exit(3)
        case "raise":
            raise ValueError("requested error")
        case "result":
            return body["result"]
        case "plain":
            return {"plain": True}
        case "cookies":
            return {
                "statusCode": 201,
                "body": "aGk=",
                "isBase64Encoded": True,
                "headers": {"Content-Type": "text/plain"},
                "cookies": ["a=1", "b=2"],
            }
        case "malformed":
            return {"statusCode": "many"}
        case "event":
            return {"statusCode": 200, "body": event}
    return {
        "pid": os.getpid(),
        "event": event,
        "remaining_ms": context.get_remaining_time_in_millis(),
        "request_id": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "environment": dict(os.environ),
    }
