"""Connection pools that stay open between the invocations of a function."""

import ssl
from functools import cache

import httpx


def create_http_client(
    timeout_seconds: float, auth: httpx.Auth | None = None, connect_seconds: float | None = None
) -> httpx.AsyncClient:
    """Create a connection pool that survives a freeze of the Lambda environment.

    `timeout_seconds` limits each step of a request; `connect_seconds`, the connection alone. Idle
    connections are dropped after 20 s, because the server may have closed them by then.
    """
    return httpx.AsyncClient(
        auth=auth,
        verify=tls_context(),
        timeout=httpx.Timeout(timeout_seconds, connect=connect_seconds or timeout_seconds),
        limits=httpx.Limits(max_connections=10, keepalive_expiry=20),
    )


@cache
def tls_context() -> ssl.SSLContext:
    """Return the shared TLS context. Reading the certificates takes at least 10 ms."""
    return httpx.create_ssl_context()
