"""Tables and sentences about a backtest, for a terminal."""

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.backtest import BacktestReport
from training.gate.backtest import Backtest, ModelFigures, describe_backtest
from training.gate.description import describe_verdict

SHOWN_INTENTS = 10
_MEGABYTE = 1_000_000


def print_backtest(console: Console, report: BacktestReport) -> None:
    """Print the figures of both models, the intents that move most, and the verdict."""
    console.print(figures_table(report.backtest))
    if report.backtest.intents:
        console.print(intents_table(report.backtest))
    for sentence in _sentences(report):
        console.print(sentence, highlight=False, markup=False, soft_wrap=True)


def figures_table(report: Backtest) -> Table:
    """Return a table of what was measured of both models."""
    table = Table()
    for heading in ("", escape(report.candidate.version), escape(report.champion.version)):
        table.add_column(heading, justify="right" if heading else "left")
    both = (report.candidate, report.champion)
    for name, cells in {
        "accuracy on gold texts": [_format(each.accuracy, "{:.1%}") for each in both],
        "excess calibration error": [
            _format(each.excess_calibration_error, "{:.3f}") for each in both
        ],
        "captured texts out of scope": [_format(each.out_of_scope, "{:.1%}") for each in both],
        "time per text, median": [_format(each.p50_ms, "{:.2f} ms") for each in both],
        "time per text, p99": [_format(each.p99_ms, "{:.2f} ms") for each in both],
        "size": [_size(each) for each in both],
    }.items():
        table.add_row(name, *cells)
    return table


def intents_table(report: Backtest) -> Table:
    """Return a table of the intents that most captured texts move to or from."""
    table = Table(title="Captured texts by intent")
    table.add_column("intent")
    versions = (escape(report.candidate.version), escape(report.champion.version))
    for heading in (*versions, "gained", "given up"):
        table.add_column(heading, justify="right")
    for share in report.intents[:SHOWN_INTENTS]:
        counts = (share.candidate, share.champion, share.gained, share.given_up)
        table.add_row(escape(share.intent), *(f"{count:,}" for count in counts))
    if (hidden := len(report.intents) - SHOWN_INTENTS) > 0:
        table.caption = f"{hidden:,} more intents: --json"
    return table


def _sentences(report: BacktestReport) -> Iterator[str]:
    yield from describe_backtest(report.backtest)
    yield from describe_verdict(report.verdict)
    if not report.is_new:
        yield f"The evidence is that of look {report.verdict.look}, so its verdict stands."
    if report.drawn:
        yield (
            f"{report.drawn:,} of {report.backtest.drawable:,} disagreements now wait for review. "
            "When they are decided, run this command again."
        )
    elif report.waiting:
        yield f"{report.waiting:,} disagreements wait for review."


def _format(value: float | None, template: str) -> str:
    return "-" if value is None else template.format(value)


def _size(figures: ModelFigures) -> str:
    return f"{figures.size_bytes / _MEGABYTE:.1f} MB"
