"""The names of fields and columns that people write: unknown ones, and misspelt ones."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import NamedTuple

_MIN_SIMILARITY = 0.82
"""The least similarity (Ratcliff and Obershelp's) of a name and what it misspells.

It separates `note` (0.89) from `votes` (0.80), both compared with `notes`.
"""

_CAMEL_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BETWEEN_WORDS = re.compile(r"[\W_]+")


class Misspelling(NamedTuple):
    """The name of a field that is not read, and the name that it seems to misspell."""

    name: str
    meant: str

    @property
    def reason(self) -> str:
        """What is wrong with the name, and what to do."""
        return (
            f"is not known. If it is {self.meant}, rename it. If not, delete it or give it "
            "another name"
        )


def list_unknown(names: Iterable[str], known: Collection[str]) -> tuple[str, ...]:
    """Return the names that are not known, each once."""
    return tuple(dict.fromkeys(name for name in names if name not in known))


def find_misspelling(
    names: Iterable[str],
    known: Collection[str],
    meant: Collection[str],
    aliases: Mapping[str, str],
) -> Misspelling | None:
    """Return the first name that is not known and seems to be one of `meant`.

    It resembles one of these more than any other known name, or is an alias of one: another name
    that people use. Case, and how words are separated, do not matter.
    """
    for name in list_unknown(names, known):
        words = tuple(_BETWEEN_WORDS.split(_CAMEL_CASE.sub("_", name).casefold().strip(" _")))
        found = aliases.get("_".join(words)) or _find_similar(words, frozenset(known))
        if found in meant:
            return Misspelling(name, found)
    return None


@lru_cache(maxsize=1_000)
def _find_similar(words: Sequence[str], known: frozenset[str]) -> str:
    """Return the known name that some words resemble most, or an empty text.

    A phrase such as `corrected by` does not misspell one word, but `note 2` may.
    """
    names = sorted(known)
    if sum(word.isalpha() for word in words) > 1:
        names = [name for name in names if "_" in name]
    similar = get_close_matches("_".join(words), names, n=1, cutoff=_MIN_SIMILARITY)
    return similar[0] if similar else ""
