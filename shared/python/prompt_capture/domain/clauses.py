"""Where a message that may carry two intents can be cut."""

import re

_JOINT = re.compile(
    r"""
    (?<![;.!?])[;.!?]+\ +                              # the end of a sentence
    | ,?\ (?:and\ then|and\ also|oh\ and|also|then|plus|and|&)\ +
    | ,\ (?=\w+\ )                                     # a comma before at least two words
    """,
    re.IGNORECASE | re.VERBOSE,
)
_MIN_WORDS = 2


def clauses(message: str, most: int = 3) -> list[str]:
    """Cut a message at sentence ends and conjunctions into at most `most` clauses.

    Answers the whole message alone where any part would be shorter than two words: names and
    lists ("anna and bob", "bread, milk") are no clauses.
    """
    spaced = " ".join(message.split())
    parts = [part.strip() for part in _JOINT.split(spaced, maxsplit=most - 1)]
    if len(parts) == 1 or any(len(part.split()) < _MIN_WORDS for part in parts):
        return [message]
    return parts
