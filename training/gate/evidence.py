"""Evidence: texts that people decided and that neither model learnt, with the answers of both.

It has two parts. In the gold set, every decided text counts, whether or not the models agree. In
the pool, only texts count on which the two models disagree. Where both give the same intent, both
are right or both are wrong, and the text carries no information about their difference: d decided
disagreements show what a plain test set of d / s texts shows, where s is the share of disagreements
among captured texts.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from prompt_capture.domain.datasets.near_duplicates import NearDuplicateIndex
from prompt_capture.domain.evaluation import DecidedText, Evidence
from training.calibrate.predictions import Predictions
from training.data.examples import grouping_key
from training.data.fingerprint import TrainingFingerprint

Mask = NDArray[np.bool_]
Origin = Literal["gold", "disagreement"]

NOBODY = -1
"""Stands for no reviewer, or for no single sender, where an array needs a number."""


class EvidenceText(NamedTuple):
    """A decided text, and the part of the evidence that it belongs to."""

    decided: DecidedText
    origin: Origin


@dataclass(frozen=True)
class LearntTexts:
    """What either model was trained or calibrated on.

    `texts` are known texts. `fingerprints` know the texts that the encoders were tuned on, and
    match up to one other text in eight by chance: evidence loses those at random.
    """

    texts: Iterable[str] = ()
    fingerprints: Sequence[TrainingFingerprint] = ()

    @cached_property
    def _index(self) -> NearDuplicateIndex:
        return NearDuplicateIndex(self.texts)

    @cached_property
    def _keys(self) -> frozenset[str]:
        return frozenset(map(grouping_key, self.texts))

    def contain(self, texts: Sequence[str]) -> Mask:
        """Return which texts, or near-duplicates of them, were learnt: [texts]."""


@dataclass(frozen=True)
class SelectedEvidence:
    """The evidence about two models before they classify it.

    `learnt`, `repeated` and `outdated` count the decided texts that were left out: those that
    either model learnt, near-duplicates of other evidence, and those whose intent the catalogue no
    longer has.
    """

    texts: tuple[EvidenceText, ...]
    learnt: int
    repeated: int
    outdated: int


def select_evidence(
    evidence: Evidence,
    candidate: str,
    champion: str,
    learnt: LearntTexts,
    catalogue: Collection[str] = (),
) -> SelectedEvidence:
    """Return the evidence about two versions, with one text of all near-duplicates.

    Disagreements that were drawn for other models are no evidence: they are texts on which one of
    those was wrong. An empty catalogue allows every intent.
    """


@dataclass(frozen=True)
class CapturedCounts:
    """The distinct captured texts that both models classified, without those that either learnt.

    `disagreements` of the `texts` got different intents. `agreed` counts the others by intent.
    """

    texts: int
    disagreements: int
    agreed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Answers:
    """A model's answers to n texts: whether they are right, and how sure the model is, each [n].

    `is_out_of_scope`: service does not take the text for a message to this assistant. `is_accepted`:
    the answer is an intent with a confidence above 0.85.
    """

    is_correct: Mask
    confidences: NDArray[np.floating]
    is_out_of_scope: Mask
    is_accepted: Mask

    @classmethod
    def of(cls, predictions: Predictions) -> "Answers":
        """Return what the gate needs of predictions."""

    def select(self, rows: NDArray[np.intp] | Mask) -> "Answers":
        """Return the answers to the `rows`, which may repeat."""


@dataclass(frozen=True)
class PairedEvidence:
    """Evidence with the answers of both models. It holds no text.

    `truth` [n] numbers the `intents`. `is_gold` [n] is false for disagreements. `senders` [n] and
    `reviewers` [n, any] number those on whom a text rests, as `DecidedText` does; `NOBODY` fills
    the rest. `captured` is None where no captured texts were classified: there are no disagreements
    then.
    """

    intents: tuple[str, ...]
    truth: NDArray[np.intp]
    candidate: Answers
    champion: Answers
    is_gold: Mask
    senders: NDArray[np.intp]
    reviewers: NDArray[np.intp]
    captured: CapturedCounts | None = None

    def __len__(self) -> int:
        return len(self.truth)

    def select(self, rows: NDArray[np.intp] | Mask) -> "PairedEvidence":
        """Return the evidence of the `rows`, which may repeat."""

    @property
    def won(self) -> Mask:
        """Which texts the candidate alone answers correctly: [n]."""

    @property
    def lost(self) -> Mask:
        """Which texts the champion alone answers correctly: [n]."""

    @property
    def messages(self) -> float:
        """The size of a plain test set that shows as much."""


def pair_evidence(
    texts: Sequence[EvidenceText],
    candidate: Predictions,
    champion: Predictions,
    captured: CapturedCounts | None = None,
) -> PairedEvidence:
    """Pair the predictions of two models for the same evidence. Raise `ValueError` for others."""
