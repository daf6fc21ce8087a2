"""Split a message that may carry several intents into clauses."""

import re

_BOUNDARY = re.compile(
    r"""
    (?<![;.!?])[;.!?]+\ +                              # the end of a sentence
    | ,?\ (?:and\ then|and\ also|oh\ and|also|then|plus|and|&)\ +
    | ,\ (?=\w+\ )                                     # a comma before at least two words
    """,
    re.IGNORECASE | re.VERBOSE,
)
_MIN_WORDS = 2


def split_clauses(message: str, max_clauses: int = 3) -> list[str]:
    """Split a message at sentence ends and conjunctions into at most `max_clauses` clauses.

    Return the whole message alone where any part is shorter than two words: names and lists
    ("anna and bob", "bread, milk") are not clauses.
    """
    spaced = " ".join(message.split())
    parts = [part.strip() for part in _BOUNDARY.split(spaced, maxsplit=max_clauses - 1)]
    if len(parts) == 1 or any(len(part.split()) < _MIN_WORDS for part in parts):
        return [message]
    return parts
