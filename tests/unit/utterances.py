"""Made-up utterances for the tests of their quality."""

import itertools
import random
import string
from collections.abc import Iterable
from pathlib import Path

from training.quality.findings import Finding
from training.quality.reading import Utterance

_numbers = itertools.count(1)


def said(text: str, *intents: str, held_out: bool = False) -> Utterance:
    return Utterance(text, intents or ("email",), held_out, Path("made_up.txt"), next(_numbers))


def unlike(count: int, *intents: str, held_out: bool = False, seed: int = 0) -> list[Utterance]:
    """Messages of random words, so that none is like another."""
    source = random.Random(f"{seed} {intents} {held_out}")

    def word() -> str:
        return "".join(source.choices(string.ascii_lowercase, k=source.randint(4, 9)))

    texts = (" ".join(word() for _ in range(source.randint(1, 14))) for _ in range(count))
    return [said(text, *intents, held_out=held_out) for text in texts]


def grades(findings: Iterable[Finding]) -> list[str]:
    return [finding.grade for finding in findings]
