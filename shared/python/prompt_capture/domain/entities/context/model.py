"""A small network that recognises secrets, numbers and dates of birth by the words around them.

Its weights are integers, so that a score is the same on every machine. `python -m
training.redaction` fits them to labelled texts.
"""

import gzip
import json
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from operator import mul
from pathlib import Path
from struct import Struct

from prompt_capture.domain.entities.context.features import OWN, Part, features_of
from prompt_capture.domain.entity_types import EntityType

WEIGHTS = Path(__file__).with_name("weights.gz")

OFFSET = 128
"""What is added to each weight, so that no sum is negative."""
_LANE = 4
"""Bytes of a lane."""
MAX_KEPT = 20_000
"""Sums of parts that are kept."""


class PackedWeights:
    """The weights of features, of which each has one byte for each lane, with the offset."""

    def __init__(self, features: Sequence[str], weights: bytes) -> None:
        self.features = features
        self.weights = weights
        self._numbers = dict(zip(features, range(len(features)), strict=True))
        self._lanes = bytearray(_LANE * len(weights))
        self._lanes[::_LANE] = weights
        self._size = len(self._lanes) // len(features) if features else 0

    def get(self, feature: str) -> int:
        """Return the weights of a feature in their lanes, and 1 in the last one, or 0 for all.

        The integer is made when it is needed, so that functions start fast.
        """
        number = self._numbers.get(feature)
        if number is None:
            return 0
        start = number * self._size
        return int.from_bytes(self._lanes[start : start + self._size] + b"\1", "little")


class ContextModel:
    """A network with one hidden layer, and with weights that lead past it.

    The weights of a feature are one integer. It has a lane of four bytes for each hidden unit and
    each entity type, and one that counts, so that one addition adds all weights of two features.
    `bias` has one value for each lane but the last one, `output` has the weights of the hidden
    units for each entity type, and `scale` is the weight of the sums that lead past them.
    """

    def __init__(
        self,
        entity_types: Sequence[EntityType],
        bias: Sequence[int],
        output: Sequence[Sequence[int]],
        scale: int,
        weights: PackedWeights,
    ) -> None:
        self.entity_types = tuple(entity_types)
        self.bias = tuple(bias)
        self.output = output
        self.scale = scale
        self.weights = weights
        self._lanes = Struct(f"<{len(bias) + 1}I")
        self._sums: dict[Part, int] = {}

    def score(self, parts: Iterable[Part]) -> list[int]:
        """Return the score of each entity type, which is positive for what is one."""
        known = self._sums.get
        packed = sum([known(part) or self._sum_of(part) for part in parts])
        *sums, count = self._lanes.unpack(packed.to_bytes(self._lanes.size, "little"))
        sums = [total - OFFSET * count + bias for total, bias in zip(sums, self.bias, strict=True)]
        size = len(self.bias) - len(self.entity_types)
        hidden = [max(0, total) for total in sums[:size]]
        return [
            self.scale * direct + sum(map(mul, hidden, weights))
            for direct, weights in zip(sums[size:], self.output, strict=True)
        ]

    def classify(self, parts: Iterable[Part], allowed: Collection[EntityType]) -> EntityType | None:
        """Return the allowed type with the highest score, if that is positive."""
        scores = [
            (score, entity_type)
            for score, entity_type in zip(self.score(parts), self.entity_types, strict=True)
            if entity_type in allowed and score > 0
        ]
        return max(scores)[1] if scores else None

    def _sum_of(self, part: Part) -> int:
        """Return the sum of the weights of a part, and keep it for a word that the model knows."""
        first, *others = features_of(part)
        own = self.weights.get(first)
        total = own + sum(map(self.weights.get, others))
        if own and part[1] != OWN:
            if len(self._sums) >= MAX_KEPT:
                self._sums.clear()
            self._sums[part] = total
        return total


@cache
def load_model() -> ContextModel:
    """Read the model from its file: a line of JSON, the weights as bytes, and the features."""
    header, _, rest = gzip.decompress(WEIGHTS.read_bytes()).partition(b"\n")
    content = json.loads(header)
    end = content["features"] * len(content["bias"])
    return ContextModel(
        content["entity_types"],
        content["bias"],
        content["output"],
        content["scale"],
        PackedWeights(rest[end:].decode().split("\n"), rest[:end]),
    )
