"""Check the quality of the project's own utterances; the exit status is 1 if there are errors.

    python -m training.quality [FOLDER] [--all]

`make check-utterances` runs it. The report lists all errors, and the first few warnings and notes
of each check, or all of them with `--all`.
"""

import argparse
import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from training.data.balance import (
    LabelStatistics,
    check_balance,
    check_templates,
    compute_statistics,
)
from training.data.duplicates import find_duplicates
from training.data.examples import InvalidExamples
from training.data.issues import DataIssue, check_duplicates, check_held_out, check_labels
from training.data.utterances import (
    Utterance,
    held_out_split,
    read_utterances,
    training_split,
)

UTTERANCES = Path(__file__).parent / "data"
SHOWN_ISSUES = 5
SHOWN_UTTERANCES = 8
COLOURS = {"error": "red", "warning": "yellow", "note": "dim"}


def check(
    utterances: Sequence[Utterance], statistics: Sequence[LabelStatistics]
) -> list[DataIssue]:
    """Run every check; `statistics` are `compute_statistics(utterances)`."""
    pairs = find_duplicates(utterances)
    return [
        *check_labels(utterances),
        *check_duplicates(utterances, pairs),
        *check_held_out(utterances, pairs),
        *check_templates(utterances),
        *check_balance(statistics),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report and return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=UTTERANCES)
    parser.add_argument("--all", action="store_true", help="show every warning and note")
    options = parser.parse_args(arguments)
    console = Console()
    try:
        utterances = read_utterances(options.folder)
    except InvalidExamples as error:
        console.print(Text(str(error), style="red"), soft_wrap=True)
        return 1
    statistics = compute_statistics(utterances)
    issues = check(utterances, statistics)
    console.print(_statistics_table(statistics))
    _print_issues(console, issues, sys.maxsize if options.all else SHOWN_ISSUES)
    errors = sum(issue.severity == "error" for issue in issues)
    sizes = (
        f"{len(training_split(utterances))} training, {len(held_out_split(utterances))} held out"
    )
    verdict = f"{errors or 'no'} error{'' if errors == 1 else 's'}"
    style = "bold red" if errors else "bold green"
    console.print(Text(f"{len(utterances)} utterances ({sizes}): {verdict}.", style=style))
    return 1 if errors else 0


def _print_issues(console: Console, issues: Sequence[DataIssue], limit: int) -> None:
    severities = list(COLOURS)
    ordered = sorted(issues, key=lambda i: (severities.index(i.severity), i.check, i.message))
    for (severity, name), members in groupby(ordered, key=lambda i: (i.severity, i.check)):
        group = list(members)
        heading = f"\n{name}: {len(group)} {severity}{'' if len(group) == 1 else 's'}"
        console.print(Text(heading, style=f"bold {COLOURS[severity]}"))
        shown = group if severity == "error" else group[:limit]
        for (message, advice), same in groupby(shown, key=lambda i: (i.message, i.advice)):
            console.print(Text(f"  {message} {advice}".rstrip()), soft_wrap=True)
            for issue in same:
                for i, utterance in enumerate(issue.utterances[:SHOWN_UTTERANCES]):
                    line = f"    {'  ' if i else '- '}{_format_utterance(utterance)}"
                    console.print(Text(line), soft_wrap=True)
        if len(group) > len(shown):
            console.print(Text(f"  ... and {len(group) - len(shown)} more; use --all to see them."))
    console.print()


def _format_utterance(utterance: Utterance) -> str:
    here, file = Path.cwd(), utterance.file
    path = file.relative_to(here) if file.is_relative_to(here) else file
    return f"{path}:{utterance.line}  [{' + '.join(utterance.intents)}]  {utterance.text}"


def _statistics_table(statistics: Sequence[LabelStatistics]) -> Table:
    table = Table(
        title="Training lines by label, and their most common opening",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("label", no_wrap=True)
    for heading in ("lines", "distinct", "held out", "long", "short", "lower", "no stop"):
        table.add_column(heading, justify="right")
    table.add_column("opening", no_wrap=True)
    for label in statistics:
        shares = (
            label.long_share,
            label.short_share,
            label.lower_case_share,
            label.unpunctuated_share,
        )
        table.add_row(
            label.group,
            *(str(count) for count in (label.lines, label.distinct, label.held_out)),
            *(f"{share:.0%}" for share in shares),
            Text(f"{label.opening_share:.0%} {label.opening}"),
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
