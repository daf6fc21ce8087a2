"""The proxy's process: `python -m infra.local.faults CONTROL_PORT NAME=PORT:UPSTREAM:PATH ...`.

Its control takes `PUT /NAME` with a fault, `DELETE /NAME` for the connections that are open, and
`GET /NAME` for what came through since.
"""

import asyncio
import json
import sys

import uvicorn

from infra.local.faults.fault import Fault
from infra.local.faults.route import Route
from infra.local.web import Receive, Scope, Send, read_body, respond


class Control:
    """An ASGI application over the routes."""

    def __init__(self, routes: dict[str, Route]) -> None:
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.get(scope["path"].strip("/"))
        body = await read_body(receive)
        if route is None:
            await respond(send, 404, json.dumps(sorted(self._routes)).encode())
            return
        if scope["method"] == "PUT":
            await route.set(Fault.from_json(body))
        elif scope["method"] == "DELETE":
            route.kill_connections()
        told = {"requests": route.requests, "faulty": route.faulty}
        await respond(send, 200, json.dumps(told).encode())


async def main(control_port: int, *routes: str) -> None:
    """Serve until the process ends."""
    made: dict[str, Route] = {}
    for told in routes:
        name, _, where = told.partition("=")
        port, upstream, path = where.split(":")
        made[name] = Route(int(port), int(upstream), path)
        await made[name].listen()
    config = uvicorn.Config(
        Control(made),
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
