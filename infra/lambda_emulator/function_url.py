"""A Function URL: converts HTTP requests to events and results to HTTP responses.

Both have payload format 2.0.
"""

import base64
import binascii
import json
import time
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from infra.lambda_emulator.pool import InstancePool
from infra.lambda_emulator.types import PAYLOAD_LIMIT, InvocationResult
from infra.lambda_emulator.web import AsgiReceive, AsgiScope, AsgiSend, Headers, read_body, respond

_TEXT = ("text/", "application/json", "application/javascript", "application/xml")
_TOO_LARGE = {"Message": f"Request must be smaller than {PAYLOAD_LIMIT} bytes."}


class MalformedResult(Exception):
    """The result of a function is not a valid HTTP response."""


@dataclass(frozen=True)
class HttpResponse:
    """An HTTP response."""

    status: int
    body: bytes
    headers: Headers


class FunctionUrl:
    """The Function URL of one function, as an ASGI application."""

    def __init__(self, pool: InstancePool) -> None:
        self._pool = pool

    async def __call__(self, scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
        event = json.dumps(_build_event(scope, await read_body(receive))).encode()
        if len(event) > PAYLOAD_LIMIT:
            await respond(send, 413, json.dumps(_TOO_LARGE).encode())
            return
        response = _http_response(await self._pool.invoke(event))
        await respond(send, response.status, response.body, response.headers)


def _http_response(result: InvocationResult) -> HttpResponse:
    if result.failed:
        return _bad_gateway()
    try:
        return _parse_result(result.payload)
    except MalformedResult:
        return _bad_gateway()


def _build_event(scope: AsgiScope, body: bytes) -> dict[str, Any]:
    """Convert an ASGI request to an event."""
    headers = _headers(scope)
    cookies = headers.pop("cookie", "")
    query = scope["query_string"].decode("latin-1")
    path = scope["raw_path"].decode("latin-1")
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": _context(scope, headers, path),
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = [cookie.strip() for cookie in cookies.split(";")]
    if query:
        event["queryStringParameters"] = _join_repeated(parse_qsl(query, keep_blank_values=True))
    return event | (_encode_body(body, headers.get("content-type", "")) if body else {})


def _headers(scope: AsgiScope) -> dict[str, str]:
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    headers = _join_repeated(pairs)
    headers["x-forwarded-for"] = scope["client"][0]
    headers["x-forwarded-proto"] = "https"
    headers["x-forwarded-port"] = "443"
    return headers


def _join_repeated(pairs: list[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _context(scope: AsgiScope, headers: dict[str, str], path: str) -> dict[str, Any]:
    now = time.time()
    domain = headers.get("host", "")
    return {
        "accountId": "anonymous",
        "apiId": "local",
        "domainName": domain,
        "domainPrefix": domain.partition(".")[0],
        "http": {
            "method": scope["method"],
            "path": path,
            "protocol": f"HTTP/{scope['http_version']}",
            "sourceIp": scope["client"][0],
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": str(uuid.uuid4()),
        "routeKey": "$default",
        "stage": "$default",
        "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
        "timeEpoch": int(now * 1000),
    }


def _encode_body(body: bytes, content_type: str) -> dict[str, Any]:
    if content_type.lower().startswith(_TEXT):
        try:
            return {"body": body.decode(), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def _parse_result(payload: bytes) -> HttpResponse:
    """Convert the result of a function to an HTTP response; raise `MalformedResult`.

    As on Lambda, a result without a status code is the body of a response with status 200.
    """
    result = json.loads(payload)
    if not isinstance(result, dict) or "statusCode" not in result:
        return HttpResponse(200, payload, [(b"content-type", b"application/json")])
    try:
        status = int(result["statusCode"])
        body = _decode_body(result.get("body"), bool(result.get("isBase64Encoded")))
        headers = {str(n).lower(): str(v) for n, v in (result.get("headers") or {}).items()}
        cookies = [("set-cookie", str(cookie)) for cookie in result.get("cookies") or ()]
    except (TypeError, ValueError, AttributeError, binascii.Error):
        raise MalformedResult from None
    if not 100 <= status <= 599:
        raise MalformedResult
    headers.setdefault("content-type", "application/json")
    headers.pop("content-length", None)
    pairs = [*headers.items(), *cookies]
    return HttpResponse(
        status, body, [(n.encode("latin-1"), v.encode("latin-1")) for n, v in pairs]
    )


def _decode_body(body: object, is_base64: bool) -> bytes:
    if body is None:
        return b""
    if not isinstance(body, str):
        return json.dumps(body).encode()
    return base64.b64decode(body, validate=True) if is_base64 else body.encode()


def _bad_gateway() -> HttpResponse:
    """Return the response for a failed function; only the log contains the error."""
    return HttpResponse(502, b"Internal Server Error", [(b"content-type", b"text/plain")])
