"""Render the results: tables for a terminal and as Markdown, and a plot as SVG."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.markup import escape
from rich.table import Table

from benchmarks.model.result_table import BenchmarkCell, ResultTable
from benchmarks.model.results import BenchmarkReport, DatasetResult
from benchmarks.model.serving import TOKENIZER

CAPTION = (
    "✓ goal met, ✗ goal missed, each with the difference from the goal. ± standard error. Latency "
    "is measured on one thread and includes tokenization; the models are interleaved message by "
    "message. Training time covers reading the labelled file, training, and loading the model."
)
FIRST_COLUMNS = ("metric", "goal")
PLOTTED_SIZES = {"20": "o", "full": "s"}
"""Marker by training size."""


def render_terminal(table: ResultTable) -> Table:
    """Return the table for a terminal."""
    result = Table(caption=CAPTION, caption_justify="left", header_style="bold")
    result.add_column(FIRST_COLUMNS[0])
    for column in (FIRST_COLUMNS[1], *table.columns):
        result.add_column(escape(column), justify="right")
    for section in table.sections:
        result.add_section()
        result.add_row(f"[bold]{escape(section.title)}[/bold]")
        for row in section.rows:
            cells = [_coloured_text(cell) for cell in row.cells]
            result.add_row(escape(row.title), f"[dim]{row.goals}[/dim]", *cells)
    return result


def render_markdown(table: ResultTable) -> str:
    """Return the same table as Markdown, followed by the summary of the goals."""
    columns = [*FIRST_COLUMNS, *table.columns]
    rows = [columns, ["---", *["---:"] * (len(columns) - 1)]]
    for section in table.sections:
        rows.append([f"**{section.title}**", *[""] * (len(columns) - 1)])
        for row in section.rows:
            goals = row.goals.replace("\n", "<br>")
            rows.append([row.title.strip(), goals, *(_plain_text(cell) for cell in row.cells)])
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([*lines, "", CAPTION, "", *summarise_goals(table), ""])


def summarise_goals(table: ResultTable) -> list[str]:
    """Return one sentence per model: how many of its goals it meets."""
    return [
        f"{column}: {met} of {total} goals met."
        for column, (met, total) in table.goal_counts.items()
    ]


def _coloured_text(cell: BenchmarkCell) -> str:
    if cell.is_met is None:
        return cell.text
    colour = "green" if cell.is_met else "red"
    return f"{cell.text}\n[{colour}]{_goal_mark(cell)}[/{colour}]"


def _plain_text(cell: BenchmarkCell) -> str:
    return cell.text if cell.is_met is None else f"{cell.text} {_goal_mark(cell)}"


def _goal_mark(cell: BenchmarkCell) -> str:
    return f"{'✓' if cell.is_met else '✗'} {cell.difference}"


def write_plot(report: BenchmarkReport, file: Path) -> None:
    """Write the plot as SVG."""
    count = len(report.datasets)
    figure = Figure(figsize=(5 * count, 4.2), layout="constrained")
    panels = figure.subplots(1, count, squeeze=False)[0]
    for panel, data in zip(panels, report.datasets, strict=True):
        _draw_panel(panel, data)
    panels[0].set_ylabel("accuracy (%)")
    figure.savefig(file)


def _draw_panel(panel: Axes, data: DatasetResult) -> None:
    for number, model in enumerate(data.models.values()):
        for size, marker in PLOTTED_SIZES.items():
            if size in model.scores:
                scores = model.scores[size]
                panel.errorbar(
                    model.latency.p50,
                    100 * scores.accuracy,
                    100 * scores.standard_error,
                    fmt=marker,
                    color=f"C{number}",
                    label=f"{model.title}, {size}",
                )
    panel.axvline(data.tokenizer.p50, linestyle=":", color="grey", label=TOKENIZER)
    panel.set_xscale("log")
    panel.set_title(data.name)
    panel.set_xlabel("latency per message, p50 (ms)")
    panel.grid(alpha=0.3)
    panel.legend(fontsize="x-small", loc="lower right")
