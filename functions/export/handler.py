"""Export a dataset to S3. Schedules and operators invoke this function; it has no HTTP endpoint."""

from prompt_capture import cold_start

# isort: split

import asyncio
import logging
from typing import Any

from prompt_capture.api.events import ignore, is_ping
from prompt_capture.bootstrap import exports
from prompt_capture.domain.datasets.requests import ExportRequest

logger = logging.getLogger(__name__)
runner = asyncio.Runner()
clean_before_export = exports.clean_before_export()
export_dataset = exports.export_dataset()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Run the export that the event requests, in its own keys or in a schedule's `detail`.

    Users who were erased since the last export leave its datasets first.
    """
    if is_ping(event):
        return ignore(event, 'an export request, for example {"mode": "retraining"}')
    request = ExportRequest.from_event(event)
    runner.run(clean_before_export(context.get_remaining_time_in_millis() / 1000))
    dataset = runner.run(export_dataset(request))
    for warning in dataset.warnings:
        logger.warning(warning)
    return dataset.model_dump(mode="json")


cold_start.enable_garbage_collection()
