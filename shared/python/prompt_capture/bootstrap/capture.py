"""The classification and capture of messages, and what follows the response."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from prompt_capture.adapters.aws.metrics import EmfMetrics
from prompt_capture.adapters.http_client import create_http_client
from prompt_capture.adapters.supabase.prompt_store import SupabasePromptStore
from prompt_capture.api.lambda_handler import Handler
from prompt_capture.bootstrap.access import WRITER_ROLE, environment
from prompt_capture.bootstrap.models import model_artifact, open_model, refuse_to_load
from prompt_capture.bootstrap.serving import RegisteredModels
from prompt_capture.bootstrap.stores import prompt_store
from prompt_capture.ports.capture import Spool
from prompt_capture.settings.aws import ExtensionSettings
from prompt_capture.settings.capture import CaptureSettings, SpoolSettings
from prompt_capture.settings.classification import ClassifierSettings
from prompt_capture.settings.models import ModelBucketSettings, ModelSettings
from prompt_capture.workflows.after_response import AfterResponse
from prompt_capture.workflows.answer_first import AnswerFirst
from prompt_capture.workflows.capture import CaptureStrategy, WriteFirst
from prompt_capture.workflows.classify_and_log import ClassifyAndLog
from prompt_capture.workflows.serve_model import ModelSwitch

AFTER_RESPONSE_TIMEOUT_SECONDS = 2.0
"""The time for a write and its spooling after the response (answer-first mode)."""

_SERVICE = "classify-and-log"

logger = logging.getLogger(__name__)


def classifier_settings() -> ClassifierSettings:
    """Return the settings of the classification. Raise `InvalidSettings`."""
    return ClassifierSettings.from_env(environment())


def model_switch(
    settings: ClassifierSettings, registered: RegisteredModels | None
) -> tuple[ModelSwitch, Callable[[], None]]:
    """Create the switch between the models that answer, from the reading that began earlier.

    Return also what lets it serve the champion. It may have to wait for that, so the handler calls
    it when everything else is done. Raise `InvalidArtifact`, `InvalidRules` or `InvalidSettings`.
    """
    models = ModelSettings.from_env(environment())
    if models.models_bucket is None:
        model = open_model(settings, model_artifact(settings))
        return ModelSwitch(lambda: model, refuse_to_load), lambda: None
    ModelBucketSettings.from_env(environment())
    registered = registered or RegisteredModels()
    switch = registered.create_switch(settings, EmfMetrics(_SERVICE).record_model_change)
    return switch, partial(registered.start, switch, settings, models.model_wait_seconds)


def classify_and_log(
    settings: ClassifierSettings, models: ModelSwitch, capture: CaptureStrategy
) -> ClassifyAndLog:
    """Wire the classification. Raise `InvalidSettings`."""
    return ClassifyAndLog(
        models.model_for,
        capture,
        CaptureSettings.from_env(environment()).id_secret,
        settings.redact,
        EmfMetrics(_SERVICE).record_classification,
    )


def capture_strategy(models: ModelSwitch) -> tuple[CaptureStrategy, AfterResponse | None]:
    """Wire the capture, and connect to the store.

    Return what the handler calls after each response, where work follows it. Each response of the
    store says which model is the champion. Raise `InvalidSettings`.
    """
    settings = CaptureSettings.from_env(environment())
    if settings.capture_mode == "answer-first":
        write, store = _write_first(settings, models, AFTER_RESPONSE_TIMEOUT_SECONDS)
        answer_first = AnswerFirst(store.discard_deferred_changes)
        capture_collected = partial(answer_first.capture_collected, write)
        return answer_first, _after_response(store.connect, capture_collected, models.load)
    write, store = _write_first(settings, models, settings.capture_timeout_seconds)
    # Mangum runs the app on this loop, and the connection belongs to it.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(store.connect())
    if ModelSettings.from_env(environment()).models_bucket is None:
        return write, None
    return write, _after_response(_do_nothing, models.load)


async def _do_nothing() -> None:
    pass


def _after_response(
    on_start: Callable[[], Awaitable[None]], *work: Callable[[float], Awaitable[None]]
) -> AfterResponse:
    """Register work that follows each response, in its order. Each part gets the seconds left."""
    from prompt_capture.adapters.aws.lambda_extension import LambdaExtension

    response = AfterResponse()

    async def on_invoke(seconds: float) -> None:
        ends_at = time.monotonic() + await response.wait(seconds)
        for part in work:
            await part(ends_at - time.monotonic())

    runtime_api = ExtensionSettings.from_env(environment()).aws_lambda_runtime_api
    LambdaExtension(runtime_api, on_start, on_invoke)
    return response


def _write_first(
    settings: CaptureSettings, models: ModelSwitch, timeout_seconds: float
) -> tuple[WriteFirst, SupabasePromptStore]:
    store = prompt_store(WRITER_ROLE, max(1.0, timeout_seconds), on_serving=models.notice)
    spool = _spool(settings, timeout_seconds)
    record_metrics = EmfMetrics(_SERVICE).record_capture
    return WriteFirst(store, spool, timeout_seconds, record_metrics=record_metrics), store


def with_after_response_hook(handler: Handler, response: AfterResponse | None) -> Handler:
    """Make a handler report each response, where work follows it."""
    if response is None:
        return handler

    def handle(event: Any, context: Any) -> Any:
        try:
            return handler(event, context)
        finally:
            response.mark_answered()

    return handle


def _spool(settings: CaptureSettings, timeout_seconds: float) -> Spool | None:
    if settings.spool_queue_url is None:
        logger.warning("SPOOL_QUEUE_URL is not set: prompts that cannot be written are lost.")
        return None
    from prompt_capture.adapters.aws.spool import SqsSpool

    return SqsSpool(create_http_client(timeout_seconds), SpoolSettings.from_env(environment()))
