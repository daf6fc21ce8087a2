"""The normalisation of texts and their division into clauses, in training and in service."""

import re
import unicodedata

_INVISIBLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b\u2060\ufeff\ud800-\udfff]")
"""Control characters, zero-width characters, and unpaired surrogates."""

_CLAUSE_BOUNDARY = re.compile(
    r"""
    (?<![;.!?])[;.!?]+\ +                              # the end of a sentence
    | ,?\ (?:and\ then|and\ also|oh\ and|also|then|plus|and|&)\ +
    | ,\ (?=\w+\ )                                     # a comma before at least two words
    """,
    re.IGNORECASE | re.VERBOSE,
)
_MIN_CLAUSE_WORDS = 2


def normalise(text: str) -> str:
    """Compose (Unicode NFKC), remove invisible characters, and collapse white space."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())  # a shortcut: nothing to compose or remove
    return " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).split())


def canonical_text(text: str) -> str:
    """Return the form that all copies of a text share: normalised, with A to Z in lower case.

    The database function `private.normalise_text` returns the same form.
    """
    return normalise(text).encode().lower().decode()


def split_clauses(message: str, max_clauses: int = 3) -> list[str]:
    """Split a message at sentence ends and conjunctions into at most `max_clauses` clauses.

    Return the whole message alone where any part is shorter than two words: names and lists
    ("anna and bob", "bread, milk") are not clauses.
    """
    spaced = " ".join(message.split())
    parts = [part.strip() for part in _CLAUSE_BOUNDARY.split(spaced, maxsplit=max_clauses - 1)]
    if len(parts) == 1 or any(len(part.split()) < _MIN_CLAUSE_WORDS for part in parts):
        return [message]
    return parts
