"""What the demo plays with: a first model, the week's traffic, and a test that neither contains."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.examples import Example, InvalidExamples, grouping_key, read_examples

ROOT = Path(__file__).parents[2]
DATA = Path(__file__).parent / "data"
SHIPPED_MODEL = ROOT / "model_artifacts" / "assistant"
SHIPPED_UTTERANCES = ROOT / "training" / "data" / "train"

FEWEST_ROWS = 100
TEST_SHARE, FIRST_TRAINING_SHARE = 0.2, 0.1


@dataclass(frozen=True)
class Scenario:
    """`first_training` is what the first model knows; None for the model that is shipped.

    `corrections` is how many messages the reviewer has time for.
    """

    title: str
    known: Sequence[Example]
    first_training: Sequence[Example] | None
    traffic: Sequence[Example]
    test: Sequence[Example]
    corrections: int
    left_out: int = 0


def college(limit: int | None) -> Scenario:
    """A week of a college whose jargon the shipped model has never seen."""
    traffic = read_examples([DATA / "traffic.jsonl"])
    return Scenario(
        title="A week of messages from an engineering college, full of its own jargon",
        known=read_examples([SHIPPED_UTTERANCES]),
        first_training=None,
        traffic=traffic[:limit],
        test=read_examples([DATA / "test.jsonl"]),
        corrections=150,
    )


def labelled_file(file: Path, limit: int, seed: int) -> Scenario:
    """Play with a file: train on a tenth, test on a fifth, and replay at most `limit` of the rest.

    Copies of a text count once, so that no copy of a test message is ever trained on. Raises
    `InvalidExamples`.
    """
    examples = _distinct(read_examples([file]))
    labels = {example.label for example in examples}
    if len(examples) < FEWEST_ROWS or len(labels) < 2:
        raise InvalidExamples(
            f"{file} has {len(examples)} different texts with {len(labels)} labels: the demo needs "
            f"at least {FEWEST_ROWS} texts and two labels to show anything."
        )
    order = np.random.default_rng(seed).permutation(len(examples))
    shuffled = [examples[index] for index in order]
    first, test = int(len(shuffled) * FIRST_TRAINING_SHARE), int(len(shuffled) * TEST_SHARE)
    rest = shuffled[first + test :]
    return Scenario(
        title=f"{file.name}: {len(examples):,} texts, {len(labels)} intents",
        known=shuffled[:first],
        first_training=shuffled[:first],
        traffic=rest[:limit],
        test=shuffled[first : first + test],
        corrections=min(2_000, len(rest[:limit])),
        left_out=len(rest) - len(rest[:limit]),
    )


def _distinct(examples: Sequence[Example]) -> list[Example]:
    return list({grouping_key(example.text): example for example in examples}.values())
