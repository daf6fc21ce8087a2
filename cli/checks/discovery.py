"""Build a deployment from environment variables, parameters and the stack of a stage."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import boto3
import httpx

from cli.checks import parameters
from cli.checks.deployment import Deployment, ParameterState
from cli.checks.settings import DoctorSettings
from cli.checks.stage import read_stage_settings
from prompt_capture.settings import parameter_names

_TIMEOUT = httpx.Timeout(15, connect=5)
"""In seconds. It leaves time for a function's cold start."""


@contextmanager
def open_deployment(
    environment: Mapping[str, str], stage: str | None = None, region: str | None = None
) -> Iterator[Deployment]:
    """Open the clients of a deployment for as long as the block lasts.

    The stack of a stage takes precedence over variables, and a parameter over the variable of its
    setting. Raises `InvalidSettings`.
    """
    session = boto3.Session(region_name=region or environment.get("AWS_REGION"))
    variables = dict(environment) | (read_stage_settings(session, stage) if stage else {})
    states: dict[str, ParameterState] = {}
    if names := parameter_names(variables):
        values, states = parameters.read_parameters(session.client("ssm"), names)
        variables |= values
    settings = DoctorSettings.from_env(variables)
    with httpx.Client(timeout=_TIMEOUT) as http:
        yield Deployment(settings, http, session, states)
