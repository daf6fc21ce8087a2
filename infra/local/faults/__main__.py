"""The proxy's process: `python -m infra.local.faults CONTROL_PORT NAME=PORT:UPSTREAM:PATH ...`.

Its control takes `PUT /NAME` with a fault, `DELETE /NAME` for the connections that are open, and
`GET /NAME` for what came through since.
"""

import asyncio
import json
import sys

import uvicorn

from infra.local.faults.fault import Fault
from infra.local.faults.way import Way
from infra.local.web import Receive, Scope, Send, read_body, respond


class Control:
    """An ASGI application over the ways."""

    def __init__(self, ways: dict[str, Way]) -> None:
        self._ways = ways

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        way = self._ways.get(scope["path"].strip("/"))
        body = await read_body(receive)
        if way is None:
            await respond(send, 404, json.dumps(sorted(self._ways)).encode())
            return
        if scope["method"] == "PUT":
            await way.set(Fault.from_json(body))
        elif scope["method"] == "DELETE":
            way.kill_connections()
        told = {"requests": way.requests, "faulty": way.faulty}
        await respond(send, 200, json.dumps(told).encode())


async def main(control_port: int, *ways: str) -> None:
    """Serve until the process ends."""
    made: dict[str, Way] = {}
    for told in ways:
        name, _, where = told.partition("=")
        port, upstream, path = where.split(":")
        made[name] = Way(int(port), int(upstream), path)
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
