"""Fixtures that run one check at a time, against the shared stack or moto's AWS."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import httpx
import psycopg
import pytest

from cli.checks import registry
from cli.checks.discovery import open_deployment
from cli.checks.interface import CheckResult
from infra.local import stack_env
from infra.local.stack import Stack
from infra.packaging.template import moto_server

Environment = dict[str, str]
RunCheck = Callable[[str, Mapping[str, str]], list[CheckResult]]


@pytest.fixture
def run_check(monkeypatch: pytest.MonkeyPatch) -> RunCheck:
    """Run a check, by its name, on the deployment that an environment describes."""

    def run(check: str, environment: Mapping[str, str]) -> list[CheckResult]:
        for name, value in environment.items():  # AWS clients read the process's environment
            monkeypatch.setenv(name, value)
        with open_deployment(environment) as deployment:
            return list(registry.run_check(registry.CHECKS[check], deployment))

    return run


@pytest.fixture(scope="session")
def warm_stack(stack: Stack) -> Stack:
    """The shared stack with every function started."""
    stack.warm()
    return stack


@pytest.fixture
def settings(warm_stack: Stack) -> Environment:
    """The settings of a healthy deployment."""
    return stack_env.variables(warm_stack)


@pytest.fixture
def aws() -> Iterator[Environment]:
    """The variables that point AWS clients to an empty moto server."""
    with moto_server() as environment:
        # All moto servers of a process share their state.
        httpx.post(f"{environment['AWS_ENDPOINT_URL']}/moto-api/reset").raise_for_status()
        yield dict(environment)


@contextmanager
def changed_database(stack: Stack, change: str, revert: str) -> Iterator[None]:
    """Run a statement on the database, and another one at the end of the block."""
    with psycopg.connect(stack.postgres_admin_dsn, autocommit=True) as admin:
        admin.execute(change.encode())
        try:
            yield
        finally:
            admin.execute(revert.encode())


def problems(results: list[CheckResult]) -> dict[str, str]:
    """Return the messages of the results that are wrong, by subject."""
    for result in results:
        assert bool(result.remediation) == (result.state != "ok"), result
    return {result.subject: result.message for result in results if result.state == "wrong"}


def states(results: list[CheckResult]) -> dict[str, str]:
    """Return the state of each subject."""
    return {result.subject: result.state for result in results}
