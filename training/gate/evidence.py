"""Evidence: texts that people decided and that neither model learnt, with the answers of both.

It has two parts. In the gold set, every decided text counts, whether or not the models agree. In
the pool, only texts count on which the two models disagree. Where both give the same intent, both
are right or both are wrong, and the text carries no information about their difference: d decided
disagreements show what a plain test set of d / s texts shows, where s is the share of disagreements
among captured texts.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from prompt_capture.domain.datasets.near_duplicates import NearDuplicateIndex
from prompt_capture.domain.evaluation import DecidedText, Evidence
from training.calibrate.predictions import Predictions
from training.data.fingerprint import TrainingFingerprint
from training.report.evaluation import is_accepted_with_confidence, is_recognised_as_out_of_scope

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

    texts: Sequence[str] = ()
    fingerprints: Sequence[TrainingFingerprint] = ()

    @cached_property
    def _index(self) -> NearDuplicateIndex:
        return NearDuplicateIndex(self.texts)

    def contain(self, texts: Sequence[str]) -> Mask:
        """Return which texts were learnt, or are near-duplicates of what was: [texts]."""
        learnt = np.array([self._index.has_near_duplicate(text) for text in texts], bool)
        for fingerprint in self.fingerprints:
            learnt |= fingerprint.contains(texts)
        return learnt


class DistinctTexts:
    """Texts of which none is a near-duplicate of another one."""

    def __init__(self) -> None:
        self._index = NearDuplicateIndex()

    def add(self, text: str) -> bool:
        """Add a text unless it is a near-duplicate. Return whether it was added."""
        is_new = not self._index.has_near_duplicate(text)
        if is_new:
            self._index.add(text)
        return is_new


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
    drawn = [
        EvidenceText(each.decided, "disagreement")
        for each in evidence.disagreements
        if (each.candidate, each.champion) == (candidate, champion)
    ]
    decided = [*(EvidenceText(each, "gold") for each in evidence.gold), *drawn]
    current = [each for each in decided if not catalogue or each.decided.intent in catalogue]
    is_learnt = learnt.contain([each.decided.text for each in current])
    unlearnt = [each for each, is_known in zip(current, is_learnt, strict=True) if not is_known]
    distinct = DistinctTexts()
    selected = tuple(each for each in unlearnt if distinct.add(each.decided.text))
    return SelectedEvidence(
        texts=selected,
        learnt=int(is_learnt.sum()),
        repeated=len(unlearnt) - len(selected),
        outdated=len(decided) - len(current),
    )


@dataclass(frozen=True)
class CapturedCounts:
    """The distinct captured texts that both models classified, without those that either learnt.

    `disagreements` of the `texts` got different intents. `agreed` counts the others by intent.
    """

    texts: int
    disagreements: int
    agreed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelAnswers:
    """A model's answers to n texts: whether they are right, and how sure the model is, each [n].

    `is_out_of_scope`: service does not take the text for a message to this assistant.
    `is_accepted`: the answer is an intent with a confidence above 0.85.
    """

    is_correct: Mask
    confidences: NDArray[np.floating]
    is_out_of_scope: Mask
    is_accepted: Mask

    @classmethod
    def of(cls, predictions: Predictions) -> "ModelAnswers":
        """Return what the gate needs of predictions."""
        return cls(
            is_correct=predictions.correct,
            confidences=predictions.confidences,
            is_out_of_scope=is_recognised_as_out_of_scope(predictions),
            is_accepted=is_accepted_with_confidence(predictions),
        )

    def select(self, rows: NDArray[np.intp] | Mask) -> "ModelAnswers":
        """Return the answers to the `rows`, which may repeat."""
        return ModelAnswers(
            self.is_correct[rows],
            self.confidences[rows],
            self.is_out_of_scope[rows],
            self.is_accepted[rows],
        )


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
    candidate: ModelAnswers
    champion: ModelAnswers
    is_gold: Mask
    senders: NDArray[np.intp]
    reviewers: NDArray[np.intp]
    captured: CapturedCounts | None = None

    def __len__(self) -> int:
        return len(self.truth)

    def select(self, rows: NDArray[np.intp] | Mask) -> "PairedEvidence":
        """Return the evidence of the `rows`, which may repeat."""
        return replace(
            self,
            truth=self.truth[rows],
            candidate=self.candidate.select(rows),
            champion=self.champion.select(rows),
            is_gold=self.is_gold[rows],
            senders=self.senders[rows],
            reviewers=self.reviewers[rows],
        )

    @property
    def won(self) -> Mask:
        """Which texts the candidate alone answers correctly: [n]."""
        return self.candidate.is_correct & ~self.champion.is_correct

    @property
    def lost(self) -> Mask:
        """Which texts the champion alone answers correctly: [n]."""
        return self.champion.is_correct & ~self.candidate.is_correct

    @property
    def gold(self) -> int:
        """The number of gold texts."""
        return int(self.is_gold.sum())

    @property
    def disagreements(self) -> int:
        """The number of decided disagreements."""
        return len(self) - self.gold

    @property
    def messages_per_disagreement(self) -> float:
        """How many captured texts a disagreement stands for."""
        if self.captured is None or not self.captured.disagreements:
            return 1.0
        return self.captured.texts / self.captured.disagreements

    @property
    def messages(self) -> float:
        """The size of a plain test set that shows as much."""
        return self.gold + self.disagreements * self.messages_per_disagreement

    def count_intents(self, rows: Mask) -> NDArray[np.intp]:
        """Return how many of the `rows` [n] have each intent: [intents]."""
        return np.bincount(self.truth[rows], minlength=len(self.intents))

    @property
    def messages_by_intent(self) -> NDArray[np.floating]:
        """The number of messages of each intent in such a test set: [intents].

        Captured texts on which the models agree count for the intent that both give them.
        """
        counts = self.count_intents(np.ones(len(self), bool)).astype(float)
        if self.captured is not None and self.captured.disagreements:
            scale = self.disagreements / self.captured.disagreements
            counts += scale * np.array([self.captured.agreed.get(each, 0) for each in self.intents])
        return counts


def pair_evidence(
    texts: Sequence[EvidenceText],
    candidate: Predictions,
    champion: Predictions,
    captured: CapturedCounts | None = None,
) -> PairedEvidence:
    """Pair the predictions of two models for the same evidence. Raise `ValueError` for others."""
    decided = [each.decided for each in texts]
    truth = [each.intent for each in decided]
    if not list(candidate.truth) == list(champion.truth) == truth:
        raise ValueError("The two models did not classify the evidence.")
    intents = tuple(sorted(set(truth)))
    numbers = {intent: number for number, intent in enumerate(intents)}
    most = max((len(each.reviewers) for each in decided), default=0)
    return PairedEvidence(
        intents=intents,
        truth=np.array([numbers[intent] for intent in truth], np.intp),
        candidate=ModelAnswers.of(candidate),
        champion=ModelAnswers.of(champion),
        is_gold=np.array([each.origin == "gold" for each in texts], bool),
        senders=np.array([NOBODY if each.sender is None else each.sender for each in decided], int),
        reviewers=np.array(
            [[*each.reviewers, *[NOBODY] * (most - len(each.reviewers))] for each in decided], int
        ).reshape(len(decided), most),
        captured=captured,
    )
