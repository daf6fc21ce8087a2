"""The Lambda Runtime API, which the runtime client in an instance calls.

The same address also serves the Extensions API.
"""

from infra.lambda_emulator import extensions
from infra.lambda_emulator.instance import Instance
from infra.lambda_emulator.types import PAYLOAD_LIMIT, Invocation, InvocationResult
from infra.lambda_emulator.web import AsgiReceive, AsgiScope, AsgiSend, Headers, read_body, respond

_BASE = "/2018-06-01/runtime/"
_ACCEPTED = b'{"status":"OK"}'


class RuntimeApi:
    """An ASGI application that serves one instance at a time.

    Each instance needs a port of its own, because the runtime client accepts only `host:port`.
    """

    def __init__(self) -> None:
        self.instance: Instance | None = None

    async def __call__(self, scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
        if self.instance is None:
            await respond(send, 410, b"{}")
            return
        if scope["path"].startswith(extensions.BASE):
            await extensions.serve(self.instance.extensions, scope, receive, send)
            return
        path = scope["path"].removeprefix(_BASE)
        body = await read_body(receive)
        if path == "invocation/next":
            await _send_next_invocation(self.instance, send)
        else:
            accepted = _accept_report(self.instance, path, body)
            await respond(send, 202 if accepted else 400, _ACCEPTED if accepted else b"{}")


async def _send_next_invocation(instance: Instance, send: AsgiSend) -> None:
    invocation = await instance.next_invocation()
    if invocation is None:
        await respond(send, 410, b"{}")
    else:
        await respond(send, 200, invocation.payload, _headers(instance, invocation))


def _headers(instance: Instance, invocation: Invocation) -> Headers:
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


def _accept_report(instance: Instance, path: str, body: bytes) -> bool:
    """Process a report of the runtime; return false if it is not about the current invocation."""
    if path == "init/error":
        instance.fail_init(InvocationResult(body, failed=True))
        return True
    _, request_id, report_type = (*path.split("/"), "", "", "")[:3]
    if report_type == "error":
        return instance.complete(request_id, InvocationResult(body, failed=True))
    if report_type != "response":
        return False
    if len(body) > PAYLOAD_LIMIT:
        message = (
            f"Response payload size exceeded maximum allowed payload size ({PAYLOAD_LIMIT} bytes)."
        )
        error = InvocationResult.error("Function.ResponseSizeTooLarge", message)
        return instance.complete(request_id, error)
    return instance.complete(request_id, InvocationResult(body))
