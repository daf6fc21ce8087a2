"""Secrets that stand before their names: "4711 is the safe code", "the safe opens with 4711"."""

import re
from collections.abc import Iterator

from prompt_capture.domain.entities.candidates import is_reference
from prompt_capture.domain.entities.searched import (
    NOT_BEFORE_WORD,
    NamePattern,
    Searched,
)
from prompt_capture.domain.entities.secrets import words
from prompt_capture.domain.entities.secrets.contexts import (
    CONTEXT,
    LOCKS,
    words_before,
    words_directly_before,
)
from prompt_capture.domain.entities.secrets.forms import MIN_DIGITS, SENT_CODE
from prompt_capture.domain.entities.secrets.names import IS, is_conjunction
from prompt_capture.domain.entities.secrets.values import NO_VALUE
from prompt_capture.domain.patterns import any_of, lazy_pattern
from prompt_capture.domain.searchable_text import Span

_SENT_CONTEXT = 22

# A value before its name, a value behind a lock, and the pair of a login.
_NAME_AFTER = NamePattern(
    (*words.IS_AFTER, *words.IS_BEFORE_NAME, *words.OWNERS_WITHOUT_VERB),
    rf"""(?:(?:{any_of(words.IS_AFTER)}\ (?:o\ )?{any_of(words.OWNERS)}|as|als)
            \ (?:[a-z'-]{{1,20}}\ ){{0,3}}?(?:[a-z]{{1,20}}-)?
          |(?P<article>{any_of(words.IS_BEFORE_NAME)}\ )
          |(?P<dash>{any_of(words.OWNERS_WITHOUT_VERB)}\ ))
        (?:{any_of((*words.PASSWORD, *words.PIN))}|(?P<code>{any_of(words.CODE)})
            (?!\ (?:freeze|review|base|postal|name|path|smell|style|page|point|block|line)))
        {NOT_BEFORE_WORD}""",
)
# Behind "la password", where the Vietnamese verb is an article of other languages
_VALUE_FOLLOWS = lazy_pattern(rf"(?: [a-z]{{1,20}})?(?: {IS}| ?:)")
_END_OF_SENTENCE = lazy_pattern(r"#?[0-9]+[.:;!?]")
_SENT_NAME = NamePattern(
    words.SENT_CODES,
    rf"""{any_of(words.SENT_CODES)}
        (?:(?P<verb>{any_of(words.IS_BEHIND_NAME)})|(?=[请請])|(?:dur)?(?![^\W_]))""",
)
# What stands before such a name: the code, and a verb, a dash or a bracket.
_SENT_FIRST = lazy_pattern(
    r"""[0-9](?<![A-Za-z0-9\x7f].)(?<![0-9][.,/:+-].)
        (?!(?<=1)9[0-9]{2}(?![0-9])|(?<=2)0[0-9]{2}(?![0-9]))
        (?:[0-9]{3,7}|[0-9]{2}[ -][0-9]{3})(?P<end>)
        (?:(?P<verb>\ ?[是为為は]\ ?[^\x00-\x7f]{0,8}|\ on\ |\ to\ (?:twoj\ )?)
          |[)\]\u3011]?\ |\ -\ |\ ?\([^\x00-\x7f]{0,4}|)\Z""",
    re.VERBOSE,
)
_SENTENCE_BEGINS = lazy_pattern(r"(?:\A|[.!?)\]\u3011] ?)[(\[\u3010]?\Z")
_LAST_TOKEN = lazy_pattern(
    r"""(?:(?<=[ "'`(])|\A)(?:[0-9]{3}\ [0-9]{3}|[^ "'`\x7f(]{3,64})["'`]?\Z"""
)
_SERVICE_BEFORE = lazy_pattern(
    r"(?:your|Ihr|[Dd]ein|votre|ton|tu|su|il tuo) (?P<name>[A-Z][A-Za-z]+)[ -]\Z"
)
_OPENED_WITH = NamePattern(
    words.WITH,
    rf"""{any_of(words.WITH)}\ (?:["'`_]{{1,3}}|(?P<marks>\*{{1,3}})(?=[0-9#*]{{4,8}}(?P=marks)))?
        (?P<value>[0-9#*]{{4,8}}(?![a-z0-9*#\x7f]|\ [a-z])
            |[0-9]{{3,8}}\*(?![0-9*])
            |(?:hash|star|pound)\ [0-9]{{3,8}}(?:\ (?:hash|star|pound))?{NOT_BEFORE_WORD}
            |[0-9]{{3,8}}\ (?:hash|star|pound){NOT_BEFORE_WORD})""",
)
_TO_VERIFY = NamePattern(
    ("use", "enter", "code"),
    r"""(?:use|enter|code)\ ["'`*_]{0,3}(?!(?:19|20)[0-9]{2}[ "'`*_])
        (?P<value>[0-9]{4,8}|[0-9]{3}[- ][0-9]{3})["'`*_]{0,3}
        \ to\ (?:verify|log|sign|confirm|complete|authenticate|activate|unlock|reset)(?![a-z])""",
)


def find_codes_behind_locks(searched: Searched) -> Iterator[Span]:
    """Find the codes in sentences such as "the safe opens with 4711"."""
    for match in _OPENED_WITH.finditer(searched):
        if not LOCKS.isdisjoint(words_before(searched.lower, match.start())):
            yield match.span("value")
    for match in _TO_VERIFY.finditer(searched):
        yield match.span("value")


def find_values_before_names(searched: Searched) -> Iterator[Span]:
    """Find values that a name follows: "4711 is the safe code", "use 4711 as the pin"."""
    for match in _NAME_AFTER.finditer(searched):
        if is_conjunction(searched, match.start(), match.end()):
            continue
        begin = max(0, match.start() - CONTEXT)
        before = searched.text[begin : match.start()].rstrip(" ")
        if match["dash"]:  # "482913 - ваш код"
            before = before[:-2] if before.endswith(" -") else ""
        token = _LAST_TOKEN.search(before)
        if (
            token
            and not is_reference(searched, begin + token.start())
            and _may_precede_name(searched, token[0], match)
        ):
            value = token[0].rstrip("\"'`")
            yield begin + token.start(), begin + token.start() + len(value)
    for match in _SENT_NAME.finditer(searched):
        begin = max(0, match.start() - _SENT_CONTEXT)
        code = _SENT_FIRST.search(searched.lower, begin, match.start())
        if code and (match["verb"] or code["verb"] or _begins_sentence(searched, code.start())):
            yield code.start(), code.end("end")


def _begins_sentence(searched: Searched, position: int) -> bool:
    return bool(_SENTENCE_BEGINS.search(searched.lower, max(0, position - 3), position))


def _may_precede_name(searched: Searched, token: str, match: re.Match[str]) -> bool:
    value = token.rstrip("\"'`")
    is_quoted = value != token
    if not is_quoted and (NO_VALUE.fullmatch(value) or not any(map(str.isdigit, value))):
        return False
    is_apart = match["article"] and _VALUE_FOLLOWS.match(searched.lower, match.end())
    if is_apart or _END_OF_SENTENCE.fullmatch(value):
        return False
    if not match["code"]:
        return True
    before = words_directly_before(searched, match.start("code"))
    is_owned = not before.isdisjoint(words.OWNERS)
    service = _SERVICE_BEFORE.search(searched.text[match.start() : match.start("code")])
    is_of_service = service is not None and service["name"].lower() not in words.NO_SERVICES
    is_code = len(value) > MIN_DIGITS and SENT_CODE.fullmatch(value)
    return not before.isdisjoint(LOCKS) or bool((is_owned or is_of_service) and is_code)
