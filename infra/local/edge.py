"""The services that run in this process: the Supabase gateway and the Lambda service."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from signal import Signals

from infra.local import functions
from infra.local.faults import FaultProxy
from infra.local.gateway import Gateway
from infra.local.keys import Keys
from infra.local.lambda_runtime import InvocationResult, LambdaService
from infra.local.s3 import S3Server
from infra.local.sqs import SqsServer
from infra.local.web import BackgroundLoop, WebServer


@dataclass(frozen=True)
class UpstreamServices:
    """The services that the gateway and the functions call.

    With `faults`, the functions call the store and the queue through its routes `store` and
    `queue`.
    """

    postgrest_url: str
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
        self._gateway = Gateway(keys, upstream.postgrest_url)
        self.supabase_url = f"http://127.0.0.1:{self._web.add(self._gateway)}"
        queue_endpoint = upstream.sqs.endpoint
        if upstream.faults:
            self.supabase_url = upstream.faults.add_route("store", self.supabase_url, "/rest/")
            queue_endpoint = upstream.faults.add_route("queue", queue_endpoint)
        environment = functions.FunctionEnvironment(
            self.supabase_url, keys, upstream.s3, upstream.sqs, queue_endpoint
        )
        specs = functions.function_specs(environment, overrides)
        queues = {functions.DRAIN: upstream.sqs.queue_url}
        self.functions = LambdaService(self._web, folder, specs, queues)

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
