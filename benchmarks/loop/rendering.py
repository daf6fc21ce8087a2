"""Render the results: tables for a terminal and as Markdown, and the curves as SVG."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.markup import escape
from rich.table import Table

from benchmarks.goals import goal_lines
from benchmarks.loop.goals import STREAM_ACCURACY, check_goals
from benchmarks.loop.policies import POLICIES
from benchmarks.loop.results import Curve, Estimate, LoopReport, StreamResult

COLUMNS = (
    "order",
    "training receives",
    "labels of people / predicted",
    "in scope right, %",
    "all decisions right, %",
    "paired difference to people's",
    "above 0.85, %",
    "right of these, %",
    "ECE",
    "stated minus measured",
    "intervals with the truth",
)
CAPTION = (
    "± standard error. Differences are in points, and negative by more than one standard error "
    "where marked with !. The accuracy that a manifest states stands beside that of all held-out "
    "messages."
)


def table_rows(result: StreamResult) -> Iterator[tuple[str, ...]]:
    """Yield the cells of each order and policy after all reviews."""
    for curve in result.curves:
        scores = curve.last
        yield (
            curve.order,
            curve.policy,
            f"{scores.people:,.0f} / {scores.predicted:,.0f}",
            _percent(scores.in_scope),
            _percent(scores.decisions),
            _points(scores.gain),
            f"{100 * scores.confident:.1f}",
            "" if scores.confident_right is None else f"{100 * scores.confident_right:.1f}",
            f"{scores.ece:.3f}",
            "" if scores.overstatement is None else f"{100 * scores.overstatement:+.1f}",
            f"{curve.covering} of {curve.intervals}" if curve.intervals else "",
        )


def title(result: StreamResult) -> str:
    """Describe a stream in one line."""
    reviews = result.curves[0].last.reviews
    return (
        f"{result.name}: {result.intents} intents, {result.seeds:,} examples at first, "
        f"{result.messages:,} messages, {reviews:,} reviews, {result.held_out:,} held out, "
        f"{result.runs} {'run' if result.runs == 1 else 'runs'}"
    )


def render_terminal(result: StreamResult) -> Table:
    """Return the table of a dataset for a terminal."""
    table = Table(title=escape(title(result)), caption=CAPTION, caption_justify="left")
    for number, column in enumerate(COLUMNS):
        table.add_column(column, justify="left" if number < 2 else "right")
    for row in table_rows(result):
        table.add_row(*map(escape, row))
    return table


def render_markdown(report: LoopReport) -> str:
    """Return all tables as Markdown, each with the goals of its dataset."""
    lines: list[str] = []
    for result in report.streams:
        lines += [f"**{title(result)}**", "", _markdown_row(COLUMNS)]
        lines.append(_markdown_row(["---", "---", *["---:"] * (len(COLUMNS) - 2)]))
        lines += map(_markdown_row, table_rows(result))
        lines += ["", *(f"- {line}" for line in goal_lines(check_goals(result))), ""]
    return "\n".join([*lines, CAPTION, ""])


def write_plot(report: LoopReport, file: Path) -> None:
    """Draw the share of right answers after each week: an order in a row, a dataset in a column."""
    orders, streams = report.options.orders, report.streams
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "loop"}):
        size = (5 * len(streams), 3.6 * len(orders))
        figure = Figure(figsize=size, layout="constrained")
        panels = figure.subplots(len(orders), len(streams), squeeze=False, sharey="col")
        for row, order in zip(panels, orders, strict=True):
            for panel, result in zip(row, streams, strict=True):
                curves = [curve for curve in result.curves if curve.order == order]
                if result.name in STREAM_ACCURACY:
                    goal = 100 * STREAM_ACCURACY[result.name]
                    panel.axhline(goal, color="grey", linestyle=":", label="goal")
                _draw_panel(panel, f"{result.name}, {order}", curves)
            row[0].set_ylabel("answered right, %")
        figure.savefig(file, metadata={"Date": None})


def _draw_panel(panel: Axes, heading: str, curves: Sequence[Curve]) -> None:
    for curve in curves:
        panel.errorbar(
            [scores.reviews for scores in curve.rounds],
            [100 * scores.accuracy.value for scores in curve.rounds],
            [100 * scores.accuracy.standard_error for scores in curve.rounds],
            color=f"C{list(POLICIES).index(curve.policy)}",
            marker="o",
            markersize=3,
            capsize=2,
            label=POLICIES[curve.policy].title,
        )
    panel.set_title(heading, fontsize="medium")
    panel.set_xlabel("reviews")
    panel.grid(alpha=0.3)
    panel.legend(fontsize="x-small")


def _percent(estimate: Estimate | None) -> str:
    if estimate is None:
        return ""
    return f"{100 * estimate.value:.1f} ±{100 * estimate.standard_error:.1f}"


def _points(estimate: Estimate | None) -> str:
    if estimate is None:
        return ""
    mark = "!" if estimate.is_below_zero else ""
    return f"{100 * estimate.value:+.1f} ±{100 * estimate.standard_error:.1f}{mark}"


def _markdown_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
