"""All functions of a stack, with their URLs and the Invoke API."""

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from signal import Signals

from infra.local.lambda_runtime.event_source import EventSource
from infra.local.lambda_runtime.function_url import FunctionUrl
from infra.local.lambda_runtime.invoke_api import InvokeApi
from infra.local.lambda_runtime.pool import Pool
from infra.local.lambda_runtime.runtime_api import RuntimeApi
from infra.local.lambda_runtime.values import FunctionSpec, Outcome
from infra.local.web import WebServer


class LambdaService:
    """Made before the web server starts, whose ports it takes; used on the server's loop.

    `queues` maps a function to the queue that invokes it.
    """

    def __init__(
        self,
        web: WebServer,
        folder: Path,
        functions: Iterable[FunctionSpec],
        queues: Mapping[str, str] | None = None,
    ) -> None:
        self.pools = {spec.name: _pool(web, folder, spec) for spec in functions}
        self.urls = {
            name: f"http://127.0.0.1:{web.add(FunctionUrl(pool))}"
            for name, pool in self.pools.items()
            if pool.spec.has_url
        }
        self.endpoint = f"http://127.0.0.1:{web.add(InvokeApi(self.pools))}"

        self._sources = [EventSource(self.pools[name], url) for name, url in (queues or {}).items()]

    def start_polling(self) -> None:
        """Have the queues invoke their functions from now on."""
        for source in self._sources:
            source.start()

    async def warm(self) -> Mapping[str, Outcome]:
        """Have an instance of each function ready; returns the failures by name."""
        outcomes = await asyncio.gather(*(pool.warm() for pool in self.pools.values()))
        warmed = zip(self.pools, outcomes, strict=True)
        return {name: outcome for name, outcome in warmed if outcome is not None}

    async def redeploy(self, name: str, environment: Mapping[str, str]) -> None:
        """Change settings of one function."""
        await self.pools[name].redeploy(environment)

    async def signal(self, name: str, number: Signals) -> None:
        """Send a signal to every instance of one function."""
        self.pools[name].signal(number)

    async def close(self) -> None:
        """Stop polling and end all instances."""
        await asyncio.gather(*(source.close() for source in self._sources))
        for pool in self.pools.values():
            await pool.close()


def _pool(web: WebServer, folder: Path, spec: FunctionSpec) -> Pool:
    apis = {}
    for _ in range(spec.max_instances):
        api = RuntimeApi()
        apis[f"127.0.0.1:{web.add(api)}"] = api
    return Pool(spec, apis, folder)
