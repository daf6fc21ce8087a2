"""`prompt-capture alerts`: show and handle what the monitor found."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.arguments import Command, JsonOption, OperatorOption
from cli.error_handling import exit_on_error
from cli.printable import count_of, json_for_terminals, printable

if TYPE_CHECKING:
    from prompt_capture.domain.alerts import Alert

DEFAULT_LIMIT = 100
MAX_DAYS = 365

app = typer.Typer(no_args_is_help=True)

NumberArgument = Annotated[int, typer.Argument(metavar="NUMBER", help="The number of the alert.")]


@app.callback()
def alerts() -> None:
    """Show and handle alerts."""


@app.command("list", cls=Command)
def list_alerts(
    with_resolved: Annotated[
        bool, typer.Option("--all", help="Also those that are resolved.")
    ] = False,
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, max=10_000, help="At most N.")
    ] = DEFAULT_LIMIT,
    as_json: JsonOption = False,
) -> None:
    """List the open alerts, the newest first.

    Says what was seen, since when, and which section says what to do.
    An alert is resolved by itself when its rule no longer fires.

    Settings: SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY and SUPABASE_SIGNING_KEY, or
    SUPABASE_SECRET_KEY.

    [bold]Examples[/bold]
      prompt-capture alerts list
      prompt-capture alerts list --all --json
    """
    from prompt_capture.bootstrap.monitoring import monitoring_store

    with exit_on_error():
        listed = asyncio.run(monitoring_store().alerts(with_resolved, limit))
    if as_json:
        for alert in listed:
            _print_json(alert)
    else:
        _print_alerts(Console(), listed, with_resolved)


@app.command(cls=Command)
def ack(number: NumberArgument, operator: OperatorOption, as_json: JsonOption = False) -> None:
    """Take an alert over: others see who is on it.

    The first one who does so stays.

    Settings: as for list.

    [bold]Examples[/bold]
      prompt-capture alerts ack 12
    """
    from prompt_capture.bootstrap.monitoring import monitoring_store

    with exit_on_error():
        alert = asyncio.run(monitoring_store().acknowledge(number, operator))
    if as_json:
        _print_json(alert)
    else:
        by = printable(alert.acknowledged_by or "")
        typer.echo(f"Alert {alert.id} is acknowledged by {by}. What to do: {alert.runbook}")


@app.command(cls=Command)
def mute(
    number: NumberArgument,
    operator: OperatorOption,
    days: Annotated[
        int, typer.Option(metavar="N", min=0, max=MAX_DAYS, help="For N days; 0 ends it.")
    ] = 7,
    as_json: JsonOption = False,
) -> None:
    """Send nothing about the rule and subject of an alert for some days.

    It stays listed.

    Settings: as for list.

    [bold]Examples[/bold]
      prompt-capture alerts mute 12 --days 14
    """
    from prompt_capture.bootstrap.monitoring import monitoring_store

    until = datetime.now(UTC) + timedelta(days=days)
    with exit_on_error():
        alert = asyncio.run(monitoring_store().mute(number, until, operator))
    if as_json:
        _print_json(alert)
    elif alert.state == "muted":
        typer.echo(f"Alert {alert.id} is muted until {alert.muted_until:%Y-%m-%d %H:%M} UTC.")
    else:
        typer.echo(f"Alert {alert.id} is not muted any more.")


def _print_alerts(console: Console, listed: "list[Alert]", with_resolved: bool) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("No.", "State", "Since (UTC)", "What was seen", "What to do"):
        table.add_column(heading, overflow="fold")
    for alert in listed:
        table.add_row(
            str(alert.id),
            alert.state,
            f"{alert.since:%Y-%m-%d %H:%M}",
            printable(alert.summary),
            alert.runbook,
        )
    if listed:
        console.print(table, highlight=False, markup=False)
        console.print()
    count = f"{count_of(len(listed), 'alert')}."
    text = count if with_resolved or listed else "No alert is open."
    console.print(text, highlight=False, markup=False)


def _print_json(alert: "Alert") -> None:
    typer.echo(json_for_terminals(json.dumps(alert.model_dump(mode="json"))))
