"""Check that no messages wait in the queues that should be empty."""

import json
from collections.abc import Iterator
from typing import Any

from cli.checks.deployment import SET_OR_USE_STAGE, Deployment, require
from cli.checks.results import CheckResult, ok, skipped, wrong

_WAITING = "ApproximateNumberOfMessages"


def queues(deployment: Deployment) -> Iterator[CheckResult]:
    """Count the waiting messages. Receive none."""
    url = require(deployment.settings.spool_queue_url, "SPOOL_QUEUE_URL", SET_OR_USE_STAGE)
    client = deployment.client("sqs")
    spool = _attributes(client, url)
    yield ok("spool", f"{spool[_WAITING]} waiting; see the alarm SpoolOldestMessageAge")
    yield _dead_letters(client, spool)
    yield _missed_exports(client, deployment.settings.missed_exports_queue_url)


def _dead_letters(client: Any, spool: dict[str, str]) -> CheckResult:
    if "RedrivePolicy" not in spool:
        return wrong(
            "dead letters", "the spool has no dead-letter queue", "`npx osls deploy --stage dev`"
        )
    arn = json.loads(spool["RedrivePolicy"])["deadLetterTargetArn"]
    url = client.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
    waiting = _attributes(client, url)[_WAITING]
    if waiting != "0":
        return wrong(
            "dead letters",
            f"{waiting} prompts could not be stored",
            "`prompt-capture redrive` shows why; add --send to try them again.",
        )
    return ok("dead letters", "none")


def _missed_exports(client: Any, url: str | None) -> CheckResult:
    if url is None:
        return skipped("missed exports", "MISSED_EXPORTS_QUEUE_URL is not set", "Pass --stage dev.")
    waiting = _attributes(client, url)[_WAITING]
    if waiting != "0":
        return wrong(
            "missed exports",
            f"{waiting} exports could not be started",
            "See the export's log, run the exports with `prompt-capture export`, and purge the "
            "queue: `aws sqs purge-queue`.",
        )
    return ok("missed exports", "none")


def _attributes(client: Any, url: str) -> dict[str, str]:
    attributes: dict[str, str] = client.get_queue_attributes(
        QueueUrl=url, AttributeNames=[_WAITING, "RedrivePolicy"]
    )["Attributes"]
    return attributes
