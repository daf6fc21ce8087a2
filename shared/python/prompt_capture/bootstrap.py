"""The composition root: the only module that creates adapters."""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from prompt_capture.adapters.http_client import create_http_client
from prompt_capture.adapters.supabase.access import SupabaseAccess
from prompt_capture.adapters.supabase.keys import JWT_SECRET, usable_key
from prompt_capture.adapters.supabase.prompt_store import SupabasePromptStore
from prompt_capture.api.authentication import Authenticator
from prompt_capture.api.request_context import CorrelationFilter
from prompt_capture.api.tokens import TokenVerifier
from prompt_capture.domain.errors import DatasetsUnavailable
from prompt_capture.domain.redaction import redact
from prompt_capture.domain.review_criteria import ReviewCriteria
from prompt_capture.domain.rules import RuleSet
from prompt_capture.ports.capture import Spool
from prompt_capture.settings import (
    AuthenticationSettings,
    CaptureSettings,
    ClassifierSettings,
    ExportSettings,
    ExtensionSettings,
    ParameterStoreSettings,
    QueueSettings,
    SpoolSettings,
    SupabaseSettings,
    WebSettings,
    parameter_names,
)
from prompt_capture.workflows.answer_first import AnswerFirst
from prompt_capture.workflows.capture import CaptureStrategy, WriteFirst
from prompt_capture.workflows.classify_and_log import ClassifyAndLog
from prompt_capture.workflows.correct import Correct
from prompt_capture.workflows.detect_intent import IntentDetector
from prompt_capture.workflows.drain_spool import DrainSpool
from prompt_capture.workflows.record_outcome import RecordOutcome
from prompt_capture.workflows.redrive_dead_letters import RedriveDeadLetters

if TYPE_CHECKING:
    from prompt_capture.adapters.aws.dead_letters import SqsDeadLetters
    from prompt_capture.adapters.aws.metrics import EmfMetrics
    from prompt_capture.adapters.onnx.model_artifact import ModelArtifact, ModelManifest
    from prompt_capture.adapters.supabase.export_source import SupabaseExports
    from prompt_capture.api.lambda_handler import Handler
    from prompt_capture.ports.exports import DatasetStore
    from prompt_capture.workflows.erase_user import EraseUser
    from prompt_capture.workflows.exports.export import ExportDataset
    from prompt_capture.workflows.exports.pending_cleaning import (
        CleanBeforeExport,
        CleanPendingObjects,
    )
    from prompt_capture.workflows.pending_erasures import FinishPendingErasures

WRITER_ROLE = "prompt_writer"
EXPORTER_ROLE = "prompt_exporter"
SERVICE_ROLE = "service_role"
PAGE_TIMEOUT_SECONDS = 30.0
DRAIN_TIMEOUT_SECONDS = 5.0
DRAIN_CONNECT_SECONDS = 2.0
"""Less than the whole timeout, which shows whether the store is slow or cannot be reached."""

DRAIN_BUDGET_SECONDS = 10.0
"""A third of the function's timeout: the last write begins then, and may take two requests."""

AFTER_RESPONSE_TIMEOUT_SECONDS = 2.0
"""The time for a write and its spooling after the response (answer-first mode)."""

CLASSIFY = "classify-and-log"

LAYERS = Path("/opt")
"""Where Lambda mounts layers, read-only. `make package` has checked the artifacts in them."""

_WARM_UP_MESSAGE = "Call 0 when ready, and move the rest."
"""A message to warm up the model and the redaction with."""

logger = logging.getLogger(__name__)


def environment() -> Mapping[str, str]:
    """Return all settings: the environment variables, and the parameters, which are read once.

    Raise `InvalidSettings` or `ParametersUnavailable`.
    """
    names = parameter_names(os.environ)
    return {**os.environ, **_parameters(tuple(sorted(names.items())))} if names else os.environ


