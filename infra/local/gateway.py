"""The edge of the local Supabase project: it checks API keys and forwards to PostgREST.

As on a hosted project, every request needs an API key in the `apikey` header. PostgREST does not
accept API keys, so the edge replaces the key with a short-lived token for the key's role, unless
the request has a user's token. The edge also publishes the project's public keys (JWKS), passes
sign-ins to the stand-in for Supabase Auth, and lets web pages of any origin call.
"""

import json
import time
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

import httpx

from infra.lambda_emulator.web import AsgiReceive, AsgiScope, AsgiSend, Headers, respond
from infra.local.auth import AuthServer
from infra.local.keys import Keys

_REST, _AUTH, _JWKS = "/rest/v1", "/auth/v1", "/auth/v1/.well-known/jwks.json"
# Hop-by-hop headers, and headers that the edge replaces.
_NOT_FORWARDED = {b"host", b"connection", b"keep-alive", b"transfer-encoding", b"upgrade"}
_NOT_FORWARDED |= {b"apikey", b"authorization", b"te", b"trailer", b"proxy-authorization"}
_NOT_RETURNED = {b"connection", b"keep-alive", b"transfer-encoding", b"server", b"date"}
_CORS: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"),
    (b"access-control-max-age", b"3600"),
    (b"access-control-expose-headers", b"X-Supabase-Api-Version, Content-Range"),
]
_TIMEOUTS = {"timeout": httpx.Timeout(60, connect=1).as_dict()}


class KeyRejected(Exception):
    """The API key is missing, invalid or not allowed; `body` is the 401 response."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.body = json.dumps({"message": message, "hint": hint}).encode()


class Gateway:
    """The edge as an ASGI application; `close()` closes its connections to PostgREST."""

    def __init__(self, keys: Keys, postgrest_url: str, auth: AuthServer) -> None:
        self._upstream, self._auth = postgrest_url, auth
        self.set_keys(keys)
        # A bare transport, because a client would store cookies and could follow redirects.
        limits = httpx.Limits(max_connections=100, keepalive_expiry=20)
        self._transport = httpx.AsyncHTTPTransport(limits=limits, trust_env=False)

    def set_keys(self, keys: Keys) -> None:
        """Accept only these API keys and sign tokens with the new signing key."""
        self._roles = {
            keys.publishable: "anon",
            keys.secret: "service_role",
            keys.additional_secret or keys.secret: "service_role",
            keys.legacy_anon: "anon",
            keys.legacy_service_role: "service_role",
        }
        self._keys = keys
        self._auth.set_keys(keys)
        self._jwks = json.dumps(keys.jwks()).encode()
        self._tokens: dict[str, tuple[float, str]] = {}

    async def close(self) -> None:
        """Close the connections to PostgREST."""
        await self._transport.aclose()

    async def __call__(self, scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
        path: str = scope["path"]
        send = _for_web_pages(scope, send)
        if scope["method"] == "OPTIONS":
            await respond(send, 200, b"", [])
        elif path == _JWKS:
            await respond(send, 200, self._jwks)
        elif path == _REST or path.startswith((_REST + "/", _AUTH + "/")):
            await self._serve_with_key(scope, receive, send)
        else:
            await respond(send, 404, b'{"message":"no Route matched with those values"}')

    async def _serve_with_key(self, scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
        try:
            headers = self._upstream_headers(scope["headers"])
        except KeyRejected as error:
            await respond(send, 401, error.body)
            return
        if scope["path"].startswith(_AUTH):
            await self._auth(scope, receive, send)
        else:
            await self._forward(scope, headers, receive, send)

    def _upstream_headers(self, headers: Headers) -> Headers:
        """Return the headers for PostgREST; raise `KeyRejected`."""
        by_name = dict(headers)
        role = self._role(by_name.get(b"apikey", b"").decode("latin-1"), by_name)
        authorization = by_name.get(b"authorization", b"")
        key = by_name[b"apikey"]
        if not authorization or authorization.removeprefix(b"Bearer ") == key:
            authorization = b"Bearer " + self._token(role).encode()
        forwarded = [(name, value) for name, value in headers if name not in _NOT_FORWARDED]
        return [*forwarded, (b"authorization", authorization)]

    def _role(self, key: str, headers: dict[bytes, bytes]) -> str:
        if not key:
            raise KeyRejected(
                "No API key found in request", "No `apikey` request header or url param was found."
            )
        if key not in self._roles:
            raise KeyRejected("Invalid API key", "Double check your Supabase API key.")
        if (
            self._roles[key] == "service_role"
            and key.startswith("sb_")
            and b"mozilla/" in headers.get(b"user-agent", b"").lower()
        ):
            raise KeyRejected(
                "Forbidden use of secret API key in browser",
                "Secret API keys can only be used in a protected environment.",
            )
        return self._roles[key]

    def _token(self, role: str) -> str:
        signed_at, token = self._tokens.get(role, (0.0, ""))
        if time.monotonic() - signed_at > 60:
            signed_at, token = time.monotonic(), self._keys.role_token(role)
            self._tokens[role] = (signed_at, token)
        return token

    async def _forward(
        self, scope: AsgiScope, headers: Headers, receive: AsgiReceive, send: AsgiSend
    ) -> None:
        path = scope["raw_path"].decode("latin-1").removeprefix(_REST) or "/"
        query = scope["query_string"].decode("latin-1")
        url = f"{self._upstream}{path}" + (f"?{query}" if query else "")
        body = _request_body(receive) if _has_body(scope["headers"]) else None
        if scope["method"] == "HEAD":
            # PostgREST can send a body with an error even to HEAD. Close the connection, because
            # the next response on it would start with that body.
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


def _for_web_pages(scope: AsgiScope, send: AsgiSend) -> AsgiSend:
    """Return a `send` that adds the headers with which a browser lets any page read a response."""
    headers = dict(scope["headers"])
    requested = headers.get(b"access-control-request-headers", b"")

    async def send_with_headers(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start" and b"origin" in headers:
            kept = [
                pair for pair in message["headers"] if not pair[0].startswith(b"access-control-")
            ]
            message["headers"] = [*kept, *_CORS, (b"access-control-allow-headers", requested)]
        await send(message)

    return send_with_headers


def _has_body(headers: Headers) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in headers)


async def _relay(response: httpx.Response, send: AsgiSend) -> None:
    headers = [(n.lower(), v) for n, v in response.headers.raw if n.lower() not in _NOT_RETURNED]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    async for chunk in response.aiter_raw():
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _request_body(receive: AsgiReceive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise httpx.ReadError("The client closed the connection.")
        yield message.get("body", b"")
        if not message.get("more_body"):
            return
