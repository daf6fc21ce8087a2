"""Generated utterances for the tests of the data quality checks."""

import itertools
import random
import string
from collections.abc import Iterable
from pathlib import Path

from training.data.issues import DataIssue
from training.data.utterances import Utterance

_numbers = itertools.count(1)


def make_utterance(text: str, *intents: str, held_out: bool = False) -> Utterance:
    return Utterance(text, intents or ("email",), held_out, Path("generated.txt"), next(_numbers))


def random_utterances(
    count: int, *intents: str, held_out: bool = False, seed: int = 0
) -> list[Utterance]:
    """Return messages of random words, so that no two are near-duplicates."""
    source = random.Random(f"{seed} {intents} {held_out}")

    def word() -> str:
        return "".join(source.choices(string.ascii_lowercase, k=source.randint(4, 9)))

    texts = (" ".join(word() for _ in range(source.randint(1, 14))) for _ in range(count))
    return [make_utterance(text, *intents, held_out=held_out) for text in texts]


def severities(issues: Iterable[DataIssue]) -> list[str]:
    return [issue.severity for issue in issues]
