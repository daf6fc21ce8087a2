"""How often each rule may fire wrongly, and the thresholds that follow.

Over all rules, at most four false alarms a year: one a quarter. The approximations behind the
thresholds hold for independent days; `make bench NAME=alerts` counts the false alarms of traffic
with weekdays, seasons and bursts, and compares them with these budgets.
"""

from collections.abc import Mapping

from prompt_capture.domain.monitoring.drops import Drop, accuracy_drop, failure_rise
from prompt_capture.domain.monitoring.findings import RuleName
from prompt_capture.domain.monitoring.shares import Shift, cusum_threshold

_YEAR = 365.0

FALSE_ALARMS_PER_YEAR: Mapping[RuleName, float] = {
    "accuracy_dropped": 0.5,
    "workflows_fail": 1.0,
    "intents_shifted": 0.5,
    "out_of_scope_surged": 1.0,
    "no_messages": 0.25,
    "export_overdue": 0.0,
    "retraining_overdue": 0.0,
    "retraining_failed": 0.0,
    "retention_overdue": 0.0,
    "jobs_stopped": 0.0,
    "drain_overdue": 0.0,
    "dead_letters_waiting": 0.0,
    "nobody_reviews": 0.0,
}
"""Rules without false alarms compare a time with what is due."""

ACCURACY_DROP: Drop = accuracy_drop(_YEAR / FALSE_ALARMS_PER_YEAR["accuracy_dropped"])
"""A drop by 5 points."""

OUT_OF_SCOPE: Shift = Shift(0.05, 1.0, 4.0, cusum_threshold(1.0, _YEAR / 1.5))
"""A surge of all messages out of scope.

The tolerance of 5% makes false alarms rarer than the threshold alone.
"""


def failing_workflows(intents: int) -> Drop:
    """Return the change to detect where so many intents are watched: odds three times higher.

    Users start several workflows of one kind in a row, which is why the threshold is four times
    that of independent outcomes.
    """
    return failure_rise(4 * intents * _YEAR / FALSE_ALARMS_PER_YEAR["workflows_fail"])


def shifted_intents(intents: int) -> Shift:
    """Return the change to detect: a share that moved by more than a fifth, either way."""
    days = 2 * intents * _YEAR / (2 * FALSE_ALARMS_PER_YEAR["intents_shifted"])
    return Shift(0.2, 1.0, 3.0, cusum_threshold(1.0, days))


def out_of_scope_groups(intents: int) -> Shift:
    """Return the change to detect in the share out of scope of the messages of one intent.

    Their counts are small, for which the test is cautious: it raises fewer false alarms than the
    four a year that this threshold allows of normal days.
    """
    return Shift(0.15, 1.25, 4.0, cusum_threshold(1.25, intents * _YEAR / 4))


SILENCE_THRESHOLD: float = 21.0
"""The independent messages that are missing in a gap.

With hourly looks, 0.25 false alarms a year allow for e^-10.5. The factor of two is for an
expectation that is too high, such as that of a holiday.
"""
