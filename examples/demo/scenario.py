"""The demo's data: what the first model learns, and two weeks of messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import typer
from pydantic import TypeAdapter, ValidationError
from rich.markup import escape

from prompt_capture.domain.types import Message
from training.data.examples import Example, InvalidExamples, grouping_key
from training.data.reading import read_examples, read_sources
from training.data.remarks import Remarks
from training.data.sources import DataSource

ROOT = Path(__file__).parents[2]
DATA = Path(__file__).parent / "data"
SHIPPED_MODEL = ROOT / "model_artifacts" / "assistant"
SHIPPED_UTTERANCES = ROOT / "training" / "data" / "train"

MIN_ROWS = 100
TEST_SHARE, FIRST_TRAINING_SHARE = 0.2, 0.1
FIRST_UTTERANCES = slice(None, None, 30)
"""The part of the shipped model's training data that the first model learns: a new product has few
written examples."""


@dataclass(frozen=True)
class Scenario:
    """The data of a demo run.

    `seeds` is the training data of the first model, which each later model learns too. `traffic`
    is sent in the first week, and `test` in the second one, which no model learns. `max_reviews` is
    the number of messages that the reviewer has time for. `uses_rules`: the rules of the shipped
    model apply. `skipped_traffic` counts the messages that are not sent, and `skipped_tests` the
    test messages that the first model has learned from.
    """

    title: str
    seeds: Sequence[Example]
    traffic: Sequence[Example]
    test: Sequence[Example]
    max_reviews: int
    uses_rules: bool = True
    skipped_traffic: int = 0
    skipped_tests: int = 0


def college_scenario(limit: int | None) -> Scenario:
    """Return messages from a college whose jargon the first model has not seen."""
    known = read_examples([SHIPPED_UTTERANCES])
    traffic, test = (read_examples([DATA / name]) for name in ("traffic.jsonl", "test.jsonl"))
    unseen = _without(test, [*known, *traffic])
    return Scenario(
        title="Two weeks of messages from an engineering college, with jargon new to the model",
        seeds=known[FIRST_UTTERANCES],
        traffic=traffic[:limit],
        test=unseen,
        max_reviews=150,
        skipped_traffic=len(traffic) - len(traffic[:limit]),
        skipped_tests=len(test) - len(unseen),
    )


def file_scenario(file: Path, limit: int, seed: int) -> Scenario:
    """Split a labelled file: a tenth trains the first model, a fifth is the test set.

    At most `limit` of the remaining messages are the traffic. Copies of a text count once, so that
    no copy of a test message is in the training data. Raises `InvalidExamples`.
    """
    examples = _distinct(read_sendable(file))
    labels = {example.label for example in examples}
    if len(examples) < MIN_ROWS or len(labels) < 2:
        raise InvalidExamples(
            f"{file} has {len(examples)} different texts with {len(labels)} labels. The demo needs "
            f"at least {MIN_ROWS} different texts and two labels."
        )
    order = np.random.default_rng(seed).permutation(len(examples))
    shuffled = [examples[index] for index in order]
    first, test = int(len(shuffled) * FIRST_TRAINING_SHARE), int(len(shuffled) * TEST_SHARE)
    rest = shuffled[first + test :]
    return Scenario(
        title=f"{escape(file.name)}: {len(examples):,} texts, {len(labels)} intents",
        seeds=shuffled[:first],
        uses_rules=False,
        traffic=rest[:limit],
        test=shuffled[first : first + test],
        max_reviews=min(2_000, len(rest[:limit])),
        skipped_traffic=len(rest) - len(rest[:limit]),
    )


def read_sendable(file: Path) -> list[Example]:
    """Read a file, check that the API accepts every text, and report what is left out.

    Raises `InvalidExamples`, which names the line.
    """
    remarks = Remarks()
    located = read_sources([DataSource(file)], remarks)
    for remark in remarks:
        typer.echo(remark, err=True)
    message_type = TypeAdapter(Message)
    for example, location in located:
        try:
            message_type.validate_python(example.text)
        except ValidationError as error:
            reason = error.errors(include_input=False, include_url=False)[0]["msg"]
            raise InvalidExamples(f"{location}: text: {reason}") from None
    return [example for example, _location in located]


def _without(examples: Sequence[Example], excluded: Sequence[Example]) -> list[Example]:
    excluded_keys = {grouping_key(example.text) for example in excluded}
    return [example for example in examples if grouping_key(example.text) not in excluded_keys]


def _distinct(examples: Sequence[Example]) -> list[Example]:
    return list({grouping_key(example.text): example for example in examples}.values())
