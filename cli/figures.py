"""Tables of what models score, for people."""

from collections.abc import Callable
from dataclasses import dataclass

from rich.markup import escape
from rich.table import Table

from training.evaluate import Evaluation


@dataclass(frozen=True)
class Row:
    """A figure: its name, where it stands, how it is written, how a difference is, what is good."""

    name: str
    value: Callable[[Evaluation], float | None]
    written: str
    difference: str
    more_is_better: bool = True
    scale: float = 1


_SHARE = ("{:.1%}", "{:+.1f} points")
_MILLISECONDS = ("{:.2f} ms", "{:+.2f} ms")
ROWS = (
    Row("accuracy", lambda e: e.accuracy, *_SHARE, scale=100),
    Row("macro F1", lambda e: e.macro_f1, "{:.3f}", "{:+.3f}"),
    Row("calibration error (ECE)", lambda e: e.ece, "{:.3f}", "{:+.3f}", more_is_better=False),
    Row(
        "out of scope found at 95% kept",
        lambda e: e.oos.found_at_95_kept if e.oos else None,
        *_SHARE,
        scale=100,
    ),
    Row(
        "out of scope answered with confidence",
        lambda e: e.oos.confident if e.oos else None,
        *_SHARE,
        more_is_better=False,
        scale=100,
    ),
    Row("median latency", lambda e: e.latency_ms.p50, *_MILLISECONDS, more_is_better=False),
    Row("p99 latency", lambda e: e.latency_ms.p99, *_MILLISECONDS, more_is_better=False),
)


def one_model(version: str, evaluation: Evaluation) -> Table:
    """Show the figures of one model, then the share found of each intent, the worst first."""
    table = Table(title=escape(version), caption=_counts(evaluation), show_header=False)
    for row in ROWS:
        value = row.value(evaluation)
        if value is not None:
            table.add_row(row.name, row.written.format(value))
    table.add_section()
    for label, recall in sorted(evaluation.recall.items(), key=lambda entry: entry[1]):
        table.add_row(escape(label), f"{recall:.1%} found")
    return table


def two_models(new: str, old: str, measured: Evaluation, before: Evaluation) -> Table:
    """Show two models side by side, and what sets them apart; of the intents, only what differs."""
    table = Table(caption=_counts(measured))
    table.add_column("")
    for heading in (escape(new), escape(old), "difference"):
        table.add_column(heading, justify="right")
    for row in ROWS:
        value, earlier = row.value(measured), row.value(before)
        if value is not None and earlier is not None:
            written = (row.written.format(value), row.written.format(earlier))
            table.add_row(row.name, *written, _difference(row, value - earlier))
    recall = Row("", lambda _: None, *_SHARE, scale=100)
    changed = {
        label: found - before.recall[label]
        for label, found in measured.recall.items()
        if found != before.recall[label]
    }
    if changed:
        table.add_section()
        table.add_row("found of the intents that differ", style="dim")
    for label, difference in sorted(changed.items(), key=lambda entry: (entry[1], entry[0])):
        shares = (f"{measured.recall[label]:.1%}", f"{before.recall[label]:.1%}")
        table.add_row(escape(label), *shares, _difference(recall, difference))
    return table


def _counts(evaluation: Evaluation) -> str:
    outside = f", {evaluation.oos.n:,} of them out of scope" if evaluation.oos else ""
    return f"{evaluation.n:,} messages{outside}"


def _difference(row: Row, value: float) -> str:
    text = row.difference.format(value * row.scale)
    if not value:
        return text
    return f"[green]{text}[/green]" if (value > 0) == row.more_is_better else f"[red]{text}[/red]"
