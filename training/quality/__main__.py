"""Check the quality of the project's own utterances; the exit status is 1 when they have errors.

    python -m training.quality [FOLDER] [--all]

`make check-utterances` calls it. Errors are shown in full; of warnings and notes the first few of
each check, or all with `--all`.
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

from training.examples import InvalidExamples
from training.quality.balance import Figures, check_balance, check_templates, describe
from training.quality.copies import find_pairs
from training.quality.findings import Finding, check_copies, check_held_out, check_labels
from training.quality.reading import Utterance, in_held_out, in_training, read_utterances

UTTERANCES = Path(__file__).parents[1] / "data"
SHOWN = 5
MEMBERS = 8
COLOURS = {"error": "red", "warning": "yellow", "note": "dim"}


def check(utterances: Sequence[Utterance], figures: Sequence[Figures]) -> list[Finding]:
    """Run every check; `figures` are `describe(utterances)`."""
    pairs = find_pairs(utterances)
    return [
        *check_labels(utterances),
        *check_copies(utterances, pairs),
        *check_held_out(utterances, pairs),
        *check_templates(utterances),
        *check_balance(figures),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report and answer the exit status."""
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
    figures = describe(utterances)
    findings = check(utterances, figures)
    console.print(_table(figures))
    _print_findings(console, findings, sys.maxsize if options.all else SHOWN)
    errors = sum(finding.grade == "error" for finding in findings)
    sizes = f"{len(in_training(utterances))} to train on, {len(in_held_out(utterances))} held out"
    verdict = f"{errors or 'no'} error{'' if errors == 1 else 's'}"
    style = "bold red" if errors else "bold green"
    console.print(Text(f"{len(utterances)} utterances ({sizes}): {verdict}.", style=style))
    return 1 if errors else 0


def _print_findings(console: Console, findings: Sequence[Finding], shown: int) -> None:
    ordered = sorted(findings, key=lambda f: (list(COLOURS).index(f.grade), f.check, f.why))
    for (grade, name), members in groupby(ordered, key=lambda f: (f.grade, f.check)):
        group = list(members)
        heading = f"\n{grade}s of {name}: {len(group)}"
        console.print(Text(heading, style=f"bold {COLOURS[grade]}"))
        some = group if grade == "error" else group[:shown]
        for (why, advice), alike in groupby(some, key=lambda f: (f.why, f.advice)):
            console.print(Text(f"  {why} {advice}".rstrip()), soft_wrap=True)
            for finding in alike:
                for i, line in enumerate(finding.lines[:MEMBERS]):
                    intents = " + ".join(line.intents)
                    text = f"    {'  ' if i else '- '}{_place(line)}  [{intents}]  {line.text}"
                    console.print(Text(text), soft_wrap=True)
        if len(group) > len(some):
            console.print(Text(f"  ... and {len(group) - len(some)} more; --all shows them."))
    console.print()


def _place(line: Utterance) -> str:
    here = Path.cwd()
    file = line.file.relative_to(here) if line.file.is_relative_to(here) else line.file
    return f"{file}:{line.line}"


def _table(figures: Sequence[Figures]) -> Table:
    table = Table(
        title="Training lines by label, and their commonest opening",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("label", no_wrap=True)
    for heading in ("lines", "distinct", "held", "long", "short", "lower", "no stop"):
        table.add_column(heading, justify="right")
    table.add_column("opening", no_wrap=True)
    for label in figures:
        shares = (label.long, label.short, label.lower, label.unpunctuated)
        table.add_row(
            label.group,
            *(str(count) for count in (label.lines, label.effective, label.held_out)),
            *(f"{share:.0%}" for share in shares),
            Text(f"{label.opening_share:.0%} {label.opening}"),
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
