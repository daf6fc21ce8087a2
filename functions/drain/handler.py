"""Write spooled prompts to the store. The queue invokes this function with batches."""

from prompt_capture import cold_start

# isort: split

import asyncio
from typing import Any

from prompt_capture.api.events import ignore, queue_messages
from prompt_capture.bootstrap import drain
from prompt_capture.workflows.drain_spool import FINAL_RESULTS

runner = asyncio.Runner()
drain_spool = drain.drain_spool()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Drain a batch, and return the messages that the queue must deliver again."""
    bodies = queue_messages(event)
    if not bodies:
        return ignore(event, "messages from the spool queue")
    results = runner.run(drain_spool(bodies))
    failed = [key for key, result in results.items() if result not in FINAL_RESULTS]
    return {"batchItemFailures": [{"itemIdentifier": key} for key in failed]}


cold_start.enable_garbage_collection()
