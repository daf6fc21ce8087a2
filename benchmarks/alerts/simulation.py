"""Simulated years of an assistant's traffic, many at once.

Nothing is wrong in a quiet year, and yet nothing is constant: volumes follow the weekday and vary
beyond chance, holidays are calm, users send several similar messages in a row, single users send
dozens, some intents have a season, and the mix of intents depends on the weekday.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]

WARM_UP_DAYS = 60
YEAR_DAYS = 365
DAYS = WARM_UP_DAYS + YEAR_DAYS
INTENTS = 22

_WEEKDAYS = np.array([1.15, 1.25, 1.4, 1.3, 1.1, 0.6, 0.6])
"""Volumes by weekday: 40% above and below the mean."""

_HOURS = np.array(
    [1, 1, 1, 1, 1, 2, 4, 8, 12, 14, 14, 13, 12, 13, 14, 13, 12, 10, 9, 8, 7, 5, 3, 2]
)
_SESSION = 1.5
"""The mean number of messages of a session, all with one intent: counts vary twice as much."""

_BURSTS_PER_MESSAGE = 0.02 / 100
_BURST = (10, 50)
"""The messages of one user's burst, at most the daily cap."""

_HOLIDAYS, _HOLIDAY_VOLUME = 8, 0.4
_AUDIT_RATE = 0.05
_WITH_OUTCOME = 0.6
_CORRELATED_FAILURES = 0.5
"""The share of failures that affect a whole session."""


@dataclass(frozen=True)
class SimulatedTraffic:
    """What is simulated. `volume` is the mean number of messages a day.

    From `change_day` on, the accuracy is `accuracy_after`, messages of a new topic arrive in
    addition (`topic_share` of the volume), `moved_intent` has its share multiplied, or one intent
    fails `failure_odds` times as often.
    """

    volume: int
    accuracy: float = 0.9
    out_of_scope: float = 0.05
    failures: float = 0.06
    change_day: int = DAYS
    accuracy_after: float = 0.9
    topic_share: float = 0.0
    share_factor: float = 1.0
    failure_odds: float = 1.0


@dataclass(frozen=True)
class Years:
    """Counts by day and run, or by day, run and intent."""

    intents: Counts
    out_of_scope: Counts
    with_outcome: Counts
    failed: Counts
    audited: Counts
    correct: Counts
    hours: Counts = field(repr=False)

    @property
    def all_out_of_scope(self) -> Counts:
        """Messages out of scope by day and run."""
        total: Counts = self.out_of_scope.sum(axis=2)
        return total

    @property
    def messages(self) -> Counts:
        """All messages by day and run."""
        total: Counts = self.intents.sum(axis=2)
        return total


def simulate(traffic: SimulatedTraffic, runs: int, seed: int) -> Years:
    """Simulate `runs` years after a warm-up, each day by day."""
    rng = np.random.default_rng(seed)
    rates = _rates(traffic, runs, rng)
    out_of_scope_share = _out_of_scope_share(traffic, runs, rng)[:, :, None]
    outside = _messages(rates * out_of_scope_share, rng)
    topic = np.zeros_like(outside)
    if traffic.topic_share:
        near = rng.dirichlet(np.full(INTENTS, 0.3), runs)
        topic_rates = np.zeros_like(rates)
        volume = rates[traffic.change_day :].sum(axis=2, keepdims=True)
        topic_rates[traffic.change_day :] = volume * traffic.topic_share * near
        topic = _messages(topic_rates, rng)
    inside = _messages(rates * (1 - out_of_scope_share), rng) + _bursts(rates, rng)
    outside = outside + topic
    intents = inside + outside
    with_outcome = rng.binomial(intents.astype(np.int64), _WITH_OUTCOME).astype(float)
    audited = rng.binomial(intents.sum(axis=2).astype(np.int64), _AUDIT_RATE)
    correct = rng.binomial(audited, _daily_accuracy(traffic, runs, rng))
    return Years(
        intents=intents,
        out_of_scope=outside,
        with_outcome=with_outcome,
        failed=_failures(traffic, with_outcome, rng),
        audited=audited.astype(float),
        correct=correct.astype(float),
        hours=_hours(intents.sum(axis=2), rng),
    )


