"""What people set in place of a secret, which can be any line of text that is long enough."""

import re
from typing import Literal

from prompt_capture.domain.placeholders import stands_for_secret

Mistake = Literal[
    "a placeholder",
    "an encrypted value",
    "a message of a program",
    "a web page",
    "the address of a secret",
    "a line of a file of settings",
]

_MISTAKES: tuple[tuple[Mistake, re.Pattern[str]], ...] = (
    (
        "an encrypted value",
        re.compile(
            r"""\AENC[\[(]|\A\{cipher\}|\A\$ANSIBLE_VAULT;|\A(?:encrypted|vault:v[0-9]+):\S+\Z"""
        ),
    ),
    (
        "a message of a program",
        re.compile(
            r"""(?:\A|:\ )(?:no\ such\ file\ or\ directory|permission\ denied|is\ a\ directory
                |(?:command\ )?not\ found)\.?\s*\Z
            |:\ command\ not\ found:
            |(?:is|was)\ not\ recognized\ as
            |\A(?:[^\s:]+\ ?:\ |npm\ )?(?:err!|(?:error|fatal|panic)(?:[:!]|\ \())
            |\A(?:usage:\ |an\ error\ occurred\ \(|traceback\ \(|unable\ to\ locate\ credentials)
            |\A[^\s:]+\ ?:\ (?:\([0-9]+\)\ )?(?:cannot|can't|could\ not|failed\ to|unable\ to)
                \ (?:find|open|read|load|stat|access|locate|resolve|connect|execute|run)\b
            """,
            re.VERBOSE | re.IGNORECASE,
        ),
    ),
    ("a web page", re.compile(r"<(?:!doctype|\?xml|html|head|body|title|script)\b", re.IGNORECASE)),
    (
        "the address of a secret",
        re.compile(
            r"""\Aarn:aws
            |\A[A-Za-z][A-Za-z0-9+.-]+:/(?:/|[\w./-]+\Z)  # also ssm:/name
            |\Aprojects/[^/]+/secrets/
            |\A@Microsoft\.[A-Za-z]+\(
            |\A(?:vault|ssm|secretsmanager|keyvault|env|file):[\w./\#-]+\Z
            |\A(?=[^+=]*[_.-])(?:~|\.{1,2})?(?:/[\w.-]+)+\Z  # Base64 has none of these signs
            |\A[A-Za-z]:\\
            """,
            re.VERBOSE,
        ),
    ),
    (
        "a line of a file of settings",
        re.compile(r"\A(?:export\s+)?[\"']?[A-Z][A-Z0-9]*_[A-Z0-9_]*[\"']?\s*[=:]\s*(?!=*\Z)"),
    ),
)


def find_mistake(text: str) -> Mistake | None:
    """Return what a text is that only stands where a secret should be, or None."""
    if stands_for_secret(text):
        return "a placeholder"
    return next((mistake for mistake, pattern in _MISTAKES if pattern.search(text)), None)
