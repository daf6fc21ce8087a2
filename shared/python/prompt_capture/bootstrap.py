"""The composition root: the only module that creates adapters."""

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prompt_capture.adapters.http_client import create_http_client
from prompt_capture.adapters.supabase.keys import PUBLISHABLE, usable_jwt_secret, usable_key
from prompt_capture.adapters.supabase.prompt_store import SupabasePromptStore
from prompt_capture.adapters.supabase.serving_header import notice_serving
from prompt_capture.api.authentication import Authenticator
from prompt_capture.api.request_context import CorrelationFilter
from prompt_capture.api.tokens import TokenVerifier
from prompt_capture.bootstrap_access import WRITER_ROLE, environment, store_client
from prompt_capture.bootstrap_models import (
    model_artifact,
    open_model,
    refuse_to_load,
)
from prompt_capture.domain.buckets import is_folder
from prompt_capture.domain.errors import DatasetsUnavailable, InvalidSettings
from prompt_capture.domain.splits import ServingModels
from prompt_capture.ports.capture import Spool
from prompt_capture.settings import (
    AuthenticationSettings,
    AwsSettings,
    CaptureSettings,
    ClassifierSettings,
    ConsoleSettings,
    ExportSettings,
    ExtensionSettings,
    ModelBucketSettings,
    ModelSettings,
    MonitorSettings,
    OperatorSettings,
    PublishingSettings,
    QueueSettings,
    RetrainingSettings,
    SpoolSettings,
    SqsSettings,
    SupabaseSettings,
    TopicSettings,
    WebSettings,
    parameter_names,
)
from prompt_capture.workflows.after_response import AfterResponse
from prompt_capture.workflows.answer_first import AnswerFirst
from prompt_capture.workflows.capture import CaptureStrategy, WriteFirst
from prompt_capture.workflows.classify_and_log import ClassifyAndLog
from prompt_capture.workflows.correct import Correct
from prompt_capture.workflows.drain_spool import DrainSpool
from prompt_capture.workflows.record_outcome import RecordOutcome
from prompt_capture.workflows.redrive_dead_letters import RedriveDeadLetters
from prompt_capture.workflows.serve_model import ModelSwitch

if TYPE_CHECKING:
    from prompt_capture.adapters.aws.dead_letters import SqsDeadLetters
    from prompt_capture.adapters.aws.metrics import EmfMetrics
    from prompt_capture.adapters.supabase.console import SupabaseConsole
    from prompt_capture.adapters.supabase.evaluation import SupabaseEvaluation
    from prompt_capture.adapters.supabase.export_source import SupabaseExports
    from prompt_capture.adapters.supabase.model_registry import SupabaseModelRegistry
    from prompt_capture.adapters.supabase.monitoring import SupabaseMonitoring
    from prompt_capture.api.console_page import PageSettings
    from prompt_capture.api.lambda_handler import Handler
    from prompt_capture.bootstrap_serving import RegisteredModels
    from prompt_capture.domain.model_folders import ModelFolder
    from prompt_capture.ports.exports import DatasetStore
    from prompt_capture.ports.models import ModelObjects, PublishedFiles, ServingSource
    from prompt_capture.ports.monitoring import PromptQueue, Topic
    from prompt_capture.ports.notifications import Notifier
    from prompt_capture.workflows.console import DecideOnItem, DecideOnModel
    from prompt_capture.workflows.erase_user import EraseUser
    from prompt_capture.workflows.exports.export import ExportDataset
    from prompt_capture.workflows.exports.pending_cleaning import (
        CleanBeforeExport,
        CleanPendingObjects,
    )
    from prompt_capture.workflows.models.evaluate_split import EvaluateSplit
    from prompt_capture.workflows.models.manage import ManageModels
    from prompt_capture.workflows.models.publish import PublishModel
    from prompt_capture.workflows.monitoring.digest import SendDigest
    from prompt_capture.workflows.monitoring.evaluate import EvaluateRules
    from prompt_capture.workflows.pending_erasures import FinishPendingErasures

