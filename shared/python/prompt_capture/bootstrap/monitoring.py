"""The figures, the rules of the alerts, and the weekly digest."""

import logging
from typing import TYPE_CHECKING

from prompt_capture.adapters.http_client import create_http_client
from prompt_capture.adapters.supabase.monitoring import SupabaseMonitoring
from prompt_capture.bootstrap.access import (
    MONITOR_ROLE,
    MONITORING_TIMEOUT_SECONDS,
    environment,
    store_client,
)
from prompt_capture.domain.errors import InvalidSettings
from prompt_capture.ports.monitoring import PromptQueue, Topic
from prompt_capture.settings.aws import SqsSettings
from prompt_capture.settings.monitoring import MonitorSettings, TopicSettings
from prompt_capture.settings.supabase import SupabaseSettings

if TYPE_CHECKING:
    from prompt_capture.workflows.monitoring.digest import SendDigest
    from prompt_capture.workflows.monitoring.evaluate import EvaluateRules

AWS_TIMEOUT_SECONDS = 30.0

logger = logging.getLogger(__name__)


def monitoring_store() -> SupabaseMonitoring:
    """Connect to the figures and alerts. Raise `InvalidSettings`."""
    settings = SupabaseSettings.from_env(environment())
    client = store_client(settings, MONITOR_ROLE, MONITORING_TIMEOUT_SECONDS)
    return SupabaseMonitoring(client, settings.rest_url)


def evaluate_rules() -> "EvaluateRules":
    """Wire the rules of the alerts. Raise `InvalidSettings`."""
    from prompt_capture.adapters.aws.metrics import EmfMetrics
    from prompt_capture.workflows.monitoring.evaluate import EvaluateRules

    settings = MonitorSettings.from_env(environment())
    return EvaluateRules(
        monitoring_store(),
        _topic(),
        spool=_prompt_queue(settings.spool_queue_url),
        dead_letters=_prompt_queue(settings.dead_letters_queue_url),
        package=settings.package,
        record_metrics=EmfMetrics("monitor").record_counts,
    )


def send_digest() -> "SendDigest":
    """Wire the weekly digest. Raise `InvalidSettings` where there is no topic."""
    from prompt_capture.workflows.monitoring.digest import SendDigest

    topic = _topic()
    if topic is None:
        raise InvalidSettings("Set ALERT_TOPIC_ARN: the digest is sent to this topic.")
    store = monitoring_store()
    return SendDigest(store, store, topic)


def _topic() -> Topic | None:
    if MonitorSettings.from_env(environment()).alert_topic_arn is None:
        logger.warning("ALERT_TOPIC_ARN is not set: alerts are recorded and not sent.")
        return None
    from prompt_capture.adapters.aws.topic import SnsTopic

    settings = TopicSettings.from_env(environment())
    return SnsTopic(create_http_client(AWS_TIMEOUT_SECONDS), settings)


def _prompt_queue(queue_url: str | None) -> PromptQueue | None:
    if queue_url is None:
        return None
    from prompt_capture.adapters.aws.queue_length import SqsQueueLength

    settings = SqsSettings.from_env(environment())
    return SqsQueueLength(create_http_client(AWS_TIMEOUT_SECONDS), queue_url, settings)
