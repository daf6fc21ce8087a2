"""Replace personal data and secrets in a text with placeholders of their entity types.

The same function runs in service, before a message is classified or stored, and in training, so
the model sees the same text in both. Only entities with a recognisable format are found. Names of
people have none, and stay.
"""

import re
from collections.abc import Callable, Collection, Iterable
from typing import Literal, get_args

from prompt_capture.domain.identifiers import (
    Span,
    find_bank_accounts,
    find_cards,
    find_national_ids,
    find_phone_numbers,
)

# Unicode variants of ASCII characters. Each maps to one character, so spans stay the same.
_TO_ASCII = (
    {0xFF01 + n: 0x21 + n for n in range(94)}
    | dict.fromkeys([0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000], 0x20)
    | dict.fromkeys([0x2010, 0x2011, 0x2012, 0x2013, 0x2212], 0x2D)
)

EntityType = Literal["url", "secret", "email", "bank", "card", "national_id", "phone"]
ENTITY_TYPES: tuple[EntityType, ...] = get_args(EntityType)
"""In search order. A span that was replaced as one type is not searched for the next types."""

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
_NAMED_SECRET = re.compile(
    rf"""\b(?:pass(?:word|phrase|code|wort)|kennwort|pwd?|pass(?=\s?[:=])|pin|tan|otp
        |{_CODE}[ ]code|api[ _-]?key|access[ _-]?key
        |secret(?:[ _-]?key)?
        |(?:auth|access|bearer|api|login|security|verification)[ _-]?(?:token|code)
        |token|bearer|cvv|cvc|seed\ phrase|recovery\ code)\b
        (?:\ (?:for|to|of|on)\ (?:\w+\ ){{1,3}}?)?
        \s{{0,2}}(?:(?P<assigned>[:=]|->)|(?:\ ?(?:is|ist|was|lautet|to)\b:?)|\ )\s{{0,2}}["'`]?
        (?P<value>\d{{3}}[ ]\d{{3,4}}(?!\d)|[^\s"'`<>]+)""",
    re.IGNORECASE | re.VERBOSE,
)
# An ordinary word is a password only where the sentence allows no other meaning.
_WORD_AS_PASSWORD = re.compile(
    r"""\b(?:pass(?:word|phrase|code|wort)|kennwort|pwd?)\ (?:is|ist|was|lautet)\ ["'`]?
        (?P<value>(?!(?:
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
        (?P<name>[^\s/<>]{1,64})\s?/\s?(?P<value>[^\s/<>]{1,64})""",
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
_NOT_A_MAILBOX = frozenset({
    "is", "it", "it's", "are", "was", "be", "me", "you", "him", "her", "them", "us", "that",
    "this", "these", "those", "up", "look", "looked", "looking", "see", "seen", "read", "found",
    "find", "search", "searched", "posted", "post", "page", "site", "shop", "store", "blog",
    "article", "video", "question", "questions", "answer", "answers", "ask", "asked", "online",
    "available", "again", "here", "there", "out", "over", "buy", "bought", "order", "ordered",
    "sale", "account", "class", "course", "courses", "learn", "meet", "meeting", "work",
    "works", "study", "watch", "watched", "stuff", "things", "info", "more", "everything",
    "something", "anything", "one", "and", "or", "but",
})  # fmt: skip

# Digits, signs or capitals inside: not an ordinary word.
_NOT_A_WORD = re.compile(r"\d|\w[^\w\s'\u2019.,/-]|[^\w\s'\u2019]\w|[a-z][A-Z]")


def _find_urls(text: str) -> Iterable[Span]:
    return (match.span() for match in _URL.finditer(text) if _TOKEN_IN_URL.search(match.group()))


def _find_secrets(text: str) -> Iterable[Span]:
    for match in _SECRET.finditer(text):
        yield match.span()
    for match in _NAMED_SECRET.finditer(text):
        value = match["value"].rstrip(".,;?)")
        if value and (match["assigned"] or (len(value) > 2 and _NOT_A_WORD.search(value))):
            yield match.start("value"), match.start("value") + len(value)
    for match in _WORD_AS_PASSWORD.finditer(text):
        yield match.span("value")
    for match in _LOGIN.finditer(text):
        yield match.span("name")
        yield match.span("value")


def _find_emails(text: str) -> Iterable[Span]:
    for match in _EMAIL.finditer(text):
        mailbox = match["spoken"] or match["spaced"] or ""
        if mailbox.lower() not in _NOT_A_MAILBOX:
            yield match.span()


_FINDERS: dict[EntityType, tuple[str, Callable[[str], Iterable[Span]]]] = {
    "url": ("<URL>", _find_urls),
    "secret": ("<SECRET>", _find_secrets),
    "email": ("<EMAIL>", _find_emails),
    "bank": ("<BANK>", find_bank_accounts),
    "card": ("<CARD>", find_cards),
    "national_id": ("<ID>", find_national_ids),
    "phone": ("<PHONE>", find_phone_numbers),
}


def redact(text: str, entity_types: Collection[EntityType] = ENTITY_TYPES) -> str:
    """Replace entities of the given types with `<EMAIL>`, `<PHONE>` and similar placeholders.

    The function is idempotent: redacting the result changes nothing.
    """
    if not any(
        character.isdigit() or character in "@:/=" for character in text.translate(_TO_ASCII)
    ):
        entity_types = [
            entity_type for entity_type in entity_types if entity_type in {"secret", "email"}
        ]
    for entity_type in ENTITY_TYPES:
        if entity_type in entity_types:
            placeholder, find = _FINDERS[entity_type]
            text = _substitute(text, find(text.translate(_TO_ASCII)), placeholder)
    return text


def _substitute(text: str, spans: Iterable[Span], placeholder: str) -> str:
    parts, position = [], 0
    for start, end in sorted(spans):
        if start >= position:
            parts += [text[position:start], placeholder]
        position = max(position, end)
    return "".join([*parts, text[position:]])
