"""What stands in a setting in place of its value: a variable that nothing replaced, or a request.

The patterns differ in what a valid value may contain. They are for `search`.
"""

import re

_VARIABLE = r"""
    \$?\{\{.*\}\}                                              # GitHub, Jinja, CloudFormation
    |\A\s*(?:[$\#@!]\{.*\}\#?|\$\(.*\))\s*\Z                   # shells, Serverless, Azure
    |\A\$(?:env:)?(?:[A-Z_][A-Z0-9_]*|[a-z_][a-z0-9_]*)\Z      # variables
    |\A(?P<mark>%|__|@@)[A-Za-z][A-Za-z0-9_.-]*(?P=mark)\Z
    |\A<[^<>]*>\Z
    |\A(?:process\.env|os\.environ|secrets|vars|var|env)\b[.\[(]
    |\A!(?:Ref|Sub|GetAtt|ImportValue)\b
"""
_NOUN = r"(?<![a-z])(?:secret|key|token|password|value)"
_WORDS = r"(?:[^,;!?.]|\.(?=\w))*"
"""A part of one sentence."""

_REQUEST = rf"""
    (?i:(?<![a-z])changeme(?![a-z])|\A\W*(?:please[\W_]+)?change[\W_]me(?![a-z])
        |[\W_](?:please[\W_]change[\W_]|change[_-])me\W*\Z)
    |(?i:(?:\A\W*|(?<![a-z])(?:secret|key|token|password|value|this)[\W_]+(?:\w+[\W_]+)?)
        (?:should|must|to)[ _-]be[ _-](?:changed|replaced)(?![a-z]))
    |(?i:\A\W*(?:please|insert|enter|put|paste|add|set|replace|change|type|write|fill|copy|get|see
        |ask|provide|todo|fixme|placeholder)(?![a-z]){_WORDS}(?<![a-z])
        (?:(?:your|own|real|actual|random|jwt|signing|private|idempotency|api|supabase|shared)
            (?![a-z]){_WORDS}{_NOUN}
            (?:[\W_]+(?:(?:of|from|in|for)(?![a-z]){_WORDS}(?<![a-z])
                (?:project|dashboard|supabase|production|settings|vault|deployment|docs|readme)
                (?![a-z]){_WORDS}|here|now))*
        |(?:secret|key|token|password|value)[\W_]+(?:goes[\W_]+)?here(?:[\W_]+now)?)\W*\Z)
    |(?i:\Ayour(?![a-z]){_WORDS}{_NOUN}(?![a-z]){_WORDS}(?<![a-z])here\W*\Z)
"""
"""It names the secret of this product, or the place where to write it."""

_LONGEST_REQUEST = 200
"""The patterns of requests take long for a long text, which no person writes as a request."""

_IN_PLACE_OF_SECRET = re.compile(
    rf"{_VARIABLE}|\A(?P<sign>.)(?P=sign){{7,}}\Z", re.VERBOSE | re.DOTALL
)
_REQUEST_FOR_SECRET = re.compile(_REQUEST, re.VERBOSE | re.DOTALL)


def stands_for_secret(text: str) -> bool:
    """Return whether a text is a placeholder for a whole secret.

    The secret may itself have most characters, or be a sentence.
    """
    if _IN_PLACE_OF_SECRET.search(text):
        return True
    return len(text) <= _LONGEST_REQUEST and bool(_REQUEST_FOR_SECRET.search(text))


_MANAGED = r"\.(?:supabase|lambda-url|execute-api)\."
"""What follows the part of a host that a provider of this product's services assigns."""

IN_SETTING = re.compile(
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
"""A placeholder in a value that is no secret. A host of one's own may have any name."""

IN_DATABASE_URL = re.compile(
    r"""\{\{.*?\}\} | \[(?i:your)[ _-][A-Za-z _-]+\] | :\[[\w -]+\]@
    | (?<![^:/@.])(?:\$\{[^}]*\} | <[a-z][a-z_ -]+> | %[A-Z_]{3,}% | \$[A-Z][A-Z_]+)(?![^:/@.?])
    | (?:\$\{[^}]*\} | <[a-z][a-z_ -]+>)(?=[^@]*\Z)
    | \A\$\w+\Z
    | \bYOUR[_-](?:[A-Z]+[_-])*(?:PASSWORD|REF|PROJECT|HOST|USER|REGION|ID|DATABASE)\b
    """,
    re.VERBOSE,
)
"""A placeholder for a whole part, or within the host. The password may have all these signs."""
