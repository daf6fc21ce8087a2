"""The verdict of the gate: promote a candidate, reject it, or hold until there is more evidence."""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from prompt_capture.domain.evaluation import VerdictDecision
from prompt_capture.domain.types import FrozenModel
from training.gate.evidence import PairedEvidence
from training.gate.intervals import estimate_difference
from training.gate.looks import Boundary, Look, find_boundary, mid_p_of_wins
from training.gate.models import Ground, ModelFacts, find_grounds
from training.gate.paired_rates import p_not_worse, p_worse
from training.gate.power import messages_needed, non_inferiority_power, superiority_power
from training.gate.robustness import Robustness, count_indispensable
from training.gate.settings import GateSettings
from training.gate.vetoes import GateVeto, find_answer_vetoes, find_model_vetoes


class NonInferiority(FrozenModel):
    """The test that a candidate is worse by less than `margin`, for which it has `grounds`.

    `level` is the largest p-value with which this look promotes. `power` is the probability that
    it succeeds if both models are equally accurate.
    """

    grounds: tuple[Ground, ...]
    margin: float
    p_value: float
    level: float
    power: float

    @property
    def is_shown(self) -> bool:
        """Whether the candidate is shown to be worse by less than the margin."""
        return 0 < self.level >= self.p_value


class Verdict(FrozenModel):
    """What the evidence says about a candidate. It holds no text and no name of a person.

    The candidate alone answers `won` of the `labels` texts correctly, the champion alone `lost`.
    `labels` are `gold` texts and disagreements; a plain test set needs `messages` texts to show as
    much. `difference` is the accuracy of the candidate minus that of the champion, with a 95%
    confidence interval that allows for earlier looks.

    `p_value` is that of McNemar's mid-p test that the candidate is better (one-sided), and `level`
    the largest one with which this look promotes. `spent` is the part of the significance that this
    look uses up, `look` its number, and `looks_left` how many more there may be.

    `power` is the probability that this look shows a difference of `relevant_difference`, and
    `labels_missing` how many more labels show it with a probability of 80%; None where more labels
    of this candidate cannot decide. `robustness` is None unless the decision is `promote`.
    """

    candidate: str
    champion: str
    decision: VerdictDecision
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
    def is_superior(self) -> bool:
        """Whether the candidate is shown to be better."""
        return 0 < self.level >= self.p_value

    @property
    def as_look(self) -> Look:
        """What the next look at the candidate needs to know of this one."""
        return Look(champion=self.champion, discordant=self.won + self.lost, spent=self.spent)


def looks_of(verdicts: Iterable[Verdict]) -> tuple[Look, ...]:
    """Return earlier verdicts on a candidate as looks at it, in the same order: oldest first."""
    return tuple(verdict.as_look for verdict in verdicts)


@dataclass(frozen=True)
class _Rules:
    """What one look demands of any evidence: fixed before the evidence is looked at."""

    boundary: Boundary
    grounds: tuple[Ground, ...]
    model_vetoes: tuple[GateVeto, ...]
    settings: GateSettings

    def vetoes(self, evidence: PairedEvidence) -> tuple[GateVeto, ...]:
        accuracy = self._accuracy_veto(evidence)
        return (
            *([accuracy] if accuracy else []),
            *find_answer_vetoes(evidence, self.settings),
            *self.model_vetoes,
        )

    def _accuracy_veto(self, evidence: PairedEvidence) -> GateVeto | None:
        """Return a veto where the champion wins as clearly as a candidate must win."""
        won, lost = _count(evidence)
        margin = self.settings.non_inferiority_margin if self.grounds else 0.0
        p_value = mid_p_of_wins(lost, won + lost)
        if margin:
            p_value = max(p_value, p_worse(won, lost, evidence.messages, margin))
        if not 0 < self.boundary.level >= p_value:
            return None
        difference = (won - lost) / evidence.messages
        return GateVeto(measure="accuracy", difference=difference, margin=margin, p_value=p_value)

    def non_inferiority(self, evidence: PairedEvidence) -> NonInferiority | None:
        if not self.grounds:
            return None
        won, lost = _count(evidence)
        margin, level = self.settings.non_inferiority_margin, self.boundary.share
        n = evidence.messages
        return NonInferiority(
            grounds=self.grounds,
            margin=margin,
            p_value=p_not_worse(won, lost, n, margin),
            level=level,
            power=non_inferiority_power(n, margin, (won + lost) / max(n, 1), level),
        )

    def promotes_without_some(self, evidence: PairedEvidence) -> bool:
        """Return whether evidence without somebody still shows what promotes the candidate.

        It is no further look, so it must show it at the significance of a single one.
        """
        won, lost = _count(evidence)
        significance = self.settings.significance
        is_superior = mid_p_of_wins(won, won + lost) <= significance
        other = self.non_inferiority(evidence)
        passes = is_superior or (other is not None and other.p_value <= significance)
        return passes and not self.vetoes(evidence)


