"""The settings of a stage that was deployed as docs/deploy.md does it."""

from contextlib import suppress
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from cli.checks.addresses import PATHS
from prompt_capture.domain.errors import InvalidSettings
from prompt_capture.settings import PARAMETER

_FUNCTIONS = {
    "CLASSIFY_URL": "ClassifyDashandDashlogLambdaFunction",
    "OUTCOMES_URL": "RecordDashoutcomeLambdaFunction",
    "CORRECTIONS_URL": "CorrectLambdaFunction",
}
_RESOURCES = {
    "EXPORT_BUCKET": "Datasets",
    "EXPORT_SCHEDULE_GROUP": "ExportSchedules",
    "SPOOL_QUEUE_URL": "Spool",
    "MISSED_EXPORTS_QUEUE_URL": "MissedExports",
}
_PARAMETERS = (
    "SUPABASE_URL",
    "SUPABASE_PUBLISHABLE_KEY",
    "SUPABASE_SECRET_KEY",
    "SUPABASE_SIGNING_KEY",
    "API_KEY_HASHES",
    "IDEMPOTENCY_SECRET",
)


def settings_of(session: boto3.Session, stage: str) -> dict[str, str]:
    """Read what the stage's stack made, and name the parameters that its functions read.

    What the stack lacks is left out. Raises `InvalidSettings` where there is no such stack, or
    it may not be seen.
    """
    try:
        made = _resources(session.client("cloudformation"), f"prompt-capture-{stage}")
        addresses = _addresses(session.client("lambda"), made)
    except (BotoCoreError, ClientError) as error:
        reason = type(error).__name__
        if isinstance(error, ClientError):
            reason = f"{error.response['Error']['Code']} to {error.operation_name}"
        raise InvalidSettings(
            f"The stack prompt-capture-{stage} cannot be seen in {session.region_name} ({reason}). "
            "Check the stage, --region and your AWS credentials."
        ) from None
    return {
        **{name: made[logical] for name, logical in _RESOURCES.items() if logical in made},
        **addresses,
        **{f"{name}{PARAMETER}": _parameter(stage, name) for name in _PARAMETERS},
    }


def _resources(client: Any, stack: str) -> dict[str, str]:
    pages = client.get_paginator("list_stack_resources").paginate(StackName=stack)
    return {
        one["LogicalResourceId"]: one["PhysicalResourceId"]
        for page in pages
        for one in page["StackResourceSummaries"]
        if one.get("PhysicalResourceId")
    }


def _addresses(client: Any, made: dict[str, str]) -> dict[str, str]:
    found = {}
    for name, logical in _FUNCTIONS.items():
        with suppress(client.exceptions.ResourceNotFoundException, KeyError):
            url = client.get_function_url_config(FunctionName=made[logical])["FunctionUrl"]
            found[name] = url.rstrip("/") + PATHS[name]
    return found


def _parameter(stage: str, setting: str) -> str:
    return f"/prompt-capture/{stage}/{setting.lower().replace('_', '-')}"
