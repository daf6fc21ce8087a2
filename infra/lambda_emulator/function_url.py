"""A Function URL: converts HTTP requests to events and results to HTTP responses."""

import json

from infra.local.lambda_runtime import payload_v2
from infra.local.lambda_runtime.pool import InstancePool
from infra.local.lambda_runtime.types import PAYLOAD_LIMIT, InvocationResult
from infra.local.web import AsgiReceive, AsgiScope, AsgiSend, read_body, respond

_TOO_LARGE = {"Message": f"Request must be smaller than {PAYLOAD_LIMIT} bytes."}


class FunctionUrl:
    """The Function URL of one function, as an ASGI application (payload format 2.0)."""

    def __init__(self, pool: InstancePool) -> None:
        self._pool = pool

    async def __call__(self, scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
        event = json.dumps(payload_v2.build_event(scope, await read_body(receive))).encode()
        if len(event) > PAYLOAD_LIMIT:
            await respond(send, 413, json.dumps(_TOO_LARGE).encode())
            return
        response = _http_response(await self._pool.invoke(event))
        await respond(send, response.status, response.body, response.headers)


def _http_response(result: InvocationResult) -> payload_v2.HttpResponse:
    if result.failed:
        return payload_v2.bad_gateway()
    try:
        return payload_v2.parse_result(result.payload)
    except payload_v2.MalformedResult:
        return payload_v2.bad_gateway()
