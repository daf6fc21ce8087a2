"""The whole local stack: starts all services, and removes all of them at the end."""

import atexit
import os
import re
from collections.abc import Mapping
from contextlib import ExitStack
from signal import Signals
from typing import Self

import boto3
from botocore.config import Config
from mypy_boto3_lambda import LambdaClient
from mypy_boto3_s3 import S3Client
from mypy_boto3_sqs import SQSClient

from infra.lambda_emulator import REGION, LambdaService
from infra.local import functions, stack_lock
from infra.local.auth import AuthServer
from infra.local.faults import FaultProxy
from infra.local.keys import Keys, generate_keys
from infra.local.paths import STACKS
from infra.local.processes import ServiceFailed
from infra.local.proxies import proxy_exceptions
from infra.local.scheduled_jobs import ScheduledJobs
from infra.local.services import LocalServices, OnReady
from infra.local.users import User, UserFactory

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")

Overrides = Mapping[str, Mapping[str, str]]


class Stack:
    """A running local stack: `with Stack() as stack: ...`.

    The stack stores its data in `.local/stacks/<name>` while it runs. Functions start on their
    first request, or all at once with `warm()`.

    - `overrides` maps a function name to environment variables to change or add:
      `{"classify-and-log": {"MODEL_DIR": ...}}`.
    - `migrated=False` creates the database of an empty Supabase project.
    - `with_faults=True` adds a proxy between the functions and the services that they call. Inject
      faults through `faults`.
    """

    def __init__(
        self,
        name: str | None = None,
        overrides: Overrides | None = None,
        migrated: bool = True,
        with_faults: bool = False,
    ) -> None:
        self.name = name or f"stack-{os.getpid()}"
        if not _NAME.fullmatch(self.name):
            raise ValueError(
                "A stack name must start with a letter or a digit "
                "and may contain only letters, digits, - and _."
            )
        self.folder = STACKS / self.name
        self.keys = generate_keys()
        self._overrides, self._migrated = overrides or {}, migrated
        self._with_faults = with_faults
        self._failed = False
        self._cleanup = ExitStack()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.close()

    def start(self, on_ready: OnReady = lambda service: None) -> Self:
        """Start all services and return when they are ready.

        `on_ready` receives the name of each service when it is ready. Raises `FolderInUse` if a
        stack with this name is running. Raises `ServiceFailed` if a service does not start, and
        then keeps only the logs. From then on, this process and its children reach loopback without
        a proxy.
        """
        os.environ.update(proxy_exceptions())
        stack_lock.remove_abandoned(STACKS)
        lock = stack_lock.acquire(self.folder)
        self._cleanup.callback(lambda: stack_lock.release(self.folder, lock, self._failed))
        atexit.register(self.close)
        try:
            self._services = LocalServices(
                self.folder,
                self.keys,
                self._overrides,
                self._cleanup,
                self._migrated,
                self._with_faults,
            )
            self._services.start(on_ready)
        except BaseException as error:
            self._failed = isinstance(error, ServiceFailed)
            self.close()
            raise
        return self

    def close(self) -> None:
        """Stop all processes and remove the folder; safe to call twice."""
        self._cleanup.close()
        atexit.unregister(self.close)

    def warm(self) -> None:
        """Start an instance of each function; raise `ServiceFailed`."""
        for name, error in self._services.edge.warm().items():
            self._failed = True
            log = self.folder / "logs" / f"{name}.log"
            raise ServiceFailed(
                f"The function {name} failed to start: {error.error_message}. See its log: {log}"
            )

    def redeploy(self, function: str, environment: Mapping[str, str]) -> None:
        """Change environment variables of a function; an empty value removes a variable."""
        self._services.edge.redeploy(function, environment)

    def set_keys(self, keys: Keys) -> None:
        """Replace the project's keys, as an operator does in the Supabase dashboard."""
        self._services.postgrest.set_keys(keys)
        self._services.edge.set_keys(keys)
        self.keys = keys

    @property
    def faults(self) -> FaultProxy:
        """The fault proxy, with the routes `store`, `queue` and `models`.

        Needs `with_faults=True`.
        """
        if self._services.faults is None:
            raise ValueError(
                "This stack has no fault proxy. Create it with Stack(with_faults=True)."
            )
        return self._services.faults

    def signal(self, function: str, number: Signals) -> None:
        """Send a signal to every instance of a function."""
        self._services.edge.signal(function, number)

    def stop_postgres(self) -> None:
        """Stop the database server and keep its data."""
        self._services.postgres.stop()

    def start_postgres(self) -> None:
        """Start the database server again and return when PostgREST is ready."""
        self._services.postgres.start()
        self._services.postgrest.reconnect()

    @property
    def jobs(self) -> ScheduledJobs:
        """The scheduled jobs of the database."""
        return self._services.jobs

    def create_user(self, email: str) -> User:
        """Create a signed-in user."""
        return self._user_factory().create(email)

    def create_reviewer(self, email: str) -> User:
        """Create a signed-in user who may correct predictions."""
        return self._user_factory().create(email, role="reviewer")

    def create_operator(self, email: str) -> User:
        """Create a signed-in user who may decide which model serves."""
        return self._user_factory().create(email, role="operator")

    def create_viewer(self, email: str) -> User:
        """Create a signed-in user who may see the figures of the console."""
        return self._user_factory().create(email, role="viewer")

    def _user_factory(self) -> UserFactory:
        return UserFactory(self.postgres_admin_dsn, f"{self.supabase_url}/auth/v1", self.keys)

    def environment(self, function: str) -> dict[str, str]:
        """Return the environment variables of a function that are its settings."""
        return dict(self._functions.pools[function].spec.environment)

    @property
    def _functions(self) -> LambdaService:
        return self._services.edge.functions

    @property
    def supabase_url(self) -> str:
        return self._services.edge.supabase_url

    @property
    def postgres_dsn(self) -> str:
        """The connection string for the role `postgres`, as in the dashboard."""
        return self._services.postgres.dsn("postgres")

    @property
    def postgres_admin_dsn(self) -> str:
        """The connection string for the superuser."""
        return self._services.postgres.dsn("supabase_admin")

    @property
    def classify_url(self) -> str:
        return f"{self._functions.urls[functions.CLASSIFY]}/v1/classify"

    @property
    def outcomes_url(self) -> str:
        return f"{self._functions.urls[functions.OUTCOME]}/v1/outcomes"

    @property
    def corrections_url(self) -> str:
        return f"{self._functions.urls[functions.CORRECT]}/v1/corrections"

    @property
    def models_url(self) -> str:
        return f"{self._functions.urls[functions.MODELS]}/v1/models"

    @property
    def console_url(self) -> str:
        return f"{self._functions.urls[functions.CONSOLE]}/"

    @property
    def auth(self) -> AuthServer:
        """The stand-in for Supabase Auth."""
        return self._services.auth

    @property
    def lambda_endpoint(self) -> str:
        return self._functions.endpoint

    @property
    def s3_endpoint(self) -> str:
        return self._services.s3.endpoint

    @property
    def bucket(self) -> str:
        return self._services.s3.bucket

    @property
    def s3_credentials(self) -> tuple[str, str]:
        """The access key and the secret key."""
        return self._services.s3.access_key, self._services.s3.secret_key

    def s3_client(self) -> S3Client:
        """Return a client of the stack's S3 server."""
        return self._services.s3.client()

    @property
    def sqs_endpoint(self) -> str:
        return self._services.sqs.endpoint

    @property
    def spool_url(self) -> str:
        """The URL of the spool, the queue for prompts that the store did not take in time."""
        return self._services.sqs.queue_url

    @property
    def dead_letters_url(self) -> str:
        return self._services.sqs.dead_letters_url

    @property
    def notifications_url(self) -> str:
        """The URL of the queue that the notifications of the retraining arrive in."""
        return self._services.sqs.notifications_url

    def sqs_client(self) -> SQSClient:
        """Return a client of the stack's SQS server."""
        return self._services.sqs.client()

    def lambda_client(self) -> LambdaClient:
        """Return a client of the stack's Invoke API."""
        return boto3.client(
            "lambda",
            endpoint_url=self.lambda_endpoint,
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106 - not a secret
            config=Config(retries={"total_max_attempts": 1}, read_timeout=910, proxies={}),
        )
