"""Retrain the model. Schedules and operators invoke this function; it has no HTTP endpoint."""

from prompt_capture import cold_start

# isort: split

import asyncio
from typing import Any

from prompt_capture import bootstrap
from prompt_capture.api.events import ignore, is_ping
from training.allocator import limit_arenas
from training.retrain.ports import RetrainingOptions, RetrainingPorts
from training.retrain.requests import RetrainingRequest
from training.retrain.workflow import Retrain


def create() -> Retrain:
    """Wire the function."""
    settings, exports = bootstrap.retraining_settings(), bootstrap.export_settings()
    models_bucket = bootstrap.publishing_settings().models_bucket
    evaluation = bootstrap.evaluation()
    ports = RetrainingPorts(
        runs=evaluation,
        evaluation=evaluation,
        queue=evaluation,
        registry=bootstrap.model_registry(),
        serving=bootstrap.registered_serving(),
        catalogue=bootstrap.service_store(),
        files=bootstrap.published_files(),
        objects=bootstrap.model_objects(models_bucket),
        datasets=bootstrap.dataset_store(exports.export_bucket),
        notifier=bootstrap.notifier(settings.retrain_topic),
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