def decide(
    evidence: PairedEvidence,
    candidate: ModelFacts,
    champion: ModelFacts,
    looks: Sequence[Look] = (),
    catalogue: Collection[str] = (),
    settings: GateSettings | None = None,
) -> Verdict:
    """Decide about a candidate.

    It is promoted where it is shown to be better, or, if it is smaller, faster or needed, shown to
    be worse by less than a margin. A veto rejects it. `looks` are all earlier ones at it, the
    oldest first (see `looks_of`), and `catalogue` holds the intents in use; empty: those that the
    champion knows.

    What earlier looks spent counts even where the evidence has changed since.
    """
    settings = settings or GateSettings()
    won, lost = _count(evidence)
    boundary = find_boundary(won + lost, champion.version, looks, settings)
    rules = _Rules(
        boundary,
        tuple(find_grounds(candidate, champion, catalogue, settings)),
        tuple(find_model_vetoes(candidate, champion, catalogue, settings)),
        settings,
    )
    p_value = mid_p_of_wins(won, won + lost)
    non_inferiority = rules.non_inferiority(evidence)
    vetoes = rules.vetoes(evidence)
    passes = 0 < boundary.level >= p_value or bool(non_inferiority and non_inferiority.is_shown)
    decision: VerdictDecision = "reject" if vetoes else "promote" if passes else "hold"
    difference = estimate_difference(evidence, boundary.stages)
    power, missing = _outlook(evidence, boundary, settings)
    return Verdict(
        candidate=candidate.version,
        champion=champion.version,
        decision=decision,
        look=len(looks) + 1,
        looks_left=max(0, settings.max_looks - len(looks) - 1),
        labels=len(evidence),
        gold=evidence.gold,
        messages=round(evidence.messages),
        won=won,
        lost=lost,
        difference=difference.value,
        ci_lower=difference.lower,
        ci_upper=difference.upper,
        p_value=p_value,
        level=boundary.level,
        spent=boundary.spent,
        relevant_difference=settings.relevant_difference,
        power=power,
        labels_missing=missing if len(looks) + 1 < settings.max_looks else None,
        non_inferiority=non_inferiority,
        vetoes=vetoes,
        robustness=(
            count_indispensable(evidence, rules.promotes_without_some)
            if decision == "promote"
            else None
        ),
    )


def _count(evidence: PairedEvidence) -> tuple[int, int]:
    return int(evidence.won.sum()), int(evidence.lost.sum())


def _outlook(
    evidence: PairedEvidence, boundary: Boundary, settings: GateSettings
) -> tuple[float, int | None]:
    """Return the power of this look, and how many labels are missing for a power of 80%.

    More labels are gold texts, or, where there are captured texts, disagreements. The difference is
    one that matters and not the observed one, whose power says no more than the p-value (Hoenig and
    Heisey 2001, "The abuse of power").
    """
    difference, n = settings.relevant_difference, evidence.messages
    captured = evidence.captured
    if n:
        discordance = max(1, sum(_count(evidence))) / n
    elif captured is not None and captured.texts:
        discordance = captured.disagreements / captured.texts
    else:
        return 0.0, None
    power = superiority_power(n, difference, discordance, boundary.level) if n else 0.0
    missing = messages_needed(difference, discordance, boundary.level) - n
    if not math.isfinite(missing):
        return power, None
    return power, max(0, math.ceil(missing / evidence.messages_per_disagreement))
