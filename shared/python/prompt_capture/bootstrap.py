"""The composition root: the only module that names concrete adapters."""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from prompt_capture.adapters.connections import warm_client
from prompt_capture.adapters.supabase_access import SupabaseAccess
from prompt_capture.adapters.supabase_exports import SupabaseExports
from prompt_capture.adapters.supabase_store import SupabasePromptStore
from prompt_capture.api.callers import Callers
from prompt_capture.api.correlation import CorrelationFilter
from prompt_capture.api.tokens import TokenVerifier
from prompt_capture.domain.redaction import redact
from prompt_capture.domain.rules import RuleSet
from prompt_capture.ports import DatasetStore, Spool
from prompt_capture.settings import (
    CallerSettings,
    CaptureSettings,
    ClassifierSettings,
    ExportSettings,
    ExtensionSettings,
    ParameterStoreSettings,
    QueueSettings,
    SpoolSettings,
    SupabaseSettings,
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
    from prompt_capture.adapters.emf_metrics import EmfMetrics
    from prompt_capture.adapters.sqs_dead_letters import SqsDeadLetters
    from prompt_capture.workflows.datasets.export import ExportDataset
    from prompt_capture.workflows.erase_user import EraseUser

WRITER_ROLE = "prompt_writer"
EXPORTER_ROLE = "prompt_exporter"
SERVICE_ROLE = "service_role"
PAGE_TIMEOUT_SECONDS = 30.0
DRAIN_TIMEOUT_SECONDS = 5.0
LATE_SECONDS = 2.0
"""What a write and its spool may take together where nobody waits for them."""

CLASSIFY = "classify-and-log"

LAYERS = Path("/opt")
"""Where Lambda mounts what `make package` has checked, and nothing can change it."""

Handler = Callable[[Any, Any], Any]

_FIRST_MESSAGE = "Call 0 when ready, and move the rest."
"""What the model and the redaction warm up on."""

logger = logging.getLogger(__name__)


def environment() -> Mapping[str, str]:
    """Answer all settings: the variables, and what lies in the Parameter Store, read once.

    Raises `InvalidSettings`, `ParametersUnavailable`.
    """
    names = parameter_names(os.environ)
    return {**os.environ, **_parameters(tuple(sorted(names.items())))} if names else os.environ


@cache
def _parameters(names: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    from prompt_capture.adapters.ssm_parameters import read_parameters

    return read_parameters(dict(names), ParameterStoreSettings.from_env())


def classify_and_log(capture: CaptureStrategy) -> ClassifyAndLog:
    """Wire the classification; raises `InvalidSettings`, `InvalidArtifact`, `InvalidRules`."""
    settings = ClassifierSettings.from_env(environment())
    detector = intent_detector(settings)
    detector.detect(redact(_FIRST_MESSAGE))
    return ClassifyAndLog(
        detector,
        capture,
        CaptureSettings.from_env(environment()).id_secret,
        settings.review_threshold,
        settings.redact,
        _metrics(CLASSIFY).answered,
    )


def capture() -> WriteFirst | AnswerFirst:
    """Wire the capture, and connect; raises `InvalidSettings`."""
    settings = CaptureSettings.from_env(environment())
    if settings.capture_mode == "answer-first":
        return _answer_first(settings)
    write, store = _writer(settings, settings.capture_timeout_seconds)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)  # Mangum runs the app on it, and the connection belongs to it
    loop.run_until_complete(store.open())
    return write


def _answer_first(settings: CaptureSettings) -> AnswerFirst:
    from prompt_capture.adapters.lambda_extension import LambdaExtension

    write, store = _writer(settings, LATE_SECONDS)
    late = AnswerFirst()
    runtime_api = ExtensionSettings.from_env(environment()).aws_lambda_runtime_api
    LambdaExtension(runtime_api, store.open, partial(late.write_rest, write))
    return late


def _writer(
    settings: CaptureSettings, timeout_seconds: float
) -> tuple[WriteFirst, SupabasePromptStore]:
    store = prompt_store(WRITER_ROLE, max(1.0, timeout_seconds))
    tell = _metrics(CLASSIFY).captured
    return WriteFirst(store, _spool(settings, timeout_seconds), timeout_seconds, tell=tell), store


def with_after_response_hook(handler: Handler, capture: CaptureStrategy) -> Handler:
    """Have a handler say when it is done, where something is left to do then."""
    if not isinstance(capture, AnswerFirst):
        return handler

    def finish(event: Any, context: Any) -> Any:
        try:
            return handler(event, context)
        finally:
            capture.finish()

    return finish


def _metrics(service: str) -> "EmfMetrics":
    from prompt_capture.adapters.emf_metrics import EmfMetrics

    return EmfMetrics(service)


def _spool(settings: CaptureSettings, timeout_seconds: float) -> Spool | None:
    if settings.spool_queue_url is None:
        logger.warning("SPOOL_QUEUE_URL is not set: what cannot be written is lost.")
        return None
    from prompt_capture.adapters.sqs_spool import SqsSpool

    return SqsSpool(warm_client(timeout_seconds), SpoolSettings.from_env(environment()))


def drain_spool() -> DrainSpool:
    """Wire the drain of the spool; raises `InvalidSettings`."""
    store = prompt_store(WRITER_ROLE, timeout_seconds=DRAIN_TIMEOUT_SECONDS)
    return DrainSpool(store, _metrics("drain").counted)


def intent_detector(settings: ClassifierSettings) -> IntentDetector:
    """Load the model and the rules."""
    from prompt_capture.adapters.model_artifact import ModelArtifact
    from prompt_capture.adapters.onnx_classifier import OnnxClassifier

    rules = RuleSet.load(settings.rules_file) if settings.rules_file else None
    is_packaged = settings.model_dir.is_relative_to(LAYERS)
    model = OnnxClassifier(ModelArtifact.load(settings.model_dir, is_packaged))
    return IntentDetector(model, rules, settings.secondary_intent_threshold)


def record_outcome() -> RecordOutcome:
    """Wire the recording of outcomes; raises `InvalidSettings`."""
    return RecordOutcome(service_store(), _metrics("record-outcome").counted)


def correct() -> Correct:
    """Wire the recording of corrections; raises `InvalidSettings`."""
    return Correct(service_store(), _metrics("correct").counted)


def erase_user() -> "EraseUser":
    """Wire the erasure of users; raises `InvalidSettings`."""
    from prompt_capture.workflows.datasets.clean import CleanDatasets
    from prompt_capture.workflows.erase_user import EraseUser

    store = prompt_store(SERVICE_ROLE, timeout_seconds=PAGE_TIMEOUT_SECONDS)
    has_spool = CaptureSettings.from_env(environment()).spool_queue_url is not None
    letters = _dead_letters() if has_spool else None
    return EraseUser(store, CleanDatasets(_exports(SERVICE_ROLE), bucket), letters)


def redrive_dead_letters() -> RedriveDeadLetters:
    """Wire the redrive of what could not be drained; raises `InvalidSettings`."""
    return RedriveDeadLetters(_dead_letters())


def _dead_letters() -> "SqsDeadLetters":
    import boto3

    from prompt_capture.adapters.sqs_dead_letters import SqsDeadLetters

    return SqsDeadLetters(
        boto3.client("sqs"), QueueSettings.from_env(environment()).spool_queue_url
    )


def export_dataset(report: Callable[[int], None] | None = None) -> "ExportDataset":
    """Wire the export to S3; raises `InvalidSettings`."""
    from prompt_capture.workflows.datasets.export import ExportDataset, ExportOptions

    source = _exports()
    settings = ExportSettings.from_env(environment())
    options = ExportOptions(
        settings.export_prefix,
        settings.export_retained_prefix,
        settings.export_max_rows,
        settings.export_min_lines,
    )
    datasets = bucket(settings.export_bucket, may_list=False)
    return ExportDataset(source, datasets, options, report=report)


def export_to_folder(folder: Path, report: Callable[[int], None] | None = None) -> "ExportDataset":
    """Wire the export to a folder of this machine; raises `InvalidSettings`."""
    from prompt_capture.adapters.local_datasets import LocalDatasetStore
    from prompt_capture.workflows.datasets.export import ExportDataset, ExportOptions

    options = ExportOptions(leaves_account=True)
    return ExportDataset(_exports(), LocalDatasetStore(folder), options, report=report)


def bucket(name: str, may_list: bool = True) -> DatasetStore:
    """Connect to a bucket, with the right to list it or without; a path is a folder here."""
    if "/" in name:
        from prompt_capture.adapters.local_datasets import LocalDatasetStore

        return LocalDatasetStore(Path(name))
    import boto3

    from prompt_capture.adapters.s3_datasets import S3DatasetStore

    return S3DatasetStore(boto3.client("s3"), name, may_list)


def _exports(role: str = EXPORTER_ROLE) -> SupabaseExports:
    """Connect as exports do: nobody waits for them, so a page may take long."""
    settings = SupabaseSettings.from_env(environment())
    return SupabaseExports(_client(settings, role, PAGE_TIMEOUT_SECONDS), settings.rest_url)


def service_store() -> SupabasePromptStore:
    """Connect as the functions that record outcomes and corrections do."""
    return prompt_store(SERVICE_ROLE)


def callers() -> Callers:
    """Wire the verification of callers, and follow their requests in the log.

    Raises `InvalidSettings`.
    """
    for handler in logging.getLogger().handlers:
        handler.addFilter(CorrelationFilter())
    settings = CallerSettings.from_env(environment())
    secret = settings.supabase_jwt_secret
    tokens = TokenVerifier(
        str(settings.supabase_url), secret.get_secret_value() if secret else None
    )
    return Callers(tokens, settings.api_key_hashes)


def prompt_store(role: str, timeout_seconds: float | None = None) -> SupabasePromptStore:
    """Connect to the store as a database role; the timeout is the setting's unless given."""
    settings = SupabaseSettings.from_env(environment())
    client = _client(settings, role, timeout_seconds or settings.store_timeout_seconds)
    return SupabasePromptStore(client, settings.rest_url)


def _client(settings: SupabaseSettings, role: str, timeout_seconds: float) -> httpx.AsyncClient:
    for chatty in ("httpx", "mangum.http"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    return warm_client(timeout_seconds, SupabaseAccess(settings, role))
