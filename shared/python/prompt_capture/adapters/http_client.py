"""Connection pools that stay open between the invocations of a function."""

import ssl
from functools import cache

import httpx


def create_http_client(timeout_seconds: float, auth: httpx.Auth | None = None) -> httpx.AsyncClient:
    """Create a connection pool that survives a freeze of the Lambda environment.

    Idle connections are dropped after 20 s, because the server may have closed them by then.
    """
    return httpx.AsyncClient(
        auth=auth,
        verify=tls_context(),
        timeout=timeout_seconds,
        limits=httpx.Limits(max_connections=10, keepalive_expiry=20),
    )


@cache
def tls_context() -> ssl.SSLContext:
    """Return the shared TLS context. Reading the certificates takes at least 10 ms."""
    return httpx.create_ssl_context()
