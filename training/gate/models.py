"""What the gate knows of a model besides its answers, and how two models differ in it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from training.gate.settings import GateSettings

Ground = Literal["smaller", "faster", "needed"]


@dataclass(frozen=True)
class ModelFacts:
    """The version, the labels and the size of a model, and how long it takes.

    `milliseconds` [any] is the time for each of the same texts, both models in turn; empty where it
    was not measured.
    """

    version: str
    labels: tuple[str, ...]
    size_bytes: int
    milliseconds: NDArray[np.floating]


def find_grounds(
    candidate: ModelFacts, champion: ModelFacts, catalogue: Collection[str], settings: GateSettings
) -> Iterator[Ground]:
    """Yield why a candidate that is no better may replace the champion.

    It is needed if it knows an intent of the catalogue that the champion does not know.
    """
    if candidate.size_bytes <= settings.saving_ratio * champion.size_bytes:
        yield "smaller"
    p_value = p_slower(champion, candidate, 1 / settings.saving_ratio)
    if p_value is not None and p_value <= settings.veto_significance:
        yield "faster"
    if set(catalogue).intersection(candidate.labels).difference(champion.labels):
        yield "needed"


def lost_intents(
    candidate: ModelFacts, champion: ModelFacts, catalogue: Collection[str]
) -> list[str]:
    """Return the intents in use that the champion knows and the candidate does not."""
    in_use = set(champion.labels).intersection(catalogue or champion.labels)
    return sorted(in_use.difference(candidate.labels))


def p_slower(one: ModelFacts, other: ModelFacts, ratio: float) -> float | None:
    """Return the p-value that `one` takes more than `ratio` times as long for most texts.

    It is that of the sign test. None where the times were not measured for the same texts.
    """
    n = len(one.milliseconds)
    if not n or n != len(other.milliseconds):
        return None
    slower = int((one.milliseconds > ratio * other.milliseconds).sum())
    return float(binom.sf(slower - 1, n, 0.5))


def median_ratio(one: ModelFacts, other: ModelFacts) -> float:
    """Return the median over texts of how many times as long `one` takes."""
    return float(np.median(one.milliseconds / other.milliseconds))