EXPORTER_ROLE = "prompt_exporter"
REGISTRAR_ROLE = "model_registrar"
MONITOR_ROLE = "prompt_monitor"
SERVICE_ROLE = "service_role"
PAGE_TIMEOUT_SECONDS = 65.0
MONITORING_TIMEOUT_SECONDS = 35.0
REGISTRY_TIMEOUT_SECONDS = 10.0
"""More than the statement timeout of the role or the function, so that the answer says what
happened. The statement of a caller who has left runs on, beside that of the next attempt."""

AWS_TIMEOUT_SECONDS = 30.0

CONSOLE_TIMEOUT_SECONDS = 9.0
"""More than the statement timeout of signed-in users."""
FILE_TIMEOUT_SECONDS = 10.0
"""The time for each step of a request for a file of a model, when no user waits."""

DRAIN_TIMEOUT_SECONDS = 5.0
DRAIN_CONNECT_SECONDS = 2.0
"""Less than the whole timeout, which shows whether the store is slow or cannot be reached."""

DRAIN_BUDGET_SECONDS = 10.0
"""A third of the function's timeout: the last write begins then, and may take two requests."""

AFTER_RESPONSE_TIMEOUT_SECONDS = 2.0
"""The time for a write and its spooling after the response (answer-first mode)."""

CLASSIFY = "classify-and-log"

logger = logging.getLogger(__name__)


def classifier_settings() -> ClassifierSettings:
    """Return the settings of the classification. Raise `InvalidSettings`."""
    return ClassifierSettings.from_env(environment())


def model_switch(
    settings: ClassifierSettings, registered: "RegisteredModels | None"
) -> tuple[ModelSwitch, Callable[[], None]]:
    """Create the switch between the models that answer, from the reading that began earlier.

    Return also what lets it serve the champion. It may have to wait for that, so the handler calls
    it when everything else is done. Raise `InvalidArtifact`, `InvalidRules` or `InvalidSettings`.
    """
    from prompt_capture.bootstrap_serving import RegisteredModels

    models = ModelSettings.from_env(environment())
    if models.models_bucket is None:
        model = open_model(settings, model_artifact(settings))
        return ModelSwitch(lambda: model, refuse_to_load), lambda: None
    ModelBucketSettings.from_env(environment())
    registered = registered or RegisteredModels()
    switch = registered.create_switch(settings, _metrics(CLASSIFY).record_model_change)
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
        _metrics(CLASSIFY).record_classification,
    )


def capture(models: ModelSwitch) -> tuple[CaptureStrategy, AfterResponse | None]:
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
    record_metrics = _metrics(CLASSIFY).record_capture
    return WriteFirst(store, spool, timeout_seconds, record_metrics=record_metrics), store


def with_after_response_hook(handler: "Handler", response: AfterResponse | None) -> "Handler":
    """Make a handler report each response, where work follows it."""
    if response is None:
        return handler

    def handle(event: Any, context: Any) -> Any:
        try:
            return handler(event, context)
        finally:
            response.mark_answered()

    return handle


def _metrics(service: str) -> "EmfMetrics":
    from prompt_capture.adapters.aws.metrics import EmfMetrics

    return EmfMetrics(service)


def _spool(settings: CaptureSettings, timeout_seconds: float) -> Spool | None:
    if settings.spool_queue_url is None:
        logger.warning("SPOOL_QUEUE_URL is not set: prompts that cannot be written are lost.")
        return None
    from prompt_capture.adapters.aws.spool import SqsSpool

    return SqsSpool(create_http_client(timeout_seconds), SpoolSettings.from_env(environment()))


def drain_spool() -> DrainSpool:
    """Wire the drain of the spool. Raise `InvalidSettings`."""
    store = prompt_store(WRITER_ROLE, DRAIN_TIMEOUT_SECONDS, DRAIN_CONNECT_SECONDS)
    return DrainSpool(store, _metrics("drain").record_counts, DRAIN_BUDGET_SECONDS)


def record_outcome() -> RecordOutcome:
    """Wire the recording of outcomes. Raise `InvalidSettings`."""
    return RecordOutcome(service_store(), _metrics("record-outcome").record_counts)


