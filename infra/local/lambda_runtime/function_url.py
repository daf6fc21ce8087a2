"""A Function URL: HTTP requests become events of payload version 2.0, results become answers."""

import json

from infra.local.lambda_runtime import payload_v2
from infra.local.lambda_runtime.pool import Pool
from infra.local.lambda_runtime.values import PAYLOAD_LIMIT, Outcome
from infra.local.web import Receive, Scope, Send, read_body, respond

_TOO_LARGE = {"Message": f"Request must be smaller than {PAYLOAD_LIMIT} bytes."}


class FunctionUrl:
    """An ASGI application in front of one function."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        event = json.dumps(payload_v2.event(scope, await read_body(receive))).encode()
        if len(event) > PAYLOAD_LIMIT:
            await respond(send, 413, json.dumps(_TOO_LARGE).encode())
            return
        answer = _answer(await self._pool.invoke(event))
        await respond(send, answer.status, answer.body, answer.headers)


def _answer(outcome: Outcome) -> payload_v2.Answer:
    if outcome.failed:
        return payload_v2.bad_gateway()
    try:
        return payload_v2.answer(outcome.payload)
    except payload_v2.MalformedResult:
        return payload_v2.bad_gateway()
