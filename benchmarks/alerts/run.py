"""Run the simulations and judge the rules. Every figure is a count over simulated years."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.alerts import oracle
from benchmarks.alerts.oracle import openings
from benchmarks.alerts.simulation import (
    DAYS,
    INTENTS,
    WARM_UP_DAYS,
    Counts,
    SimulatedTraffic,
    Years,
    simulate,
)
from prompt_capture.domain.monitoring.budgets import (
    ACCURACY_DROP,
    OUT_OF_SCOPE,
    failing_workflows,
    out_of_scope_groups,
    shifted_intents,
)
from prompt_capture.domain.monitoring.changes import drop_alerts, share_alerts, silence_alerts
from prompt_capture.domain.monitoring.drops import drop_evidence
from prompt_capture.domain.monitoring.findings import RuleName
from prompt_capture.domain.monitoring.shares import share_evidence

Flags = NDArray[np.bool_]

VOLUMES = (100, 1_000, 10_000)
ACCURACIES = (0.8, 0.9, 0.95)
DROP = 0.05
TOPIC = 0.05
TOPIC_BASES = (0.02, 0.05, 0.1, 0.15, 0.2)
FOUND_WITHIN_DAYS = 2
CHANGE_DAY = WARM_UP_DAYS + 150
_NEVER = 10**6


def accuracy_alerts(years: Years) -> Flags:
    """Return by day and run where the alert about accuracy is open."""
    return drop_alerts(drop_evidence(years.correct, years.audited, ACCURACY_DROP), ACCURACY_DROP)


def failure_alerts(years: Years) -> Flags:
    """Return by day, and by run and intent, where an alert about failures is open."""
    drop = failing_workflows(INTENTS)
    total = _streams(years.with_outcome)
    return drop_alerts(drop_evidence(total - _streams(years.failed), total, drop), drop)


def shift_alerts(years: Years) -> Flags:
    """Return by day and run where the alert about shifted intents is open."""
    shift = shifted_intents(INTENTS)
    evidence = share_evidence(_streams(years.intents), _for_each_intent(years.messages), shift)
    return _any_intent(share_alerts(np.maximum(evidence.rising, evidence.falling), shift))


def scope_alerts(years: Years) -> Flags:
    """Return by day and run where the alert about messages out of scope is open."""
    shift = out_of_scope_groups(INTENTS)
    outside, messages = years.out_of_scope, years.messages
    groups = share_evidence(_streams(outside), _streams(years.intents), shift)
    total = share_evidence(years.all_out_of_scope, messages, OUT_OF_SCOPE)
    is_open: Flags = _any_intent(share_alerts(groups.rising, shift)) | share_alerts(
        total.rising, OUT_OF_SCOPE
    )
    return is_open


@dataclass(frozen=True)
class FalseAlarms:
    """False alarms per year by rule in quiet years of one volume, and those of usual rules.

    `stability_days` is the share of days on which the index of population stability is above 0.2,
    `tested_months` the share of months with a rejection by a daily 5% test.
    """

    volume: int
    by_rule: dict[RuleName, float]
    stability_days: float
    tested_months: float

    @property
    def total(self) -> float:
        return sum(self.by_rule.values())


def count_false_alarms(volume: int, runs: int, seed: int) -> FalseAlarms:
    """Count what the rules say about quiet years."""
    years = simulate(SimulatedTraffic(volume), runs, seed)
    hourly = silence_alerts(years.hours)
    silence = np.diff(hourly.astype(int), axis=0, prepend=0) == 1
    counts: dict[RuleName, float] = {
        "accuracy_dropped": openings(accuracy_alerts(years)),
        "workflows_fail": openings(failure_alerts(years)),
        "intents_shifted": openings(shift_alerts(years)),
        "out_of_scope_surged": openings(scope_alerts(years)),
        "no_messages": float(silence[WARM_UP_DAYS * 24 :].sum()),
    }
    rejected = oracle.daily_test(years.correct, years.audited, 0.9)
    months = rejected[:360].reshape(12, 30, runs).any(axis=1)
    return FalseAlarms(
        volume,
        {rule: count / runs for rule, count in counts.items()},
        float(oracle.population_stability(years.intents).mean()),
        float(months.mean()),
    )


@dataclass(frozen=True)
class Delay:
    """Median delays in days of a drop of accuracy, at the same number of false alarms per year."""

    volume: int
    accuracy: float
    false_alarms: float
    median: float
    oracle_median: float

    @property
    def ratio(self) -> float:
        return self.median / self.oracle_median


def measure_delay(volume: int, accuracy: float, runs: int, seed: int) -> Delay:
    """Compare the rule with a CUSUM that knows both accuracies and has the same false alarms."""
    quiet = SimulatedTraffic(volume, accuracy=accuracy, accuracy_after=accuracy)
    dropped = replace(quiet, accuracy_after=accuracy - DROP, change_day=CHANGE_DAY)
    quiet_years, years = simulate(quiet, runs, seed), simulate(dropped, runs, seed + 1)
    false_alarms = openings(accuracy_alerts(quiet_years))
    known = accuracy, accuracy - DROP
    threshold = oracle.threshold_for(
        oracle.cusum(quiet_years.correct, quiet_years.audited, *known), false_alarms
    )
    of_oracle = oracle.alerts_of_cusum(
        oracle.cusum(years.correct, years.audited, *known), threshold
    )
    return Delay(
        volume,
        accuracy,
        false_alarms / runs,
        float(np.median(_delays(accuracy_alerts(years)))),
        float(np.median(_delays(of_oracle))),
    )


@dataclass(frozen=True)
class NewTopic:
    """How often a new topic is found within two days, beside `base` of messages out of scope."""

    volume: int
    base: float
    found: float
    median: float


def find_topic(volume: int, base: float, runs: int, seed: int) -> NewTopic:
    """Simulate a new topic that is 5% of the messages, and say when it is found."""
    traffic = SimulatedTraffic(volume, out_of_scope=base, topic_share=TOPIC, change_day=CHANGE_DAY)
    delays = _delays(scope_alerts(simulate(traffic, runs, seed)))
    return NewTopic(
        volume, base, float((delays <= FOUND_WITHIN_DAYS).mean()), float(np.median(delays))
    )


def _delays(alerts: Flags) -> Counts:
    """Return the days until an alert is open, of the runs without one before the change."""
    after = alerts[CHANGE_DAY:][:, ~alerts[CHANGE_DAY - 1]]
    return np.where(after.any(axis=0), after.argmax(axis=0) + 1.0, float(_NEVER))


def _streams(counts: Counts) -> Counts:
    """Return counts by day, and by run and intent."""
    return counts.reshape(DAYS, -1)


def _for_each_intent(totals: Counts) -> Counts:
    return np.repeat(totals, INTENTS, axis=1)


def _any_intent(alerts: Flags) -> Flags:
    is_open: Flags = alerts.reshape(DAYS, -1, INTENTS).any(axis=2)
    return is_open