def correct() -> Correct:
    """Wire the recording of corrections. Raise `InvalidSettings`."""
    return Correct(service_store(), _metrics("correct").record_counts)


def erase_user() -> "EraseUser":
    """Wire the erasure of users. Raise `InvalidSettings`."""
    from prompt_capture.workflows.erase_user import EraseUser
    from prompt_capture.workflows.exports.cleaning import CleanDatasets

    store = prompt_store(SERVICE_ROLE, timeout_seconds=PAGE_TIMEOUT_SECONDS)
    has_spool = CaptureSettings.from_env(environment()).spool_queue_url is not None
    dead_letters = _dead_letters() if has_spool else None
    clean = CleanDatasets(_export_source(SERVICE_ROLE), _existing_dataset_store)
    return EraseUser(store, clean, dead_letters)


def finish_pending_erasures() -> "FinishPendingErasures":
    """Wire what finishes earlier erasures. Raise `InvalidSettings`."""
    from prompt_capture.workflows.pending_erasures import FinishPendingErasures

    return FinishPendingErasures(
        prompt_store(SERVICE_ROLE, timeout_seconds=PAGE_TIMEOUT_SECONDS),
        erase_user(),
        _clean_pending_objects(_export_source(SERVICE_ROLE), _existing_dataset_store),
    )


def clean_before_export() -> "CleanBeforeExport":
    """Wire the cleaning of the export's own bucket. Raise `InvalidSettings`."""
    from prompt_capture.workflows.exports.pending_cleaning import CleanBeforeExport

    own = dataset_store(ExportSettings.from_env(environment()).export_bucket)

    def store_for(bucket: str) -> "DatasetStore":
        if bucket != own.bucket:
            raise DatasetsUnavailable("The export cannot reach the bucket.")
        return own

    clean_pending = _clean_pending_objects(_export_source(), store_for)
    return CleanBeforeExport(clean_pending, _metrics("export").record_counts)


def _clean_pending_objects(
    ledger: "SupabaseExports", store_for: "Callable[[str], DatasetStore]"
) -> "CleanPendingObjects":
    from prompt_capture.workflows.exports.cleaning import CleanDatasets
    from prompt_capture.workflows.exports.pending_cleaning import CleanPendingObjects

    return CleanPendingObjects(ledger, CleanDatasets(ledger, store_for))


def redrive_dead_letters() -> RedriveDeadLetters:
    """Wire the redrive of dead letters. Raise `InvalidSettings`."""
    return RedriveDeadLetters(_dead_letters())


def _dead_letters() -> "SqsDeadLetters":
    from prompt_capture.adapters.aws.client_settings import create_aws_client
    from prompt_capture.adapters.aws.dead_letters import SqsDeadLetters

    queue_url = QueueSettings.from_env(environment()).spool_queue_url
    return SqsDeadLetters(create_aws_client("sqs"), queue_url)


def export_dataset(report: Callable[[int], None] | None = None) -> "ExportDataset":
    """Wire the export to S3. Raise `InvalidSettings`."""
    from prompt_capture.workflows.exports.export import ExportDataset, ExportOptions

    source = _export_source()
    settings = ExportSettings.from_env(environment())
    options = ExportOptions(
        settings.export_prefix,
        settings.export_retained_prefix,
        settings.export_max_rows,
        settings.export_min_lines,
    )
    datasets = dataset_store(settings.export_bucket)
    return ExportDataset(source, datasets, options, report=report)


def export_to_folder(folder: Path, report: Callable[[int], None] | None = None) -> "ExportDataset":
    """Wire the export to a local folder. Raise `InvalidSettings`."""
    from prompt_capture.adapters.local_datasets import LocalDatasetStore
    from prompt_capture.workflows.exports.export import ExportDataset, ExportOptions

    options = ExportOptions(anonymizes_by_default=True)
    return ExportDataset(_export_source(), LocalDatasetStore(folder), options, report=report)


