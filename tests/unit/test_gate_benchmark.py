"""The benchmark of the gate: what it draws, and which goals it checks."""

from collections.abc import Callable

import numpy as np
import pytest

from benchmarks.gate.goals import check_goals
from benchmarks.gate.population import Population, Truth
from benchmarks.gate.rendering import render_markdown
from benchmarks.gate.trials import GateScenario, ScenarioResult, run_scenario
from tests.unit.gate_evidence import join, make_evidence

INTENTS = ("a", "b")


@pytest.fixture
def population() -> Population:
    """Return 1,000 messages, on 120 of which the models differ: 90 with one right answer."""
    evidence = join(
        make_evidence(won=60, lost=20, agreed=420, intent="a"),
        make_evidence(won=5, lost=5, agreed=490, intent="b"),
    )
    right = np.where(evidence.truth == 0, 0, 1)
    new = np.where(evidence.candidate.is_correct, right, 1 - right)
    old = np.where(evidence.champion.is_correct, right, 1 - right)
    return Population(evidence, INTENTS, new, old)


@pytest.mark.parametrize("difference", [-0.02, 0.0, 0.02])
def test_a_drawn_candidate_differs_from_the_champion_by_as_much_as_asked_for(
    population: Population, difference: float
) -> None:
    drawn = population.draw_messages(200_000, Truth(difference, 0.08), np.random.default_rng(0))

    assert drawn.won.mean() - drawn.lost.mean() == pytest.approx(difference, abs=0.002)
    assert (drawn.won | drawn.lost).mean() == pytest.approx(0.08, abs=0.003)
    assert (drawn.candidate.confidences.mean()) == pytest.approx(
        drawn.champion.confidences.mean(), abs=0.002
    )


def test_drawn_disagreements_stand_for_the_messages_among_which_they_are(
    population: Population,
) -> None:
    drawn = population.draw_disagreements(
        5_000, 20_000, Truth(0.02, 0.08), np.random.default_rng(0)
    )

    assert drawn.captured is not None
    assert drawn.captured.disagreements == pytest.approx(1_600, abs=120)
    assert sum(drawn.captured.agreed.values()) == 20_000 - drawn.captured.disagreements
    value = (drawn.won.sum() - drawn.lost.sum()) / drawn.messages
    assert value == pytest.approx(0.02, abs=0.004)
    assert not drawn.gold


def test_a_much_better_candidate_is_promoted_and_a_much_worse_one_is_not(
    population: Population,
) -> None:
    def result(difference: float) -> ScenarioResult:
        scenario = GateScenario(
            evidence="messages", labels=1_200, difference=difference, discordance=0.1
        )
        return run_scenario(population, scenario, 12, lambda: None)

    better, worse = result(0.07), result(-0.07)

    assert better.promoted == 12
    assert worse.promoted == 0
    assert better.mean_labels < 1_200
    assert result(0.07) == better


def _result(
    difference: float, promoted: int, labels: int = 2_000, covering: int = 95
) -> ScenarioResult:
    return ScenarioResult(
        scenario=GateScenario(
            evidence="messages", labels=labels, difference=difference, discordance=0.08
        ),
        trials=100,
        promoted=promoted,
        robust=0,
        held=100 - promoted,
        rejected=0,
        covering=covering,
        vetoes={"recall": 3},
        mean_labels=900,
    )


@pytest.mark.parametrize(
    ("change", "unmet"),
    [
        (lambda: _result(0.0, promoted=9), "an equal candidate"),
        (lambda: _result(-0.02, promoted=2), "2 points worse"),
        (lambda: _result(0.02, promoted=70), "2 points better"),
        (lambda: _result(0.0, promoted=4, covering=90), "intervals cover"),
        (lambda: _result(0.0, promoted=4, covering=99), "intervals cover"),
    ],
)
def test_a_goal_that_one_scenario_misses_is_not_met(
    change: Callable[[], ScenarioResult], unmet: str
) -> None:
    good = [_result(0.0, 4), _result(-0.02, 0), _result(0.02, 88), _result(0.02, 30, labels=500)]

    assert all(goal.is_met for goal in check_goals(good))
    failed = [goal.goal for goal in check_goals([*good, change()]) if not goal.is_met]
    assert len(failed) == 1
    assert unmet in failed[0]


def test_the_table_names_each_candidate_and_what_became_of_it() -> None:
    lines = render_markdown([_result(0.0, 4), _result(0.02, 88)]).splitlines()

    assert lines[2].startswith("| 2,000 messages | equal | 4.0% | 0.0% | 96.0% |")
    assert lines[3].startswith("| 2,000 messages | +2 points | 88.0% |")
    assert "recall 3.0%" in lines[2]
