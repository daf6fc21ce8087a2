"""The checks `parameters`, `bucket`, `schedules` and `queues` of the AWS resources."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from cli.checks.interface import (
    SET_OR_USE_STAGE,
    CheckResult,
    Deployment,
    ok,
    require,
    require_bucket,
    skipped,
    wrong,
)
from cli.checks.proxies import CHECK_AWS

_PUBLIC_ACCESS_SETTINGS = (
    "BlockPublicAcls",
    "BlockPublicPolicy",
    "IgnorePublicAcls",
    "RestrictPublicBuckets",
)
_NO_BLOCK = "NoSuchPublicAccessBlockConfiguration"
_NO_ENCRYPTION = "ServerSideEncryptionConfigurationNotFoundError"
_WAITING = "ApproximateNumberOfMessages"


def parameters(deployment: Deployment) -> Iterator[CheckResult]:
    """Report each parameter that a setting refers to and that could not be read."""
    for name, state in deployment.parameters.items():
        if state == "missing":
            yield wrong(
                name,
                "does not exist",
                f"`aws ssm put-parameter --type SecureString --name {name} --value ...` "
                "(docs/how-to/deploy.md, step 2)",
            )
        elif state == "denied":
            yield skipped(
                name, "cannot be read", "Allow ssm:GetParameters for your AWS credentials."
            )
        elif state == "unreachable":
            yield skipped(name, "cannot be read: AWS does not respond", CHECK_AWS)
    if deployment.parameters and set(deployment.parameters.values()) == {"read"}:
        yield ok("Parameter Store", f"has all {len(deployment.parameters)}")


def bucket(deployment: Deployment) -> Iterator[CheckResult]:
    """Read the bucket's settings. List and read no object."""
    name = require_bucket(deployment.settings.export_bucket, "EXPORT_BUCKET")
    client = deployment.client("s3")
    for check in (_public_access, _encryption, _versioning):
        yield check(client, name)


def _public_access(client: Any, name: str) -> CheckResult:
    response = _response_or_code(lambda: client.get_public_access_block(Bucket=name))
    if response == "NotImplemented":
        return _unsigned_access(client, name)
    block = {} if response == _NO_BLOCK else response["PublicAccessBlockConfiguration"]
    if disabled := [setting for setting in _PUBLIC_ACCESS_SETTINGS if not block.get(setting)]:
        configuration = ",".join(f"{setting}=true" for setting in _PUBLIC_ACCESS_SETTINGS)
        return wrong(
            "public access",
            f"is not blocked: {', '.join(disabled)}",
            f"`aws s3api put-public-access-block --bucket {name} "
            f"--public-access-block-configuration {configuration}`",
        )
    return ok("public access", "is blocked")


def _unsigned_access(client: Any, name: str) -> CheckResult:
    """Send an unsigned request, for servers that have no public access block."""
    unsigned = boto3.client(
        "s3",
        endpoint_url=client.meta.endpoint_url,
        region_name=client.meta.region_name,
        config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
    )
    response = _response_or_code(
        lambda: unsigned.list_objects_v2(Bucket=name, MaxKeys=0), "AccessDenied"
    )
    if response == "AccessDenied":
        return ok("public access", "is denied without credentials")
    return wrong(
        "public access",
        "is open: unsigned requests can list the bucket",
        "Remove the bucket policy that allows it.",
    )


def _encryption(client: Any, name: str) -> CheckResult:
    if _response_or_code(lambda: client.get_bucket_encryption(Bucket=name)) == _NO_ENCRYPTION:
        return wrong(
            "encryption",
            "is off",
            f"`aws s3api put-bucket-encryption --bucket {name} "
            "--server-side-encryption-configuration "
            '\'{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}\'`',
        )
    return ok("encryption", "is on")


def _versioning(client: Any, name: str) -> CheckResult:
    if client.get_bucket_versioning(Bucket=name).get("Status") != "Enabled":
        return wrong(
            "versioning",
            "is off",
            f"`aws s3api put-bucket-versioning --bucket {name} "
            "--versioning-configuration Status=Enabled`",
        )
    return ok("versioning", "is on")


def _response_or_code(call: Callable[[], Any], *more: str) -> Any:
    """Return a call's response, or the error code where the setting does not exist."""
    try:
        return call()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in {"NotImplemented", _NO_BLOCK, _NO_ENCRYPTION, *more}:
            return code
        raise


def schedules(deployment: Deployment) -> Iterator[CheckResult]:
    """Read the state of every schedule in the group."""
    group = require(
        deployment.settings.export_schedule_group,
        "EXPORT_SCHEDULE_GROUP",
        "Set it to the group's name in EventBridge Scheduler, or pass --stage dev.",
    )
    pages = deployment.client("scheduler").get_paginator("list_schedules").paginate(GroupName=group)
    states = {each["Name"]: each["State"] for page in pages for each in page["Schedules"]}
    if not states:
        yield wrong(group, "has no schedules", "`npx osls deploy --stage dev`")
    for name in (name for name, state in states.items() if state != "ENABLED"):
        yield wrong(
            name,
            "is disabled",
            "Enable it in the console (EventBridge, Schedules). A new deployment does not: for "
            "CloudFormation, nothing has changed.",
        )
    if states and set(states.values()) == {"ENABLED"}:
        yield ok(group, f"has all {len(states)} schedules enabled")


def queues(deployment: Deployment) -> Iterator[CheckResult]:
    """Count the waiting messages. Receive none."""
    url = require(deployment.settings.spool_queue_url, "SPOOL_QUEUE_URL", SET_OR_USE_STAGE)
    client = deployment.client("sqs")
    spool = _queue_attributes(client, url)
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
    waiting = _queue_attributes(client, url)[_WAITING]
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
    waiting = _queue_attributes(client, url)[_WAITING]
    if waiting != "0":
        return wrong(
            "missed exports",
            f"{waiting} exports could not be started",
            "See the export's log, run the exports with `prompt-capture export`, and purge the "
            "queue: `aws sqs purge-queue`.",
        )
    return ok("missed exports", "none")


def _queue_attributes(client: Any, url: str) -> dict[str, str]:
    attributes: dict[str, str] = client.get_queue_attributes(
        QueueUrl=url, AttributeNames=[_WAITING, "RedrivePolicy"]
    )["Attributes"]
    return attributes
