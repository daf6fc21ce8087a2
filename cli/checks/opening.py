"""Make a deployment of what is given: variables, parameters, a stage's stack."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import boto3
import httpx

from cli.checks import parameters
from cli.checks.deployment import Deployment, DrainResult
from cli.checks.settings import DoctorSettings
from cli.checks.stage import settings_of
from prompt_capture.settings import parameter_names

_PATIENCE = httpx.Timeout(15, connect=5)
"""Seconds: a function's cold start fits in."""


@contextmanager
def opened(
    environment: Mapping[str, str], stage: str | None = None, region: str | None = None
) -> Iterator[Deployment]:
    """Open a deployment for as long as the block lasts.

    What the stage's stack tells goes before variables, and a parameter before the variable of
    its setting. Raises `InvalidSettings`.
    """
    session = boto3.Session(region_name=region or environment.get("AWS_REGION"))
    given = dict(environment) | (settings_of(session, stage) if stage else {})
    fates: dict[str, DrainResult] = {}
    if names := parameter_names(given):
        found, fates = parameters.read(session.client("ssm"), names)
        given |= found
    settings = DoctorSettings.from_env(given)
    with httpx.Client(timeout=_PATIENCE) as http:
        yield Deployment(settings, http, session, fates)
