"""Schedules in cron's format, as far as the jobs of a local database need them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self


class InvalidSchedule(Exception):
    """The schedule is not valid, or has a form that is not supported here."""


@dataclass(frozen=True)
class CronSchedule:
    """The minutes in which a job is due: the five fields of cron, as sets of numbers.

    `is_any_day`: the days of the month or those of the week are not restricted. If both are, cron
    runs a job on the days of either.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    is_any_day: bool

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a schedule of numbers, `*`, ranges, steps and lists. Raise `InvalidSchedule`."""
        fields = text.split()
        if len(fields) != 5:
            raise InvalidSchedule(f"The schedule {text!r} does not have five fields.")
        minutes, hours, days, months, weekdays = fields
        return cls(
            _numbers(minutes, 0, 59),
            _numbers(hours, 0, 23),
            _numbers(days, 1, 31),
            _numbers(months, 1, 12),
            frozenset(number % 7 for number in _numbers(weekdays, 0, 7)),  # Sunday is 0 or 7
            days.startswith("*") or weekdays.startswith("*"),
        )

    def is_due(self, moment: datetime) -> bool:
        """Return whether a job is due in the minute of this moment."""
        in_month = moment.day in self.days
        in_week = moment.isoweekday() % 7 in self.weekdays
        return (
            moment.minute in self.minutes
            and moment.hour in self.hours
            and moment.month in self.months
            and (in_month and in_week if self.is_any_day else in_month or in_week)
        )


def _numbers(field: str, first: int, last: int) -> frozenset[int]:
    """Return the numbers that a field names, all of them from `first` to `last`."""
    return frozenset(number for part in field.split(",") for number in _range(part, first, last))


def _range(part: str, first: int, last: int) -> range:
    bounds, slash, step = part.partition("/")
    start, dash, end = bounds.partition("-")
    try:
        numbers = range(
            first if start == "*" else int(start),
            (int(end) if dash else last if start == "*" or slash else int(start)) + 1,
            int(step) if slash else 1,
        )
    except ValueError:
        raise InvalidSchedule(f"The field {part!r} of a schedule is not supported.") from None
    if not numbers or numbers[0] < first or numbers[-1] > last:
        raise InvalidSchedule(f"The field {part!r} of a schedule is not from {first} to {last}.")
    return numbers
