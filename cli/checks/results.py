"""The result of a check."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from cli.checks.deployment import Deployment

State = Literal["ok", "wrong", "skipped"]


@dataclass(frozen=True)
class CheckResult:
    """The state of one subject of a check.

    `remediation` says what to do; it is empty if the state is `ok`. No text holds a key, a token
    or the content of a row.
    """

    subject: str
    state: State
    message: str
    remediation: str = ""


Check = Callable[[Deployment], Iterator[CheckResult]]


def ok(subject: str, message: str) -> CheckResult:
    """Report that a subject is as it should be."""
    return CheckResult(subject, "ok", message)


def wrong(subject: str, message: str, remediation: str) -> CheckResult:
    """Report what is wrong, and how to fix it."""
    return CheckResult(subject, "wrong", message, remediation)


def skipped(subject: str, message: str, remediation: str) -> CheckResult:
    """Report why a subject could not be checked, and what makes it possible."""
    return CheckResult(subject, "skipped", message, remediation)
