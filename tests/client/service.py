"""A service that answers what a test tells it to, over real connections."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from infra.local.web import BackgroundLoop, Receive, Scope, Send, WebServer, read_body, respond
from prompt_capture.client import Service

Json = dict[str, Any]

CLASSIFIED: Json = {
    "log_id": "01936f2e-7c1a-7b2e-9a53-3f1f0e6f2c11",
    "intent": "reschedule",
    "confidence": 0.9,
    "scope": 0.8,
    "secondary_intents": [{"intent": "scheduling", "confidence": 0.7}],
    "source": "model",
    "model_version": "assistant-1",
    "needs_review": False,
    "captured": "stored",
    "something_new": True,
}
HANG, TRICKLE, DROP = "hang", "trickle", "drop"


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    path: str
    headers: dict[str, str]
    body: Json


@dataclass
class ScriptedService:
    """Plays its script, an answer a request, and then goes on with the last one."""

    script: list[tuple[int, Json] | str] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    def reset(self) -> None:
        """Forget the last test."""
        self.script, self.asked = [(200, CLASSIFIED)], []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        body = json.loads(await read_body(receive))
        self.asked.append(Asked(scope["path"], headers, body))
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(answer, str):
            await _misbehave(answer, send)
        else:
            await respond(send, answer[0], json.dumps(answer[1]).encode())

    @property
    def bodies(self) -> list[Json]:
        return [asked.body for asked in self.asked]


async def _misbehave(how: str, send: Send) -> None:
    if how == DROP:
        raise ConnectionAbortedError  # the server closes the connection without a word
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while how == TRICKLE:
        await send({"type": "http.response.body", "body": b" ", "more_body": True})
        await asyncio.sleep(0.02)
    await asyncio.sleep(60)


@contextmanager
def serving(app: ScriptedService) -> Iterator[Service]:
    """Serve on a loopback port of its own."""
    loop, web = BackgroundLoop(), WebServer()
    base = f"http://127.0.0.1:{web.add(app)}"
    loop.run(web.start())
    try:
        yield Service(f"{base}/classify", f"{base}/outcomes", f"{base}/corrections", "pc_key")
    finally:
        loop.run(web.stop())
        loop.close()
