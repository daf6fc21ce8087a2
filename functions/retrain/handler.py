"""Retrain the model. Schedules and operators invoke this function; it has no HTTP endpoint."""

from prompt_capture import cold_start

# isort: split

import asyncio
from typing import Any

from prompt_capture.api.events import ignore, is_ping
from prompt_capture.bootstrap import datasets, publishing, registry, retraining, stores
from training.allocator import limit_arenas
from training.retrain.ports import RetrainingOptions, RetrainingPorts
from training.retrain.requests import RetrainingRequest
from training.retrain.workflow import Retrain


def create() -> Retrain:
    """Wire the function."""
    settings, exports = retraining.retraining_settings(), datasets.export_settings()
    models_bucket = publishing.publishing_settings().models_bucket
    evaluation = registry.evaluation()
    ports = RetrainingPorts(
        runs=evaluation,
        evaluation=evaluation,
        queue=evaluation,
        registry=registry.model_registry(),
        serving=registry.registered_serving(),
        catalogue=stores.service_store(),
        files=publishing.published_files(),
        objects=publishing.model_objects(models_bucket),
        datasets=datasets.dataset_store(exports.export_bucket),
        notifier=retraining.notifier(settings.retrain_topic),
    )
    return Retrain(ports, RetrainingOptions.of(settings, exports))


limit_arenas()
runner = asyncio.Runner()
retrain = create()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Carry out the retraining that the event requests."""
    if is_ping(event):
        return ignore(event, 'a retraining request, for example {"occasion": "request"}')
    request = RetrainingRequest.from_event(event, context.aws_request_id)
    seconds = context.get_remaining_time_in_millis() / 1000
    return runner.run(retrain(request, seconds)).model_dump(mode="json")


cold_start.enable_garbage_collection()
