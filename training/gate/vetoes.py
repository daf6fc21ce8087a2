"""Vetoes: measures in which a candidate is shown to be worse than the champion by a margin.

A measure without enough evidence fires no veto: it shows nothing. Both tests of a rate must reject,
that the candidate is no worse (McNemar's mid-p, which holds for few texts too) and that it is worse
by less than the margin (Tango's score test, which takes the size of the loss into account).
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
from scipy.stats import norm

from prompt_capture.domain.predictions import OUT_OF_SCOPE_LABELS
from prompt_capture.domain.types import FrozenModel
from training.gate.evidence import Mask, PairedEvidence
from training.gate.looks import mid_p_of_wins
from training.gate.models import ModelFacts, lost_intents, median_ratio, p_slower
from training.gate.paired_rates import p_worse
from training.gate.settings import GateSettings
from training.report.paired_tests import (
    MIN_CALIBRATION_MESSAGES,
    Confidences,
    calibration_test,
    excess_calibration_error,
    holm,
    select_testable,
)

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

PERMUTATIONS = 999
"""Enough for a standard error that is right within 5%."""


class GateVeto(FrozenModel):
    """A measure in which the candidate is shown to be worse by more than `margin`.

    `intent` names the intent of a recall. A `difference` in size or latency is relative. `p_value`
    is None where nothing was estimated: a size, and an intent that the candidate does not know.
    """

    measure: GateMeasure
    intent: str | None = None
    difference: float
    margin: float
    p_value: float | None = None


class _Rate(NamedTuple):
    """A rate that the candidate improves on `won` of n messages, and worsens on `lost`."""

    measure: GateMeasure
    intent: str | None
    won: int
    lost: int
    n: float


def find_answer_vetoes(evidence: PairedEvidence, settings: GateSettings) -> Iterator[GateVeto]:
    """Yield the vetoes that rest on the answers to the evidence.

    The recall of an intent rests on all evidence. Out-of-scope messages and calibration rest on
    the gold set: texts on which the models disagree are no sample of either.
    """
    alpha = settings.veto_significance
    yield from _test_rates(_recalls(evidence), settings.recall_margin, alpha)
    gold = evidence.select(evidence.is_gold)
    yield from _test_rates(_out_of_scope_rates(gold), settings.out_of_scope_margin, alpha)
    yield from _test_calibration(gold, settings)


def find_model_vetoes(
    candidate: ModelFacts, champion: ModelFacts, catalogue: Collection[str], settings: GateSettings
) -> Iterator[GateVeto]:
    """Yield the vetoes that rest on the models themselves."""
    for intent in lost_intents(candidate, champion, catalogue):
        yield GateVeto(measure="intents", intent=intent, difference=-1, margin=0)
    growth = candidate.size_bytes / champion.size_bytes
    if growth > settings.max_size_ratio:
        yield GateVeto(measure="size", difference=growth - 1, margin=settings.max_size_ratio - 1)
    p_value = p_slower(candidate, champion, settings.max_latency_ratio)
    if p_value is not None and p_value <= settings.veto_significance:
        yield GateVeto(
            measure="latency",
            difference=median_ratio(candidate, champion) - 1,
            margin=settings.max_latency_ratio - 1,
            p_value=p_value,
        )


def _recalls(evidence: PairedEvidence) -> list[_Rate]:
    won, lost = evidence.count_intents(evidence.won), evidence.count_intents(evidence.lost)
    return [
        _Rate("recall", *each)
        for each in zip(
            evidence.intents,
            won.tolist(),
            lost.tolist(),
            evidence.messages_by_intent.tolist(),
            strict=True,
        )
    ]


def _out_of_scope_rates(gold: PairedEvidence) -> list[_Rate]:
    outside = [number for number, label in enumerate(gold.intents) if label in OUT_OF_SCOPE_LABELS]
    rows = np.isin(gold.truth, outside)
    new, old, n = gold.candidate, gold.champion, int(rows.sum())
    return [
        _rate("out_of_scope_recall", new.is_out_of_scope & rows, old.is_out_of_scope & rows, n),
        _rate("false_accept_rate", ~new.is_accepted & rows, ~old.is_accepted & rows, n),
    ]


def _rate(measure: GateMeasure, new: Mask, old: Mask, n: int) -> _Rate:
    return _Rate(measure, None, int((new & ~old).sum()), int((old & ~new).sum()), n)


def _test_rates(rates: Sequence[_Rate], margin: float, alpha: float) -> Iterator[GateVeto]:
    """Yield the vetoes of one family of rates, with Holm's correction."""
    family = select_testable([rate.won + rate.lost for rate in rates], 2 * alpha)
    corrected = holm([_p_worse(rates[row], margin) for row in family])
    for row, p_value in zip(family, corrected, strict=True):
        rate = rates[row]
        if p_value <= alpha:
            yield GateVeto(
                measure=rate.measure,
                intent=rate.intent,
                difference=(rate.won - rate.lost) / rate.n,
                margin=margin,
                p_value=p_value,
            )


def _p_worse(rate: _Rate, margin: float) -> float:
    if rate.lost <= rate.won or (rate.lost - rate.won) / rate.n <= margin:
        return 1.0
    return max(
        mid_p_of_wins(rate.lost, rate.won + rate.lost), p_worse(rate.won, rate.lost, rate.n, margin)
    )


def _test_calibration(gold: PairedEvidence, settings: GateSettings) -> Iterator[GateVeto]:
    if len(gold) < MIN_CALIBRATION_MESSAGES:
        return
    new = Confidences(gold.candidate.confidences, gold.candidate.is_correct)
    old = Confidences(gold.champion.confidences, gold.champion.is_correct)
    margin = settings.calibration_margin
    if excess_calibration_error(new) - excess_calibration_error(old) <= margin:
        return
    test = calibration_test(new, old, PERMUTATIONS)
    p_value = max(
        test.p_value, float(norm.sf((test.difference - margin) / max(test.standard_error, 1e-12)))
    )
    if p_value <= settings.veto_significance:
        yield GateVeto(
            measure="calibration", difference=test.difference, margin=margin, p_value=p_value
        )
