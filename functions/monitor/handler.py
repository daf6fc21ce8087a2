"""Evaluate the rules of the alerts every hour, and send the digest every week, by schedules."""

from prompt_capture import cold_start

# isort: split

import asyncio
from typing import Any

from prompt_capture.api.events import ignore, is_ping, monitoring_mode
from prompt_capture.bootstrap import monitoring

runner = asyncio.Runner()
evaluate_rules = monitoring.evaluate_rules()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Do what the event asks for: {"mode": "evaluate"} or {"mode": "digest"}."""
    if is_ping(event):
        return ignore(event, '{"mode": "evaluate"} or {"mode": "digest"}')
    if monitoring_mode(event) == "digest":
        return runner.run(monitoring.send_digest()()).model_dump(mode="json")
    return runner.run(evaluate_rules()).model_dump(mode="json")


cold_start.enable_garbage_collection()
