"""Pairs of messages that say the same in the same words, or nearly."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from training.quality.reading import Utterance

NEAR = 90
"""From here on two messages are near copies: the Indel similarity of their sorted words, of 100.

Read on the project's data: from 90 on, pairs are one message with another spelling, filler or
number ("i dont think so", "no i don't think so"); from 85 to 89 they are different requests worded
alike ("how are you", "how old are you"; "that is correct", "that is not correct").
"""

MIN_WORDS = 3
"""Shorter messages are copies only where their words are the same: "no" is not nearly "now"."""

_ROWS = 1_000
_SPELT_WORD = 4


class Pair(NamedTuple):
    """Two messages that are alike."""

    one: Utterance
    other: Utterance

    @property
    def same_words(self) -> bool:
        """Whether they are copies: the words that they do not share are misspellings."""
        mine, theirs = Counter(self.one.words), Counter(self.other.words)
        left, right = sorted((mine - theirs).elements()), sorted((theirs - mine).elements())
        return len(left) == len(right) and all(map(_misspelt, left, right))


def find_pairs(utterances: Sequence[Utterance]) -> list[Pair]:
    """Answer all pairs of copies and of near copies, in the order of the utterances.

    Messages of one or two words are compared for equality of words alone. Works in blocks of
    rows: 10,000 messages take about a second and 10 MB.
    """
    found = [*_same_words(utterances), *_alike(utterances)]
    return [Pair(utterances[i], utterances[j]) for i, j in sorted(found)]


def _same_words(utterances: Sequence[Utterance]) -> Iterator[tuple[int, int]]:
    """Yield the pairs of short messages that have the same words."""
    earlier: dict[str, list[int]] = {}
    for j, utterance in enumerate(utterances):
        if len(utterance.words) < MIN_WORDS:
            yield from ((i, j) for i in earlier.setdefault(utterance.bag, []))
            earlier[utterance.bag].append(j)


def _alike(utterances: Sequence[Utterance]) -> Iterator[tuple[int, int]]:
    """Yield the pairs of longer messages that are near enough."""
    longer = [i for i, u in enumerate(utterances) if len(u.words) >= MIN_WORDS]
    bags = [utterances[i].bag for i in longer]
    for start in range(0, len(bags), _ROWS):
        scores = process.cdist(
            bags[start : start + _ROWS],
            bags[start:],
            scorer=fuzz.ratio,
            score_cutoff=NEAR,
            dtype=np.uint8,
        )
        for row, column in np.argwhere(np.triu(scores, 1)):
            yield longer[start + row], longer[start + column]


def _misspelt(word: str, other: str) -> bool:
    """Answer whether a slip of one letter, in a word of four or more, makes one the other."""
    return (
        min(len(word), len(other)) >= _SPELT_WORD
        and (word + other).isalpha()
        and OSA.distance(word, other, score_cutoff=1) <= 1
    )
