"""Cookies that open a session, in headers, commands and programs: `Cookie: session=...`."""

import re
from collections.abc import Iterator
from itertools import chain, islice

from prompt_capture.domain.entities.searched import NamePattern, Searched
from prompt_capture.domain.patterns import lazy_pattern
from prompt_capture.domain.searchable_text import Span

_COOKIES = NamePattern(
    ("cookie", "cookies"),
    r"""cookies?["']?(?:\ ?[:=]\ ?|\ (?=["']?[\w.-]{1,60}=))\{?\ ?["'`]?""",
)
_OPTION = NamePattern(("curl",), r"""curl(?:\ [^ |;&\x7f]{1,60}){0,8}?\ -b\ ?["']?""")
_PAIR = lazy_pattern(
    r"""["']?(?P<name>[\w.-]{1,60})["']?\ ?[=:]\ ?["'`]?(?P<value>[^ "'`;,{}\x7f]{1,400})["'`]?
        (?P<end>[;,]?\ ?)""",
    re.ASCII | re.VERBOSE,
)
_SECRET_NAME = lazy_pattern(
    r"""(?:.*[_.-])?(?:sid|jwt|auth|id_?token)|.*(?:sess|token|login|remember|csrf|xsrf|secret
        |ticket|credential|password)[\w.-]*|.*(?:session|api_?key)""",
    re.VERBOSE,
)
_VALUE = lazy_pattern(r"(?=.*[0-9])(?=.*[A-Za-z]).{8,}|[0-9]{8,}")
_MAX_PAIRS = 40
_CHECKS = 40


def find_cookies(searched: Searched) -> Iterator[Span]:
    """Find the values of cookies whose names are those of sessions and tokens."""
    if "=" not in searched.text and ":" not in searched.text:
        return
    options = _OPTION.finditer(searched) if " -b" in searched.text else ()
    for match in islice(chain(_COOKIES.finditer(searched), options), _CHECKS):
        position = match.end()
        for _ in range(_MAX_PAIRS):
            pair = _PAIR.match(searched.text, position)
            if not pair:
                break
            is_secret = _SECRET_NAME.fullmatch(pair["name"].lower())
            if is_secret and _VALUE.fullmatch(pair["value"]):
                yield pair.span("value")
            if not pair["end"].strip():
                break
            position = pair.end()
