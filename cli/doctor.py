"""`prompt-capture doctor`: check a deployment from outside, and report how to fix it."""

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

from cli.error_handling import error_console
from prompt_capture.domain.errors import InvalidSettings

if TYPE_CHECKING:
    from cli.checks.interface import CheckResult, State

_STYLES: "dict[State, str]" = {"ok": "green", "wrong": "red", "skipped": "yellow"}
_STAGE = re.compile(r"[A-Za-z0-9-]+")

NamedResults = Sequence[tuple[str, "CheckResult"]]
"""Results with the name of their check."""


def _validate_stage(name: str | None) -> str | None:
    if name is not None and not _STAGE.fullmatch(name):
        raise typer.BadParameter("The name of a stage has only letters, digits and -.")
    return name


def doctor(
    stage: Annotated[
        str | None,
        typer.Option(
            help="Read the settings from the stack of this stage (see docs/how-to/deploy.md).",
            callback=_validate_stage,
        ),
    ] = None,
    region: Annotated[
        str, typer.Option(help="The AWS region of the stage.", envvar="AWS_REGION")
    ] = "eu-west-1",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Check a deployment, and report how to fix what is wrong.

    Checks endpoints, keys, database, bucket, schedules and queues from outside.
    Each result is ok, wrong with a remediation, or skipped with what it needs.
    Changes nothing, stores no prompt, and prints no key and no row.

    Exit status: 0 if nothing is wrong, 1 if something is, 2 if nothing to check.

    Settings: SUPABASE_URL and its keys, CLASSIFY_URL, OUTCOMES_URL,
    CORRECTIONS_URL, API_KEY, EXPORT_BUCKET, SPOOL_QUEUE_URL, DATABASE_URL, and
    those of AWS clients.
    X_PARAMETER names the parameter for the setting X.

    [bold]Examples[/bold]
      . .local/stacks/default/stack.env; prompt-capture doctor
      prompt-capture doctor --stage dev
    """
    from cli.checks.discovery import open_deployment
    from cli.checks.registry import run_checks

    try:
        with (
            open_deployment(os.environ, stage, region if stage else None) as deployment,
            error_console.status("Checking") as status,
        ):
            if not (deployment.settings.model_fields_set or deployment.parameters):
                raise InvalidSettings(
                    "There is nothing to check: set SUPABASE_URL, or pass --stage."
                )
            results = []
            for check, result in run_checks(deployment):
                status.update(f"Checking {check}")
                results.append((check, result))
    except InvalidSettings as error:
        raise typer.BadParameter(str(error)) from None
    if as_json:
        typer.echo(json.dumps(_to_json(results), indent=2))
    else:
        _print_results(Console(), results)
    if any(result.state == "wrong" for _, result in results):
        raise typer.Exit(1)


def _to_json(results: NamedResults) -> dict[str, object]:
    return {
        "ok": all(result.state != "wrong" for _, result in results),
        "results": [{"check": check, **asdict(result)} for check, result in results],
    }


def _print_results(console: Console, results: NamedResults) -> None:
    table = Table(show_header=False)
    previous = ""
    for check, result in results:
        if previous and check != previous:
            table.add_section()
        table.add_row(
            "" if check == previous else f"[bold]{escape(check)}[/bold]",
            _styled(result.state),
            escape(f"{result.subject}: {result.message}"),
        )
        previous = check
    console.print(table)
    to_fix: tuple[State, ...] = ("wrong", "skipped")
    for state in to_fix:
        for check, result in results:
            if result.state == state:
                text = escape(f"{check}, {result.subject}: {result.remediation}")
                # Wrapping would break the commands in it for copying.
                console.print(f"{_styled(state)}  {text}", soft_wrap=True, highlight=False)
    counts = {state: sum(result.state == state for _, result in results) for state in _STYLES}
    summary = ", ".join(f"{count} {state}" for state, count in counts.items())
    console.print(f"[bold]{summary}[/bold]", highlight=False)


def _styled(state: "State") -> str:
    return f"[{_STYLES[state]}]{state}[/{_STYLES[state]}]"
