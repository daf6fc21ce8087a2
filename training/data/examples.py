"""Labelled texts, and how copies of a text and different labels of it are resolved."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from prompt_capture.domain.redaction import redact
from prompt_capture.domain.text import normalise
from prompt_capture.domain.types import Label
from training.data.locations import Location

TRAINING_SPLIT = "train"


class InvalidExamples(Exception):
    """A data file cannot be used; the message names the line and the fix."""


class Example(BaseModel):
    """A text and its intent; further fields are ignored.

    `secondary` holds the other intents of the same text. `corrected` is true where the label comes
    from a correction. `split` is the split of a dataset that has splits: `train` is for training,
    and all others are for evaluation.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: str
    label: Label
    secondary: tuple[Label, ...] = ()
    corrected: bool = False
    split: str | None = None

    @property
    def intents(self) -> frozenset[str]:
        """All intents of the text."""
        return frozenset([self.label, *self.secondary])

    @property
    def is_for_training(self) -> bool:
        """Whether no split keeps the example from training."""
        return self.split in {None, TRAINING_SPLIT}


class LocatedExample(NamedTuple):
    """An example, and where it comes from."""

    example: Example
    location: Location


def resolve_conflicts(examples: Iterable[Example]) -> list[Example]:
    """Select one example per text: a corrected label before a predicted one, then the latest."""
    selected: dict[str, Example] = {}
    for example in examples:
        key = grouping_key(example.text)
        if key not in selected or example.corrected >= selected[key].corrected:
            selected[key] = example
    return list(selected.values())


def prepare_examples(examples: Iterable[Example]) -> list[Example]:
    """Redact the texts as service does, select one example per text, and sort by text and label."""
    redacted = [example.model_copy(update={"text": redact(example.text)}) for example in examples]
    return sorted(resolve_conflicts(redacted), key=lambda example: (example.text, example.label))


def grouping_key(text: str) -> str:
    """Return the form that copies of a text share: normalised and case folded."""
    return normalise(text).casefold()


def data_digest(examples: Sequence[Example]) -> str:
    """Return the SHA-256 of the sorted examples, in hex."""
    lines = sorted(json.dumps([example.text, example.label]) for example in examples)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
