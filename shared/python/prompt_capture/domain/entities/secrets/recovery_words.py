"""The words that restore a wallet: twelve or more, near a word for wallets or their recovery."""

import re
from collections.abc import Iterator

from prompt_capture.domain.entities.searched import (
    NAME_END,
    NOT_BEFORE_WORD,
    NamePattern,
    Searched,
    names,
)
from prompt_capture.domain.entities.secrets import words
from prompt_capture.domain.entities.secrets.names import IS
from prompt_capture.domain.entities.secrets.passphrases import SEED_COUNTS, find_seed_phrase
from prompt_capture.domain.patterns import any_field_of, any_of, lazy_pattern
from prompt_capture.domain.searchable_text import Span

_NAMES = (
    *words.SEED_PHRASE,
    *names("", *(f"{owner} {word}" for owner in ("my", "the", "my 12", "my 24", "the 12", "the 24")
      for word in ("phrase", "words"))),
)  # fmt: skip
_BEHIND_NAME = NamePattern(
    _NAMES,
    rf"""{any_field_of(_NAMES)}{NAME_END}(?:\ ?\([a-z0-9 ]{{1,20}}\))?
        (?:\ {IS}|{any_of(words.IS_WITHOUT_SPACE)})?
        \ ?[:=(\[|-]?\ ?["'`*_~]{{0,3}}\ ?(?=[a-z0-9\u4e00-\u9fff])""",
)
_MIN_UNQUOTED = 11
_CHINESE_WORDS = lazy_pattern(r"[\u4e00-\u9fff](?:\ [\u4e00-\u9fff]){11,23}(?![\u4e00-\u9fff])")
_TOPIC = NamePattern(
    (*words.WALLET_TOPICS, *words.RECOVERY_TOPICS),
    rf"""(?:(?P<wallet>{any_of(words.WALLET_TOPICS)})|{any_of(words.RECOVERY_TOPICS)})
        {NOT_BEFORE_WORD}""",
)
_GAP = 64
"""Characters between a word for wallets and the words that restore one."""
# A list of words that a sign opens.
_WORDS = lazy_pattern(
    r"""[:;"'`(\[=|?.-]\ ?["'`]?(?P<words>
        (?:[0-9]{1,2}[.)]?\ ?)?[^\W\d_]{3,9}
            (?:[ ,]{1,2}(?:[0-9]{1,2}[.)]?\ ?)?[^\W\d_]{3,9}){11,23}+)
        (?![A-Za-z0-9'\x7f])""",
    re.VERBOSE,
)
_WORD = lazy_pattern(r"[^\W\d_]+")


def find_recovery_words(searched: Searched) -> Iterator[Span]:
    """Find the words that restore a wallet, behind their name or near a word for wallets."""
    end = 0
    for name in _BEHIND_NAME.finditer(searched):
        if name.start() < end:
            continue
        chinese = _CHINESE_WORDS.match(searched.text, name.end())
        phrase = find_seed_phrase(searched.lower, name.end(), _MIN_UNQUOTED)
        if span := chinese.span() if chinese else phrase:
            end = span[1]
            yield span
    topics = list(_TOPIC.finditer(searched))
    for found in _WORDS.finditer(searched.text) if topics else ():
        span = _phrase_in(found)
        if span and any(_is_about(topic, found, span) for topic in topics):
            yield span


def _is_about(topic: re.Match[str], found: re.Match[str], span: Span) -> bool:
    is_near = span[0] - topic.end() <= _GAP and topic.start() - span[1] <= _GAP
    return is_near and bool(topic["wallet"] or "," not in found["words"])


def _phrase_in(found: re.Match[str]) -> Span | None:
    """Return the span of as many words of a list as restore a wallet, before an ordinary one."""
    phrase: list[re.Match[str]] = []
    for word in _WORD.finditer(found.string, *found.span("words")):
        if word[0] in words.NO_SEEDS or word[0] in words.FUNCTION_WORDS:
            break
        phrase.append(word)
    count = next((count for count in SEED_COUNTS if count <= len(phrase)), 0)
    return (phrase[0].start(), phrase[count - 1].end()) if count else None
