"""Connection pools that stay open between the invocations of a function."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from prompt_capture.domain.errors import InvalidSettings

_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=20)
"""Idle connections are dropped after 20 s, because the server may have closed them by then.

Where a deadline cancels a request while it connects, httpcore keeps the connection and never uses
it again (https://github.com/encode/httpcore/issues/1093). Such connections count towards each
limit, and would use it up: then no request is sent any more. An instance of a function serves one
request at a time, which bounds the others.
"""


def create_http_client(
    timeout_seconds: float, auth: httpx.Auth | None = None, connect_seconds: float | None = None
) -> httpx.AsyncClient:
    """Create a connection pool that survives a freeze of the Lambda environment.

    `timeout_seconds` limits each step of a request; `connect_seconds`, the connection alone. Raise
    `InvalidSettings`.
    """
    with usable_http_settings():
        return httpx.AsyncClient(
            auth=auth,
            verify=tls_context(),
            timeout=httpx.Timeout(timeout_seconds, connect=connect_seconds or timeout_seconds),
            limits=_LIMITS,
            cookies=_empty_cookie_jar(),
        )


def _empty_cookie_jar() -> CookieJar:
    """Return a jar that keeps no cookie, since the requests of all callers share it.

    A proxy may set one that httpx cannot send, which would prevent every further request.
    """
    return CookieJar(DefaultCookiePolicy(allowed_domains=()))


@cache
def tls_context() -> ssl.SSLContext:
    """Return the shared TLS context. Reading the certificates takes at least 10 ms."""
    return httpx.create_ssl_context()


@contextmanager
def usable_http_settings() -> Iterator[None]:
    """Raise `InvalidSettings` where a client's environment variables allow none in this block."""
    try:
        yield
    except (httpx.InvalidURL, ValueError, OSError, ImportError) as error:
        remedy = (
            "A SOCKS proxy needs the package socksio (pip install httpx[socks]); a proxy that "
            "begins with http:// needs none. "
            if isinstance(error, ImportError)
            else ""
        )
        raise InvalidSettings(
            f"No HTTP client can be created ({type(error).__name__}). {remedy}Check the "
            "environment variables HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE and "
            "SSL_CERT_DIR."
        ) from None
