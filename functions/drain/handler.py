"""Write what was spooled to the store: invoked by the queue, in batches."""

from prompt_capture import cold_start

# isort: split

import asyncio
from typing import Any

from prompt_capture import bootstrap
from prompt_capture.workflows.drain_spool import DONE

runner = asyncio.Runner()
drain_spool = bootstrap.drain_spool()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Drain a batch, and name the messages that must come again."""
    bodies = {record["messageId"]: record["body"] for record in event["Records"]}
    fates = runner.run(drain_spool(bodies))
    failed = [name for name, fate in fates.items() if fate not in DONE]
    return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}


cold_start.started()
