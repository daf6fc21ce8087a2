"""Trials of the whole gate: looks at growing evidence about a candidate, until it is decided."""

from collections import Counter
from collections.abc import Callable
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from benchmarks.gate.population import Population, Truth
from training.gate.evidence import PairedEvidence
from training.gate.models import ModelFacts
from training.gate.settings import GateSettings
from training.gate.verdict import Verdict, decide

EvidenceKind = Literal["messages", "disagreements"]

CAPTURED = 20_000
"""The captured texts of a backtest, among which disagreements are drawn."""


class GateScenario(BaseModel):
    """A candidate, and the evidence about it at the last look.

    `difference` is its accuracy less the champion's, and `discordance` the share of messages that
    one of them alone answers correctly.
    """

    model_config = ConfigDict(frozen=True)

    evidence: EvidenceKind
    labels: int
    difference: float
    discordance: float


class ScenarioResult(BaseModel):
    """How many trials ended in which decision.

    A trial ends with the first look that promotes or rejects, or with the last one. `covering`
    counts the trials whose last interval holds the difference, and `robust` those whose promotion
    rests on no single reviewer or sender. `vetoes` counts the trials with a veto of each measure.
    `mean_labels` is the mean number of labels at the end.
    """

    scenario: GateScenario
    trials: int
    promoted: int
    robust: int
    held: int
    rejected: int
    covering: int
    vetoes: dict[str, int]
    mean_labels: float


def run_scenario(
    population: Population, scenario: GateScenario, trials: int, on_trial: Callable[[], object]
) -> ScenarioResult:
    """Run the trials of a scenario. The same trials give the same result."""
    decisions: Counter[str] = Counter()
    vetoes: Counter[str] = Counter()
    covering = robust = labels = 0
    for number in range(trials):
        random = np.random.default_rng([number, scenario.labels])
        verdict = _run_trial(_draw(population, scenario, random))
        decisions[verdict.decision] += 1
        vetoes.update({veto.measure for veto in verdict.vetoes})
        covering += verdict.ci_lower <= scenario.difference <= verdict.ci_upper
        robust += verdict.robustness is not None and verdict.robustness.holds
        labels += verdict.labels
        on_trial()
    return ScenarioResult(
        scenario=scenario,
        trials=trials,
        promoted=decisions["promote"],
        robust=robust,
        held=decisions["hold"],
        rejected=decisions["reject"],
        covering=covering,
        vetoes=dict(vetoes),
        mean_labels=labels / trials,
    )


def _draw(
    population: Population, scenario: GateScenario, random: np.random.Generator
) -> PairedEvidence:
    truth = Truth(scenario.difference, scenario.discordance)
    if scenario.evidence == "messages":
        return population.draw_messages(scenario.labels, truth, random)
    return population.draw_disagreements(scenario.labels, CAPTURED, truth, random)


def _run_trial(evidence: PairedEvidence) -> Verdict:
    """Look at the evidence as it grows, in equal parts, and return the verdict that decides."""
    settings = GateSettings()
    candidate, champion = (
        ModelFacts(version, evidence.intents, 1, np.zeros(0)) for version in ("new", "old")
    )
    verdicts: list[Verdict] = []
    for look in range(1, settings.max_looks + 1):
        known = evidence.select(np.arange(len(evidence) * look // settings.max_looks))
        looks = [verdict.as_look for verdict in verdicts]
        verdicts.append(decide(known, candidate, champion, looks, settings=settings))
        if verdicts[-1].decision != "hold":
            break
    return verdicts[-1]