def _rates(traffic: SimulatedTraffic, runs: int, rng: np.random.Generator) -> Counts:
    """Return the expected messages by day, run and intent."""
    day = np.arange(DAYS)
    start = rng.integers(0, 7, runs)
    weekday = (day[:, None] + start) % 7
    growth = np.exp(rng.normal(0, 0.15, runs) * (day[:, None] - DAYS / 2) / YEAR_DAYS)
    volume = traffic.volume * _WEEKDAYS[weekday] / _WEEKDAYS.mean() * growth
    volume = volume * rng.lognormal(0, 0.1, volume.shape)
    holiday = rng.random((DAYS, runs)) < _HOLIDAYS / YEAR_DAYS
    volume = np.where(holiday, volume * _HOLIDAY_VOLUME, volume)

    popularity = (1 + np.arange(INTENTS)) ** -0.8
    amplitude = np.where(rng.random((runs, INTENTS)) < 0.2, 0.5, 0.1)
    phase = rng.random((runs, INTENTS)) * YEAR_DAYS
    season = amplitude * np.sin(2 * np.pi * (day[:, None, None] - phase) / YEAR_DAYS)
    by_weekday = rng.normal(0, 0.1, (runs, INTENTS, 7))
    mix = by_weekday[np.arange(runs), :, weekday]
    weights = popularity * np.exp(season + mix)
    if traffic.share_factor != 1:
        weights[traffic.change_day :, :, 0] *= traffic.share_factor
    rates: Counts = volume[:, :, None] * weights / weights.sum(axis=2, keepdims=True)
    return rates


def _messages(rates: Counts, rng: np.random.Generator) -> Counts:
    """Return messages in sessions, whose lengths have a geometric distribution."""
    sessions = rng.poisson(rates / _SESSION)
    longer = rng.negative_binomial(np.maximum(sessions, 1), 1 / _SESSION)
    return np.where(sessions > 0, sessions + longer, 0).astype(float)


def _bursts(rates: Counts, rng: np.random.Generator) -> Counts:
    """Return the messages of single users who send many of one intent."""
    happens = rng.poisson(rates * _BURSTS_PER_MESSAGE)
    return np.where(happens > 0, happens * rng.integers(*_BURST, rates.shape), 0).astype(float)


def _out_of_scope_share(traffic: SimulatedTraffic, runs: int, rng: np.random.Generator) -> Counts:
    day = np.arange(DAYS)[:, None]
    season = 0.1 * np.sin(2 * np.pi * (day - rng.random(runs) * YEAR_DAYS) / YEAR_DAYS)
    share: Counts = traffic.out_of_scope * np.exp(season + rng.normal(0, 0.05, (DAYS, runs)))
    return share


def _daily_accuracy(traffic: SimulatedTraffic, runs: int, rng: np.random.Generator) -> Counts:
    accuracy = np.full((DAYS, runs), traffic.accuracy)
    accuracy[traffic.change_day :] = traffic.accuracy_after
    logit = np.log(accuracy / (1 - accuracy)) + rng.normal(0, 0.05, accuracy.shape)
    share: Counts = 1 / (1 + np.exp(-logit))
    return share


def _failures(traffic: SimulatedTraffic, with_outcome: Counts, rng: np.random.Generator) -> Counts:
    """Return failures. A part of them affects whole sessions."""
    _, runs, _ = with_outcome.shape
    odds = rng.gamma(4, traffic.failures / (1 - traffic.failures) / 4, (runs, INTENTS))
    odds = np.broadcast_to(odds, with_outcome.shape).copy()
    odds[traffic.change_day :, :, 0] *= traffic.failure_odds
    share = odds / (1 + odds)
    sessions = rng.binomial(np.round(with_outcome / _SESSION).astype(np.int64), share)
    together = sessions + np.where(
        sessions > 0, rng.negative_binomial(np.maximum(sessions, 1), 1 / _SESSION), 0
    )
    single = rng.binomial(with_outcome.astype(np.int64), share)
    in_sessions = rng.random(with_outcome.shape) < _CORRELATED_FAILURES
    failed: Counts = np.where(in_sessions, np.minimum(together, with_outcome), single).astype(float)
    return failed


def _hours(messages: Counts, rng: np.random.Generator) -> Counts:
    """Return messages by hour and run: the days of each run, one after another."""
    shares = np.broadcast_to(_HOURS / _HOURS.sum(), (*messages.shape, 24))
    hours = rng.multinomial(messages.astype(np.int64), shares)
    return hours.transpose(0, 2, 1).reshape(-1, messages.shape[1]).astype(float)
