"""Read the settings of a stage that was deployed as docs/how-to/deploy.md describes."""

from contextlib import suppress
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from cli.checks.endpoints import FUNCTION_PATHS
from prompt_capture.domain.errors import InvalidSettings
from prompt_capture.settings import PARAMETER_SUFFIX

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


def read_stage_settings(session: boto3.Session, stage: str) -> dict[str, str]:
    """Return the settings for the resources of a stage's stack, and its parameters' names.

    Leaves out what the stack lacks. Raises `InvalidSettings` if the stack does not exist or the
    credentials cannot read it.
    """
    try:
        resources = _resources(session.client("cloudformation"), f"prompt-capture-{stage}")
        urls = _function_urls(session.client("lambda"), resources)
    except (BotoCoreError, ClientError) as error:
        reason = type(error).__name__
        if isinstance(error, ClientError):
            reason = f"{error.response['Error']['Code']} for {error.operation_name}"
        raise InvalidSettings(
            f"Cannot read the stack prompt-capture-{stage} in {session.region_name} ({reason}). "
            "Check the stage, --region and your AWS credentials."
        ) from None
    return {
        **{
            name: resources[logical] for name, logical in _RESOURCES.items() if logical in resources
        },
        **urls,
        **{f"{name}{PARAMETER_SUFFIX}": _parameter(stage, name) for name in _PARAMETERS},
    }


def _resources(client: Any, stack: str) -> dict[str, str]:
    pages = client.get_paginator("list_stack_resources").paginate(StackName=stack)
    return {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in pages
        for each in page["StackResourceSummaries"]
        if each.get("PhysicalResourceId")
    }


def _function_urls(client: Any, resources: dict[str, str]) -> dict[str, str]:
    urls = {}
    for name, logical in _FUNCTIONS.items():
        with suppress(client.exceptions.ResourceNotFoundException, KeyError):
            url = client.get_function_url_config(FunctionName=resources[logical])["FunctionUrl"]
            urls[name] = url.rstrip("/") + FUNCTION_PATHS[name]
    return urls


def _parameter(stage: str, setting: str) -> str:
    return f"/prompt-capture/{stage}/{setting.lower().replace('_', '-')}"
