"""A service with scripted responses, over real connections."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from infra.lambda_emulator.web import (
    AsgiApp,
    AsgiReceive,
    AsgiScope,
    AsgiSend,
    BackgroundLoop,
    WebServer,
    read_body,
    respond,
)
from prompt_capture.client import Service

JsonObject = dict[str, Any]
Body = JsonObject | bytes
Response = tuple[int, Body] | tuple[int, Body, Mapping[str, str]]

CLASSIFICATION: JsonObject = {
    "log_id": "01936f2e-7c1a-7b2e-9a53-3f1f0e6f2c11",
    "intent": "reschedule",
    "confidence": 0.9,
    "scope": 0.8,
    "secondary_intents": [{"intent": "scheduling", "confidence": 0.7}],
    "source": "model",
    "model_version": "assistant-1",
    "needs_review": False,
    "captured": "stored",
    "unknown_field": True,
}
RECORDED = (200, {"log_id": CLASSIFICATION["log_id"], "was_successful": True})
HANG, SILENT, TRICKLE, DROP = "hang", "silent", "trickle", "drop"


@dataclass(frozen=True)
class ReceivedRequest:
    """A request that the service received."""

    path: str
    headers: dict[str, str]
    body: JsonObject


@dataclass
class ScriptedService:
    """Responds with one item of its script per request, and repeats the last one.

    An item is a status and a body, with headers where the test needs some, or a fault.
    """

    script: list[Response | str] = field(default_factory=list)
    requests: list[ReceivedRequest] = field(default_factory=list)

    def reset(self) -> None:
        """Forget the previous test."""
        self.script, self.requests = [(200, CLASSIFICATION)], []

    async def __call__(self, scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        body = json.loads(await read_body(receive))
        self.requests.append(ReceivedRequest(scope["path"], headers, body))
        response = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(response, str):
            await _misbehave(response, send)
        else:
            status, body = response[:2]
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            await respond(send, status, content, _encode(*response[2:]))

    @property
    def bodies(self) -> list[JsonObject]:
        return [request.body for request in self.requests]


def _encode(headers: Mapping[str, str] = MappingProxyType({})) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]


async def _misbehave(fault: str, send: AsgiSend) -> None:
    if fault == DROP:
        raise ConnectionAbortedError  # the server closes the connection without a response
    if fault != SILENT:
        await send({"type": "http.response.start", "status": 200, "headers": []})
    while fault == TRICKLE:
        await send({"type": "http.response.body", "body": b" ", "more_body": True})
        await asyncio.sleep(0.02)
    await asyncio.sleep(60)


@contextmanager
def run_service(app: AsgiApp) -> Iterator[Service]:
    """Run the service on a free loopback port."""
    loop, web = BackgroundLoop(), WebServer()
    base_url = f"http://127.0.0.1:{web.add(app)}"
    loop.run(web.start())
    try:
        yield Service(
            f"{base_url}/classify", f"{base_url}/outcomes", f"{base_url}/corrections", "pc_key"
        )
    finally:
        loop.run(web.stop())
        loop.close()
