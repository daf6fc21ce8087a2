"""What stands where a sentence gives a secret, and is none."""

import re

from prompt_capture.domain.patterns import lazy_pattern

PUNCTUATION = ".,;:?)]\u3011"
"""What follows a value, and is no part of it."""

_NAME = "password|passwort|passwd|pass|pwd|pw|pin|token|secret|key"
_VARIABLE = rf"""(?-i:\$[A-Z_]+)|\$(?:[a-z]+_)*(?:{_NAME})
        |\$[a-z]+(?-i:Password|Pass|Pwd|Pin|Token|Secret|Key)
        |\$env:[a-z_][a-z0-9_]*|(?-i:%[A-Z][A-Z0-9_]+%)|\$?\{{\{{?[a-z_ .-]*\}}{{0,2}}"""
VARIABLE = lazy_pattern(_VARIABLE, re.VERBOSE | re.IGNORECASE)
"""A variable of a shell or a template. Of `$name`, a password may begin with the sign, too."""

# Times, dates, amounts, addresses and masks ("****") are no passwords or codes.
NO_VALUE = lazy_pattern(
    rf"""[0-9]{{1,2}}[:.][0-9]{{2}}(?:[ap]m)?|[0-9]{{1,2}}(?:am|pm|h|x|\+)|[0-9]+(?:st|nd|rd|th|%)
        |[$€£][0-9.,]+|[0-9.,]+[$€£]|[0-9]{{1,2}}[./][0-9]{{1,2}}[./][0-9]{{2,4}}
        |[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}|[^@]+@[^@]+\.[a-z]{{2,}}|(?:[a-z]*://|//|www\.).*|[\W_]*
        |{_VARIABLE}|%(?:\([a-z_]+\))?s         # a variable
        |(?:settings|config|os|env|process\.env|secrets|self|args)\.[a-z_.]+
        |[a-z_][a-z_.]*\(\)(?:\.[a-z_]+\([a-z0-9_., ]*\)?)+                # calls in a row
        |(?-i:[A-Z][A-Z0-9_]*_(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASS|PWD|PIN|HASH|SALT|NAME|FILE))
        |[a-z_][a-z_.]*(?:\((?:[0-9]+|[a-z_][a-z_.]*)?\)?,?|\[[a-z_., ]*\]?)  # a call, a type""",
    re.VERBOSE | re.IGNORECASE,
)
MASK_OR_NOTE = lazy_pattern(
    r"x{3,}(?:[-_.]x+)*(?:[-_. ]?[0-9]{2,4})?|.*\*{3,}.*|!secret|your[-_][a-z_-]{1,30}"
    r"|<[a-z][a-z0-9_ -]{0,30}>|yes|no|required(?:\|.*)?|todo|tbd|tbc|fixme"
    r"|(?:null|none|nil|true|false)[\]}),]*",
    re.IGNORECASE,
)
"""What stands for a value that is hidden, absent or to be decided: `"password": null}`."""

ADDRESS = lazy_pattern(
    r"\[?(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.-]*)(?:\]?:[0-9]+)?"
)
