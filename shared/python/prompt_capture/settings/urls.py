"""The types of addresses: URLs, and those of queues and of projects of Supabase."""

import re
from typing import Annotated

from pydantic import AfterValidator, AnyHttpUrl, BeforeValidator

from prompt_capture.domain.keys import clean_key

_SCHEME = re.compile(r"https?://", re.IGNORECASE)


def _check_scheme(value: object) -> object:
    if isinstance(value, str) and not _SCHEME.match(value):
        raise ValueError("write the whole address, which begins with https:// or http://")
    return value


_API_PATH = re.compile(r"/(?:rest|auth|storage|functions|graphql|realtime)/v1(?:/[\w./-]*)?\Z")
_LONGEST_LABEL = 63
_HOST = re.compile(r"[a-z0-9_.-]+|\[[0-9a-f:.]+\]", re.IGNORECASE)
_OF_SUPABASE = re.compile(r"(?:.*\.)?supabase\.com?\.?", re.IGNORECASE)
_HOSTED_PROJECT = re.compile(r"https://[a-z0-9-]+\.supabase\.co\.?/*", re.IGNORECASE)
"""No request may leave without TLS: it has a key and a prompt."""


def _clean_url(value: object) -> object:
    return _API_PATH.sub("", clean_key(value)) if isinstance(value, str) else value


def _check_host(url: AnyHttpUrl) -> AnyHttpUrl:
    """Reject a host that no request can name, as where a variable within a URL was empty."""
    host = url.host or ""
    if host.lower() in {"http", "https"}:
        raise ValueError("it begins twice with https:// or http://")
    labels = host.removesuffix(".").split(".")
    if not all(0 < len(label) <= _LONGEST_LABEL for label in labels):
        raise ValueError("a part of the host's name is empty or too long")
    if not _HOST.fullmatch(host) or not all(map(_is_valid_label, labels)):
        raise ValueError("the host's name has a character that no host has. Copy it again")
    return url


def _is_valid_label(label: str) -> bool:
    """Return whether IDNA, by which HTTP clients read international names, allows a label."""
    if label.lower().startswith("xn--"):
        import httpx  # noqa: PLC0415 - rarely needed

        try:
            httpx.URL(f"http://{label}").host  # noqa: B018 - raises where IDNA refuses it
        except ValueError:
            return False
    return True


HttpUrl = Annotated[AnyHttpUrl, BeforeValidator(_check_scheme), AfterValidator(_check_host)]


QueueUrl = Annotated[str, BeforeValidator(_check_scheme)]
"""The address of a queue, which its ARN is not."""


def _check_project(url: AnyHttpUrl) -> AnyHttpUrl:
    is_of_supabase = _OF_SUPABASE.fullmatch(url.host or "") is not None
    is_wrong = is_of_supabase and not _HOSTED_PROJECT.fullmatch(str(url))
    is_dashboard = (url.path or "").startswith("/project/default")
    if is_wrong or is_dashboard or {"?", "#"} & set(str(url)) or url.username or url.password:
        raise ValueError(
            "set it to the project's own URL, https://<ref>.supabase.co, not that of the Dashboard "
            "or of the database, with https, and without a port, a query or a password"
        )
    return url


ProjectUrl = Annotated[HttpUrl, BeforeValidator(_clean_url), AfterValidator(_check_project)]
"""The address of a project. That of one of its APIs is understood, as the Dashboard shows it."""
