"""A small network that tells secrets, numbers and dates of birth by the words around them.

Its weights are integers, so that a score is the same on every machine. `python -m
training.redaction` fits them to labelled texts.
"""

import gzip
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from operator import mul
from pathlib import Path
from struct import Struct

from prompt_capture.domain.entities.context.features import OWN, Part, features_of
from prompt_capture.domain.entity_types import EntityType

WEIGHTS = Path(__file__).with_name("weights.gz")

OFFSET = 128
"""What is added to each weight, so that no sum is negative."""
LANE = 4
"""Bytes of a lane."""


class ContextModel:
    """A network with one hidden layer, and with weights that lead past it.

    The weights of a feature are one integer. It has a lane of 32 bits for each hidden unit and
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
        weights: Mapping[str, int],
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
        own = self.weights.get(first, 0)
        total = own + sum([self.weights.get(feature, 0) for feature in others])
        if own and part[1] != OWN:
            self._sums[part] = total
        return total


def pack(weights: bytes, size: int) -> Iterator[int]:
    """Return an integer of lanes for each `size` weights, which are bytes with the offset."""
    lanes = bytearray(LANE * len(weights))
    lanes[::LANE] = weights
    for start in range(0, len(lanes), LANE * size):
        yield int.from_bytes(lanes[start : start + LANE * size] + b"\1", "little")


@cache
def load_model() -> ContextModel:
    """Read the model from its file: a line of JSON, the weights as bytes, and the features."""
    header, _, rest = gzip.decompress(WEIGHTS.read_bytes()).partition(b"\n")
    content = json.loads(header)
    size = len(content["bias"])
    end = content["features"] * size
    return ContextModel(
        content["entity_types"],
        content["bias"],
        content["output"],
        content["scale"],
        dict(zip(rest[end:].decode().split("\n"), pack(rest[:end], size), strict=True)),
    )
