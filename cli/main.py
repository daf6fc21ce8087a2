"""The `prompt-capture` command."""

import io
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from cli.alerts import app as alerts
from cli.arguments import Command
from cli.convert import convert
from cli.doctor import doctor
from cli.erase import erase
from cli.evaluate import evaluate
from cli.export import export
from cli.health import health
from cli.import_review import import_review
from cli.migrations import app as migrations
from cli.models import app as models
from cli.predict import predict
from cli.prompts import prompts
from cli.redrive import redrive
from cli.serve import serve
from cli.train import train

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    rich_markup_mode="rich",
)


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(f"prompt-capture {version('prompt-capture')}")
        raise typer.Exit


@app.callback()
def _describe(
    _show: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Capture every message that an assistant receives, and learn from it."""


for panel, commands in {
    "Run": (serve,),
    "Review": (prompts, import_review),
    "Data": (export, convert),
    "Model": (train, evaluate, predict),
    "Operate": (doctor, health, erase, redrive),
}.items():
    for command in commands:
        app.command(cls=Command, rich_help_panel=panel)(command)
app.add_typer(models, name="models", rich_help_panel="Model")
app.add_typer(alerts, name="alerts", rich_help_panel="Operate")
app.add_typer(migrations, name="migrations", rich_help_panel="Operate")


def main() -> None:
    """Run the command. What the terminal's encoding lacks is shown as a question mark."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    app()