def dataset_store(bucket: str) -> "DatasetStore":
    """Connect to an S3 bucket, or to a folder on this machine."""
    if is_folder(bucket):
        from prompt_capture.adapters.local_datasets import LocalDatasetStore

        return LocalDatasetStore(Path(bucket))
    from prompt_capture.adapters.aws.client_settings import create_aws_client
    from prompt_capture.adapters.aws.s3_datasets import S3DatasetStore

    return S3DatasetStore(create_aws_client("s3"), bucket)


def _existing_dataset_store(bucket: str) -> "DatasetStore":
    """Connect to a bucket, or to a folder that exists.

    A folder of another machine does not: its objects must not count as deleted. Raise
    `DatasetsUnavailable`.
    """
    if is_folder(bucket) and not Path(bucket).is_dir():
        raise DatasetsUnavailable("This machine has no such folder.")
    return dataset_store(bucket)


def manage_models() -> "ManageModels":
    """Wire the decisions about which model serves. Raise `InvalidSettings`."""
    from prompt_capture.workflows.models.manage import ManageModels

    return ManageModels(model_registry())


def evaluate_split() -> "EvaluateSplit":
    """Wire the comparison of a split's arms. Raise `InvalidSettings`."""
    from prompt_capture.workflows.models.evaluate_split import EvaluateSplit

    return EvaluateSplit(model_registry())


def publish_model() -> "PublishModel":
    """Wire the publishing of models. Raise `InvalidSettings`."""
    from prompt_capture.workflows.models.publish import PublishModel

    bucket = PublishingSettings.from_env(environment()).models_bucket
    return PublishModel(model_objects(bucket), model_registry())


def published_models() -> "PublishedFiles":
    """Connect to the published models as an operator does. Raise `InvalidSettings`."""
    bucket = PublishingSettings.from_env(environment()).models_bucket
    if is_folder(bucket):
        from prompt_capture.adapters.local_models import open_published_folder

        return open_published_folder(Path(bucket))
    from prompt_capture.adapters.aws.client_settings import create_aws_client
    from prompt_capture.adapters.aws.s3_models import open_published_bucket

    return open_published_bucket(create_aws_client("s3"), bucket)


def model_objects(bucket: str) -> "ModelObjects":
    """Connect to an S3 bucket, or to a folder on this machine."""
    if is_folder(bucket):
        from prompt_capture.adapters.local_models import LocalModelObjects

        return LocalModelObjects(Path(bucket))
    from prompt_capture.adapters.aws.client_settings import create_aws_client
    from prompt_capture.adapters.aws.s3_models import S3ModelObjects

    return S3ModelObjects(create_aws_client("s3"), bucket)


def model_folder(folder: Path) -> "ModelFolder":
    """Load, check and measure a model. Raise `InvalidArtifact`."""
    from prompt_capture.adapters.onnx.model_folder import read_model_folder

    return read_model_folder(folder)


def evaluation() -> "SupabaseEvaluation":
    """Connect to what comparisons of models read and record. Raise `InvalidSettings`."""
    from prompt_capture.adapters.supabase.evaluation import SupabaseEvaluation

    settings = _registrar_settings()
    client = store_client(settings, REGISTRAR_ROLE, PAGE_TIMEOUT_SECONDS)
    return SupabaseEvaluation(client, settings.rest_url)


def export_settings() -> ExportSettings:
    """Return the settings of the exports. Raise `InvalidSettings`."""
    return ExportSettings.from_env(environment())


def publishing_settings() -> PublishingSettings:
    """Return where models are published. Raise `InvalidSettings`."""
    return PublishingSettings.from_env(environment())


def retraining_settings() -> RetrainingSettings:
    """Return the settings of the retraining. Raise `InvalidSettings`."""
    return RetrainingSettings.from_env(environment())


def registered_serving() -> "ServingSource":
    """Connect to the registry to read which models serve. Raise `InvalidSettings`."""
    from prompt_capture.adapters.supabase.model_registry import SupabaseServing

    settings = SupabaseSettings.from_env(environment())
    client = store_client(settings, REGISTRAR_ROLE, REGISTRY_TIMEOUT_SECONDS)
    return SupabaseServing(client, settings.rest_url)


