"""The verdict of the gate: promote a candidate, reject it, or hold until there is more evidence."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from prompt_capture.domain.evaluation import VerdictDecision
from prompt_capture.domain.types import FrozenModel
from training.gate.evidence import PairedEvidence
from training.gate.settings import GateSettings

Ground = Literal["smaller", "faster", "needed"]
GateMeasure = Literal[
    "accuracy",
    "recall",
    "out_of_scope_recall",
    "false_accept_rate",
    "calibration",
    "size",
    "latency",
    "intents",
]


@dataclass(frozen=True)
class ModelFacts:
    """What the gate knows of a model besides its answers.

    `milliseconds` [any] is the time for each of the same texts, both models in turn; empty where it
    was not measured.
    """

    version: str
    labels: tuple[str, ...]
    size_bytes: int
    milliseconds: NDArray[np.floating]


class Look(FrozenModel):
    """An earlier verdict on the same candidate, as far as the next one depends on it.

    `discordant` counts the texts that one model alone answered correctly, and `spent` is the part
    of the significance that this look used up.
    """

    champion: str
    discordant: int
    spent: float


class GateVeto(FrozenModel):
    """A measure in which the candidate is shown to be worse by more than `margin`.

    `intent` names the intent of a recall. `p_value` is None where nothing was estimated: a size,
    and an intent that the candidate does not know.
    """

    measure: GateMeasure
    intent: str | None = None
    difference: float
    margin: float
    p_value: float | None = None


class NonInferiority(FrozenModel):
    """The test that a candidate is not worse by `margin`, for which it has `grounds`.

    `power` is the probability that the test succeeds if both models are equally accurate.
    """

    grounds: tuple[Ground, ...]
    margin: float
    p_value: float
    level: float
    power: float


class Robustness(FrozenModel):
    """Whether the verdict stays `promote` without any one reviewer, and without any one sender.

    `reviewers` and `senders` count those without whom it does not.
    """

    reviewers: int
    senders: int

    @property
    def holds(self) -> bool:
        """Whether the verdict rests on nobody alone."""
        return not (self.reviewers or self.senders)


class Verdict(FrozenModel):
    """What the evidence says about a candidate. It holds no text and no name.

    The candidate alone answers `won` of the `labels` texts correctly, the champion alone `lost`.
    `labels` are `gold` texts and disagreements; a plain test set would need `messages` texts to show
    as much. `difference` is the accuracy of the candidate minus that of the champion, with a 95%
    confidence interval that takes earlier looks into account.

    `p_value` is that of McNemar's mid-p test that the candidate is better (one-sided), and `level`
    the largest one with which this look promotes. `spent` is the part of the significance that this
    look uses up, `look` its number, and `looks_left` how many more there may be.

    `power` is the probability that this look shows a difference of `relevant_difference`, and
    `labels_missing` how many more labels show it with a probability of 80%; None where no more
    labels would. `robustness` is None unless the decision is `promote`.
    """

    candidate: str
    champion: str
    decision: VerdictDecision
    reasons: tuple[str, ...]
    look: int
    looks_left: int
    labels: int
    gold: int
    messages: int
    won: int
    lost: int
    difference: float
    ci_lower: float
    ci_upper: float
    p_value: float
    level: float
    spent: float
    relevant_difference: float
    power: float
    labels_missing: int | None
    non_inferiority: NonInferiority | None
    vetoes: tuple[GateVeto, ...]
    robustness: Robustness | None

    @property
    def as_look(self) -> Look:
        """What the next look at the candidate needs to know of this one."""
        return Look(champion=self.champion, discordant=self.won + self.lost, spent=self.spent)


def looks_of(verdicts: Sequence[Verdict]) -> tuple[Look, ...]:
    """Return the looks that earlier verdicts on a candidate were, the oldest first."""
    return tuple(verdict.as_look for verdict in verdicts)


def decide(
    evidence: PairedEvidence,
    candidate: ModelFacts,
    champion: ModelFacts,
    looks: Sequence[Look] = (),
    catalogue: Collection[str] = (),
    settings: GateSettings | None = None,
) -> Verdict:
    """Decide about a candidate.

    `looks` are all earlier ones at it, the oldest first, and `catalogue` holds the intents of the
    moment.
    """
    raise NotImplementedError


def describe_verdict(verdict: Verdict) -> Iterator[str]:
    """Yield sentences for a terminal: the decision, its reasons, and what was measured."""
    raise NotImplementedError
