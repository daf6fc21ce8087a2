"""What the answers to the evidence say by intent and by confidence, in counts and rates alone."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from prompt_capture.domain.types import FrozenModel
from training.calibrate.confidence import bin_indices
from training.calibrate.predictions import Predictions
from training.gate.evidence import PairedEvidence
from training.gate.paired_rates import score_interval

MAX_INTENTS = 80
MAX_CONFUSIONS = 60
"""So many of both fit into an event of the ledger, whose evidence has at most 100,000 bytes."""

BANDS = 10
_DIGITS = 6


class ConfidenceBand(FrozenModel):
    """The answers to gold texts with a confidence of `band` tenths, up to the next tenth."""

    band: int
    texts: int
    correct: int


class GoldConfusion(FrozenModel):
    """How many gold texts with an intent a model takes for another one, `predicted`."""

    intent: str
    predicted: str
    texts: int


class IntentChange(FrozenModel):
    """How well both models recognise an intent.

    Of its `gold` texts, `candidate` and `champion` are correct with each model. The candidate alone
    answers `won` texts of all evidence correctly, the champion alone `lost`. `difference` is the
    recall of the candidate minus that of the champion over all messages, as in the veto, with a 95%
    confidence interval for this intent alone.
    """

    intent: str
    gold: int
    candidate: int
    champion: int
    won: int
    lost: int
    difference: float
    ci_lower: float
    ci_upper: float


def count_bands(gold: Predictions) -> Iterator[ConfidenceBand]:
    """Yield the bands of the confidence that have answers, the lowest first."""
    bands = bin_indices(gold.confidences, BANDS)
    for band in np.unique(bands).tolist():
        rows = bands == band
        yield ConfidenceBand(
            band=band, texts=int(rows.sum()), correct=int(gold.correct[rows].sum())
        )


def count_confusions(gold: Predictions) -> list[GoldConfusion]:
    """Return the most frequent confusions, at most `MAX_CONFUSIONS`."""
    wrong = ~gold.correct
    pairs = Counter(zip(gold.truth[wrong].tolist(), gold.predicted[wrong].tolist(), strict=True))
    most = sorted(pairs.items(), key=lambda each: (-each[1], each[0]))[:MAX_CONFUSIONS]
    return [
        GoldConfusion(intent=intent, predicted=predicted, texts=texts)
        for (intent, predicted), texts in most
    ]


def compare_intents(evidence: PairedEvidence) -> list[IntentChange]:
    """Return the intents of the evidence, those that change most first, at most `MAX_INTENTS`."""
    gold = evidence.is_gold
    counted = (
        gold,
        gold & evidence.candidate.is_correct,
        gold & evidence.champion.is_correct,
        evidence.won,
        evidence.lost,
    )
    counts = np.stack([evidence.count_intents(rows) for rows in counted], axis=1).tolist()
    messages = evidence.messages_by_intent.tolist()
    changes = [
        _compare_intent(*each) for each in zip(evidence.intents, counts, messages, strict=True)
    ]
    changes.sort(key=lambda each: (-abs(each.won - each.lost), -each.won - each.lost, each.intent))
    return changes[:MAX_INTENTS]


def _compare_intent(intent: str, counts: Sequence[int], messages: float) -> IntentChange:
    gold, candidate, champion, won, lost = counts
    lower, upper = score_interval(won, lost, messages)
    return IntentChange(
        intent=intent,
        gold=gold,
        candidate=candidate,
        champion=champion,
        won=won,
        lost=lost,
        difference=round((won - lost) / messages, _DIGITS),
        ci_lower=round(lower, _DIGITS),
        ci_upper=round(upper, _DIGITS),
    )
