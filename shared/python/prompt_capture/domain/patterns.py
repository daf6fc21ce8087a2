"""Regular expressions that are built when they are first used, so that functions start fast.

An ordinary message has few of the words that stand beside entities, and needs few of the patterns.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache, cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any, cast

_REFERENCE = re.compile(r"\(\?&(?P<number>[0-9]+)\)")
_REFERRED: list[Callable[[], str]] = []
"""What builds the pattern for each reference."""


def lazy_pattern(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return what behaves as a compiled pattern, and is compiled when it is first used.

    The pattern may contain what `any_of` and `any_field_of` return, and the `pattern` of another.
    """
    return cast("re.Pattern[str]", _LazyPattern(pattern, flags))


def any_of(names: Iterable[str]) -> str:
    """Return a reference to names, in whose place `lazy_pattern` matches any of them.

    The longest names are tried first, and common beginnings once.
    """
    alternatives = frozenset(names)
    return _refer_to(lambda: _alternation(sorted(alternatives), 0, r"\ "))


def any_field_of(names: Iterable[str]) -> str:
    """Return a reference to names as `any_of` does, also as fields are named.

    Their words may have a hyphen, an underscore or nothing between them: "date_of_birth".
    """
    alternatives = frozenset(names)
    return _refer_to(lambda: _alternation(_phrases_and_words(alternatives), 0, "[ _-]?"))


class _LazyPattern:
    """Has the attributes of a compiled pattern, each as its own from the first use on."""

    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._compiled, name)
        setattr(self, name, attribute)
        return attribute

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        whole = _REFERENCE.sub(lambda match: _REFERRED[int(match["number"])](), self.pattern)
        return re.compile(whole, self._flags)


def _refer_to(build: Callable[[], str]) -> str:
    _REFERRED.append(cache(build))
    return f"(?&{len(_REFERRED) - 1})"


def _phrases_and_words(names: frozenset[str]) -> list[str]:
    """Return names in order, without those that a phrase is with another joint of its words."""
    phrases = [name for name in names if " " in name]
    others = {phrase.replace(" ", joint) for phrase in phrases for joint in ("", "-", "_")}
    return sorted(names - others)


def _alternation(sorted_names: list[str], position: int, space: str) -> str:
    """Return a pattern for what names, which agree up to a position, have from there on."""
    first, *others = sorted_names
    if not others:
        return space.join(map(re.escape, first[position:].split(" ")))
    is_optional = len(first) == position
    branches = [
        (space if character == " " else re.escape(character))
        + _alternation(list(group), position + 1, space)
        for character, group in groupby(sorted_names[is_optional:], key=itemgetter(position))
    ]
    if len(branches) == 1 and not is_optional:
        return branches[0]
    return f"(?:{'|'.join(branches)}){'?' * is_optional}"
