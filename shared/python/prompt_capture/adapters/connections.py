"""Connections of a function to what it calls: pools that stay warm, over one TLS context."""

import ssl
from functools import cache

import httpx


def warm_client(timeout_seconds: float, access: httpx.Auth | None = None) -> httpx.AsyncClient:
    """Make a connection pool that survives a freeze.

    Idle connections are dropped after 20 s: meanwhile the other side may have closed them.
    """
    return httpx.AsyncClient(
        auth=access,
        verify=tls(),
        timeout=timeout_seconds,
        limits=httpx.Limits(max_connections=10, keepalive_expiry=20),
    )


@cache
def tls() -> ssl.SSLContext:
    """Make the context of all that httpx connects to: reading certificates takes 10 ms or more."""
    return httpx.create_ssl_context()
