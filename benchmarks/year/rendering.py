"""Render a year: a table of its months for the terminal, and the picture of all years."""

import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from rich.markup import escape
from rich.table import Table

from benchmarks.goals import goal_lines
from benchmarks.pictures import LINE, MUTED, save_figure, start_figure
from benchmarks.year.goals import check_year
from benchmarks.year.results import MonthResult, YearReport, YearResult, shares

COLUMNS = (
    ("month", "right"),
    ("happens", "left"),
    ("first model", "right"),
    ("loop", "right"),
    ("labels", "right"),
    ("verdicts", "left"),
    ("promotions", "right"),
    ("rollbacks", "right"),
)
LOOP, FROZEN = "#047857", "#64748b"


def month_cells(month: MonthResult) -> tuple[str, ...]:
    """Return the cells of a month."""
    return (
        str(month.month),
        ", ".join(month.events),
        f"{month.frozen / month.messages:.1%}",
        f"{month.loop / month.messages:.1%}",
        str(month.labels),
        ", ".join(month.verdicts),
        str(len(month.promotions) or ""),
        str(month.rollbacks or ""),
    )


def title(result: YearResult) -> str:
    """Describe a year in one line."""
    messages = sum(month.messages for month in result.months)
    labels = sum(month.labels for month in result.months)
    return f"Seed {result.seed}: {messages:,} messages, {labels:,} labels"


def render_markdown(report: YearReport) -> str:
    """Return the tables of all years and the goals as Markdown."""
    lines: list[str] = []
    for result in report.years:
        lines += [f"**{title(result)}**", "", _row(name for name, _justify in COLUMNS)]
        lines.append(_row("---:" if justify == "right" else "---" for _name, justify in COLUMNS))
        lines += [*(_row(month_cells(month)) for month in result.months), ""]
    return "\n".join([*lines, *(f"- {line}" for line in goal_lines(check_year(report.years))), ""])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def render_year(result: YearResult) -> Table:
    """Return the table of a year for a terminal."""
    table = Table(title=title(result))
    for name, justify in COLUMNS:
        table.add_column(name, justify="right" if justify == "right" else "left")
    for month in result.months:
        table.add_row(*map(escape, month_cells(month)))
    return table


def write_picture(report: YearReport, file: Path) -> None:
    """Draw the accuracy of the first model and of the loop: thin for each year, thick for all."""
    complete = min(len(year.months) for year in report.years)
    months = list(range(1, complete + 1))
    with start_figure((9, 4.2)) as figure:
        panel = figure.subplots()
        for year in report.years:
            panel.plot(
                months, _percent(year, "frozen")[:complete], color=FROZEN, alpha=0.35, lw=0.8
            )
            panel.plot(months, _percent(year, "loop")[:complete], color=LOOP, alpha=0.35, lw=0.8)
        pairs = [shares(report.years, month) for month in range(complete)]
        panel.plot(months, [100 * pair[0] for pair in pairs], color=FROZEN, lw=2.4)
        panel.plot(months, [100 * pair[1] for pair in pairs], color=LOOP, lw=2.4)
        for name, color, value in zip(
            ("first model", "loop"), (FROZEN, LOOP), pairs[-1], strict=True
        ):
            panel.annotate(
                name, (complete, 100 * value), (6, 0), textcoords="offset points",
                color=color, va="center", fontweight="bold",
            )  # fmt: skip
        low, high = panel.get_ylim()
        panel.set_ylim(low, high + 0.22 * (high - low))
        for month in months:
            _mark(panel, month, report.years[0].months[month - 1].events, high)
            promoted = sum(bool(year.months[month - 1].promotions) for year in report.years)
            if promoted:
                panel.plot(month, 100 * pairs[month - 1][1], "o", color=LOOP, ms=3 + 2 * promoted)
        panel.set_xticks(months)
        panel.set_xlim(0.5, complete + 1.8)
        panel.set_xlabel("month; dots mark promotions, larger in more of the years")
        panel.set_ylabel("messages answered correctly, %")
        save_figure(figure, file)


def _percent(year: YearResult, model: str) -> list[float]:
    return [100 * getattr(month, model) / month.messages for month in year.months]


def _mark(panel: Axes, month: int, events: Sequence[str], top: float) -> None:
    """Name what begins in a month, above the curves."""
    if events:
        panel.axvline(month, color=LINE, lw=0.8, ls=":")
        panel.text(
            month,
            top,
            "\n".join(_wrap(events)),
            color=MUTED,
            fontsize=7.5,
            ha="center",
            va="bottom",
        )


def _wrap(events: Sequence[str]) -> list[str]:
    return [line for event in events for line in textwrap.wrap(event, 10)]
