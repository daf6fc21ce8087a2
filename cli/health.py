"""`prompt-capture health`: the figures of the Health page, in a terminal."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console

from cli.arguments import JsonOption
from cli.error_handling import exit_on_error
from cli.printable import json_for_terminals

DEFAULT_DAYS = 30
MAX_DAYS = 730


def health(
    days: Annotated[
        int, typer.Option(metavar="N", min=1, max=MAX_DAYS, help="The last N days.")
    ] = DEFAULT_DAYS,
    as_json: JsonOption = False,
) -> None:
    """Show how the assistant does, in figures.

    Messages, accuracy, failures, what is taken for what, reviews, and tasks.
    Figures are counts by day, at most five minutes old.
    Contains no message and no user.

    Settings: SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY and SUPABASE_SIGNING_KEY, or
    SUPABASE_SECRET_KEY.

    [bold]Examples[/bold]
      prompt-capture health
      prompt-capture health --days 90 --json
    """
    from cli.health_tables import print_health
    from prompt_capture.bootstrap.monitoring import monitoring_store

    with exit_on_error():
        figures = asyncio.run(monitoring_store().health(days))
    if as_json:
        typer.echo(json_for_terminals(figures.model_dump_json(indent=2, ensure_ascii=True)))
    else:
        print_health(Console(), figures)
