"""The emulated Lambda service: all functions, their URLs and the Invoke API."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from signal import Signals

from infra.lambda_emulator.event_source_mapping import EventSourceMapping
from infra.lambda_emulator.function_url import FunctionUrl
from infra.lambda_emulator.invoke_api import InvokeApi
from infra.lambda_emulator.pool import InstancePool
from infra.lambda_emulator.runtime_api import RuntimeApi
from infra.lambda_emulator.types import FunctionSpec, InvocationResult
from infra.lambda_emulator.web import WebServer


class LambdaService:
    """Registers the functions and the Invoke API on a web server.

    Create it before the server starts, and call it on the server's event loop. `folder` receives
    the logs and the temporary files. `queues` maps the name of a function to the URL of the queue
    that invokes it. `on_process` receives the process id of each instance that starts.
    """

    def __init__(
        self,
        web: WebServer,
        folder: Path,
        functions: Iterable[FunctionSpec],
        queues: Mapping[str, str] | None = None,
        on_process: Callable[[int], None] = lambda pid: None,
    ) -> None:
        self.pools = {
            spec.name: InstancePool(spec, _add_apis(web, spec.max_instances), folder, on_process)
            for spec in functions
        }
        self.urls = {
            name: f"http://127.0.0.1:{web.add(FunctionUrl(pool), pool.spec.url_port)}"
            for name, pool in self.pools.items()
            if pool.spec.has_url
        }
        self.endpoint = f"http://127.0.0.1:{web.add(InvokeApi(self.pools))}"
        self._event_sources = [
            EventSourceMapping(self.pools[name], url) for name, url in (queues or {}).items()
        ]

    def start_polling(self) -> None:
        """Start the pollers that invoke functions with messages from their queues."""
        for source in self._event_sources:
            source.start()

    async def warm(self) -> Mapping[str, InvocationResult]:
        """Start an instance of each function to warm; return the failures by function name."""
        warmed = {name: pool for name, pool in self.pools.items() if pool.spec.is_warmed}
        errors = await asyncio.gather(*(pool.warm() for pool in warmed.values()))
        named = zip(warmed, errors, strict=True)
        return {name: error for name, error in named if error is not None}

    async def redeploy(self, name: str, environment: Mapping[str, str]) -> None:
        """Change environment variables of one function; an empty value removes a variable."""
        await self.pools[name].redeploy(environment)

    async def signal(self, name: str, number: Signals) -> None:
        """Send a signal to every instance of one function."""
        self.pools[name].signal(number)

    async def close(self) -> None:
        """Stop polling and end all instances."""
        await asyncio.gather(*(source.close() for source in self._event_sources))
        for pool in self.pools.values():
            await pool.close()


def _add_apis(web: WebServer, count: int) -> Mapping[str, RuntimeApi]:
    apis = [RuntimeApi() for _ in range(count)]
    return {f"127.0.0.1:{web.add(api)}": api for api in apis}
