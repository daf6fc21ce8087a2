"""Whether anything waits in the queues that should be empty."""

import json
from collections.abc import Iterator
from typing import Any

from cli.checks.deployment import OR_NAME_THE_STAGE, Deployment, needed
from cli.checks.finding import Finding, ok, skipped, wrong

_WAITING = "ApproximateNumberOfMessages"


def queues(deployment: Deployment) -> Iterator[Finding]:
    """Count what waits; no message is received."""
    url = needed(deployment.settings.spool_queue_url, "SPOOL_QUEUE_URL", OR_NAME_THE_STAGE)
    client = deployment.client("sqs")
    told = _attributes(client, url)
    yield ok("spool", f"{told[_WAITING]} wait; the alarm SpoolIsOld tells when for too long")
    yield _dead_letters(client, told)
    yield _missed_exports(client, deployment.settings.missed_exports_queue_url)


def _dead_letters(client: Any, spool: dict[str, str]) -> Finding:
    if "RedrivePolicy" not in spool:
        return wrong(
            "dead letters", "the spool has no queue for them", "`npx osls deploy --stage dev`"
        )
    arn = json.loads(spool["RedrivePolicy"])["deadLetterTargetArn"]
    url = client.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
    waiting = _attributes(client, url)[_WAITING]
    if waiting != "0":
        return wrong(
            "dead letters",
            f"{waiting} prompts could not be written",
            "`prompt-capture redrive` shows why; with --send they are tried again.",
        )
    return ok("dead letters", "there are none")


def _missed_exports(client: Any, url: str | None) -> Finding:
    if url is None:
        return skipped(
            "missed exports", "MISSED_EXPORTS_QUEUE_URL is not set", "Name the stage: --stage dev."
        )
    waiting = _attributes(client, url)[_WAITING]
    if waiting != "0":
        return wrong(
            "missed exports",
            f"{waiting} exports could not be started",
            "See the export's log, run them by hand (`prompt-capture export`), and purge the "
            "queue: `aws sqs purge-queue`.",
        )
    return ok("missed exports", "there are none")


def _attributes(client: Any, url: str) -> dict[str, str]:
    told: dict[str, str] = client.get_queue_attributes(
        QueueUrl=url, AttributeNames=[_WAITING, "RedrivePolicy"]
    )["Attributes"]
    return told
