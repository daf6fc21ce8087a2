"""Tables of the metrics of one model or of two."""

from collections.abc import Callable
from dataclasses import dataclass

from rich.markup import escape
from rich.table import Table

from prompt_capture.adapters.onnx.model_artifact import ModelManifest
from training.report.comparison import Comparison
from training.report.evaluation import Evaluation


@dataclass(frozen=True)
class MetricRow:
    """A row for a metric: its name, how to read it, and the formats of a value and a difference.

    `scale` multiplies a difference before it is formatted.
    """

    name: str
    value: Callable[[Evaluation], float | None]
    value_format: str
    difference_format: str
    more_is_better: bool = True
    scale: float = 1


_SHARE = ("{:.1%}", "{:+.1f} points")
_MILLISECONDS = ("{:.2f} ms", "{:+.2f} ms")
METRIC_ROWS = (
    MetricRow("accuracy", lambda e: e.accuracy, *_SHARE, scale=100),
    MetricRow("macro F1", lambda e: e.macro_f1, "{:.3f}", "{:+.3f}"),
    MetricRow(
        "calibration error (ECE)", lambda e: e.ece, "{:.3f}", "{:+.3f}", more_is_better=False
    ),
    MetricRow(
        "out-of-scope recall at 95% in-scope recall",
        lambda e: e.oos.found_at_95_kept if e.oos else None,
        *_SHARE,
        scale=100,
    ),
    MetricRow(
        "out-of-scope messages accepted with confidence",
        lambda e: e.oos.false_accept_rate if e.oos else None,
        *_SHARE,
        more_is_better=False,
        scale=100,
    ),
    MetricRow("median latency", lambda e: e.latency_ms.p50, *_MILLISECONDS, more_is_better=False),
    MetricRow("p99 latency", lambda e: e.latency_ms.p99, *_MILLISECONDS, more_is_better=False),
)


def evaluation_table(manifest: ModelManifest, evaluation: Evaluation) -> Table:
    """Return a table of a model's metrics, then of the recall of each intent, lowest first.

    A threshold that decides which predictions need a review is shown beside the recall.
    """
    table = Table(title=escape(manifest.version), caption=_counts(evaluation), show_header=False)
    thresholds = manifest.thresholds
    for row in METRIC_ROWS:
        value = row.value(evaluation)
        if value is not None:
            table.add_row(row.name, row.value_format.format(value))
    table.add_section()
    for label, recall in sorted(evaluation.recall.items(), key=lambda entry: entry[1]):
        cells = [escape(label), f"{recall:.1%} recall"]
        if thresholds and thresholds.decide_review:
            cells.append(_format_threshold(thresholds.of(label)))
        table.add_row(*cells)
    return table


def _format_threshold(threshold: float | None) -> str:
    return "always reviewed" if threshold is None else f"reviewed below {threshold:g}"


def comparison_table(
    new_version: str,
    old_version: str,
    new: Evaluation,
    old: Evaluation,
    comparison: Comparison,
) -> Table:
    """Return a table of two models and their difference, with the intents whose recall differs.

    Its last column has the smallest difference in a recall that the messages show.
    """
    table = Table(caption=_counts(new))
    table.add_column("")
    for heading in (escape(new_version), escape(old_version), "difference", "shown from"):
        table.add_column(heading, justify="right")
    for row in METRIC_ROWS:
        new_value, old_value = row.value(new), row.value(old)
        if new_value is not None and old_value is not None:
            values = (row.value_format.format(new_value), row.value_format.format(old_value))
            table.add_row(row.name, *values, _format_difference(row, new_value - old_value))
    recall_row = MetricRow("", lambda _: None, *_SHARE, scale=100)
    differences = {
        label: recall - old.recall[label]
        for label, recall in new.recall.items()
        if recall != old.recall[label]
    }
    if differences:
        table.add_section()
        table.add_row("recall of intents that differ", style="dim")
    for label, difference in sorted(differences.items(), key=lambda entry: (entry[1], entry[0])):
        recalls = (f"{new.recall[label]:.1%}", f"{old.recall[label]:.1%}")
        smallest = comparison.intents[label].smallest_difference
        table.add_row(
            escape(label),
            *recalls,
            _format_difference(recall_row, difference),
            "never" if smallest is None else f"{smallest * 100:.1f} points",
        )
    return table


def _counts(evaluation: Evaluation) -> str:
    outside = f", {evaluation.oos.n:,} of them out of scope" if evaluation.oos else ""
    return f"{evaluation.n:,} messages{outside}"


def _format_difference(row: MetricRow, value: float) -> str:
    text = row.difference_format.format(value * row.scale)
    if not value:
        return text
    return f"[green]{text}[/green]" if (value > 0) == row.more_is_better else f"[red]{text}[/red]"