def published_files() -> "PublishedFiles":
    """Connect to the published models as a function does. Raise `InvalidSettings`."""
    from prompt_capture.adapters.aws.s3_published_files import S3PublishedFiles

    client = create_http_client(FILE_TIMEOUT_SECONDS)
    return S3PublishedFiles(client, ModelBucketSettings.from_env(environment()))


def notifier(topic: str | None) -> "Notifier":
    """Connect to an SNS topic; without one, only the log has the notifications."""
    if topic is None:
        from prompt_capture.adapters.log_notifications import LogNotifier

        return LogNotifier()
    from prompt_capture.adapters.aws.client_settings import create_aws_client
    from prompt_capture.adapters.aws.notifications import SnsNotifier

    return SnsNotifier(create_aws_client("sns"), topic)


def _export_source(role: str = EXPORTER_ROLE) -> "SupabaseExports":
    """Connect to the store for exports. A page may take long, since no user waits for it."""
    from prompt_capture.adapters.supabase.export_source import SupabaseExports

    settings = SupabaseSettings.from_env(environment())
    return SupabaseExports(store_client(settings, role, PAGE_TIMEOUT_SECONDS), settings.rest_url)


def model_registry() -> "SupabaseModelRegistry":
    """Connect to the registry of models. Raise `InvalidSettings`."""
    from prompt_capture.adapters.supabase.model_registry import SupabaseModelRegistry

    settings = _registrar_settings()
    client = store_client(settings, REGISTRAR_ROLE, REGISTRY_TIMEOUT_SECONDS)
    return SupabaseModelRegistry(client, settings.rest_url)


def _registrar_settings() -> SupabaseSettings:
    settings = SupabaseSettings.from_env(environment())
    if settings.supabase_signing_key is None:
        raise InvalidSettings(
            f"Set SUPABASE_SIGNING_KEY: only the role {REGISTRAR_ROLE} reaches the registry of "
            "models, and the secret key is not that role's."
        )
    return settings


def decide_on_item() -> "DecideOnItem":
    """Wire the decisions of reviewers in the console. Raise `InvalidSettings`."""
    from prompt_capture.workflows.console import DecideOnItem

    return DecideOnItem(_console_store())


def decide_on_model() -> "DecideOnModel | None":
    """Wire the decisions of operators in the console. Raise `InvalidSettings`."""
    from prompt_capture.adapters.models_function import ModelsFunction, signer, unsigned
    from prompt_capture.workflows.console import DecideOnModel

    settings = ConsoleSettings.from_env(environment())
    if settings.models_url is None:
        return None
    is_signed = settings.models_url_auth == "iam"
    models = ModelsFunction(
        create_http_client(CONSOLE_TIMEOUT_SECONDS),
        str(settings.models_url),
        signer(AwsSettings.from_env(environment())) if is_signed else unsigned,
    )
    return DecideOnModel(_console_store(), models)


def page_settings() -> "PageSettings":
    """Return what the console's page must know. Raise `InvalidSettings`."""
    from prompt_capture.api.console_page import PageSettings

    settings = ConsoleSettings.from_env(environment())
    return PageSettings(
        str(settings.supabase_url).rstrip("/"),
        _publishable_key(settings),
        settings.models_url is not None,
    )


def _console_store() -> "SupabaseConsole":
    from prompt_capture.adapters.supabase.console import SupabaseConsole

    settings = ConsoleSettings.from_env(environment())
    client = create_http_client(CONSOLE_TIMEOUT_SECONDS)
    return SupabaseConsole(client, settings.rest_url, _publishable_key(settings))


def _publishable_key(settings: ConsoleSettings) -> str:
    return usable_key(PUBLISHABLE, settings.supabase_publishable_key.get_secret_value())


def monitoring() -> "SupabaseMonitoring":
    """Connect to the figures and alerts. Raise `InvalidSettings`."""
    from prompt_capture.adapters.supabase.monitoring import SupabaseMonitoring

    settings = SupabaseSettings.from_env(environment())
    client = store_client(settings, MONITOR_ROLE, MONITORING_TIMEOUT_SECONDS)
    return SupabaseMonitoring(client, settings.rest_url)


