"""Labelled texts, and how copies of a text and different labels of it are resolved."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from prompt_capture.domain.datasets.lines import Tier
from prompt_capture.domain.redaction import redact
from prompt_capture.domain.text import normalise
from prompt_capture.domain.types import Label
from training.data.locations import Location

TRAINING_SPLIT = "train"
EXPORTED_SOURCE: Final = "production"
"""The `source` of the lines of exported datasets."""

Origin = Literal["audited", "seed", "reviewed", "near_duplicate", "predicted"]
"""Where a label comes from.

- `audited`: a person labelled a message that a uniform random audit selected.
- `seed`: the message was written as an example.
- `reviewed`: a person labelled a message that was selected in another way, such as the queue.
- `near_duplicate`: a person labelled another text, and said that this one is alike.
- `predicted`: the label is a prediction (of the tiers outcome, rule and confident).

Only `audited` and `seed` are samples that a model can be measured on.
"""

_EXPORTED_FIELDS: Final = frozenset({"source", "tier", "audited", "audit_probability"})
_RELIABILITY: Final[dict[Origin, int]] = {
    "audited": 3,
    "reviewed": 3,
    "seed": 2,
    "near_duplicate": 1,
    "predicted": 0,
}


class InvalidExamples(Exception):
    """A data file cannot be used; the message names the line and the fix."""


class Example(BaseModel):
    """A text and its intent; further fields are ignored.

    `secondary` holds the other intents of the same text. `corrected` is true where the label comes
    from a correction. `split` is the split of a dataset that has splits: `train` is for training,
    and all others are for evaluation.

    Only the lines of exported datasets have `source`, `tier`, `audited` and `audit_probability`:
    the probability with which the audit selected the message. Fields of these names in other files
    are ignored.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: str
    label: Label
    secondary: tuple[Label, ...] = ()
    corrected: bool = False
    split: Label | None = None
    source: str | None = None
    tier: Tier | None = None
    audited: bool = False
    audit_probability: float | None = Field(default=None, gt=0, le=1)

    @model_validator(mode="before")
    @classmethod
    def _ignore_fields_of_others(cls, values: Any) -> Any:
        if not isinstance(values, dict) or values.get("source") == EXPORTED_SOURCE:
            return values
        return {name: values[name] for name in values if name not in _EXPORTED_FIELDS}

    @property
    def origin(self) -> Origin:
        """Where the label comes from. Exports without tiers mark people's labels as corrected."""
        if self.tier == "person" or (self.tier is None and self.corrected):
            return "audited" if self.audited else "reviewed"
        if self.tier == "near_duplicate":
            return "near_duplicate"
        return "seed" if self.source is None else "predicted"

    @property
    def is_fair(self) -> bool:
        """Whether the example belongs to a sample that a model can be measured on."""
        return self.origin in {"audited", "seed"}

    @property
    def audit_weight(self) -> float:
        """The number of messages that an audited example stands for; 0 for all others."""
        return 1 / (self.audit_probability or 1.0) if self.origin == "audited" else 0.0

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
    """Select one example per text: a person's label, then a written one, then a predicted one.

    A label that a near-duplicate got comes before predicted ones. Of equally reliable labels, the
    latest counts. The example keeps the origin by which its text
    can be part of a sample: `audited` if any copy was audited, else `seed` if any copy is one.
    """
    copies: dict[str, list[Example]] = {}
    for example in examples:
        copies.setdefault(grouping_key(example.text), []).append(example)
    return [_resolve(each) for each in copies.values()]


def _resolve(copies: Sequence[Example]) -> Example:
    *_, selected = sorted(copies, key=lambda example: _RELIABILITY[example.origin])
    messages = sum(example.audit_weight for example in copies)
    if messages:
        return selected.model_copy(update={"audited": True, "audit_probability": 1 / messages})
    seeds = [example for example in copies if example.origin == "seed"]
    if seeds and selected.origin != "seed":
        return seeds[-1].model_copy(
            update={"label": selected.label, "secondary": selected.secondary}
        )
    return selected


def prepare_examples(examples: Iterable[Example]) -> list[Example]:
    """Redact the texts as service does, select one example per text, and sort by text and label."""
    redacted = map(_redact, examples)
    return sorted(resolve_conflicts(redacted), key=lambda example: (example.text, example.label))


def _redact(example: Example) -> Example:
    text = redact(example.text)
    return example if text == example.text else example.model_copy(update={"text": text})


def separate_predicted(examples: Sequence[Example]) -> tuple[list[Example], list[str]]:
    """Return the examples to learn from, and the texts whose predicted labels are to be renewed.

    A predicted label agrees with the model that predicted it, its mistakes included. The model that
    is fitted to the other labels knows better, so it labels these texts again. It cannot know an
    intent that has no other examples: those keep their labels, or else the intent would be lost.
    """
    known = {example.label for example in examples if example.origin != "predicted"}
    renewed = [one for one in examples if one.origin == "predicted" and one.label in known]
    kept = [one for one in examples if one.origin != "predicted" or one.label not in known]
    return kept, [example.text for example in renewed]


def grouping_key(text: str) -> str:
    """Return the form that copies of a text share: normalised and case folded."""
    return normalise(text).casefold()


def data_digest(examples: Sequence[Example]) -> str:
    """Return the SHA-256 of the sorted examples, in hex."""
    lines = sorted(json.dumps([example.text, example.label]) for example in examples)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
