"""Render the results: a table for a terminal and as Markdown."""

from collections.abc import Iterator, Sequence

from rich.table import Table

from benchmarks.gate.goals import check_goals
from benchmarks.gate.trials import ScenarioResult
from benchmarks.goals import goal_lines

COLUMNS = (
    "labels",
    "candidate",
    "promoted",
    "of these robust",
    "held",
    "rejected",
    "interval covers",
    "labels at the end",
    "vetoes",
)
TITLE = "The gate: 12 looks, all vetoes"


def table_rows(results: Sequence[ScenarioResult]) -> Iterator[tuple[str, ...]]:
    """Yield the cells of each scenario."""
    for result in results:
        scenario = result.scenario
        points = round(100 * scenario.difference)
        vetoes = sorted(result.vetoes.items(), key=lambda each: -each[1])
        yield (
            f"{scenario.labels:,} {scenario.evidence}",
            f"{points:+d} points" if points else "equal",
            _percent(result.promoted, result.trials),
            _percent(result.robust, result.promoted),
            _percent(result.held, result.trials),
            _percent(result.rejected, result.trials),
            _percent(result.covering, result.trials),
            f"{result.mean_labels:,.0f}",
            ", ".join(f"{name} {_percent(n, result.trials)}" for name, n in vetoes),
        )


def render_terminal(results: Sequence[ScenarioResult]) -> Table:
    """Return the table for a terminal."""
    table = Table(title=TITLE)
    for number, column in enumerate(COLUMNS):
        is_text = number < 2 or column == "vetoes"
        table.add_column(column, justify="left" if is_text else "right")
    for row in table_rows(results):
        table.add_row(*row)
    return table


def render_markdown(results: Sequence[ScenarioResult]) -> str:
    """Return the table as Markdown, and the goals."""
    lines = [_markdown_row(COLUMNS), _markdown_row(["---"] * len(COLUMNS))]
    lines += map(_markdown_row, table_rows(results))
    return "\n".join([*lines, "", *(f"- {line}" for line in goal_lines(check_goals(results))), ""])


def _markdown_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _percent(count: int, n: int) -> str:
    return f"{100 * count / n:.1f}%" if n else ""
