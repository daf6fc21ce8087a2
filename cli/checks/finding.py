"""What a check says."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from cli.checks.deployment import Deployment

State = Literal["ok", "wrong", "skipped"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `remediation` says what to do where it is not well.

    No text of it holds a key, a token or the content of a row.
    """

    subject: str
    state: State
    said: str
    remediation: str = ""


Check = Callable[[Deployment], Iterator[Finding]]


def ok(subject: str, said: str) -> Finding:
    """Say that something is as it should be."""
    return Finding(subject, "ok", said)


def wrong(subject: str, said: str, remediation: str) -> Finding:
    """Say what is wrong, and how to remediation it."""
    return Finding(subject, "wrong", said, remediation)


def skipped(subject: str, said: str, remediation: str) -> Finding:
    """Say why something could not be looked at, and what would let it."""
    return Finding(subject, "skipped", said, remediation)
