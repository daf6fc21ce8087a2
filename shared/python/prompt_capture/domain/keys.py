"""Keys, as people copy them into settings."""

import json
import re

_BYTE_ORDER_MARKS = re.compile(
    "\\A(?:\ufeff|\udcff\udcfe|\udcfe\udcff|\udcef\udcbb\udcbf|\xff\xfe|\xfe\xff)"
)
"""Also as they look where a program read UTF-16 or UTF-8 as something else, as shells do."""

_ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff"
"""What a text that is copied from a web page or a chat may have at its ends."""

_UTF_16 = re.compile("(?:\0[^\0]){8}|(?:[^\0]\0){8}")


PLACEHOLDER = re.compile(
    r"""\$?\{\{.*\}\}                                       # GitHub, Jinja, CloudFormation
    |\A\s*(?:[$\#@!]\{.*\}\#?|\$?\(.*\))\s*\Z             # shells, Serverless, Azure
    |\A\$(?:env:)?(?:[A-Z_][A-Z0-9_]*|[a-z_][a-z0-9_]*)\Z  # variables
    |\A(?P<mark>%|__|@@)[A-Za-z][A-Za-z0-9_.-]*(?P=mark)\Z
    |\A<[^<>]*>\Z
    |\A(?:process\.env|os\.environ|secrets|vars|var|env)\b[.\[(]
    |\A!(?:Ref|Sub|GetAtt|ImportValue)\b
    |\A(?P<mask>.)(?P=mask){7,}\Z
    |(?i:change[ _-]?me(?![a-z]))
    |(?i:(?<![a-z])(?:should|must|to)[ _-]be[ _-](?:changed|replaced)(?![a-z]))
    |(?i:\A\W*(?:please|insert|enter|put|paste|add|set|replace|change|type|write|fill|copy|get|see|ask
        |provide|todo|fixme|placeholder)(?![a-z]).*(?<![a-z])
        (?:secret|key|token|password|value|here|dashboard)(?![a-z]))  # to whom fills it in
    |(?i:\Ayour(?![a-z]).*(?<![a-z])(?:here|goes)(?![a-z]))
    """,
    re.VERBOSE | re.DOTALL,
)
"""What stands in place of a whole secret, which may itself have most characters."""

_UNREPLACED = re.compile(
    r"""[$\#@!]\{ | \{\{ | \$\( | \$(?:env:)?[A-Za-z_]                      # shells, templates
    | %[A-Z_][A-Z0-9_]{2,}% | __[A-Z][A-Z0-9_]*__ | @@[A-Za-z]\w*@@        # Windows, pipelines
    | <[^<>]*> | \{[A-Za-z_][\w. -]*\} | \[[A-Za-z][A-Za-z_-]{3,}\]        # <ref>, [YOUR-REF]
    | (?:process\.env|os\.environ|secrets|vars|env)\.[A-Z_]{3} | !(?:Ref|Sub|GetAtt)\b
    | (?<![A-Za-z])(?i:your[-_](?:project|ref|stage|bucket|account|name))
    | //(?i:undefined|null|none|change[-_]?me|replace[-_]?me|x{8,})(?![^./:])  # as a host
    """,
    re.VERBOSE,
)

KEY_HASH = re.compile("[0-9a-f]{64}")
"""The SHA-256 of a key."""


def split_hashes(text: str) -> list[str]:
    """Return the hashes of a list, clean and in lower case. They may be no hashes."""
    return [part.strip("\"' \t\r\n").lower() for part in clean_key(text).split(",")]


def has_placeholder(text: str) -> bool:
    """Return whether a variable or a placeholder stands in the value of a setting."""
    return bool(_UNREPLACED.search(text))


def clean_key(text: str) -> str:
    """Remove what editors, shells and configuration files put around a key.

    These are blanks, also of no width, line ends, a byte order mark, NUL between the characters of
    UTF-16, and quotes. A key that was encoded as a JSON string is decoded.
    """
    if _UTF_16.search(text):
        text = text.replace("\0", "")
    text = _BYTE_ORDER_MARKS.sub("", text.strip()).strip().strip(_ZERO_WIDTH).strip()
    if len(text) < 2 or text[0] != text[-1] or text[0] not in "'\"":
        return text
    try:
        decoded = json.loads(text)
    except ValueError:
        decoded = None
    return clean_key(decoded if isinstance(decoded, str) else text[1:-1])
