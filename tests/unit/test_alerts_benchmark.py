"""The simulated years of `make bench NAME=alerts` are what they claim, and so are the baselines."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.alerts import oracle, run
from benchmarks.alerts.rendering import check_goals
from benchmarks.alerts.run import Delay, FalseAlarms, NewTopic
from benchmarks.alerts.simulation import DAYS, WARM_UP_DAYS, SimulatedTraffic, simulate
from benchmarks.goals import goal_lines

CHANGED = SimulatedTraffic(1_000, change_day=run.CHANGE_DAY)


def share_after(part: np.ndarray, whole: np.ndarray) -> float:
    return float(part[run.CHANGE_DAY :].sum() / whole[run.CHANGE_DAY :].sum())


def share_before(part: np.ndarray, whole: np.ndarray) -> float:
    return float(part[: run.CHANGE_DAY].sum() / whole[: run.CHANGE_DAY].sum())


def test_a_year_has_the_volume_and_the_shares_that_it_is_asked_for() -> None:
    years = simulate(SimulatedTraffic(1_000, accuracy=0.9, out_of_scope=0.05), runs=6, seed=1)

    assert years.messages.shape == (DAYS, 6)
    assert years.messages.mean() == pytest.approx(1_000, rel=0.1)
    assert years.all_out_of_scope.sum() / years.messages.sum() == pytest.approx(0.05, rel=0.15)
    assert years.audited.sum() / years.messages.sum() == pytest.approx(0.05, rel=0.05)
    assert years.correct.sum() / years.audited.sum() == pytest.approx(0.9, abs=0.01)
    assert (years.hours.reshape(DAYS, 24, 6).sum(axis=1) == years.messages).all()


def test_nothing_is_constant_in_a_quiet_year() -> None:
    messages = simulate(SimulatedTraffic(1_000), runs=6, seed=2).messages[: DAYS // 7 * 7]
    by_weekday = messages.reshape(-1, 7, 6).mean(axis=0) / messages.mean(axis=0)

    assert by_weekday.max() > 1.3
    assert by_weekday.min() < 0.7
    counts = simulate(SimulatedTraffic(1_000), runs=6, seed=2).intents[:, :, 0]
    assert counts.var(axis=0).min() > 2 * counts.mean()


def test_a_change_begins_on_its_day() -> None:
    topic = simulate(replace(CHANGED, topic_share=0.05), runs=4, seed=3)
    drop = simulate(replace(CHANGED, accuracy_after=0.8), runs=4, seed=3)

    outside = topic.all_out_of_scope
    assert share_before(outside, topic.messages) == pytest.approx(0.05, rel=0.15)
    assert share_after(outside, topic.messages) == pytest.approx(0.095, rel=0.15)
    assert share_before(drop.correct, drop.audited) == pytest.approx(0.9, abs=0.01)
    assert share_after(drop.correct, drop.audited) == pytest.approx(0.8, abs=0.015)


def test_the_oracle_has_at_most_the_false_alarms_that_it_may_have() -> None:
    years = simulate(SimulatedTraffic(1_000), runs=20, seed=4)
    values = oracle.cusum(years.correct, years.audited, 0.9, 0.85)

    threshold = oracle.threshold_for(values, false_alarms=5)

    assert oracle.openings(oracle.alerts_of_cusum(values, threshold)) <= 5
    assert oracle.openings(oracle.alerts_of_cusum(values, threshold * 0.8)) > 5


def test_openings_are_counted_after_the_warm_up_and_once_each() -> None:
    alerts = np.zeros((DAYS, 1), dtype=bool)
    alerts[3] = alerts[WARM_UP_DAYS + 5 : WARM_UP_DAYS + 9] = alerts[WARM_UP_DAYS + 20] = True

    assert oracle.openings(alerts) == 2


ALARMS = FalseAlarms(1_000, {"accuracy_dropped": 0.5, "no_messages": 3.5}, 0.1, 0.9)
DELAY = Delay(1_000, 0.9, false_alarms=0.2, median=13, oracle_median=10)
TOPICS = [NewTopic(1_000, 0.1, found=0.8, median=2), NewTopic(1_000, 0.2, found=0.1, median=9)]


def test_goals_are_reached_at_their_limits_and_ask_nothing_of_noisier_streams() -> None:
    goals = check_goals([ALARMS], [DELAY], TOPICS)

    assert [goal.is_met for goal in goals] == [True, True, True]
    assert goal_lines(goals)[1].startswith("✓")
    assert goal_lines(goals)[1].endswith(": 1.30")


def test_the_worst_figure_decides_about_each_goal() -> None:
    many = replace(ALARMS, by_rule={"no_messages": 4.1})
    late = replace(DELAY, median=14)
    missed = replace(TOPICS[0], base=0.02, found=0.79)

    goals = check_goals([ALARMS, many], [DELAY, late], [*TOPICS, missed])

    assert [goal.is_met for goal in goals] == [False, False, False]
    assert [goal.measured for goal in goals] == ["4.10", "1.40", "79%"]
    assert all(line.startswith("✗") for line in goal_lines(goals))
