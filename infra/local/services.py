"""The services of the stack, started in parallel and stopped together.

The gateway, the Lambda service and the scheduled jobs run in this process, the others in processes
of their own.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from signal import Signals

from infra.lambda_emulator import BackgroundLoop, InvocationResult, LambdaService, WebServer
from infra.local import functions, stack_lock
from infra.local.auth import AuthServer
from infra.local.faults import FaultProxy
from infra.local.gateway import Gateway
from infra.local.keys import Keys
from infra.local.postgres import Postgres
from infra.local.postgrest import PostgREST
from infra.local.s3 import S3Server
from infra.local.scheduled_jobs import ScheduledJobs
from infra.local.sqs import SqsServer

OnReady = Callable[[str], None]
"""Receives the name of a service when the service is ready."""


class LocalServices:
    """Owns every service of a stack.

    The constructor assigns all addresses, and `start` starts the services. `cleanup` receives a
    callback for each service before the service starts.
    """

    def __init__(
        self,
        folder: Path,
        keys: Keys,
        overrides: Mapping[str, Mapping[str, str]],
        cleanup: ExitStack,
        migrated: bool = True,
        with_faults: bool = False,
    ) -> None:
        self._cleanup = cleanup
        self.postgres = Postgres(folder, migrated)
        self.jobs = ScheduledJobs(folder, self.postgres.dsn)
        self.s3 = S3Server(folder, "prompt-exports")
        self.postgrest = PostgREST(folder, self.postgres.dsn("authenticator"), keys)
        self.sqs = SqsServer(folder)
        self.faults = FaultProxy(folder) if with_faults else None
        self.auth = AuthServer(self.postgres.dsn("supabase_admin"))
        upstream = UpstreamServices(self.postgrest.url, self.auth, self.s3, self.sqs, self.faults)
        self.edge = Edge(folder, keys, upstream, overrides)
        cleanup.callback(self.edge.close)

    def start(self, on_ready: OnReady) -> None:
        """Start all services in parallel and return when all are ready."""
        starts = (
            self._start_database,
            self._start_s3,
            self._start_queue,
            self._start_faults,
            self._start_edge,
        )
        with ThreadPoolExecutor(len(starts)) as executor:
            for future in [executor.submit(start, on_ready) for start in starts]:
                future.result()
        self.edge.start_polling()

    def _start_database(self, on_ready: OnReady) -> None:
        self._cleanup.callback(self.postgres.stop)
        self.postgres.create()
        self.postgres.start()
        self._cleanup.callback(self.jobs.stop)
        self.jobs.start()
        on_ready("PostgreSQL")
        self._cleanup.callback(self.postgrest.stop)
        self.postgrest.start()
        on_ready("PostgREST")

    def _start_s3(self, on_ready: OnReady) -> None:
        self._cleanup.callback(self.s3.stop)
        self.s3.start()
        on_ready("S3")

    def _start_queue(self, on_ready: OnReady) -> None:
        self._cleanup.callback(self.sqs.stop)
        self.sqs.start()
        on_ready("SQS")

    def _start_faults(self, on_ready: OnReady) -> None:
        if self.faults:
            self._cleanup.callback(self.faults.stop)
            self.faults.start()
            on_ready("faults")

    def _start_edge(self, on_ready: OnReady) -> None:
        self.edge.start()
        on_ready("HTTP")


@dataclass(frozen=True)
class UpstreamServices:
    """The services that the gateway and the functions call.

    With `faults`, the functions call the store and the queue through its routes `store` and
    `queue`, and read published models through `models`.
    """

    postgrest_url: str
    auth: AuthServer
    s3: S3Server
    sqs: SqsServer
    faults: FaultProxy | None


class Edge:
    """Serves the gateway and the functions from a background thread.

    The ports are assigned before the servers start.
    """

    def __init__(
        self,
        folder: Path,
        keys: Keys,
        upstream: UpstreamServices,
        overrides: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._loop, self._web = BackgroundLoop(), WebServer()
        self._gateway = Gateway(keys, upstream.postgrest_url, upstream.auth)
        self.supabase_url = f"http://127.0.0.1:{self._web.add(self._gateway)}"
        queue_endpoint, models_endpoint = upstream.sqs.endpoint, upstream.s3.endpoint
        if upstream.faults:
            self.supabase_url = upstream.faults.add_route("store", self.supabase_url, "/rest/")
            queue_endpoint = upstream.faults.add_route("queue", queue_endpoint)
            models_endpoint = upstream.faults.add_route("models", models_endpoint)
        upstream.auth.issuer = f"{self.supabase_url}/auth/v1"
        environment = functions.FunctionEnvironment(
            self.supabase_url, keys, upstream.s3, upstream.sqs, queue_endpoint, models_endpoint
        )
        specs = functions.function_specs(environment, overrides)
        queues = {functions.DRAIN: upstream.sqs.queue_url}
        self.functions = LambdaService(
            self._web, folder, specs, queues, partial(stack_lock.record_process, folder)
        )
        # Only now do the functions have URLs.
        models_url = f"{self.functions.urls[functions.MODELS]}/v1/models"
        self.redeploy(functions.CONSOLE, {"MODELS_URL": models_url})

    def start(self) -> None:
        """Start the servers and return when all ports accept requests.

        Function instances start on demand.
        """
        self._loop.run(self._web.start())

    def start_polling(self) -> None:
        """Start the pollers that invoke functions with messages from their queues."""
        self._loop.run(self._start_polling())

    async def _start_polling(self) -> None:
        self.functions.start_polling()

    def warm(self) -> Mapping[str, InvocationResult]:
        """Start an instance of each function; return the failures by function name."""
        return self._loop.run(self.functions.warm())

    def redeploy(self, function: str, environment: Mapping[str, str]) -> None:
        """Change environment variables of a function."""
        self._loop.run(self.functions.redeploy(function, environment))

    def set_keys(self, keys: Keys) -> None:
        """Replace the project's keys."""
        self._loop.run(self._set_keys(keys))

    async def _set_keys(self, keys: Keys) -> None:
        self._gateway.set_keys(keys)

    def signal(self, function: str, number: Signals) -> None:
        """Send a signal to every instance of a function."""
        self._loop.run(self.functions.signal(function, number))

    def close(self) -> None:
        """Stop the instances and close the ports."""
        self._loop.run(self._close())
        self._loop.close()

    async def _close(self) -> None:
        await self.functions.close()
        await self._web.stop()
        await self._gateway.close()
