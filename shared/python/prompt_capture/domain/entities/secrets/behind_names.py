"""Secrets behind their names: "the wifi password is ...", "PIN: 1234"."""

import re
from collections.abc import Iterator

from prompt_capture.domain.entities.searched import MASK, Searched
from prompt_capture.domain.entities.secrets.before_names import (
    find_codes_behind_locks,
    find_values_before_names,
)
from prompt_capture.domain.entities.secrets.contexts import names_a_secret
from prompt_capture.domain.entities.secrets.dials import find_dial_combinations
from prompt_capture.domain.entities.secrets.forms import (
    NOT_A_WORD,
    find_value,
    has_form,
    is_before_no_value,
    trim,
)
from prompt_capture.domain.entities.secrets.logins import is_user_of_pair
from prompt_capture.domain.entities.secrets.names import (
    POINT,
    QUOTED,
    TOKEN,
    find_heads,
    is_plural,
    relation_to_value,
)
from prompt_capture.domain.entities.secrets.passphrases import Relation
from prompt_capture.domain.entities.secrets.recovery_words import find_recovery_words
from prompt_capture.domain.patterns import lazy_pattern
from prompt_capture.domain.searchable_text import Span

_NEXT_VALUE = lazy_pattern(
    rf"""["'`]?(?:,?\ (?:(?:and|or|und|oder|et|y|e)\ |{POINT.pattern})?|,\ ?)
        ["'`]?(?P<value>[!#-&(-;=?-_a-~]{{3,200}})""",
    re.VERBOSE,
)
_MAX_LIST = 20
_MAX_NAMES = 80
"""Names in a text that are checked for naming a secret."""
_CHECKS = 40
"""Names of secrets in a text whose values are checked."""
# "4711/4712"
_ALTERNATIVE = lazy_pattern(
    r" ?/ ?(?P<value>[0-9#*]{3,10})(?![^ ,.;:!?)\]\"'`*_~|\x80-\U0010ffff])"
)


def find_named_secrets(searched: Searched) -> Iterator[Span]:
    """Find the values that sentences give for passwords, codes, keys and logins."""
    yield from _find_values_behind_names(searched)
    yield from find_recovery_words(searched)
    yield from find_values_before_names(searched)
    yield from find_codes_behind_locks(searched)
    yield from find_dial_combinations(searched)


def _find_values_behind_names(searched: Searched) -> Iterator[Span]:
    """Find the values behind the names of secrets.

    In a text with many names, further ones count as names of secrets without a check, and what
    follows them as their values.
    """
    checked = end = 0
    for number, head in enumerate(find_heads(searched)):
        relation = relation_to_value(head)
        is_limited = number >= _MAX_NAMES
        if head.start() < end or not _may_name_a_secret(searched, head, relation, is_limited):
            continue
        checked += 1
        if is_limited or checked > _CHECKS:
            quoted = QUOTED.match(searched.text, head.end())
            token = quoted or TOKEN.match(searched.text, head.end())
            if token:
                end = token.end()
                yield token.span("value" if quoted else 0)
        elif span := find_value(searched, head, relation):
            yield span
            yield from _further_values(searched, head, span)


def _may_name_a_secret(
    searched: Searched, head: re.Match[str], relation: Relation, is_limited: bool
) -> bool:
    """Return whether a name may have a value behind it that was not found yet."""
    if searched.text.startswith(MASK, head.end()):
        return False
    if not is_limited and not names_a_secret(searched, head, relation):
        return False
    return not (
        is_before_no_value(searched.text, head, relation)
        or is_user_of_pair(searched.lower, head.start(), head.end())
    )


def _further_values(searched: Searched, head: re.Match[str], span: Span) -> Iterator[Span]:
    """Find the old value in "from ... to ...", and further ones of a list: "codes: 1234, 5678"."""
    if head["old"] and NOT_A_WORD.search(head["old"]):
        yield head.span("old")
    if head["pin"] or head["code"]:
        yield from _alternatives(searched.text, span)
    if not is_plural(searched.lower, head):
        return
    for _ in range(_MAX_LIST):
        further = _NEXT_VALUE.match(searched.text, span[1])
        value = trim(head, further["value"]) if further else ""
        if not further or not NOT_A_WORD.search(value) or not has_form(searched, head, value):
            return
        span = further.start("value"), further.start("value") + len(value)
        yield span


def _alternatives(text: str, code: Span) -> Iterator[Span]:
    """Find further codes that slashes join to one: "4711/4712"."""
    size, end = code[1] - code[0], code[1]
    for _ in range(_MAX_LIST):
        further = _ALTERNATIVE.match(text, end)
        if not further or len(further["value"]) != size:
            return
        yield further.span("value")
        end = further.end()
