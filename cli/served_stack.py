"""The stack of `prompt-capture serve`: its settings, its start, and what is printed of it."""

import shlex
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from infra.local import stack_env
from infra.local.functions import CLASSIFY, CORRECT
from infra.local.stack import Stack
from infra.local.users import User
from prompt_capture.settings.web_pages import WebSettings

_SERVICES = ("PostgreSQL", "PostgREST", "S3", "SQS", "HTTP", "Functions")


def stack_settings(model: Path | None) -> dict[str, dict[str, str]]:
    """Return the settings of functions that differ from the defaults. Raise `InvalidSettings`."""
    origins = ",".join(WebSettings.from_env().cors_allow_origins)
    web = {"CORS_ALLOW_ORIGINS": origins}
    served = {"MODEL_DIR": str(model.resolve())} if model else {}
    return {CLASSIFY: web | served, CORRECT: web}


def start_stack(console: Console, stack: Stack) -> None:
    """Start all services and functions, and show which are ready."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        tasks = {service: progress.add_task(service, total=1) for service in _SERVICES}

        def report(service: str) -> None:
            progress.update(tasks[service], completed=1)

        stack.start(report)
        stack.warm()
        report("Functions")


def print_stack(console: Console, stack: Stack) -> None:
    """Create the users of a stack, and print its addresses and keys."""
    user = stack.create_user("demo@example.com")
    # The users of the console, one for each role.
    console_users = {
        "reviewer": stack.create_reviewer("reviewer@example.com"),
        "operator": stack.create_operator("operator@example.com"),
        "viewer": stack.create_viewer("viewer@example.com"),
    }
    file = stack_env.write_file(stack, user)
    console.print(Panel(_addresses(stack), title=f"Stack {stack.name}", expand=False))
    console.print("\n[bold]Console[/bold]")
    for role, account in console_users.items():
        sign_in = f"sign in as {account.email} with the password {account.password}"
        console.print(f"  {role:9} {sign_in}", soft_wrap=True, highlight=False)
    console.print(f"\n[bold]Settings to source[/bold]  . {shlex.quote(str(file))}", soft_wrap=True)
    console.print("\n[bold]Try it[/bold]")
    print(_example_request(stack, user))  # noqa: T201 - rich would wrap the command for copying
    console.print(f"\n[bold]Logs[/bold]  {stack.folder / 'logs'}", soft_wrap=True)
    console.print("\nPress Ctrl-C to stop.")


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
