"""What a year is played with: examples for the first model, and messages that users send."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.year.slang import Rewriter
from examples.demo.scenario import read_sendable
from prompt_capture.domain.predictions import OUT_OF_SCOPE_LABELS
from prompt_capture.domain.redaction import redact
from training.data.examples import Example, InvalidExamples, grouping_key
from training.data.reading import read_examples

ROOT = Path(__file__).parents[2]
TRAIN, HELD_OUT = ROOT / "training" / "data" / "train", ROOT / "training" / "data" / "heldout"
COLLEGE = tuple(
    ROOT / "examples" / "demo" / "data" / f"{name}.jsonl" for name in ("traffic", "test")
)

LATE_INTENT = "reminder"
"""The intent that the makers of the project's own assistant did not foresee."""

EVERY = 100
"""One of so many of the shipped model's examples teaches the first model: nine an intent."""

FIRST_SHARE, SLANG_SHARE = 0.1, 0.25
MIN_TEXTS = 400


@dataclass(frozen=True)
class YearData:
    """The data of a year: texts as they are captured, each once.

    `seeds` teach the first model, and none of them has the `late_intent`. `messages` and `slang`
    are what users send. `uses_rules`: the rules of the shipped model apply.
    """

    title: str
    seeds: Sequence[Example]
    messages: Sequence[Example]
    slang: Sequence[Example]
    late_intent: str
    uses_rules: bool

    @property
    def labels(self) -> list[str]:
        """All labels, sorted."""
        return sorted({one.label for one in (*self.seeds, *self.messages, *self.slang)})


def own_data() -> YearData:
    """Return the project's own data. The slang is that of an engineering college.

    The messages are the held-out ones: the encoder was tuned on the others.
    """
    excluded: set[str] = set()
    known = _prepare(read_examples([TRAIN]), excluded)
    slang = _prepare(read_examples(COLLEGE), excluded)
    messages = _prepare(read_examples([HELD_OUT]), excluded)
    return YearData(
        title="The project's own held-out messages, and those of an engineering college",
        seeds=_without(LATE_INTENT, known[::EVERY]),
        messages=messages,
        slang=slang,
        late_intent=LATE_INTENT,
        uses_rules=True,
    )


def file_data(file: Path, seed: int) -> YearData:
    """Split a labelled file: a tenth teaches the first model, and the rest are messages.

    The most frequent intent is the one that nobody foresaw, and a quarter of the messages have
    words that are new. Raise `InvalidExamples`.
    """
    examples = _prepare(read_sendable(file), set())
    intents = Counter(one.label for one in examples if one.label not in OUT_OF_SCOPE_LABELS)
    if len(examples) < MIN_TEXTS or len(intents) < 3:
        raise InvalidExamples(
            f"{file} has {len(examples)} different texts with {len(intents)} intents. A year needs "
            f"at least {MIN_TEXTS} different texts and three intents."
        )
    random = np.random.default_rng(seed)
    shuffled = [examples[index] for index in random.permutation(len(examples))]
    first, rest = int(FIRST_SHARE * len(shuffled)), shuffled[int(FIRST_SHARE * len(shuffled)) :]
    late_intent = intents.most_common(1)[0][0]
    size = int(SLANG_SHARE * len(rest))
    rewriter = Rewriter.learn(rest, random)
    return YearData(
        title=f"{file.name}: {len(examples):,} texts, {len(intents)} intents",
        seeds=_without(late_intent, shuffled[:first]),
        messages=rest[size:],
        slang=[one.model_copy(update={"text": rewriter(one.text)}) for one in rest[:size]],
        late_intent=late_intent,
        uses_rules=False,
    )


def _prepare(examples: Iterable[Example], excluded: set[str]) -> list[Example]:
    """Return each text once, redacted as in service; add them to `excluded`."""
    prepared = []
    for one in examples:
        text = redact(one.text)
        if (key := grouping_key(text)) not in excluded:
            excluded.add(key)
            prepared.append(Example(text=text, label=one.label))
    return prepared


def _without(intent: str, examples: Sequence[Example]) -> list[Example]:
    return [one for one in examples if one.label != intent]
