"""The edge of a local Supabase project: API keys in, PostgREST and the public keys behind.

Hosted projects let no request through without a key in `apikey`. Keys are not tokens: the edge
puts a short-lived token of the key's role in their place, unless a user's token is there.
"""

import json
import time
from collections.abc import AsyncIterator

import httpx

from infra.local.keys import Keys
from infra.local.web import Receive, Scope, Send, respond

_REST, _JWKS = "/rest/v1", "/auth/v1/.well-known/jwks.json"
# Of one connection only, or replaced on the way.
_NOT_FORWARDED = {b"host", b"connection", b"keep-alive", b"transfer-encoding", b"upgrade"}
_NOT_FORWARDED |= {b"apikey", b"authorization", b"te", b"trailer", b"proxy-authorization"}
_NOT_RETURNED = {b"connection", b"keep-alive", b"transfer-encoding", b"server", b"date"}
_TIMEOUTS = {"timeout": httpx.Timeout(60, connect=1).as_dict()}
Headers = list[tuple[bytes, bytes]]


class Refused(Exception):
    """The edge answers 401 itself."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.body = json.dumps({"message": message, "hint": hint}).encode()


class Gateway:
    """An ASGI application; `close()` gives its connections back."""

    def __init__(self, keys: Keys, postgrest_url: str) -> None:
        self._upstream = postgrest_url
        self.use(keys)
        # The transport alone: what a client adds (cookies, redirects) an edge must not do.
        limits = httpx.Limits(max_connections=100, keepalive_expiry=20)
        self._transport = httpx.AsyncHTTPTransport(limits=limits)

    def use(self, keys: Keys) -> None:
        """Let these keys in and no others, and sign by them, from now on."""
        self._roles = {
            keys.publishable: "anon",
            keys.secret: "service_role",
            keys.second_secret or keys.secret: "service_role",
            keys.legacy_anon: "anon",
            keys.legacy_service_role: "service_role",
        }
        self._keys = keys
        self._jwks = json.dumps(keys.jwks()).encode()
        self._tokens: dict[str, tuple[float, str]] = {}

    async def close(self) -> None:
        await self._transport.aclose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path == _JWKS:
            await respond(send, 200, self._jwks)
        elif path == _REST or path.startswith(_REST + "/"):
            await self._rest(scope, receive, send)
        else:
            await respond(send, 404, b'{"message":"no Route matched with those values"}')

    async def _rest(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            headers = self._forwarded(scope["headers"])
        except Refused as refusal:
            await respond(send, 401, refusal.body)
        else:
            await self._forward(scope, headers, receive, send)

    def _forwarded(self, headers: Headers) -> Headers:
        """Return the headers for PostgREST; raises `Refused`."""
        given = dict(headers)
        role = self._role(given.get(b"apikey", b"").decode("latin-1"), given)
        authorization = given.get(b"authorization", b"")
        key = given[b"apikey"]
        if not authorization or authorization.removeprefix(b"Bearer ") == key:
            authorization = b"Bearer " + self._token(role).encode()
        kept = [(name, value) for name, value in headers if name not in _NOT_FORWARDED]
        return [*kept, (b"authorization", authorization)]

    def _role(self, key: str, given: dict[bytes, bytes]) -> str:
        if not key:
            raise Refused(
                "No API key found in request", "No `apikey` request header or url param was found."
            )
        if key not in self._roles:
            raise Refused("Invalid API key", "Double check your Supabase API key.")
        if (
            self._roles[key] == "service_role"
            and key.startswith("sb_")
            and b"mozilla/" in given.get(b"user-agent", b"").lower()
        ):
            raise Refused(
                "Forbidden use of secret API key in browser",
                "Secret API keys can only be used in a protected environment.",
            )
        return self._roles[key]

    def _token(self, role: str) -> str:
        made, token = self._tokens.get(role, (0.0, ""))
        if time.monotonic() - made > 60:
            made, token = time.monotonic(), self._keys.role_token(role)
            self._tokens[role] = (made, token)
        return token

    async def _forward(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        path = scope["raw_path"].decode("latin-1").removeprefix(_REST) or "/"
        query = scope["query_string"].decode("latin-1")
        url = f"{self._upstream}{path}" + (f"?{query}" if query else "")
        body = _stream(receive) if _has_body(scope["headers"]) else None
        if scope["method"] == "HEAD":
            # PostgREST may write a refusal's body all the same, before the next answer.
            headers = [*headers, (b"connection", b"close")]
        request = httpx.Request(
            scope["method"], url, headers=headers, content=body, extensions=_TIMEOUTS
        )
        try:
            response = await self._transport.handle_async_request(request)
        except httpx.TransportError:
            await respond(send, 503, b'{"message":"The database API is not available."}')
            return
        try:
            await _relay(response, send)
        finally:
            await response.aclose()


def _has_body(headers: Headers) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in headers)


async def _relay(response: httpx.Response, send: Send) -> None:
    headers = [(n.lower(), v) for n, v in response.headers.raw if n.lower() not in _NOT_RETURNED]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    async for part in response.aiter_raw():
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _stream(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise httpx.ReadError("The caller went away.")
        yield message.get("body", b"")
        if not message.get("more_body"):
            return
