"""The parts of the stack that are Python: the project's edge and the functions' service."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from signal import Signals

from infra.local import functions
from infra.local.faults import FaultProxy
from infra.local.gateway import Gateway
from infra.local.keys import Keys
from infra.local.lambda_runtime import LambdaService, Outcome
from infra.local.s3 import S3Server
from infra.local.sqs import SqsServer
from infra.local.web import BackgroundLoop, WebServer


@dataclass(frozen=True)
class Beside:
    """The parts that functions reach; with `faults`, by its routes `store` and `queue`."""

    postgrest_url: str
    s3: S3Server
    sqs: SqsServer
    faults: FaultProxy | None


class Edge:
    """Serves from a background thread; its ports are known before it starts."""

    def __init__(
        self,
        folder: Path,
        keys: Keys,
        beside: Beside,
        overrides: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._loop, self._web = BackgroundLoop(), WebServer()
        self._gateway = Gateway(keys, beside.postgrest_url)
        self.supabase_url = f"http://127.0.0.1:{self._web.add(self._gateway)}"
        queue_endpoint = beside.sqs.endpoint
        if beside.faults:
            self.supabase_url = beside.faults.add_route("store", self.supabase_url, "/rest/")
            queue_endpoint = beside.faults.add_route("queue", queue_endpoint)
        around = functions.FunctionEnvironment(
            self.supabase_url, keys, beside.s3, beside.sqs, queue_endpoint
        )
        deployed = functions.deployment(around, overrides)
        queues = {functions.DRAIN: beside.sqs.queue_url}
        self.functions = LambdaService(self._web, folder, deployed, queues)

    def start(self) -> None:
        """Return when all ports answer; instances start when they are first needed."""
        self._loop.run(self._web.start())

    def start_polling(self) -> None:
        """Have the queues invoke their functions from now on."""
        self._loop.run(self._start_polling())

    async def _start_polling(self) -> None:
        self.functions.start_polling()

    def warm(self) -> Mapping[str, Outcome]:
        """Have an instance of each function ready; returns the failures by name."""
        return self._loop.run(self.functions.warm())

    def redeploy(self, function: str, environment: Mapping[str, str]) -> None:
        """Change settings of a function."""
        self._loop.run(self.functions.redeploy(function, environment))

    def use(self, keys: Keys) -> None:
        """Change the project's keys."""
        self._loop.run(self._use(keys))

    async def _use(self, keys: Keys) -> None:
        self._gateway.use(keys)

    def signal(self, function: str, number: Signals) -> None:
        """Send a signal to every instance of a function."""
        self._loop.run(self.functions.signal(function, number))

    def close(self) -> None:
        """End the instances and free the ports."""
        self._loop.run(self._close())
        self._loop.close()

    async def _close(self) -> None:
        await self.functions.close()
        await self._web.stop()
        await self._gateway.close()
