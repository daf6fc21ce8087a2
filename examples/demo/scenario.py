"""What the demo plays with: a first model, the week's traffic, and a test that neither contains."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter, ValidationError
from rich.markup import escape

from prompt_capture.domain.types import Message
from training.examples import Example, InvalidExamples, grouping_key, read_examples

ROOT = Path(__file__).parents[2]
DATA = Path(__file__).parent / "data"
SHIPPED_MODEL = ROOT / "model_artifacts" / "assistant"
SHIPPED_UTTERANCES = ROOT / "training" / "data" / "train"

MIN_ROWS = 100
TEST_SHARE, FIRST_TRAINING_SHARE = 0.2, 0.1


@dataclass(frozen=True)
class Scenario:
    """`first_training` is what the first model knows; None for the model that is shipped.

    `corrections` is how many messages the reviewer has time for, `left_out` how many are not
    sent, `familiar` how many of the test file are not asked because the first model knows them.
    """

    title: str
    known: Sequence[Example]
    first_training: Sequence[Example] | None
    traffic: Sequence[Example]
    test: Sequence[Example]
    corrections: int
    left_out: int = 0
    familiar: int = 0


def college(limit: int | None) -> Scenario:
    """A week of a college whose jargon the shipped model has never seen."""
    known = read_examples([SHIPPED_UTTERANCES])
    traffic, test = (read_examples([DATA / name]) for name in ("traffic.jsonl", "test.jsonl"))
    unseen = _without(test, [*known, *traffic])
    return Scenario(
        title="A week of messages from an engineering college, full of its own jargon",
        known=known,
        first_training=None,
        traffic=traffic[:limit],
        test=unseen,
        corrections=150,
        left_out=len(traffic) - len(traffic[:limit]),
        familiar=len(test) - len(unseen),
    )


def labelled_file(file: Path, limit: int, seed: int) -> Scenario:
    """Play with a file: train on a tenth, test on a fifth, and replay at most `limit` of the rest.

    Copies of a text count once, so that no copy of a test message is ever trained on. Raises
    `InvalidExamples`.
    """
    examples = _distinct(_read(file))
    labels = {example.label for example in examples}
    if len(examples) < MIN_ROWS or len(labels) < 2:
        raise InvalidExamples(
            f"{file} has {len(examples)} different texts with {len(labels)} labels: the demo needs "
            f"at least {MIN_ROWS} texts and two labels to show anything."
        )
    order = np.random.default_rng(seed).permutation(len(examples))
    shuffled = [examples[index] for index in order]
    first, test = int(len(shuffled) * FIRST_TRAINING_SHARE), int(len(shuffled) * TEST_SHARE)
    rest = shuffled[first + test :]
    return Scenario(
        title=f"{escape(file.name)}: {len(examples):,} texts, {len(labels)} intents",
        known=shuffled[:first],
        first_training=shuffled[:first],
        traffic=rest[:limit],
        test=shuffled[first : first + test],
        corrections=min(2_000, len(rest[:limit])),
        left_out=len(rest) - len(rest[:limit]),
    )


def _read(file: Path) -> list[Example]:
    """Read a file whose every text can be sent; raises `InvalidExamples`, which names the line."""
    examples = read_examples([file])
    written = [n for n, line in enumerate(file.read_text("utf-8").split("\n"), 1) if line.strip()]
    sendable = TypeAdapter(Message)
    for number, example in zip(written, examples, strict=True):
        try:
            sendable.validate_python(example.text)
        except ValidationError as error:
            fault = error.errors(include_input=False, include_url=False)[0]["msg"]
            raise InvalidExamples(f"{file}, line {number}: text: {fault}") from None
    return examples


def _without(examples: Sequence[Example], others: Sequence[Example]) -> list[Example]:
    seen = {grouping_key(other.text) for other in others}
    return [example for example in examples if grouping_key(example.text) not in seen]


def _distinct(examples: Sequence[Example]) -> list[Example]:
    return list({grouping_key(example.text): example for example in examples}.values())