def evaluate_rules() -> "EvaluateRules":
    """Wire the rules of the alerts. Raise `InvalidSettings`."""
    from prompt_capture.workflows.monitoring.evaluate import EvaluateRules

    settings = MonitorSettings.from_env(environment())
    return EvaluateRules(
        monitoring(),
        _topic(),
        spool=_prompt_queue(settings.spool_queue_url),
        dead_letters=_prompt_queue(settings.dead_letters_queue_url),
        package=settings.package,
        record_metrics=_metrics("monitor").record_counts,
    )


def send_digest() -> "SendDigest":
    """Wire the weekly digest. Raise `InvalidSettings` where there is no topic."""
    from prompt_capture.workflows.monitoring.digest import SendDigest

    topic = _topic()
    if topic is None:
        raise InvalidSettings("Set ALERT_TOPIC_ARN: the digest is sent to this topic.")
    store = monitoring()
    return SendDigest(store, store, topic)


def _topic() -> "Topic | None":
    if MonitorSettings.from_env(environment()).alert_topic_arn is None:
        logger.warning("ALERT_TOPIC_ARN is not set: alerts are recorded and not sent.")
        return None
    from prompt_capture.adapters.aws.topic import SnsTopic

    settings = TopicSettings.from_env(environment())
    return SnsTopic(create_http_client(AWS_TIMEOUT_SECONDS), settings)


def _prompt_queue(queue_url: str | None) -> "PromptQueue | None":
    if queue_url is None:
        return None
    from prompt_capture.adapters.aws.queue_length import SqsQueueLength

    settings = SqsSettings.from_env(environment())
    return SqsQueueLength(create_http_client(AWS_TIMEOUT_SECONDS), queue_url, settings)


def service_store() -> SupabasePromptStore:
    """Connect to the store with the role that records outcomes and corrections."""
    return prompt_store(SERVICE_ROLE)


def authenticator() -> Authenticator:
    """Wire the authentication of callers, and add correlation ids to the log.

    Raise `InvalidSettings`.
    """
    return _authenticator(AuthenticationSettings.from_env(environment()))


def operator_authenticator() -> Authenticator:
    """Wire the authentication of operators, as `authenticator` does that of other callers.

    Raise `InvalidSettings`.
    """
    settings = OperatorSettings.from_env(environment())
    return _authenticator(settings, settings.operator_key_hashes)


def _authenticator(
    settings: AuthenticationSettings, operator_key_hashes: Sequence[str] = ()
) -> Authenticator:
    for handler in logging.getLogger().handlers:
        handler.addFilter(CorrelationFilter())
    secret, url = settings.supabase_jwt_secret, str(settings.supabase_url)
    legacy_secret = usable_jwt_secret(secret.get_secret_value(), url) if secret else ""
    tokens = TokenVerifier(url, legacy_secret or None)
    return Authenticator(tokens, settings.api_key_hashes, operator_key_hashes)


def allowed_origins() -> tuple[str, ...]:
    """Return the origins of the web pages that may call. Raise `InvalidSettings`.

    They can be read where a parameter of another setting cannot.
    """
    is_parameter = "CORS_ALLOW_ORIGINS" in parameter_names(os.environ)
    return WebSettings.from_env(environment() if is_parameter else os.environ).cors_allow_origins


def prompt_store(
    role: str,
    timeout_seconds: float | None = None,
    connect_seconds: float | None = None,
    on_serving: Callable[[ServingModels], None] | None = None,
) -> SupabasePromptStore:
    """Connect to the store with a database role. The default timeout comes from the settings.

    `on_serving` receives which models serve from each response that says it.
    """
    settings = SupabaseSettings.from_env(environment())
    timeout_seconds = timeout_seconds or settings.store_timeout_seconds
    client = store_client(settings, role, timeout_seconds, connect_seconds)
    if on_serving:
        client.event_hooks = {"response": [partial(notice_serving, on_serving)]}
    return SupabasePromptStore(client, settings.rest_url)
