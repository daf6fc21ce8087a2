"""New words for a file without slang of its own: what is typical of an intent is called anew."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from training.data.examples import Example

WORDS = 20
_WORD = re.compile(r"[^\W\d_]{4,}")
_ONSETS = ("b", "br", "d", "f", "fl", "g", "k", "l", "m", "pl", "r", "sn", "t", "tr", "v", "z")
_RHYMES = ("ab", "ack", "eem", "ib", "ix", "ob", "oon", "ork", "ulp", "umble")


@dataclass(frozen=True)
class Rewriter:
    """Replaces words by others, whatever their case."""

    words: Mapping[str, str]

    @classmethod
    def learn(cls, examples: Sequence[Example], random: np.random.Generator) -> Self:
        """Invent a word for each of the `WORDS` words that are most typical of single labels."""
        by_label: Counter[tuple[str, str]] = Counter()
        for one in examples:
            by_label.update((word, one.label) for word in set(_WORD.findall(one.text.lower())))
        labels = Counter(one.label for one in examples)
        totals: Counter[str] = Counter()
        for (word, _label), count in by_label.items():
            totals[word] += count
        surplus: dict[str, float] = {}
        for (word, label), count in by_label.items():
            expected = totals[word] * labels[label] / len(examples)
            surplus[word] = max(surplus.get(word, 0), count - expected)
        typical = sorted(surplus, key=lambda word: (-surplus[word], word))[:WORDS]
        invented = [onset + rhyme for onset in _ONSETS for rhyme in _RHYMES]
        chosen = random.choice(len(invented), len(typical), replace=False)
        return cls({word: invented[index] for word, index in zip(typical, chosen, strict=True)})

    def __call__(self, text: str) -> str:
        """Return the text with its new words."""
        return _WORD.sub(lambda match: self.words.get(match[0].lower(), match[0]), text)
