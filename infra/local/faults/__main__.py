"""The proxy process: `python -m infra.local.faults CONTROL_PORT NAME=PORT:UPSTREAM_PORT:PATH ...`.

The control API has three methods for each route. `PUT /NAME` sets a fault, `DELETE /NAME` makes the
open connections unresponsive, and `GET /NAME` only reads. Each returns the number of requests since
the fault was set.
"""

import asyncio
import json
import sys

import uvicorn

from infra.lambda_emulator.web import AsgiReceive, AsgiScope, AsgiSend, read_body, respond
from infra.local.faults.fault import Fault
from infra.local.faults.route import Route


class ControlApi:
    """The ASGI application that controls the routes."""

    def __init__(self, routes: dict[str, Route]) -> None:
        self._routes = routes

    async def __call__(self, scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
        route = self._routes.get(scope["path"].strip("/"))
        body = await read_body(receive)
        if route is None:
            await respond(send, 404, json.dumps(sorted(self._routes)).encode())
            return
        if scope["method"] == "PUT":
            await route.set_fault(Fault.from_json(body))
        elif scope["method"] == "DELETE":
            route.kill_connections()
        counts = {"requests": route.requests, "affected": route.affected}
        await respond(send, 200, json.dumps(counts).encode())


async def main(control_port: int, *route_arguments: str) -> None:
    """Serve the routes and their control API until the process ends."""
    routes: dict[str, Route] = {}
    for argument in route_arguments:
        name, _, definition = argument.partition("=")
        port, upstream, path = definition.split(":")
        routes[name] = Route(int(port), int(upstream), path)
        await routes[name].listen()
    config = uvicorn.Config(
        ControlApi(routes),
        host="127.0.0.1",
        port=control_port,
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
    )
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), *sys.argv[2:]))
