"""Schedules name the minutes in which cron runs a job."""

from datetime import UTC, datetime, timedelta

import pytest

from infra.local.cron_schedule import CronSchedule, InvalidSchedule

SUNDAY = datetime(2026, 11, 29, tzinfo=UTC)


def due_minutes(schedule: str, days: int = 1) -> list[str]:
    """Return the minutes, from Sunday on, in which a job is due."""
    parsed = CronSchedule.parse(schedule)
    minutes = [SUNDAY + timedelta(minutes=number) for number in range(days * 24 * 60)]
    return [f"{minute:%d %H:%M}" for minute in minutes if parsed.is_due(minute)]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("30 6 * * *", ["29 06:30"]),
        ("*/20 6 * * *", ["29 06:00", "29 06:20", "29 06:40"]),
        ("50/4 6 * * *", ["29 06:50", "29 06:54", "29 06:58"]),
        ("10-12,40 0 * * *", ["29 00:10", "29 00:11", "29 00:12", "29 00:40"]),
        ("0 0-6/3 * * *", ["29 00:00", "29 03:00", "29 06:00"]),
        ("0 0 * 12 *", []),
        ("0 0 30 * *", []),
        ("0 0 29 11 *", ["29 00:00"]),
    ],
)
def test_a_schedule_names_minutes(schedule: str, expected: list[str]) -> None:
    assert due_minutes(schedule) == expected


def test_every_minute_is_every_minute() -> None:
    assert len(due_minutes("* * * * *")) == 24 * 60


@pytest.mark.parametrize("sunday", ["0", "7"])
def test_sunday_has_two_numbers(sunday: str) -> None:
    assert due_minutes(f"0 0 * * {sunday}", days=8) == ["29 00:00", "06 00:00"]


def test_a_job_with_days_of_both_kinds_runs_on_either() -> None:
    assert due_minutes("0 0 1 * 5", days=7) == ["01 00:00", "04 00:00"]
    assert due_minutes("0 0 */2 * 5", days=14) == ["11 00:00"], "on odd days that are Fridays"


@pytest.mark.parametrize(
    "schedule",
    [
        *("", "* * * *", "* * * * * *", "30 seconds", "@daily"),
        *("60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "-1 * * * *"),
        *("*/0 * * * *", "5-1 * * * *", "1-x * * * *", "* * * jan *", "1,,2 * * * *", "$ * * * *"),
    ],
)
def test_other_schedules_are_invalid(schedule: str) -> None:
    with pytest.raises(InvalidSchedule):
        CronSchedule.parse(schedule)
