"""The figures of health as lines and tables, for people."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

from rich.console import Console
from rich.table import Table

from cli.printable import printable
from prompt_capture.domain.health import DayOfBacklog, DayOfMessages, Health

_BARS = "▁▂▃▄▅▆▇█"
_NONE = "-"
_RANKED = 10
_MAX_LINE_DAYS = 60

_EMPTY_DAY = DayOfMessages(
    day=date.min, messages=0, by_rule=0, by_model=0, confident=0, with_scope=0, out_of_scope=0,
    with_outcome=0, failed=0, audited=0, decided=0, correct=0,
)  # fmt: skip


def print_health(console: Console, health: Health) -> None:
    """Print every figure: what moves by day as a line of bars, and tables of what is ranked."""
    _print(
        console, f"From {health.first_day} to {health.last_day} (UTC), counted {_counted(health)}"
    )
    for title, table in (
        ("", _days(health)),
        ("Live accuracy, last 30 days", _accuracy(health)),
        ("Intents, by volume times share of failures", _intents(health)),
        ("What is taken for what", _confusions(health)),
        ("Calibration: confidence against accuracy", _calibration(health)),
        ("Tasks", _tasks(health)),
        ("Marks", _marks(health)),
    ):
        if table.row_count:
            _print(console, f"\n{title}" if title else "")
            console.print(table, highlight=False, markup=False)


def sparkline(values: Sequence[float | None]) -> str:
    """Return one bar per value, scaled to the largest. A missing value is blank."""
    largest = max((value for value in values if value is not None), default=0) or 1
    return "".join(
        " " if value is None else _BARS[round((len(_BARS) - 1) * value / largest)]
        for value in values
    )


def _days(health: Health) -> Table:
    by_day = {one.day: one for one in health.days}
    count = min(_MAX_LINE_DAYS, (health.last_day - health.first_day).days + 1)
    dates = [health.last_day - timedelta(days=count - 1 - index) for index in range(count)]
    days = [by_day.get(one, _EMPTY_DAY) for one in dates]
    table = _table("", "Total", f"By day, the last {count}")

    def add(name: str, part: Callable[[DayOfMessages], int]) -> None:
        table.add_row(name, f"{sum(map(part, health.days)):,}", sparkline(list(map(part, days))))

    def add_share(
        name: str, part: Callable[[DayOfMessages], int], whole: Callable[[DayOfMessages], int]
    ) -> None:
        shares = [part(one) / whole(one) if whole(one) else None for one in days]
        total = sum(map(whole, health.days))
        text = f"{sum(map(part, health.days)) / total:.1%}" if total else _NONE
        table.add_row(name, text, sparkline(shares))

    add("Messages", lambda one: one.messages)
    add("by rules", lambda one: one.by_rule)
    add("by the model", lambda one: one.by_model)
    add_share("With confidence", lambda one: one.confident, lambda one: one.messages)
    add_share("Out of scope", lambda one: one.out_of_scope, lambda one: one.with_scope)
    add_share("Failed workflows", lambda one: one.failed, lambda one: one.with_outcome)
    add_share("Decided audits", lambda one: one.decided, lambda one: one.audited)
    add_share("Correct audits", lambda one: one.correct, lambda one: one.decided)
    backlogs = {one.day: one for one in health.backlog}
    waiting = [backlogs[one].waiting if one in backlogs else None for one in dates]
    latest = health.backlog[-1] if health.backlog else None
    table.add_row("Waiting", f"{latest.waiting:,}" if latest else _NONE, sparkline(waiting))
    ages = [_age(health, backlogs.get(one)) for one in dates]
    oldest = _age(health, latest)
    table.add_row("Oldest waiting", _NONE if oldest is None else f"{oldest:.0f} d", sparkline(ages))
    return table


def _age(health: Health, backlog: DayOfBacklog | None) -> float | None:
    """Return how long the oldest text had waited at the end of a day, in days."""
    if backlog is None or backlog.oldest_waiting_since is None:
        return None
    end = datetime.combine(backlog.day + timedelta(days=1), datetime.min.time(), UTC)
    return (min(end, health.at) - backlog.oldest_waiting_since) / timedelta(days=1)


def _accuracy(health: Health) -> Table:
    table = _table("Version", "Messages", "Audits", "Accuracy", "95% interval")
    for one in health.accuracy:
        interval = _NONE
        if one.ci_lower is not None and one.ci_upper is not None:
            interval = f"{one.ci_lower:.1%} to {one.ci_upper:.1%}"
        table.add_row(
            printable(one.model_version),
            f"{one.messages:,}",
            f"{one.audited:,}",
            _NONE if one.accuracy is None else f"{one.accuracy:.1%}",
            interval,
        )
    if health.accuracy:
        complete = health.audits_complete_before
        table.add_row(
            "", "", "", "audits complete before", f"{complete:%Y-%m-%d}" if complete else _NONE
        )
    return table


def _intents(health: Health) -> Table:
    table = _table("Intent", "Messages", "Failed", "Outcomes", "Expected failures")
    for one in health.intents[:_RANKED]:
        expected = _NONE if one.expected_failures is None else f"{one.expected_failures:,.0f}"
        table.add_row(
            printable(one.predicted_intent),
            f"{one.messages:,}",
            f"{one.failed:,}",
            f"{one.with_outcome:,}",
            expected,
        )
    return table


def _confusions(health: Health) -> Table:
    table = _table("Predicted", "Right", "Audits", "Estimated messages")
    for one in health.confusions[:_RANKED]:
        table.add_row(
            printable(one.predicted_intent),
            printable(one.label),
            f"{one.audited:,}",
            f"{one.messages:,.0f}",
        )
    return table


def _calibration(health: Health) -> Table:
    table = _table("Version", "Confidence", "Audits", "Accuracy")
    for one in health.calibration:
        low = one.confidence_band / 10
        table.add_row(
            printable(one.model_version),
            f"{low:.1f} to {low + 0.1:.1f}",
            f"{one.decided:,}",
            f"{one.accuracy:.1%}",
        )
    return table


def _tasks(health: Health) -> Table:
    table = _table("Task", "Done", "Due")
    for name, done, due in _task_rows(health):
        late = " (overdue)" if due and due < health.at else ""
        table.add_row(name, _day(done), f"{_day(due)}{late}")
    return table


def _task_rows(health: Health) -> Iterator[tuple[str, datetime | None, datetime | None]]:
    for export in health.tasks.exports:
        yield f"export {printable(export.series)}", export.done_at, export.due_at
    yield "retention", health.tasks.retention.done_at, health.tasks.retention.due_at
    retraining = health.tasks.retraining
    yield "retraining (latest model)", retraining.done_at, retraining.due_at
    if retraining.failed_at:
        yield "retraining (run without an end)", None, retraining.failed_at
    yield "review (latest decision)", health.tasks.latest_decision_at, None
    yield "evaluation of the alerts", health.evaluated_at, None


def _marks(health: Health) -> Table:
    table = _table("Day", "What", "")
    for mark in health.marks:
        table.add_row(_day(mark.at), mark.kind.replace("_", " "), printable(mark.subject))
    return table


def _counted(health: Health) -> str:
    return f"{health.counted_at:%Y-%m-%d %H:%M}" if health.counted_at else "never"


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else _NONE


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _print(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False)
