"""Synthetic messages: as many and of as many intents as wanted, none of them twice."""

import json
import random
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path

VOCABULARY = Path("model_artifacts/assistant/encoder.tokenizer.json")
"""Real words, so that messages have as many word pieces as those of users."""

COMMON_WORDS = 1_500
"""The words that any message may have."""
TOPIC_WORDS = 12
"""The words of an intent, some of which other intents have too."""
TOPIC_SHARE = 0.35
SHORTEST, LONGEST = 4, 14


def write_messages(file: Path, rows: int, intents: int, seed: int = 0) -> None:
    """Write a file of labelled messages, one JSON object a line."""
    with file.open("w", encoding="utf-8") as lines:
        lines.writelines(
            json.dumps({"text": text, "label": label}) + "\n"
            for text, label in make_messages(rows, intents, seed)
        )


def make_messages(rows: int, intents: int, seed: int = 0) -> Iterator[tuple[str, str]]:
    """Yield distinct messages, each with its intent; the intents take turns."""
    choice = random.Random(seed)  # noqa: S311 - not for security
    words = _read_words()
    choice.shuffle(words)
    common = _WeightedWords(words[:COMMON_WORDS])
    topics = [
        _WeightedWords(choice.sample(words[COMMON_WORDS:], TOPIC_WORDS)) for _ in range(intents)
    ]
    seen: set[str] = set()
    while len(seen) < rows:
        intent = len(seen) % intents
        length = choice.randint(SHORTEST, LONGEST)
        sources = [
            topics[intent] if choice.random() < TOPIC_SHARE else common for _ in range(length)
        ]
        text = " ".join(source.draw(choice) for source in sources)
        if text not in seen:
            seen.add(text)
            yield text, f"intent_{intent:04}"


def _read_words() -> list[str]:
    vocabulary = json.loads(VOCABULARY.read_text("utf-8"))["model"]["vocab"]
    return [piece for piece in vocabulary if piece.isascii() and piece.isalpha() and len(piece) > 2]


class _WeightedWords:
    """Words that are drawn as often as the inverse of their rank."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._weights = list(accumulate(1 / rank for rank in range(1, len(words) + 1)))

    def draw(self, choice: random.Random) -> str:
        """Return one word."""
        return choice.choices(self._words, cum_weights=self._weights)[0]
