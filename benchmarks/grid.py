"""The table as cells, before it is printed or written: measures down, models across."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.goals import Goal, Goals
from benchmarks.measures import Measure, measures
from benchmarks.results import DatasetResult, Measured, Report
from benchmarks.serving import TOKENIZER


@dataclass(frozen=True)
class Cell:
    """A figure; where there is a goal, whether it is met, and by what distance."""

    text: str = ""
    met: bool | None = None
    distance: str = ""


@dataclass(frozen=True)
class Line:
    """A measure: its title, the goals in words, and a cell for each column."""

    title: str
    goals: str
    cells: list[Cell]


@dataclass(frozen=True)
class Section:
    """The lines of one data set."""

    title: str
    lines: list[Line]


@dataclass(frozen=True)
class Grid:
    """The whole table; the last column is the tokenizer alone."""

    columns: list[str]
    sections: list[Section]

    @property
    def verdicts(self) -> dict[str, tuple[int, int]]:
        """By column that has goals: how many are met, of how many."""
        found: dict[str, list[bool]] = {}
        for section in self.sections:
            for line in section.lines:
                for column, cell in zip(self.columns, line.cells, strict=True):
                    if cell.met is not None:
                        found.setdefault(column, []).append(cell.met)
        return {column: (sum(met), len(met)) for column, met in found.items()}


def grid(report: Report) -> Grid:
    """Lay out a report, which has one data set at least."""
    models = {row: model.title for data in report.datasets for row, model in data.models.items()}
    sections = [Section(_title(data), list(_lines(data, list(models)))) for data in report.datasets]
    return Grid([*models.values(), TOKENIZER], sections)


def _title(data: DatasetResult) -> str:
    oos = f", {data.oos_test:,} out of scope" if data.oos_test else ""
    return (
        f"{data.name}: {data.intents} intents, {data.train:,} to train, {data.test:,} to test{oos}"
    )


def _lines(data: DatasetResult, rows: list[str]) -> Iterator[Line]:
    for measure in measures(data):
        cells = [_cell(measure, data.models[row], measure.goals.get(row)) for row in rows]
        if any(cell.text for cell in cells):
            tokenizer = _shown(measure.tokenizer, measure.places)
            words = _in_words(measure.goals, rows)
            yield Line(measure.title, words, [*cells, Cell(tokenizer)])


def _cell(measure: Measure, model: Measured, goal: Goal | None) -> Cell:
    value = measure.value(model)
    error = measure.error(model) if measure.error else None
    text = _shown(value, measure.places) + (f" ±{error:.1f}" if error is not None else "")
    if goal is None or value is None:
        return Cell(text)
    return Cell(text, goal.met_by(value), _distance(value - goal.target, measure.places))


def _shown(value: float | None, places: int) -> str:
    return "" if value is None else f"{value:,.{places}f}"


def _distance(distance: float, places: int) -> str:
    """Answer it as precisely as the figure is shown, or to one digit where that shows nothing."""
    return f"{distance:+,.{places}f}" if round(distance, places) else f"{distance:+.1g}"


def _in_words(goals: Goals, rows: list[str]) -> str:
    """Name each goal once; the rows that it is for where there are several."""
    by_goal: dict[str, list[str]] = {}
    for row in rows:
        if row in goals:
            by_goal.setdefault(str(goals[row]), []).append(row)
    if len(by_goal) == 1:
        return next(iter(by_goal))
    return "\n".join(f"{goal} {', '.join(names)}" for goal, names in by_goal.items())
