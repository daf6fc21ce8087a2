"""What a check receives and what it yields."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import boto3
import httpx
from botocore.config import Config
from pydantic import SecretStr

from cli.database_connection import connect_to_read
from cli.database_url import DatabaseUrl
from prompt_capture.adapters.aws.client_settings import usable_aws_settings
from prompt_capture.domain.buckets import is_folder
from prompt_capture.domain.keys import clean_key
from prompt_capture.settings.base import Settings
from prompt_capture.settings.urls import HttpUrl, ProjectUrl, QueueUrl
from prompt_capture.settings.values import BucketOrFolder, OwnSecret

T = TypeVar("T")
State = Literal["ok", "wrong", "skipped"]
ParameterState = Literal["read", "missing", "denied", "unreachable"]

SET_OR_USE_STAGE = "Set it, or pass --stage dev."
"""The remediation for a setting that the stack of a stage also provides."""

_AWS = Config(retries={"total_max_attempts": 2}, connect_timeout=5, read_timeout=10)


class DoctorSettings(Settings):
    """The settings of a deployment: the functions', the client's and those of `doctor`.

    All are optional: a check whose setting is missing is skipped.

    `database_url` is a connection string for the role `postgres`. With `--stage`, the stack
    provides `export_schedule_group` and `missed_exports_queue_url`.
    """

    supabase_url: ProjectUrl | None = None
    supabase_publishable_key: SecretStr | None = None
    supabase_secret_key: SecretStr | None = None
    supabase_signing_key: SecretStr | None = None
    supabase_jwt_secret: SecretStr | None = None
    database_url: DatabaseUrl | None = None
    classify_url: HttpUrl | None = None
    outcomes_url: HttpUrl | None = None
    corrections_url: HttpUrl | None = None
    models_url: HttpUrl | None = None
    api_key: OwnSecret | None = None
    api_key_hashes: SecretStr | None = None
    operator_key: OwnSecret | None = None
    operator_key_hashes: SecretStr | None = None
    export_bucket: BucketOrFolder | None = None
    models_bucket: BucketOrFolder | None = None
    export_schedule_group: str | None = None
    spool_queue_url: QueueUrl | None = None
    missed_exports_queue_url: QueueUrl | None = None


@dataclass(frozen=True)
class Deployment:
    """A deployment, as the checks access it from this machine.

    `parameters` has the Parameter Store parameters that settings refer to.
    """

    settings: DoctorSettings
    http: httpx.Client
    aws: boto3.Session
    parameters: Mapping[str, ParameterState] = field(default_factory=dict)

    @property
    def supabase_url(self) -> str:
        """The project's URL without a trailing slash. Raises `MissingPrerequisite`."""
        url = require(
            self.settings.supabase_url,
            "SUPABASE_URL",
            "Set it to the project's URL, https://<ref>.supabase.co.",
        )
        return str(url).rstrip("/")

    @property
    def rest_url(self) -> str:
        """The base URL of the project's PostgREST. Raises `MissingPrerequisite`."""
        return f"{self.supabase_url}/rest/v1"

    def client(self, service: str) -> Any:
        """Create an AWS client with short timeouts. Raises `InvalidSettings`."""
        create: Any = self.aws.client  # typed for literals alone
        with usable_aws_settings():
            return create(service, config=_AWS)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Query the database in a read-only transaction.

        Raises `MissingPrerequisite`, or an error of psycopg. Never print that error's text: it
        may hold credentials.
        """
        url = require(
            self.settings.database_url,
            "DATABASE_URL",
            "Set it to the project's connection string (Dashboard, Connect, Session pooler).",
        )
        with connect_to_read(url) as connection:
            return connection.execute(statement.encode()).fetchall()


class MissingPrerequisite(Exception):
    """Something that a check needs is missing; `remediation` says how to provide it."""

    def __init__(self, name: str, remediation: str, message: str = "is not set") -> None:
        super().__init__(f"{name} {message}")
        self.name, self.message, self.remediation = name, message, remediation


def require(value: T | None, name: str, remediation: str) -> T:
    """Return a setting's value. Raise `MissingPrerequisite` if it is None."""
    if value is None:
        raise MissingPrerequisite(name, remediation)
    return value


def require_bucket(bucket: str | None, name: str) -> str:
    """Return the bucket of a setting. Raise `MissingPrerequisite` for none, and for a folder."""
    if is_folder(require(bucket, name, SET_OR_USE_STAGE)):
        raise MissingPrerequisite(name, SET_OR_USE_STAGE, "is a folder on this machine")
    return str(bucket)


def reveal(secret: SecretStr | None) -> str | None:
    """Return a secret's value, clean; None where nothing remains."""
    return clean_key(secret.get_secret_value()) or None if secret else None


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
