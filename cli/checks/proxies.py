"""What to do where no connection is made, in particular through a proxy of the environment."""

import os
import urllib.request

import httpx
from botocore import exceptions as aws

NO_CONNECTION = (aws.ConnectionError, aws.HTTPClientError)
"""What an AWS client raises without a response."""

CHECK_AWS = (
    "Check the network, the region, and the environment variables HTTP_PROXY, HTTPS_PROXY, "
    "NO_PROXY, AWS_CA_BUNDLE and AWS_ENDPOINT_URL."
)

_NOT_CONNECTED = (httpx.ProxyError, httpx.ConnectError, httpx.ConnectTimeout)


def refuse_proxy_errors(response: httpx.Response) -> None:
    """Raise `httpx.ProxyError` for the response of a proxy that asks for a password."""
    if response.status_code == httpx.codes.PROXY_AUTHENTICATION_REQUIRED:
        raise httpx.ProxyError("407", request=response.request)


def http_remedy(error: httpx.HTTPError, otherwise: str) -> str:
    """Return what to do after a request that failed: name its proxy where it has one."""
    variable = _proxy_variable(error.request.url) if isinstance(error, _NOT_CONNECTED) else None
    if variable is None:
        return otherwise
    return (
        f"Check the proxy in {variable}, through which this address is called. Correct or unset "
        "the variable, or name the host in NO_PROXY."
    )


def aws_remedy(error: aws.BotoCoreError, otherwise: str) -> str:
    """Return what to do after an error of an AWS client."""
    return CHECK_AWS if isinstance(error, NO_CONNECTION) else otherwise


def _proxy_variable(url: httpx.URL) -> str | None:
    """Return the variable whose proxy a URL is called through, by the rules of httpx."""
    proxies = urllib.request.getproxies()
    if urllib.request.proxy_bypass(url.host):
        return None
    names = (f"{scheme}_proxy" for scheme in (url.scheme, "all") if proxies.get(scheme))
    name = next(names, "")
    # The lower-case name takes precedence.
    return (name if os.environ.get(name) else name.upper()) or None
