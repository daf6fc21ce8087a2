"""`prompt-capture serve`: run the local stack until Ctrl-C."""

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

from infra.local import stack_env
from infra.local.functions import CLASSIFY, CORRECT
from infra.local.processes import ServiceFailed
from infra.local.stack import Stack
from infra.local.stack_lock import FolderInUse
from infra.local.users import User
from prompt_capture.domain.errors import InvalidSettings
from prompt_capture.settings import WebSettings

_SERVICES = ("PostgreSQL", "PostgREST", "S3", "SQS", "HTTP", "Functions")
_console = Console()


def serve(
    name: Annotated[str, typer.Option(help="The name of the stack.")] = "default",
    model: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="The folder of a trained model to serve instead of the shipped one.",
        ),
    ] = None,
) -> None:
    """Run the local stack on this machine until Ctrl-C.

    Starts PostgreSQL, PostgREST, S3, SQS and all functions on loopback.
    Prints their addresses and keys.
    Stacks with different names run side by side.
    Needs no Docker.
    Deletes all data when the stack stops.

    Settings: CORS_ALLOW_ORIGINS, the web pages that may call the functions.

    [bold]Examples[/bold]
      prompt-capture serve
      prompt-capture serve --name candidate --model build/next
    """
    # A supervisor stops a process by SIGTERM; the stack then stops as for Ctrl-C.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        stack = Stack(name, _settings(model))
    except InvalidSettings as error:
        raise typer.BadParameter(str(error)) from None
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--name") from None
    try:
        _start(stack)
        _print_stack(stack, stack.create_user("demo@example.com"), _create_console_users(stack))
        threading.Event().wait()
    except (FolderInUse, ServiceFailed) as error:
        _console.print(f"[red]{error}[/red]", highlight=False)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        _console.print("\nStopping.")
    finally:
        stack.close()


def _settings(model: Path | None) -> dict[str, dict[str, str]]:
    """Return the settings of functions that differ from the defaults. Raise `InvalidSettings`."""
    origins = ",".join(WebSettings.from_env().cors_allow_origins)
    web = {"CORS_ALLOW_ORIGINS": origins}
    served = {"MODEL_DIR": str(model.resolve())} if model else {}
    return {CLASSIFY: web | served, CORRECT: web}


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _start(stack: Stack) -> None:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=_console, transient=True) as progress:
        tasks = {service: progress.add_task(service, total=1) for service in _SERVICES}

        def report(service: str) -> None:
            progress.update(tasks[service], completed=1)

        stack.start(report)
        stack.warm()
        report("Functions")


def _create_console_users(stack: Stack) -> dict[str, User]:
    """Create a user of the console for each role."""
    return {
        "reviewer": stack.create_reviewer("reviewer@example.com"),
        "operator": stack.create_operator("operator@example.com"),
        "viewer": stack.create_viewer("viewer@example.com"),
    }


def _print_stack(stack: Stack, user: User, console_users: dict[str, User]) -> None:
    file = stack_env.write_file(stack, user)
    _console.print(Panel(_addresses(stack), title=f"Stack {stack.name}", expand=False))
    _console.print("\n[bold]Console[/bold]")
    for role, account in console_users.items():
        sign_in = f"sign in as {account.email} with the password {account.password}"
        _console.print(f"  {role:9} {sign_in}", soft_wrap=True, highlight=False)
    _console.print(f"\n[bold]Settings to source[/bold]  . {shlex.quote(str(file))}", soft_wrap=True)
    _console.print("\n[bold]Try it[/bold]")
    print(_example_request(stack, user))  # noqa: T201 - rich would wrap the command for copying
    _console.print(f"\n[bold]Logs[/bold]  {stack.folder / 'logs'}", soft_wrap=True)
    _console.print("\nPress Ctrl-C to stop.")


def _addresses(stack: Stack) -> Table:
    table = Table.grid(padding=(0, 2))
    rows = {
        "Classify": stack.classify_url,
        "Outcomes": stack.outcomes_url,
        "Corrections": stack.corrections_url,
        "Models": stack.models_url,
        "Console": stack.console_url,
        "Lambda (export)": stack.lambda_endpoint,
        "Supabase": stack.supabase_url,
        "PostgreSQL": stack.postgres_dsn,
        "S3": f"{stack.s3_endpoint}  bucket {stack.bucket}",
        "API key": stack.keys.api_key,
        "Operator key": stack.keys.operator_key,
        "Publishable key": stack.keys.publishable,
        "Secret key": stack.keys.secret,
    }
    for label, value in rows.items():
        table.add_row(f"[bold]{label}[/bold]", value)
    return table


def _example_request(stack: Stack, user: User) -> str:
    body = f'{{"message": "remind me to call mum at six", "user_id": "{user.id}"}}'
    return (
        f"curl -s {stack.classify_url} \\\n"
        f"  -H 'X-Api-Key: {stack.keys.api_key}' -H 'Content-Type: application/json' \\\n"
        f"  -d '{body}'"
    )
