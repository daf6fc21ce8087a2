"""Streams: public datasets as the messages of an assistant, one after the other."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.loop.orders import RECOMMENDED_AUDITS
from benchmarks.model.data import Dataset, UnusableDataset
from prompt_capture.domain.predictions import OUT_OF_SCOPE_LABELS, UNKNOWN_INTENT
from prompt_capture.domain.redaction import redact
from training.data.examples import Example, grouping_key

HELD_OUT_SHARE = 0.2
"""The share of the training file that choices are made on, so that the test file is read once."""


@dataclass(frozen=True)
class StreamScenario:
    """How a dataset becomes a stream, and how much of it is reviewed.

    The assistant starts with `seeds_per_intent` labelled examples. Where that is None, the training
    file has the examples that the assistant's makers wrote, and the test file the messages of its
    users: a random `messages` of these are the stream, and the others are held out. Otherwise the
    stream has the other examples of the training file, at most `messages`.

    `reviews` is how many texts are reviewed in `rounds` weeks. Each of the `runs` has another
    sample of seeds and messages. At most `held_out` messages are held out. The audit of the
    product's queue has about `audits` messages a week.
    """

    seeds_per_intent: int | None = 10
    messages: int | None = None
    reviews: int = 1_000
    rounds: int = 4
    runs: int = 3
    held_out: int | None = None
    audits: int = RECOMMENDED_AUDITS

    def shortened(self) -> "StreamScenario":
        """Return the scenario that shows in a minute that everything works."""
        seeds = None if self.seeds_per_intent is None else 5
        return StreamScenario(seeds, messages=250, reviews=40, rounds=2, runs=1, held_out=300)


DEFAULT_SCENARIO = StreamScenario()
SCENARIOS = {
    "clinc150": StreamScenario(messages=6_000),
    "sofmattress": StreamScenario(
        seeds_per_intent=None, messages=250, reviews=100, rounds=2, runs=20
    ),
}


@dataclass(frozen=True)
class Stream:
    """What one run starts with: seeds, messages in the order in which they are sent, and others.

    The labels of the messages are what reviewers say. A model is measured on `held_out`, which is
    the same for all runs unless `is_redrawn`.
    """

    seeds: Sequence[Example]
    messages: Sequence[Example]
    held_out: Sequence[Example]
    is_redrawn: bool

    @property
    def labels(self) -> list[str]:
        """All labels, sorted."""
        return sorted({one.label for one in (*self.seeds, *self.messages, *self.held_out)})


def draw_stream(data: Dataset, scenario: StreamScenario, run: int, is_final: bool) -> Stream:
    """Draw the seeds and the messages of a run.

    Models are measured on the test file where `is_final`, and otherwise on `HELD_OUT_SHARE` of the
    training file. Real messages to an assistant are a small sample: each run holds out others.
    Raise `UnusableDataset` where no message is left.
    """
    random = np.random.default_rng(run)
    if scenario.seeds_per_intent is None:
        messages = _shuffle(_prepare([*data.test, *data.oos_test]), random)
        sent, others = messages[: scenario.messages], messages[scenario.messages :]
        stream = Stream(_prepare(data.train), sent, others[: scenario.held_out], is_redrawn=True)
    else:
        # The same examples are held out in all runs.
        fixed = np.random.default_rng(0)
        examples = _shuffle(_prepare([*data.train, *data.oos_train]), fixed)
        test = _shuffle(_prepare([*data.test, *data.oos_test]), fixed)
        size = 0 if is_final else round(HELD_OUT_SHARE * len(examples))
        seeds, rest = _take_seeds(_shuffle(examples[size:], random), scenario.seeds_per_intent)
        held_out = (test if is_final else examples[:size])[: scenario.held_out]
        stream = Stream(seeds, rest[: scenario.messages], held_out, is_redrawn=False)
    if not stream.messages or not stream.held_out:
        raise UnusableDataset(f"The dataset {data.name} is too small: no message would be left.")
    return stream


def _prepare(examples: Iterable[Example]) -> list[Example]:
    """Return each text once, redacted as in service, with this project's out-of-scope label."""
    by_key: dict[str, Example] = {}
    for example in examples:
        text = redact(example.text)
        label = UNKNOWN_INTENT if example.label in OUT_OF_SCOPE_LABELS else example.label
        by_key.setdefault(grouping_key(text), Example(text=text, label=label))
    return list(by_key.values())


def _shuffle(examples: Sequence[Example], random: np.random.Generator) -> list[Example]:
    return [examples[index] for index in random.permutation(len(examples))]


def _take_seeds(
    examples: Sequence[Example], per_intent: int
) -> tuple[list[Example], list[Example]]:
    """Return the first examples of each intent, and the others. Nobody writes out-of-scope ones."""
    counts = Counter({UNKNOWN_INTENT: per_intent})
    seeds: list[Example] = []
    rest: list[Example] = []
    for example in examples:
        counts[example.label] += 1
        (seeds if counts[example.label] <= per_intent else rest).append(example)
    return seeds, rest
