"""Lambda's Invoke API, for AWS clients that set `endpoint_url`."""

import asyncio
import base64
import json
import re
import uuid
from collections.abc import Mapping
from urllib.parse import unquote

from infra.lambda_emulator.pool import InstancePool
from infra.lambda_emulator.types import InvocationResult
from infra.lambda_emulator.web import AsgiReceive, AsgiScope, AsgiSend, Headers, read_body, respond

_PATH = re.compile(r"/2015-03-31/functions/(?P<function>[^/]+)/invocations")
# A name, a partial ARN or a full ARN, with an optional qualifier.
_NAME = re.compile(r"(?:.*function:)?(?P<name>[A-Za-z0-9_-]+)(?::[A-Za-z0-9$_-]+)?")


class InvokeApi:
    """The Invoke API of all functions, as an ASGI application."""

    def __init__(self, pools: Mapping[str, InstancePool]) -> None:
        self._pools = pools
        self._background: set[asyncio.Task[InvocationResult]] = set()

    async def __call__(self, scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
        payload = await read_body(receive) or b"{}"
        pool = self._pool(scope)
        if pool is None:
            await _respond_error(send, 404, "ResourceNotFoundException", "Function not found.")
        elif not _is_json(payload):
            message = "Could not parse request body into json."
            await _respond_error(send, 400, "InvalidRequestContentException", message)
        else:
            headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
            await self._invoke(pool, payload, headers, send)

    async def _invoke(
        self, pool: InstancePool, payload: bytes, headers: dict[bytes, str], send: AsgiSend
    ) -> None:
        invocation_type = headers.get(b"x-amz-invocation-type", "RequestResponse")
        if invocation_type == "DryRun":
            await respond(send, 204, b"", _response_headers())
            return
        task = asyncio.create_task(pool.invoke(payload, _client_context(headers)))
        if invocation_type == "Event":
            self._keep_reference(task)
            await respond(send, 202, b"", _response_headers())
            return
        result = await task
        error = [(b"x-amz-function-error", b"Unhandled")] if result.failed else []
        await respond(send, 200, result.payload, _response_headers() + error)

    def _pool(self, scope: AsgiScope) -> InstancePool | None:
        path = _PATH.fullmatch(scope["raw_path"].decode("latin-1"))
        name = path and scope["method"] == "POST" and _NAME.fullmatch(unquote(path["function"]))
        return self._pools.get(name["name"]) if name else None

    def _keep_reference(self, task: asyncio.Task[InvocationResult]) -> None:
        """Protect a background task from garbage collection until it is done."""
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def _is_json(payload: bytes) -> bool:
    try:
        json.loads(payload)
    except ValueError:
        return False
    return True


def _client_context(headers: dict[bytes, str]) -> str | None:
    encoded = headers.get(b"x-amz-client-context")
    return base64.b64decode(encoded).decode() if encoded else None


def _response_headers() -> Headers:
    return [
        (b"content-type", b"application/json"),
        (b"x-amzn-requestid", str(uuid.uuid4()).encode()),
        (b"x-amz-executed-version", b"$LATEST"),
    ]


async def _respond_error(send: AsgiSend, status: int, error_type: str, message: str) -> None:
    headers = [(b"content-type", b"application/json"), (b"x-amzn-errortype", error_type.encode())]
    await respond(send, status, json.dumps({"Type": "User", "Message": message}).encode(), headers)
