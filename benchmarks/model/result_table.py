"""The result table before rendering: one row per metric, one column per model."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.model.goals import Goal, Goals
from benchmarks.model.metrics import Metric, build_metrics
from benchmarks.model.results import BenchmarkReport, DatasetResult, ModelResult
from benchmarks.model.serving import TOKENIZER


@dataclass(frozen=True)
class BenchmarkCell:
    """A formatted value; with a goal, whether the goal is met and the difference from it."""

    text: str = ""
    is_met: bool | None = None
    difference: str = ""


@dataclass(frozen=True)
class BenchmarkRow:
    """The title of a metric, its goals in words, and a cell per column."""

    title: str
    goals: str
    cells: list[BenchmarkCell]


@dataclass(frozen=True)
class DatasetSection:
    """The rows of one dataset."""

    title: str
    rows: list[BenchmarkRow]


@dataclass(frozen=True)
class ResultTable:
    """The whole table; the last column is the tokenizer only."""

    columns: list[str]
    sections: list[DatasetSection]

    @property
    def goal_counts(self) -> dict[str, tuple[int, int]]:
        """The numbers of goals met and of all goals, by column, for columns that have goals."""
        outcomes: dict[str, list[bool]] = {}
        for section in self.sections:
            for row in section.rows:
                for column, cell in zip(self.columns, row.cells, strict=True):
                    if cell.is_met is not None:
                        outcomes.setdefault(column, []).append(cell.is_met)
        return {column: (sum(met), len(met)) for column, met in outcomes.items()}


def build_table(report: BenchmarkReport) -> ResultTable:
    """Build the table of a report, which has at least one dataset."""
    titles = {name: model.title for data in report.datasets for name, model in data.models.items()}
    sections = [
        DatasetSection(_section_title(data), list(_rows(data, list(titles))))
        for data in report.datasets
    ]
    return ResultTable([*titles.values(), TOKENIZER], sections)


def _section_title(data: DatasetResult) -> str:
    oos = f", {data.oos_test:,} out-of-scope texts" if data.oos_test else ""
    return (
        f"{data.name}: {data.intents} intents, {data.train:,} training texts, "
        f"{data.test:,} test texts{oos}"
    )


def _rows(data: DatasetResult, models: list[str]) -> Iterator[BenchmarkRow]:
    for metric in build_metrics(data):
        cells = [_cell(metric, data.models[name], metric.goals.get(name)) for name in models]
        if any(cell.text for cell in cells):
            tokenizer = _format_value(metric.tokenizer, metric.decimals)
            goals = _describe_goals(metric.goals, models)
            yield BenchmarkRow(metric.title, goals, [*cells, BenchmarkCell(tokenizer)])


def _cell(metric: Metric, model: ModelResult, goal: Goal | None) -> BenchmarkCell:
    value = metric.value(model)
    error = metric.error(model) if metric.error else None
    text = _format_value(value, metric.decimals) + (f" ±{error:.1f}" if error is not None else "")
    if goal is None or value is None:
        return BenchmarkCell(text)
    difference = _format_difference(value - goal.target, metric.decimals)
    return BenchmarkCell(text, goal.is_met_by(value), difference)


def _format_value(value: float | None, decimals: int) -> str:
    return "" if value is None else f"{value:,.{decimals}f}"


def _format_difference(difference: float, decimals: int) -> str:
    """Format with the decimals of the value, or with one digit if that would show zero."""
    is_visible = round(difference, decimals)
    return f"{difference:+,.{decimals}f}" if is_visible else f"{difference:+.1g}"


def _describe_goals(goals: Goals, models: list[str]) -> str:
    """Return each goal once; if there are several, with the models that it applies to."""
    models_by_goal: dict[str, list[str]] = {}
    for name in models:
        if name in goals:
            models_by_goal.setdefault(str(goals[name]), []).append(name)
    if len(models_by_goal) == 1:
        return next(iter(models_by_goal))
    return "\n".join(f"{', '.join(names)} {goal}" for goal, names in models_by_goal.items())
