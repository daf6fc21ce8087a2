"""Write a retraining or review dataset to S3: invoked or scheduled, never called over HTTP."""

from prompt_capture import cold_start

# isort: split

import asyncio
from typing import Any

from prompt_capture import bootstrap
from prompt_capture.domain.datasets.requests import ExportRequest

runner = asyncio.Runner()
export_dataset = bootstrap.export_dataset()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Export what the event asks for: its own keys, or those of a schedule's `detail`."""
    request = ExportRequest.from_event(event)
    dataset = runner.run(export_dataset(request))
    return dataset.model_dump(mode="json")


cold_start.started()
