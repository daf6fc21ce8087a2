"""Duplicates and near-duplicates among the utterances."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from training.data.utterances import Utterance

MIN_SIMILARITY = 90
"""The minimum Indel similarity (0 to 100) of the sorted words of near-duplicates.

Chosen on the project's data. From 90 on, pairs are one message with another spelling, filler or
number ("i dont think so", "no i don't think so"). From 85 to 89 they are different requests in
similar words ("how are you", "how old are you"; "that is correct", "that is not correct").
"""

MIN_WORDS = 3
"""Shorter messages are duplicates only if their words are the same: "no" is not nearly "now"."""

_BLOCK_ROWS = 1_000
_MIN_MISSPELT_LETTERS = 4


class DuplicatePair(NamedTuple):
    """Two messages that are duplicates or near-duplicates."""

    one: Utterance
    other: Utterance

    @property
    def has_same_words(self) -> bool:
        """Whether they are duplicates: any words that differ are misspellings of each other."""
        ours, theirs = Counter(self.one.words), Counter(self.other.words)
        left, right = sorted((ours - theirs).elements()), sorted((theirs - ours).elements())
        return len(left) == len(right) and all(map(_is_misspelling, left, right))


def find_duplicates(utterances: Sequence[Utterance]) -> list[DuplicatePair]:
    """Return all pairs of duplicates and near-duplicates, in the order of the utterances.

    Messages of one or two words need the same words. The comparison works in blocks of rows:
    10,000 messages take about a second and 10 MB.
    """
    pairs = [*_find_short_duplicates(utterances), *_find_long_duplicates(utterances)]
    return [DuplicatePair(utterances[i], utterances[j]) for i, j in sorted(pairs)]


def _find_short_duplicates(utterances: Sequence[Utterance]) -> Iterator[tuple[int, int]]:
    """Yield the pairs of short messages with the same words."""
    earlier: dict[str, list[int]] = {}
    for j, utterance in enumerate(utterances):
        if len(utterance.words) < MIN_WORDS:
            yield from ((i, j) for i in earlier.setdefault(utterance.sorted_words, []))
            earlier[utterance.sorted_words].append(j)


def _find_long_duplicates(utterances: Sequence[Utterance]) -> Iterator[tuple[int, int]]:
    """Yield the pairs of longer messages with at least `MIN_SIMILARITY`."""
    longer = [i for i, u in enumerate(utterances) if len(u.words) >= MIN_WORDS]
    texts = [utterances[i].sorted_words for i in longer]
    for start in range(0, len(texts), _BLOCK_ROWS):
        scores = process.cdist(
            texts[start : start + _BLOCK_ROWS],
            texts[start:],
            scorer=fuzz.ratio,
            score_cutoff=MIN_SIMILARITY,
            dtype=np.uint8,
        )
        for row, column in np.argwhere(np.triu(scores, 1)):
            yield longer[start + row], longer[start + column]


def _is_misspelling(word: str, other: str) -> bool:
    """Return whether two words of four or more letters differ by one letter at most."""
    return (
        min(len(word), len(other)) >= _MIN_MISSPELT_LETTERS
        and (word + other).isalpha()
        and OSA.distance(word, other, score_cutoff=1) <= 1
    )