@cache
def _parameters(names: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    from prompt_capture.adapters.aws.parameter_store import read_parameters

    return read_parameters(dict(names), ParameterStoreSettings.from_env())


def classifier_settings() -> ClassifierSettings:
    """Return the settings of the classification. Raise `InvalidSettings`."""
    return ClassifierSettings.from_env(environment())


def classify_and_log(settings: ClassifierSettings, capture: CaptureStrategy) -> ClassifyAndLog:
    """Wire the classification. Raise `InvalidArtifact` or `InvalidRules`."""
    artifact = model_artifact(settings)
    detector = intent_detector(settings, artifact)
    detector.detect(redact(_WARM_UP_MESSAGE))
    return ClassifyAndLog(
        detector,
        capture,
        CaptureSettings.from_env(environment()).id_secret,
        review_criteria(settings, artifact.manifest),
        settings.redact,
        _metrics(CLASSIFY).record_classification,
    )


def capture() -> WriteFirst | AnswerFirst:
    """Wire the capture, and connect to the store. Raise `InvalidSettings`."""
    settings = CaptureSettings.from_env(environment())
    if settings.capture_mode == "answer-first":
        return _answer_first(settings)
    write, store = _write_first(settings, settings.capture_timeout_seconds)
    # Mangum runs the app on this loop, and the connection belongs to it.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(store.connect())
    return write


def _answer_first(settings: CaptureSettings) -> AnswerFirst:
    from prompt_capture.adapters.aws.lambda_extension import LambdaExtension

    write, store = _write_first(settings, AFTER_RESPONSE_TIMEOUT_SECONDS)
    capture = AnswerFirst()
    runtime_api = ExtensionSettings.from_env(environment()).aws_lambda_runtime_api
    LambdaExtension(runtime_api, store.connect, partial(capture.capture_collected, write))
    return capture


def _write_first(
    settings: CaptureSettings, timeout_seconds: float
) -> tuple[WriteFirst, SupabasePromptStore]:
    store = prompt_store(WRITER_ROLE, max(1.0, timeout_seconds))
    spool = _spool(settings, timeout_seconds)
    record_metrics = _metrics(CLASSIFY).record_capture
    return WriteFirst(store, spool, timeout_seconds, record_metrics=record_metrics), store


def with_after_response_hook(handler: "Handler", capture: CaptureStrategy) -> "Handler":
    """Make a handler report each response to the capture, where that follows the response."""
    if not isinstance(capture, AnswerFirst):
        return handler

    def handle(event: Any, context: Any) -> Any:
        try:
            return handler(event, context)
        finally:
            capture.mark_answered()

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


def model_artifact(settings: ClassifierSettings) -> "ModelArtifact":
    """Load the manifest of the model. Raise `InvalidArtifact`."""
    from prompt_capture.adapters.onnx.model_artifact import ModelArtifact

    is_packaged = settings.model_dir.is_relative_to(LAYERS)
    return ModelArtifact.load(settings.model_dir, is_packaged)


def intent_detector(settings: ClassifierSettings, artifact: "ModelArtifact") -> IntentDetector:
    """Load the model and the rules. Raise `InvalidArtifact` or `InvalidRules`."""
    from prompt_capture.adapters.onnx.classifier import OnnxClassifier

    rules = RuleSet.load(settings.rules_file) if settings.rules_file else None
    return IntentDetector(OnnxClassifier(artifact), rules, settings.secondary_intent_threshold)


def review_criteria(settings: ClassifierSettings, manifest: "ModelManifest") -> ReviewCriteria:
    """Return which predictions of a model need a review."""
    thresholds = manifest.thresholds
    if thresholds is None or not thresholds.decide_review:
        return ReviewCriteria(settings.review_threshold)
    return ReviewCriteria(settings.review_threshold, thresholds.of)


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
    import boto3

    from prompt_capture.adapters.aws.dead_letters import SqsDeadLetters

    return SqsDeadLetters(
        boto3.client("sqs"), QueueSettings.from_env(environment()).spool_queue_url
    )


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
    """Connect to an S3 bucket; a name with a slash is the path of a local folder."""
    if _is_folder(bucket):
        from prompt_capture.adapters.local_datasets import LocalDatasetStore

        return LocalDatasetStore(Path(bucket))
    import boto3

    from prompt_capture.adapters.aws.s3_datasets import S3DatasetStore

    return S3DatasetStore(boto3.client("s3"), bucket)


def _existing_dataset_store(bucket: str) -> "DatasetStore":
    """Connect to a bucket, or to a folder that exists.

    A folder of another machine does not: its objects must not count as deleted. Raise
    `DatasetsUnavailable`.
    """
    if _is_folder(bucket) and not Path(bucket).is_dir():
        raise DatasetsUnavailable("This machine has no such folder.")
    return dataset_store(bucket)


def _is_folder(bucket: str) -> bool:
    return "/" in bucket


def _export_source(role: str = EXPORTER_ROLE) -> "SupabaseExports":
    """Connect to the store for exports. A page may take long, since no user waits for it."""
    from prompt_capture.adapters.supabase.export_source import SupabaseExports

    settings = SupabaseSettings.from_env(environment())
    return SupabaseExports(_client(settings, role, PAGE_TIMEOUT_SECONDS), settings.rest_url)


def service_store() -> SupabasePromptStore:
    """Connect to the store with the role that records outcomes and corrections."""
    return prompt_store(SERVICE_ROLE)


def authenticator() -> Authenticator:
    """Wire the authentication of callers, and add correlation ids to the log.

    Raise `InvalidSettings`.
    """
    for handler in logging.getLogger().handlers:
        handler.addFilter(CorrelationFilter())
    settings = AuthenticationSettings.from_env(environment())
    secret = settings.supabase_jwt_secret
    legacy_secret = usable_key(JWT_SECRET, secret.get_secret_value()) if secret else ""
    tokens = TokenVerifier(str(settings.supabase_url), legacy_secret or None)
    return Authenticator(tokens, settings.api_key_hashes)


def allowed_origins() -> tuple[str, ...]:
    """Return the origins of the web pages that may call. Raise `InvalidSettings`."""
    return WebSettings.from_env(environment()).cors_allow_origins


def prompt_store(
    role: str, timeout_seconds: float | None = None, connect_seconds: float | None = None
) -> SupabasePromptStore:
    """Connect to the store with a database role. The default timeout comes from the settings."""
    settings = SupabaseSettings.from_env(environment())
    timeout_seconds = timeout_seconds or settings.store_timeout_seconds
    client = _client(settings, role, timeout_seconds, connect_seconds)
    return SupabasePromptStore(client, settings.rest_url)


def _client(
    settings: SupabaseSettings,
    role: str,
    timeout_seconds: float,
    connect_seconds: float | None = None,
) -> httpx.AsyncClient:
    for verbose_logger in ("httpx", "mangum.http"):
        logging.getLogger(verbose_logger).setLevel(logging.WARNING)
    return create_http_client(timeout_seconds, SupabaseAccess(settings, role), connect_seconds)
