"""`prompt-capture serve`: the local stack, up until Ctrl-C."""

import shlex
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.panel import Panel
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from infra.local import variables
from infra.local.functions import CLASSIFY
from infra.local.processes import ServiceFailed
from infra.local.stack import Stack
from infra.local.stack_lock import FolderInUse
from infra.local.users import User

_PARTS = ("PostgreSQL", "PostgREST", "S3", "SQS", "HTTP", "Functions")
_console = Console()


def serve(
    name: Annotated[
        str, typer.Option(help="Several stacks run side by side under names of their own.")
    ] = "default",
    model: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, help="A trained model to serve, not the shipped."
        ),
    ] = None,
) -> None:
    """Run the whole product on this machine: database, S3 and functions, until Ctrl-C.

    Real PostgreSQL, PostgREST and S3 servers on free loopback ports. The data are thrown away at
    the end.
    """
    # A supervisor's polite request ends it as Ctrl-C does.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        stack = Stack(name, {CLASSIFY: {"MODEL_DIR": str(model.resolve())}} if model else None)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--name") from None
    try:
        _start(stack)
        _show(stack, stack.create_user("demo@example.com"))
        threading.Event().wait()
    except (FolderInUse, ServiceFailed) as error:
        _console.print(f"[red]{error}[/red]", highlight=False)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        _console.print("\nStopping.")
    finally:
        stack.close()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _start(stack: Stack) -> None:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=_console, transient=True) as progress:
        tasks = {part: progress.add_task(part, total=1) for part in _PARTS}

        def report(part: str) -> None:
            progress.update(tasks[part], completed=1)

        stack.start(report)
        stack.warm()
        report("Functions")


def _show(stack: Stack, user: User) -> None:
    file = variables.write(stack, user)
    _console.print(Panel(_addresses(stack), title=f"Stack {stack.name}", expand=False))
    _console.print(f"\n[bold]Settings to source[/bold]  . {shlex.quote(str(file))}", soft_wrap=True)
    _console.print("\n[bold]Try it[/bold]")
    print(_example(stack, user))  # noqa: T201 - rich would wrap what people paste
    _console.print(f"\n[bold]Logs[/bold]  {stack.folder / 'logs'}", soft_wrap=True)
    _console.print("\nCtrl-C stops everything.")


def _addresses(stack: Stack) -> Table:
    table = Table.grid(padding=(0, 2))
    rows = {
        "Classify": stack.classify_url,
        "Outcomes": stack.outcomes_url,
        "Corrections": stack.corrections_url,
        "Lambda (export)": stack.lambda_endpoint,
        "Supabase": stack.supabase_url,
        "PostgreSQL": stack.postgres_dsn,
        "S3": f"{stack.s3_endpoint}  bucket {stack.bucket}",
        "API key": stack.keys.api_key,
        "Publishable key": stack.keys.publishable,
        "Secret key": stack.keys.secret,
    }
    for label, value in rows.items():
        table.add_row(f"[bold]{label}[/bold]", value)
    return table


def _example(stack: Stack, user: User) -> str:
    body = f'{{"message": "remind me to call mum at six", "user_id": "{user.id}"}}'
    return (
        f"curl -s {stack.classify_url} \\\n"
        f"  -H 'X-Api-Key: {stack.keys.api_key}' -H 'Content-Type: application/json' \\\n"
        f"  -d '{body}'"
    )
