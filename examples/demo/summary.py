"""The summary panel at the end of the demo."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.markup import escape
from rich.panel import Panel

from examples.demo.console import DemoConsole, shorten
from examples.demo.learning import DemoModel, PredictionChange
from examples.demo.learning_steps import ReviewCounts
from examples.demo.scenario import Scenario

MAX_EXAMPLES = 3


def print_summary(
    console: DemoConsole,
    scenario: Scenario,
    reviewed: ReviewCounts,
    models: tuple[DemoModel, DemoModel],
    changes: Sequence[PredictionChange],
    keep: Path | None,
) -> None:
    """Print the numbers of captured and reviewed messages, the accuracy, and the next step."""
    total = reviewed.corrected + reviewed.confirmed
    captured = (
        f"{len(scenario.traffic):,} messages captured; a reviewer read {total:,}, corrected "
        f"{reviewed.corrected:,} and confirmed {reviewed.confirmed:,}."
    )
    lines = [
        captured,
        *_accuracy_lines(scenario, *models),
        *_change_lines(changes),
        "",
        _files_line(keep),
        "Next step: [bold]make serve[/bold].",
    ]
    console.console.print()
    console.console.print(Panel("\n".join(lines), title="Summary", expand=False))


def _accuracy_lines(scenario: Scenario, before: DemoModel, after: DemoModel) -> Iterator[str]:
    old, new = before.evaluation.accuracy, after.evaluation.accuracy
    yield (
        f"Accuracy on {len(scenario.test):,} messages of the second week: "
        f"[bold]{old:.1%} → {new:.1%}[/bold] "
        f"({(new - old) * 100:+.1f} percentage points)."
    )
    if new <= old:
        yield "The new model is not more accurate this time."


def _change_lines(changes: Sequence[PredictionChange]) -> Iterator[str]:
    fixed = [change for change in changes if change.after == change.label]
    broken = sum(change.before == change.label for change in changes)
    yield f"Predictions that became correct: {len(fixed):,}; that became wrong: {broken:,}."
    for change in fixed[:MAX_EXAMPLES]:
        text = escape(shorten(change.text, 34))
        yield f"  [dim]{text}[/dim]  {escape(change.before)} → {escape(change.after)}"


def _files_line(keep: Path | None) -> str:
    if keep:
        return f"The new model and the dataset are in {escape(str(keep))}."
    return "The demo removed its files; --keep FOLDER keeps the new model and the dataset."
