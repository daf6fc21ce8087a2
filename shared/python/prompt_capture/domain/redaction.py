"""What must not be stored is taken out of a text, and a placeholder of its entity_type put in.

The same function runs in service, before anything is classified or stored, and in training, so
that the model sees the same text in both. It finds what has a form; names have none.
"""

import re
from collections.abc import Callable, Collection, Iterable
from typing import Literal, get_args

from prompt_capture.domain.identifiers import (
    Span,
    bank_accounts,
    cards,
    national_ids,
    phone_numbers,
)

# Forms of a character that keyboards and phones write for a plain one, each for one.
_PLAIN = (
    {0xFF01 + n: 0x21 + n for n in range(94)}
    | dict.fromkeys([0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000], 0x20)
    | dict.fromkeys([0x2010, 0x2011, 0x2012, 0x2013, 0x2212], 0x2D)
)

EntityType = Literal["url", "secret", "email", "bank", "card", "national_id", "phone"]
ENTITY_TYPES: tuple[EntityType, ...] = get_args(EntityType)
"""In the order of search: what was found as one entity_type is not looked at as another."""

_URL = re.compile(
    r"\b(?:[a-z][a-z0-9+.-]{1,15}://|www\.)[^\s<>\"']+[^\s<>\"'.,;:!?)\]]", re.IGNORECASE
)
_TOKEN_IN_URL = re.compile(
    r"""://[^/@:\s]{1,100}:[^/@\s]{1,200}@
        |[?&#;](?:[\w.-]{0,40}(?:token|key|sig|signature|code|auth|jwt|otp|pass|password|pwd|secret
            |session|session_?id|sid|ticket|invite|credential|hash|nonce|assertion|magic|hmac)
            |pin|h|k|t)=[^&\s]{4,}
        |/(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{20,}
        |[=/](?:eyJ|sk[-_]|sb_secret_)""",
    re.IGNORECASE | re.VERBOSE,
)
_SECRET = re.compile(
    r"""-----BEGIN\ [A-Z ]*PRIVATE\ KEY-----(?s:.*?)(?:-----END\ [A-Z ]*PRIVATE\ KEY-----|\Z)
        |\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?
        |\b(?:sk|pk|rk|whsec)[-_](?:(?:live|test|proj|ant|or)[-_])?[\w-]{12,}
        |\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|npm_|hf_|pypi-|sb_secret_|sbp_|dop_v1_
            |shpat_|lin_api_|AIza|ya29\.|SG\.)[\w.-]{10,}
        |\b(?:AKIA|ASIA)[A-Z0-9]{16}\b
        |(?<![\w/+-])(?=[\w/+-]*[a-z])(?=[\w/+-]*[A-Z])(?=[\w/+-]*\d)[\w/+-]{24,}={0,2}
        |\b(?=[0-9]*[a-f])[0-9a-f]{32,}\b""",
    re.VERBOSE,
)
_CODE = r"(?:2fa|mfa|two[- ]factor|one[- ]time|sms|\d[- ]digit|alarm|door|gate|entry|backup|unlock)"
_SECRET_NAMED = re.compile(
    rf"""\b(?:pass(?:word|phrase|code|wort)|kennwort|pwd?|pass(?=\s?[:=])|pin|tan|otp
        |{_CODE}[ ]code|api[ _-]?key|access[ _-]?key
        |secret(?:[ _-]?key)?
        |(?:auth|access|bearer|api|login|security|verification)[ _-]?(?:token|code)
        |token|bearer|cvv|cvc|seed\ phrase|recovery\ code)\b
        (?:\ (?:for|to|of|on)\ (?:\w+\ ){{1,3}}?)?
        \s{{0,2}}(?:(?P<sure>[:=]|->)|(?:\ ?(?:is|ist|was|lautet|to)\b:?)|\ )\s{{0,2}}["'`]?
        (?P<found>\d{{3}}[ ]\d{{3,4}}(?!\d)|[^\s"'`<>]+)""",
    re.IGNORECASE | re.VERBOSE,
)
# A word of a language is a password only where nothing else can be meant.
_WORD_AS_PASSWORD = re.compile(
    r"""\b(?:pass(?:word|phrase|code|wort)|kennwort|pwd?)\ (?:is|ist|was|lautet)\ ["'`]?
        (?P<found>(?!(?:
            not|no|nicht|wrong|falsch|right|correct|incorrect|invalid|blocked|locked|expired|gone
            |lost|forgotten|missing|broken|working|safe|secure|weak|strong|still|never|always|saved
            |stored|stolen|leaked|known|unknown|required|needed|changed|reset|hidden|shared|asked
            |accepted|rejected|refused|denied|empty|same|different|here|there|fine|okay|what|this
            |that|easy|hard|long|short|shown|visible|public|private|used|just|only|very|really
        )\b)[a-z]{4,40})
        (?=["'`.,;!?)]|\ and\b|\s*$)""",
    re.IGNORECASE | re.VERBOSE,
)
_LOGIN = re.compile(
    r"""\b(?:log-?in|credentials?|zugang)(?:\ (?:details?|data))?\s?(?:is|are|ist|:|=)\s{0,2}
        (?P<name>[^\s/<>]{1,64})\s?/\s?(?P<found>[^\s/<>]{1,64})""",
    re.IGNORECASE | re.VERBOSE,
)
_EMAIL = re.compile(
    r"""(?<![\w.+-])[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+
        |(?<![\w.+-])(?P<spaced>[\w.+-]{1,64})\ @\ [\w-]{1,63}(?:\.[\w-]{2,63})+
        |\b[\w.+-]{1,64}\ ?[\[({]\ ?at\ ?[\])}]
            \ ?[\w-]{1,63}(?:(?:\.|\ ?[\[({]\ ?dot\ ?[\])}]\ ?)[\w-]{1,63})+
        |\b(?P<spoken>[\w.+-]{1,64}(?:\ dot\ [\w+-]{1,64}){0,3})\ at
            \ [\w-]{1,63}(?:\ dot\ [\w-]{1,63})+""",
    re.IGNORECASE | re.VERBOSE,
)
# "look at example dot com" names a site, not a mailbox.
_NO_MAILBOX = frozenset({
    "is", "it", "it's", "are", "was", "be", "me", "you", "him", "her", "them", "us", "that",
    "this", "these", "those", "up", "look", "looked", "looking", "see", "seen", "read", "found",
    "find", "search", "searched", "posted", "post", "page", "site", "shop", "store", "blog",
    "article", "video", "question", "questions", "answer", "answers", "ask", "asked", "online",
    "available", "again", "here", "there", "out", "over", "buy", "bought", "order", "ordered",
    "sale", "account", "class", "course", "courses", "learn", "meet", "meeting", "work",
    "works", "study", "watch", "watched", "stuff", "things", "info", "more", "everything",
    "something", "anything", "one", "and", "or", "but",
})  # fmt: skip


