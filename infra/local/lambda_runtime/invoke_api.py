"""Lambda's Invoke API, so that AWS clients work with an `endpoint_url`."""

import asyncio
import base64
import json
import re
import uuid
from collections.abc import Mapping
from urllib.parse import unquote

from infra.local.lambda_runtime.pool import Pool
from infra.local.lambda_runtime.values import Outcome
from infra.local.web import Receive, Scope, Send, read_body, respond

_PATH = re.compile(r"/2015-03-31/functions/(?P<function>[^/]+)/invocations")
# A name alone, or an ARN, whole or partial; a qualifier may follow.
_NAME = re.compile(r"(?:.*function:)?(?P<name>[A-Za-z0-9_-]+)(?::[A-Za-z0-9$_-]+)?")
Headers = list[tuple[bytes, bytes]]


class InvokeApi:
    """An ASGI application in front of all functions."""

    def __init__(self, pools: Mapping[str, Pool]) -> None:
        self._pools = pools
        self._events: set[asyncio.Task[Outcome]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        payload = await read_body(receive) or b"{}"
        pool = self._pool(scope)
        if pool is None:
            await _refuse(send, 404, "ResourceNotFoundException", "Function not found.")
        elif not _is_json(payload):
            message = "Could not parse request body into json."
            await _refuse(send, 400, "InvalidRequestContentException", message)
        else:
            headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
            await self._invoke(pool, payload, headers, send)

    async def _invoke(
        self, pool: Pool, payload: bytes, headers: dict[bytes, str], send: Send
    ) -> None:
        kind = headers.get(b"x-amz-invocation-type", "RequestResponse")
        if kind == "DryRun":
            await respond(send, 204, b"", _answer_headers())
            return
        work = asyncio.create_task(pool.invoke(payload, _client_context(headers)))
        if kind == "Event":
            self._keep(work)
            await respond(send, 202, b"", _answer_headers())
            return
        outcome = await work
        failed = [(b"x-amz-function-error", b"Unhandled")] if outcome.failed else []
        await respond(send, 200, outcome.payload, _answer_headers() + failed)

    def _pool(self, scope: Scope) -> Pool | None:
        path = _PATH.fullmatch(scope["raw_path"].decode("latin-1"))
        name = path and scope["method"] == "POST" and _NAME.fullmatch(unquote(path["function"]))
        return self._pools.get(name["name"]) if name else None

    def _keep(self, work: asyncio.Task[Outcome]) -> None:
        self._events.add(work)
        work.add_done_callback(self._events.discard)


def _is_json(payload: bytes) -> bool:
    try:
        json.loads(payload)
    except ValueError:
        return False
    return True


def _client_context(headers: dict[bytes, str]) -> str | None:
    given = headers.get(b"x-amz-client-context")
    return base64.b64decode(given).decode() if given else None


def _answer_headers() -> Headers:
    return [
        (b"content-type", b"application/json"),
        (b"x-amzn-requestid", str(uuid.uuid4()).encode()),
        (b"x-amz-executed-version", b"$LATEST"),
    ]


async def _refuse(send: Send, status: int, kind: str, message: str) -> None:
    headers = [(b"content-type", b"application/json"), (b"x-amzn-errortype", kind.encode())]
    await respond(send, status, json.dumps({"Type": "User", "Message": message}).encode(), headers)
