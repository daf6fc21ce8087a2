"""Find a deployment through environment variables, the stack of a stage, and parameters."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import boto3
import httpx
from botocore.exceptions import BotoCoreError, ClientError

from cli.checks.endpoints import FUNCTION_PATHS
from cli.checks.interface import Deployment, DoctorSettings, ParameterState
from cli.checks.proxies import NO_CONNECTION, aws_remedy, refuse_proxy_errors
from prompt_capture.adapters.aws.client_settings import unusable_aws_settings, usable_aws_settings
from prompt_capture.adapters.aws.parameter_store import values_by_name
from prompt_capture.adapters.http_client import usable_http_settings
from prompt_capture.domain.errors import InvalidSettings
from prompt_capture.settings.parameters import PARAMETER_SUFFIX, parameter_names

_TIMEOUT = httpx.Timeout(15, connect=5)
"""In seconds. It leaves time for a function's cold start."""

_PARAMETER_BATCH_SIZE = 10
"""The most that one call of GetParameters accepts."""

_FUNCTIONS = {
    "CLASSIFY_URL": "ClassifyDashandDashlogLambdaFunction",
    "OUTCOMES_URL": "RecordDashoutcomeLambdaFunction",
    "CORRECTIONS_URL": "CorrectLambdaFunction",
    "MODELS_URL": "ModelsLambdaFunction",
}
_RESOURCES = {
    "EXPORT_BUCKET": "Datasets",
    "MODELS_BUCKET": "Datasets",
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
    "OPERATOR_KEY_HASHES",
    "IDEMPOTENCY_SECRET",
)


_CHECK_STAGE = "Check the stage, --region and your AWS credentials."


@contextmanager
def open_deployment(
    environment: Mapping[str, str], stage: str | None = None, region: str | None = None
) -> Iterator[Deployment]:
    """Open the clients of a deployment for as long as the block lasts.

    The stack of a stage takes precedence over variables, and a parameter over the variable of its
    setting. Raises `InvalidSettings`.
    """
    with usable_aws_settings():
        session = boto3.Session(region_name=region or environment.get("AWS_REGION"))
    variables = dict(environment) | (read_stage_settings(session, stage) if stage else {})
    states: dict[str, ParameterState] = {}
    if names := parameter_names(variables):
        with usable_aws_settings():
            values, states = _read_parameters(session.client("ssm"), names)
        variables |= values
    settings = DoctorSettings.from_env(variables)
    with usable_http_settings():
        client = httpx.Client(timeout=_TIMEOUT, event_hooks={"response": [refuse_proxy_errors]})
    with client as http:
        yield Deployment(settings, http, session, states)


def read_stage_settings(session: boto3.Session, stage: str) -> dict[str, str]:
    """Return the settings for the resources of a stage's stack, and its parameters' names.

    Leaves out what the stack lacks. Raises `InvalidSettings` if the stack does not exist or the
    credentials cannot read it.
    """
    with usable_aws_settings():
        stacks, functions = session.client("cloudformation"), session.client("lambda")
    try:
        resources = _resources(stacks, f"prompt-capture-{stage}")
        urls = _function_urls(functions, resources)
    except (BotoCoreError, ClientError) as error:
        reason, remedy = type(error).__name__, _CHECK_STAGE
        if isinstance(error, ClientError):
            reason = f"{error.response['Error']['Code']} for {error.operation_name}"
        else:
            remedy = aws_remedy(error, _CHECK_STAGE)
        raise InvalidSettings(
            f"Cannot read the stack prompt-capture-{stage} in {session.region_name} ({reason}). "
            f"{remedy}"
        ) from None
    except OSError as error:  # errors of botocore's own may be such, too
        raise unusable_aws_settings(error) from None
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


def _read_parameters(
    client: Any, names: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, ParameterState]]:
    """Return the settings that `names` has parameters for, and each parameter's state."""
    requested = sorted(set(names.values()))
    values: dict[str, str] = {}
    absent: ParameterState = "missing"
    try:
        for start in range(0, len(requested), _PARAMETER_BATCH_SIZE):
            batch = requested[start : start + _PARAMETER_BATCH_SIZE]
            response = client.get_parameters(Names=batch, WithDecryption=True)
            values |= values_by_name(response["Parameters"])
    except NO_CONNECTION:
        absent = "unreachable"
    except (BotoCoreError, ClientError):
        absent = "denied"
    settings = {setting: values[name] for setting, name in names.items() if name in values}
    return settings, {name: "read" if name in values else absent for name in requested}
