"""The URL of a function: its check before any request is sent, and its path."""

import re
from contextlib import suppress

import httpx

_URL = re.compile(r"https?://(?P<authority>[^/?#]+)(?P<path>[^?#]*)(?P<rest>.*)", re.IGNORECASE)
_AUTHORITY = re.compile(r"(?P<host>\[[^\[\]]*\]|[^\[\]:]*)(?::(?P<port>.*))?")
_PATH = re.compile(r"[!$&'()*+,./0-9:;=@A-Z_a-z~%-]*")
_LABEL = r"[0-9a-z_](?:[0-9a-z_-]{0,61}[0-9a-z_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_PORT = re.compile(r"[0-9]{1,5}")
_MAX_HOST_LENGTH, _MAX_PORT = 253, 65_535


def find_url_problem(text: str) -> str | None:
    """Return why no request can be sent to a URL, and what to do, or None.

    The description continues the name of the setting, and repeats no part of the URL.
    """
    if not text.isprintable() or " " in text:
        return "contains white space or an invisible character. Copy the URL again, without it"
    url = _URL.fullmatch(text)
    if url is None:
        return "is no URL. It begins with https:// or http:// and a host, without quotation marks"
    if "@" in url["authority"]:
        return (
            "contains a user name or a password, which the service does not use. Remove them and "
            "the @; the API key is a setting of its own"
        )
    if url["rest"]:
        return "has a query or a fragment. Remove what begins with ? or #"
    if not _PATH.fullmatch(url["path"]):
        return (
            "contains a character that the path of a URL cannot have. Copy the URL again, and "
            "replace placeholders such as {id} in it"
        )
    return find_authority_problem(url["authority"], text)


def complete_url(url: str, path: str) -> str:
    """Return a URL with `path` where it has none, as a Function URL that a deployment prints."""
    address = url.rstrip("/")
    return url if "/" in address.partition("://")[2] else address + path


def find_authority_problem(authority: str, text: str) -> str | None:
    """Return what is wrong with the host and the port of a URL, or None."""
    parts = _AUTHORITY.fullmatch(authority)
    port = parts["port"] if parts else None
    if port is not None and not (_PORT.fullmatch(port) and 0 < int(port) <= _MAX_PORT):
        return "has no valid port. After the host and a colon, it is a number from 1 to 65535"
    # httpx encodes and decodes international names, and checks IP addresses.
    with suppress(ValueError, httpx.InvalidURL):
        url = httpx.URL(text)
        url.host  # noqa: B018 - raises where IDNA refuses a name that is encoded already
        host = url.raw_host.decode()
        is_address = bool(parts and parts["host"].startswith("["))
        if is_address or (len(host) <= _MAX_HOST_LENGTH and _HOST.fullmatch(host.lower())):
            return None
    return (
        "has no valid host name. It consists of letters, digits and hyphens between single dots, "
        "without placeholders such as {id}"
    )