# No word of a language: digits, signs or capitals inside.
_MADE_UP = re.compile(r"\d|\w[^\w\s'\u2019.,/-]|[^\w\s'\u2019]\w|[a-z][A-Z]")


def _urls(text: str) -> Iterable[Span]:
    return (url.span() for url in _URL.finditer(text) if _TOKEN_IN_URL.search(url.group()))


def _secrets(text: str) -> Iterable[Span]:
    for found in _SECRET.finditer(text):
        yield found.span()
    for found in _SECRET_NAMED.finditer(text):
        value = found["found"].rstrip(".,;?)")
        if value and (found["sure"] or (len(value) > 2 and _MADE_UP.search(value))):
            yield found.start("found"), found.start("found") + len(value)
    for found in _WORD_AS_PASSWORD.finditer(text):
        yield found.span("found")
    for found in _LOGIN.finditer(text):
        yield found.span("name")
        yield found.span("found")


def _emails(text: str) -> Iterable[Span]:
    for found in _EMAIL.finditer(text):
        mailbox = found["spoken"] or found["spaced"] or ""
        if mailbox.lower() not in _NO_MAILBOX:
            yield found.span()


_FINDERS: dict[EntityType, tuple[str, Callable[[str], Iterable[Span]]]] = {
    "url": ("<URL>", _urls),
    "secret": ("<SECRET>", _secrets),
    "email": ("<EMAIL>", _emails),
    "bank": ("<BANK>", bank_accounts),
    "card": ("<CARD>", cards),
    "national_id": ("<ID>", national_ids),
    "phone": ("<PHONE>", phone_numbers),
}


def redact(text: str, entity_types: Collection[EntityType] = ENTITY_TYPES) -> str:
    """Put `<EMAIL>`, `<PHONE>` and their like in a text; doing it twice does no more."""
    if not any(character.isdigit() or character in "@:/=" for character in text.translate(_PLAIN)):
        entity_types = [
            entity_type for entity_type in entity_types if entity_type in {"secret", "email"}
        ]
    for entity_type in ENTITY_TYPES:
        if entity_type in entity_types:
            placeholder, find = _FINDERS[entity_type]
            text = _replaced(text, find(text.translate(_PLAIN)), placeholder)
    return text


def _replaced(text: str, spans: Iterable[Span], placeholder: str) -> str:
    parts, after = [], 0
    for start, end in sorted(spans):
        if start >= after:
            parts += [text[after:start], placeholder]
        after = max(after, end)
    return "".join([*parts, text[after:]])
