"""The web pages and apps that may call, by origin."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from prompt_capture.domain.keys import clean_key, split_list
from prompt_capture.settings.base import Settings

_ORIGIN = re.compile(
    r"""(?P<host>
        (?P<scheme>https?)://(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])
        |(?!(?:file|data|javascript|blob|about|ftp|wss?):)  # none has an origin
            (?!(?:[htps]+|localhost):)                      # a typing error
            [a-z][a-z0-9+.-]*://[a-z0-9_.-]+
    )(?::(?P<port>[1-9][0-9]{0,4}))?""",
    re.VERBOSE | re.IGNORECASE,
)
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_MAX_PORT = 65_535


def _split_origins(value: object) -> object:
    if not isinstance(value, str):
        return value
    return [part.rstrip("/") for part in split_list(clean_key(value).removesuffix(","))]


def _to_origin(value: str) -> str:
    """Return an origin without the port of its scheme. That of a web page is in lower case."""
    if value == "*":
        return value
    origin = _ORIGIN.fullmatch(value)
    if not origin or int(origin["port"] or 0) > _MAX_PORT:
        raise ValueError(
            "an origin has the form https://app.example.com, http://localhost:3000 or "
            "app://localhost, without a path. It names one host: * within it matches nothing. "
            "Write other letters than a to z as browsers do (xn--...)"
        )
    if not origin["scheme"]:
        return value
    is_default = origin["port"] == _DEFAULT_PORTS[origin["scheme"].lower()]
    return (origin["host"] if is_default else value).lower()


def _with_lower_case(origins: tuple[str, ...]) -> tuple[str, ...]:
    """Add the origins of apps in lower case: only some browsers change their letters."""
    return tuple(dict.fromkeys(form for each in origins for form in (each, each.lower())))


Origins = Annotated[
    tuple[Annotated[str, AfterValidator(_to_origin)], ...],
    BeforeValidator(_split_origins),
    AfterValidator(_with_lower_case),
]


class WebSettings(Settings):
    """The web pages and apps that may call the functions, by origin: `https://app.example.com`.

    They are separated by commas. `*` allows all. By default none may.
    """

    cors_allow_origins: Origins = ()
