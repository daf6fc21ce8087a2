"""What the demo came to, on one panel."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.markup import escape
from rich.panel import Panel

from examples.demo.learning import Change, Compared
from examples.demo.learning_acts import Reviewed
from examples.demo.scenario import Scenario
from examples.demo.stage import Stage, shorten

EXAMPLES = 3


def summarise(
    stage: Stage,
    scenario: Scenario,
    reviewed: Reviewed,
    scores: tuple[Compared, Compared],
    differ: Sequence[Change],
    kept: Path | None,
) -> None:
    """Say what the loop learned, from whom, at what price, and where it is now."""
    read = reviewed.corrected + reviewed.confirmed
    captured = (
        f"{len(scenario.traffic):,} messages captured; a person read {read:,}, corrected "
        f"{reviewed.corrected:,} and confirmed {reviewed.confirmed:,}."
    )
    lines = [
        captured,
        *_accuracy(scenario, *scores),
        *_differences(differ),
        "",
        _whereabouts(kept),
        "Go on with [bold]make serve[/bold].",
    ]
    stage.console.print()
    stage.console.print(Panel("\n".join(lines), title="What the loop learned", expand=False))


def _accuracy(scenario: Scenario, before: Compared, after: Compared) -> Iterator[str]:
    old, new = before.evaluation.accuracy, after.evaluation.accuracy
    yield (
        f"Accuracy on {len(scenario.test):,} unseen messages: [bold]{old:.1%} → {new:.1%}[/bold] "
        f"({(new - old) * 100:+.1f} points)."
    )
    if new <= old:
        yield "This time the new model is no better: it would not be promoted."


def _differences(differ: Sequence[Change]) -> Iterator[str]:
    fixed = [change for change in differ if change.after == change.truth]
    broken = sum(change.before == change.truth for change in differ)
    yield f"{len(fixed):,} of them were wrong and are right now; {broken:,} the other way round."
    for change in fixed[:EXAMPLES]:
        text = escape(shorten(change.text, 34))
        yield f"  [dim]{text}[/dim]  {escape(change.before)} → {escape(change.after)}"


def _whereabouts(kept: Path | None) -> str:
    if kept:
        return f"The new model and the datasets are in {escape(str(kept))}."
    return "Everything the demo made is gone; --keep FOLDER keeps the model and the datasets."
