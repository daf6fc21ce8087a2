"""The Lambda Runtime API, as the runtime client inside an instance speaks to it.

The Extensions API is served at the same address.
"""

from infra.local.lambda_runtime import extensions
from infra.local.lambda_runtime.instance import Instance
from infra.local.lambda_runtime.values import PAYLOAD_LIMIT, Invocation, Outcome
from infra.local.web import Receive, Scope, Send, read_body, respond

_BASE = "/2018-06-01/runtime/"
_ACCEPTED = b'{"status":"OK"}'


class RuntimeApi:
    """An ASGI application for one instance at a time; the client allows no path of its own."""

    def __init__(self) -> None:
        self.instance: Instance | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.instance is None:
            await respond(send, 410, b"{}")
            return
        if scope["path"].startswith(extensions.BASE):
            await extensions.serve(self.instance.extensions, scope, receive, send)
            return
        path = scope["path"].removeprefix(_BASE)
        body = await read_body(receive)
        if path == "invocation/next":
            await _next(self.instance, send)
        else:
            known = _report(self.instance, path, body)
            await respond(send, 202 if known else 400, _ACCEPTED if known else b"{}")


async def _next(instance: Instance, send: Send) -> None:
    invocation = await instance.next()
    if invocation is None:
        await respond(send, 410, b"{}")
    else:
        await respond(send, 200, invocation.payload, _headers(instance, invocation))


def _headers(instance: Instance, invocation: Invocation) -> list[tuple[bytes, bytes]]:
    trace = invocation.request_id.replace("-", "")
    headers = {
        "content-type": "application/json",
        "lambda-runtime-aws-request-id": invocation.request_id,
        "lambda-runtime-deadline-ms": str(invocation.deadline_ms),
        "lambda-runtime-invoked-function-arn": instance.spec.arn,
        "lambda-runtime-trace-id": f"Root=1-{trace[:8]}-{trace[8:]};Sampled=0",
    }
    if invocation.client_context is not None:
        headers["lambda-runtime-client-context"] = invocation.client_context
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def _report(instance: Instance, path: str, body: bytes) -> bool:
    """Take what the runtime posts; false when it belongs to no request of the instance."""
    if path == "init/error":
        instance.fail_init(Outcome(body, failed=True))
        return True
    _, request_id, what = (*path.split("/"), "", "", "")[:3]
    if what == "error":
        return instance.settle(request_id, Outcome(body, failed=True))
    if what != "response":
        return False
    if len(body) > PAYLOAD_LIMIT:
        message = (
            f"Response payload size exceeded maximum allowed payload size ({PAYLOAD_LIMIT} bytes)."
        )
        return instance.settle(request_id, Outcome.error("Function.ResponseSizeTooLarge", message))
    return instance.settle(request_id, Outcome(body))
