"""Where a message that may carry two intents can be cut."""

import re

_JOINT = re.compile(
    r"""
    \s*[;.!?]+\s+                                      # the end of a sentence
    | \s*,?\s+(?:and\ then|and\ also|oh\ and|also|then|plus|and|&)\s+
    | \s*,\s+(?=\w+\s)                                 # a comma before at least two words
    """,
    re.IGNORECASE | re.VERBOSE,
)
_FEWEST_WORDS = 2


def clauses(message: str, most: int = 3) -> list[str]:
    """Cut a message at sentence ends and conjunctions into at most `most` clauses.

    Answers the whole message alone where any part would be shorter than two words: names and
    lists ("anna and bob", "bread, milk") are no clauses.
    """
    parts = [part.strip() for part in _JOINT.split(message, maxsplit=most - 1)]
    if any(len(part.split()) < _FEWEST_WORDS for part in parts):
        return [message]
    return parts
