"""The local stack as a whole: everything started side by side, and all of it gone at the end."""

import atexit
import os
import re
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from signal import Signals
from typing import Self

import boto3
from botocore.config import Config
from mypy_boto3_lambda import LambdaClient
from mypy_boto3_s3 import S3Client
from mypy_boto3_sqs import SQSClient

from infra.local import functions, stack_lock
from infra.local.faults import FaultProxy
from infra.local.keys import Keys, generate
from infra.local.lambda_runtime import LambdaService
from infra.local.lambda_runtime.values import REGION
from infra.local.parts import Parts
from infra.local.paths import STACKS
from infra.local.processes import ServiceFailed
from infra.local.users import User, Users

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")

Overrides = Mapping[str, Mapping[str, str]]


class Stack:
    """`with Stack() as stack: ...`; its data are in `.local/stacks/<name>` while it runs.

    `overrides` holds settings to change or add, by function: `{"classify-and-log": {"MODEL_DIR":
    ...}}`. Functions start when they are first called, or all at once with `warm()`. With
    `migrated=False` the database is an empty project's. `with_faults` puts a proxy between the
    functions and what they call, to be told by `faults`.
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
            raise ValueError("A stack's name is made of letters, digits, - and _.")
        self.folder = STACKS / self.name
        self.keys = generate()
        self._overrides, self._migrated = overrides or {}, migrated
        self._with_faults = with_faults
        self._failed = False
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.close()

    def start(self, report: Callable[[str], None] = lambda part: None) -> Self:
        """Return when everything answers; `report` is told the name of each part that does.

        Raises `ServiceFailed`, which leaves the logs alone behind, or `FolderInUse`.
        """
        stack_lock.sweep(STACKS)
        lock = stack_lock.claim(self.folder)
        self._closing.callback(lambda: stack_lock.release(self.folder, lock, self._failed))
        atexit.register(self.close)
        try:
            self._parts = Parts(
                self.folder,
                self.keys,
                self._overrides,
                self._closing,
                self._migrated,
                self._with_faults,
            )
            self._parts.start(report)
        except BaseException as error:
            self._failed = isinstance(error, ServiceFailed)
            self.close()
            raise
        return self

    def close(self) -> None:
        """End all processes and remove the folder; safe to call twice."""
        self._closing.close()
        atexit.unregister(self.close)

    def warm(self) -> None:
        """Have an instance of each function ready; raises `ServiceFailed`."""
        for name, outcome in self._parts.edge.warm().items():
            self._failed = True
            log = self.folder / "logs" / f"{name}.log"
            raise ServiceFailed(f"{name} does not start: {outcome.message}. Its log: {log}")

    def redeploy(self, function: str, env: Mapping[str, str]) -> None:
        """Change settings of a function, or take them away with an empty value, from now on."""
        self._parts.edge.redeploy(function, env)

    def use(self, keys: Keys) -> None:
        """Change the project's keys, as its owner does in the dashboard."""
        self._parts.rest.use(keys)
        self._parts.edge.use(keys)
        self.keys = keys

    @property
    def faults(self) -> FaultProxy:
        """The proxy on the ways `store` and `queue`, of a stack that was made `with_faults`."""
        if self._parts.faults is None:
            raise ValueError("This stack was made without faults.")
        return self._parts.faults

    def signal(self, function: str, number: Signals) -> None:
        """Send a signal to every instance of a function."""
        self._parts.edge.signal(function, number)

    def stop_postgres(self) -> None:
        """Take the database away, its data kept."""
        self._parts.postgres.stop()

    def start_postgres(self) -> None:
        """Bring the database back; returns when PostgREST serves again."""
        self._parts.postgres.start()
        self._parts.rest.reconnect()

    def create_user(self, email: str) -> User:
        """Sign a user up and in."""
        return self._users().create(email)

    def create_reviewer(self, email: str) -> User:
        """Sign a user up and in who may correct predictions."""
        return self._users().create(email, role="reviewer")

    def _users(self) -> Users:
        return Users(self.postgres_admin_dsn, f"{self.supabase_url}/auth/v1", self.keys)

    def env(self, function: str) -> dict[str, str]:
        """Return a function's settings."""
        return dict(self._functions.pools[function].spec.environment)

    @property
    def _functions(self) -> LambdaService:
        return self._parts.edge.functions

    @property
    def supabase_url(self) -> str:
        return self._parts.edge.supabase_url

    @property
    def postgres_dsn(self) -> str:
        """The dashboard's role, `postgres`."""
        return self._parts.postgres.dsn("postgres")

    @property
    def postgres_admin_dsn(self) -> str:
        """The superuser."""
        return self._parts.postgres.dsn("supabase_admin")

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
    def lambda_endpoint(self) -> str:
        return self._functions.endpoint

    @property
    def s3_endpoint(self) -> str:
        return self._parts.s3.endpoint

    @property
    def bucket(self) -> str:
        return self._parts.s3.bucket

    @property
    def s3_credentials(self) -> tuple[str, str]:
        """Access key and secret key."""
        return self._parts.s3.access_key, self._parts.s3.secret_key

    def s3_client(self) -> S3Client:
        """Return a client of the stack's S3 server."""
        return self._parts.s3.client()

    @property
    def sqs_endpoint(self) -> str:
        return self._parts.sqs.endpoint

    @property
    def spool_url(self) -> str:
        """The queue of captured prompts that the store could not take."""
        return self._parts.sqs.queue_url

    @property
    def dead_letters_url(self) -> str:
        return self._parts.sqs.dead_letters_url

    def sqs_client(self) -> SQSClient:
        """Return a client of the stack's SQS server."""
        return self._parts.sqs.client()

    def lambda_client(self) -> LambdaClient:
        """Return a client of the stack's Invoke API."""
        return boto3.client(
            "lambda",
            endpoint_url=self.lambda_endpoint,
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106 - any will do
            config=Config(retries={"total_max_attempts": 1}, read_timeout=310),
        )
