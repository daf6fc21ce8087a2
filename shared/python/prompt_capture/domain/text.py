"""The normalisation of texts and their division into clauses, in training and in service."""

import re
import unicodedata

from prompt_capture.domain.characters import EMOJI, FLAG, HIDDEN, JOINERS, MARKS
from prompt_capture.domain.types import MAX_MESSAGE_LENGTH

NORMAL_FORM_VERSION = 2
"""The version of the form that copies of a text share, as `private.normal_form_version` returns it.

Under another version, a text may have another text key and another split.
"""

MAX_MARKS = 30
"""A longer run of combining marks is removed. No language has one, and Unicode's Stream-Safe Text
Format has the same limit."""

MAX_JOINERS = 100
"""A text with more joiners keeps none. Where they stay costs much more to determine than to remove
them all."""

MAX_LONG_LIGATURES = 200
"""A text ends before the next one. Each becomes 18 characters; any other character at most 8."""

_LONG_LIGATURE = "\ufdfa"

_HIDDEN = re.compile(rf"[{HIDDEN}\x00\ud800-\udfff]+")
"""With NUL and unpaired surrogates, which PostgreSQL cannot store."""

_JOINERS = re.compile(f"[{JOINERS}]+")
_JOINERS_IN_PLACE = re.compile(rf"([{EMOJI}])(\u200D)(?=[{EMOJI}])|({FLAG})|[{JOINERS}]+")
"""The groups are what stays: a joiner between two emoji, and a flag."""

_RUN_OF_MARKS = re.compile(f"[{MARKS}]+")

_INCOMPLETE_AT_END = " \u200d" + "".join(map(chr, range(0xE0062, 0xE0080)))

_CLAUSE_BOUNDARY = re.compile(
    r"""
    (?<![;.!?])[;.!?]+\ +                              # the end of a sentence
    | ,?\ (?:and\ then|and\ also|oh\ and|also|then|plus|and|&)\ +
    | ,\ (?=\w+\ )                                     # a comma before at least two words
    """,
    re.IGNORECASE | re.VERBOSE,
)
_MIN_CLAUSE_WORDS = 2


_INVISIBLE_START = re.compile(rf"[\s{HIDDEN}{JOINERS}]+")


def strip_invisible(text: str) -> str:
    """Return a text without the white space and the characters that nobody sees at its ends.

    The time grows with the length of the text: a pattern for the end would be tried at each
    character of a run in the middle, and read the rest of the run each time.
    """
    return _without_start(_without_start(text)[::-1])[::-1]


def _without_start(text: str) -> str:
    start = _INVISIBLE_START.match(text)
    return text[start.end() :] if start else text


def normalise(text: str) -> str:
    """Return a text as its reader sees it, with at most 4,000 characters.

    Characters that nobody sees are removed, except where they join emoji or make a flag, and so are
    piles of more than 30 combining marks. The rest is composed (Unicode NFKC), and each run of
    white space becomes one space. To normalise a text again changes nothing.

    The time grows with the length of the text, whatever its characters are.
    """
    if text.isascii() and text.isprintable():
        return " ".join(_cut(text).split())  # a shortcut: nothing to compose or remove
    visible = _without_hidden(text)
    composed = _cut(visible) if visible.isascii() else _compose(visible)
    return " ".join(composed.split())


def canonical_text(text: str) -> str:
    """Return the form that all copies of a text share: normalised, with A to Z in lower case.

    The database function `private.normalise_text` returns the same form.
    """
    lowered = normalise(text).encode().lower().decode()
    # Some letters form one character with a mark only in lower case.
    return unicodedata.normalize("NFC", lowered)


def _without_hidden(text: str) -> str:
    visible = _HIDDEN.sub("", text)
    without_joiners = _JOINERS.sub("", visible)
    if 0 < len(visible) - len(without_joiners) <= MAX_JOINERS:
        return _JOINERS_IN_PLACE.sub(r"\1\2\3", visible)
    return without_joiners


def _compose(text: str) -> str:
    text = _LONG_LIGATURE.join(text.split(_LONG_LIGATURE)[: MAX_LONG_LIGATURES + 1])
    composed = _cut(unicodedata.normalize("NFKC", _without_piles(text)))
    # A character may decompose to several marks, and what stood around them may compose.
    return unicodedata.normalize("NFC", _without_piles(composed))


def _without_piles(text: str) -> str:
    """Remove runs of more marks than a letter has in any language."""
    if not _RUN_OF_MARKS.search(text[MAX_MARKS :: MAX_MARKS + 1]):
        return text  # a shortcut: each pile would contain one of these characters
    return _RUN_OF_MARKS.sub(lambda run: "" if len(run[0]) > MAX_MARKS else run[0], text)


def _cut(text: str) -> str:
    """Return the beginning of a long text, without a last emoji or flag that is incomplete."""
    if len(text) <= MAX_MESSAGE_LENGTH:
        return text
    return text[:MAX_MESSAGE_LENGTH].rstrip(_INCOMPLETE_AT_END)


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
