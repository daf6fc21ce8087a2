"""The parts of the stack that are Python: the project's edge and the functions' service."""

from collections.abc import Mapping
from pathlib import Path

from infra.local import functions
from infra.local.gateway import Gateway
from infra.local.keys import Keys
from infra.local.lambda_runtime import LambdaService, Outcome
from infra.local.s3 import S3Server
from infra.local.sqs import SqsServer
from infra.local.web import BackgroundLoop, WebServer


class Edge:
    """Serves from a background thread; its ports are known before it starts."""

    def __init__(
        self,
        folder: Path,
        keys: Keys,
        postgrest_url: str,
        s3: S3Server,
        sqs: SqsServer,
        overrides: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._loop, self._web = BackgroundLoop(), WebServer()
        self._gateway = Gateway(keys, postgrest_url)
        self.supabase_url = f"http://127.0.0.1:{self._web.add(self._gateway)}"
        around = functions.Surroundings(self.supabase_url, keys, s3, sqs)
        deployed = functions.deployment(around, overrides)
        queues = {functions.DRAIN: sqs.queue_url}
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

    def close(self) -> None:
        """End the instances and free the ports."""
        self._loop.run(self._close())
        self._loop.close()

    async def _close(self) -> None:
        await self.functions.close()
        await self._web.stop()
        await self._gateway.close()
