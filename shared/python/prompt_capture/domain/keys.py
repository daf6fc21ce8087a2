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


_WORDS = r"(?:[^,;!?.]|\.(?=\w))*"
"""A part of one sentence."""

PLACEHOLDER = re.compile(
    rf"""\$?\{{\{{.*\}}\}}                                      # GitHub, Jinja, CloudFormation
    |\A\s*(?:[$\#@!]\{{.*\}}\#?|\$\(.*\))\s*\Z               # shells, Serverless, Azure
    |\A\$(?:env:)?(?:[A-Z_][A-Z0-9_]*|[a-z_][a-z0-9_]*)\Z  # variables
    |\A(?P<mark>%|__|@@)[A-Za-z][A-Za-z0-9_.-]*(?P=mark)\Z
    |\A<[^<>]*>\Z
    |\A(?:process\.env|os\.environ|secrets|vars|var|env)\b[.\[(]
    |\A!(?:Ref|Sub|GetAtt|ImportValue)\b
    |\A(?P<mask>.)(?P=mask){{7,}}\Z
    |(?i:(?<![a-z])changeme(?![a-z])|\A\W*(?:please[\W_]+)?change[\W_]me(?![a-z])
        |[\W_](?:please[\W_]change[\W_]|change[_-])me\W*\Z)
    |(?i:(?:\A\W*|(?<![a-z])(?:secret|key|token|password|value|this)[\W_]+(?:\w+[\W_]+)?)
        (?:should|must|to)[ _-]be[ _-](?:changed|replaced)(?![a-z]))
    |(?i:\A\W*(?:please|insert|enter|put|paste|add|set|replace|change|type|write|fill|copy|get|see|ask
        |provide|todo|fixme|placeholder)(?![a-z]){_WORDS}(?<![a-z])
        (?:(?:your|own|real|actual|random|jwt|signing|private|idempotency|api|supabase|shared)(?![a-z])
            {_WORDS}(?<![a-z])(?:secret|key|token|password|value)
            (?:[\W_]+(?:(?:of|from|in|for)(?![a-z]){_WORDS}(?<![a-z])
                (?:project|dashboard|supabase|production|settings|vault|deployment|docs|readme)
                (?![a-z]){_WORDS}|here|now))*
        |(?:secret|key|token|password|value)[\W_]+(?:goes[\W_]+)?here(?:[\W_]+now)?)\W*\Z)
    |(?i:\Ayour(?![a-z]){_WORDS}(?<![a-z])(?:secret|key|token|password|value)(?![a-z]){_WORDS}
        (?<![a-z])here\W*\Z)
    """,
    re.VERBOSE | re.DOTALL,
)
"""What stands in place of a whole secret, which may itself have most characters, or be a sentence.

A request names the secret of this product, or the place where to write it."""

_MANAGED = r"\.(?:supabase|lambda-url|execute-api)\."
"""What follows the part of a host that a provider of this product's services assigns."""

_UNREPLACED = re.compile(
    rf"""[$\#@!]\{{ | \{{\{{ | \$\( | \$(?:env:)?[A-Za-z_]                     # shells, templates
    | %[A-Z_][A-Z0-9_]{{2,}}% | __[A-Z][A-Z0-9_]*__ | @@[A-Za-z]\w*@@        # Windows, pipelines
    | <[^<>]*> | \{{[A-Za-z_][\w. -]*\}}                                   # <ref>, {{ref}}
    | \[(?:[A-Z][A-Z_-]{{3,}}|(?i:your|project)[ _-][^\[\]]*)\]               # [YOUR-REF]
    | (?<![/.\w-])(?:process\.env|os\.environ|secrets|vars|env)\.[A-Z_]{{3}} | !(?:Ref|Sub|GetAtt)\b
    | (?<![A-Za-z])(?i:your[-_]project[-_](?:ref|id))(?![A-Za-z])
    | (?<![\w-])(?i:your[-_](?:project|ref|stage|bucket|account|name)(?:[-_](?:id|name|url))?)
      (?:{_MANAGED}|(?![\w.-]))
    | //(?i:undefined|null|none|change[-_]?me|replace[-_]?me|x{{8,}})(?:{_MANAGED}|(?![^/:]))
    """,
    re.VERBOSE,
)
"""What stands in a value that is no secret. A host of one's own may have any name."""

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
