"""A deployment as it is seen from this machine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import boto3
import httpx
import psycopg
from botocore.config import Config
from pydantic import SecretStr

from cli.checks.settings import DoctorSettings

T = TypeVar("T")
DrainResult = Literal["read", "missing", "refused"]

OR_NAME_THE_STAGE = "Set it, or name the stage: --stage dev."
"""How to give what the stack of a stage tells by itself."""

_AWS = Config(retries={"total_max_attempts": 2}, connect_timeout=5, read_timeout=10)


class NotGiven(Exception):
    """Something that a check needs is not there; says how to give it."""

    def __init__(self, name: str, remediation: str, said: str = "is not set") -> None:
        super().__init__(f"{name} {said}")
        self.name, self.said, self.remediation = name, said, remediation


def needed(value: T | None, name: str, remediation: str) -> T:
    """Answer a setting's value, or raise `NotGiven`."""
    if value is None:
        raise NotGiven(name, remediation)
    return value


@dataclass(frozen=True)
class Deployment:
    """Its settings, and the ways to ask it.

    `parameters` has those of the Parameter Store that settings were to be read from.
    """

    settings: DoctorSettings
    http: httpx.Client
    aws: boto3.Session
    parameters: Mapping[str, DrainResult] = field(default_factory=dict)

    @property
    def supabase_url(self) -> str:
        """The project's address, without a slash at its end; raises `NotGiven`."""
        given = needed(
            self.settings.supabase_url,
            "SUPABASE_URL",
            "Set it to the project's address, https://<ref>.supabase.co.",
        )
        return str(given).rstrip("/")

    @property
    def rest_url(self) -> str:
        """Where the project's PostgREST is; raises `NotGiven`."""
        return f"{self.supabase_url}/rest/v1"

    def client(self, service: str) -> Any:
        """Make an AWS client that gives up soon."""
        make: Any = self.aws.client  # typed for literals alone
        return make(service, config=_AWS)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask the database, in a transaction that can change nothing.

        Raises `NotGiven`, or psycopg's errors, whose texts are not for others to see.
        """
        url = needed(
            self.settings.database_url,
            "DATABASE_URL",
            "Set it to the project's connection string (Dashboard, Connect, Session pooler).",
        )
        with psycopg.connect(url.get_secret_value(), connect_timeout=5) as connection:
            connection.read_only = True
            return connection.execute(statement.encode()).fetchall()


def reveal(secret: SecretStr | None) -> str | None:
    """Answer a secret as it is."""
    return secret.get_secret_value() if secret else None
