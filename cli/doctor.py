"""`prompt-capture doctor`: look at a deployment from outside, and say how to remediation it."""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.failures import errors
from prompt_capture.domain.errors import InvalidSettings

if TYPE_CHECKING:
    from cli.checks.finding import Finding, State

_STYLES: "dict[State, str]" = {"ok": "green", "wrong": "red", "skipped": "yellow"}
_STAGE = re.compile(r"[a-z0-9-]+")

Found = Sequence[tuple[str, "Finding"]]


def _stage(name: str | None) -> str | None:
    if name is not None and not _STAGE.fullmatch(name):
        raise typer.BadParameter("A stage's name is made of small letters, digits and -.")
    return name


def doctor(
    stage: Annotated[
        str | None,
        typer.Option(
            help="A stage that docs/deploy.md deployed: its stack tells what is where.",
            callback=_stage,
        ),
    ] = None,
    region: Annotated[str, typer.Option(help="Where the stage is.")] = "eu-west-1",
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Check a deployment from outside: addresses, keys, database, bucket, schedules, queues.

    Says of each thing that it is ok, how to remediation it, or what to give so that it can be checked.
    Changes nothing, captures nothing, and shows no key and no row. Exit status 0: all that could
    be checked is well; 1: something is wrong; 2: there is nothing to check.

    Reads the settings that `stack.env` and the Python client have (SUPABASE_URL, its keys,
    CLASSIFY_URL, ..., API_KEY, EXPORT_BUCKET, SPOOL_QUEUE_URL), X_PARAMETER for a setting X in the
    Parameter Store, DATABASE_URL, and the settings of AWS clients.

    [bold]Example[/bold]  . .local/stacks/default/stack.env; prompt-capture doctor
    """
    from cli.checks.all import findings
    from cli.checks.opening import opened

    try:
        with (
            opened(os.environ, stage, region if stage else None) as deployment,
            errors.status("Looking") as status,
        ):
            if not (deployment.settings.model_fields_set or deployment.parameters):
                raise InvalidSettings(
                    "There is nothing to check: set SUPABASE_URL, or give --stage."
                )
            found = []
            for check, finding in findings(deployment):
                status.update(f"Looking at {check}")
                found.append((check, finding))
    except InvalidSettings as error:
        raise typer.BadParameter(str(error)) from None
    if as_json:
        typer.echo(json.dumps(_document(found), indent=2))
    else:
        _show(Console(), found)
    if any(finding.state == "wrong" for _, finding in found):
        raise typer.Exit(1)


def _document(found: Found) -> dict[str, object]:
    return {
        "ok": all(finding.state != "wrong" for _, finding in found),
        "findings": [{"check": check, **asdict(finding)} for check, finding in found],
    }


def _show(console: Console, found: Found) -> None:
    table = Table(show_header=False)
    shown = ""
    for check, finding in found:
        if shown and check != shown:
            table.add_section()
        table.add_row(
            "" if check == shown else f"[bold]{escape(check)}[/bold]",
            _styled(finding.state),
            escape(f"{finding.subject}: {finding.said}"),
        )
        shown = check
    console.print(table)
    cured: tuple[State, ...] = ("wrong", "skipped")
    for state in cured:
        for check, finding in found:
            if finding.state == state:
                what = escape(f"{check}, {finding.subject}: {finding.remediation}")
                # People paste what is in it.
                console.print(f"{_styled(state)}  {what}", soft_wrap=True, highlight=False)
    counts = {state: sum(one.state == state for _, one in found) for state in _STYLES}
    told = ", ".join(f"{count} {state}" for state, count in counts.items())
    console.print(f"[bold]{told}[/bold]", highlight=False)


def _styled(state: "State") -> str:
    return f"[{_STYLES[state]}]{state}[/{_STYLES[state]}]"
