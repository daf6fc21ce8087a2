"""One check at a time, of the shared stack or of a stand-in for AWS."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import httpx
import psycopg
import pytest

from cli.checks.all import CHECKS, run
from cli.checks.finding import Finding
from cli.checks.opening import opened
from infra.local import variables
from infra.local.stack import Stack
from infra.packaging.template import aws_on_this_machine

Environment = dict[str, str]
Look = Callable[[str, Mapping[str, str]], list[Finding]]


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Look:
    """Run one check on the deployment that an environment tells of."""

    def look(check: str, environment: Mapping[str, str]) -> list[Finding]:
        for name, value in environment.items():  # AWS clients read it for themselves
            monkeypatch.setenv(name, value)
        with opened(environment) as deployment:
            return list(run(CHECKS[check], deployment))

    return look


@pytest.fixture(scope="session")
def warm(stack: Stack) -> Stack:
    """The shared stack with every function started."""
    stack.warm()
    return stack


@pytest.fixture
def settings(warm: Stack) -> Environment:
    """The settings of a healthy deployment."""
    return variables.of(warm)


@pytest.fixture
def aws() -> Iterator[Environment]:
    """The variables with which AWS's clients talk to a stand-in that holds nothing yet."""
    with aws_on_this_machine() as environment:
        # What such servers hold is the process's.
        httpx.post(f"{environment['AWS_ENDPOINT_URL']}/moto-api/reset").raise_for_status()
        yield dict(environment)


@contextmanager
def damaged(stack: Stack, damage: str, remediation: str) -> Iterator[None]:
    """Do something to the database that another statement undoes."""
    with psycopg.connect(stack.postgres_admin_dsn, autocommit=True) as admin:
        admin.execute(damage.encode())
        try:
            yield
        finally:
            admin.execute(remediation.encode())


def faults(findings: list[Finding]) -> dict[str, str]:
    """Answer what is wrong, by its subject."""
    for finding in findings:
        assert bool(finding.remediation) == (finding.state != "ok"), finding
    return {one.subject: one.said for one in findings if one.state == "wrong"}


def states(findings: list[Finding]) -> dict[str, str]:
    """Answer each subject's state."""
    return {one.subject: one.state for one in findings}
