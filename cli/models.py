"""`prompt-capture models`: publish models, and decide which of them serves."""

import asyncio
import getpass
import json
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import BaseModel
from rich.console import Console

from cli.arguments import Command
from cli.error_handling import error_console, exit_on_error
from cli.printable import json_for_terminals
from cli.progress import progress_bars
from prompt_capture.domain.changes import validate_reviewer_name
from prompt_capture.domain.errors import StoreUnavailable

if TYPE_CHECKING:
    from prompt_capture.domain.models import ModelEvent, RegisteredModel

DEFAULT_LIMIT = 20
MAX_OPERATOR_LENGTH = 200
_INTERRUPTED = 130
"""The exit status after Ctrl-C, as shells set it."""

STOP, STATUS = "stop", "status"

app = typer.Typer(no_args_is_help=True)


@app.callback()
def models() -> None:
    """Publish models, and decide which one serves."""


def _default_operator() -> str:
    with suppress(KeyError, OSError):
        return getpass.getuser()
    raise typer.BadParameter("Name who decides: --operator NAME.")


def _validate_operator(name: str) -> str:
    if len(name) > MAX_OPERATOR_LENGTH:
        raise typer.BadParameter(f"A name has at most {MAX_OPERATOR_LENGTH} characters.")
    try:
        return validate_reviewer_name(name)
    except ValueError as error:
        raise typer.BadParameter(f"{error}. Name who decides: --operator NAME.") from None


def _parse_moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("Write the time as 2026-11-03T12:00Z, in UTC.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


VersionArgument = Annotated[str, typer.Argument(help="The version of the model.")]
ReasonOption = Annotated[
    str, typer.Option(metavar="TEXT", help="Why.\n\nThe model ledger keeps it, redacted.")
]
OperatorOption = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        default_factory=_default_operator,
        callback=_validate_operator,
        show_default=False,
        help="Who decides. (default: your user name)",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
LimitOption = Annotated[int, typer.Option(metavar="N", min=0, help="At most N; 0 for all.")]


@app.command("list", cls=Command)
def list_models(limit: LimitOption = DEFAULT_LIMIT, as_json: JsonOption = False) -> None:
    """List the registered models, the newest first.

    States: candidate (never promoted), champion (serves), retired, quarantined.
    Where none is the champion, the packaged model serves.

    Settings: SUPABASE_URL, SUPABASE_SIGNING_KEY and SUPABASE_PUBLISHABLE_KEY.

    [bold]Examples[/bold]
      prompt-capture models list
      prompt-capture models list --json --limit 0
    """
    from cli.model_tables import print_models
    from prompt_capture import bootstrap

    with exit_on_error():
        listed = asyncio.run(bootstrap.manage_models().models())
    if as_json:
        _print_json_list(listed[: limit or None])
    else:
        print_models(Console(), listed, limit)


@app.command(cls=Command)
def show(version: VersionArgument, as_json: JsonOption = False) -> None:
    """Show a model: its origin, its metrics, and its events.

    Settings: as for list.

    [bold]Examples[/bold]
      prompt-capture models show assistant-4b8a490e
    """
    from cli.model_tables import print_model
    from prompt_capture import bootstrap

    with exit_on_error():
        history = asyncio.run(bootstrap.manage_models().model(version))
    if as_json:
        _print_json(history)
    else:
        print_model(Console(), history)


@app.command(cls=Command)
def publish(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", exists=True, file_okay=False, help="The folder that train wrote."
        ),
    ],
    reason: ReasonOption,
    operator: OperatorOption,
    promote: Annotated[
        bool, typer.Option("--promote", help="Also make it the champion, for the same reason.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Publish a model as a candidate, which does not serve yet.

    Checks and measures the model, uploads the files that the bucket lacks,
    and registers the model.
    Overwrites nothing.
    If it was interrupted, run it again: it continues.

    Settings: as for list, MODELS_BUCKET and those of AWS clients.
    A bucket with a slash is the path of a local folder.

    [bold]Examples[/bold]
      prompt-capture models publish build/next --reason "corrections of May"
      prompt-capture models publish build/next --promote \\
        --reason "3 points better on the gold dataset"
    """
    with exit_on_error():
        try:
            model, new_bytes = asyncio.run(_publish(folder, operator, reason))
        except KeyboardInterrupt:
            error_console.print("Interrupted. Run the command again: it continues.", style="yellow")
            raise typer.Exit(_INTERRUPTED) from None
        event = _promote(model.address.version, operator, reason) if promote else None
    if as_json:
        _print_json(model, new_bytes=new_bytes, promotion=event)
        return
    version = model.address.version
    typer.echo(f"Published {version} as a {model.state} ({new_bytes:,} new bytes).")
    if promote:
        _print_decision(event, f"{version} is the champion already.", as_json=False)
    elif model.state == "candidate":
        typer.echo(f"To serve it: prompt-capture models promote {version} --reason ...")


async def _publish(folder: Path, operator: str, reason: str) -> "tuple[RegisteredModel, int]":
    from cli.model_remarks import remarks_on
    from prompt_capture import bootstrap

    publish_model = bootstrap.publish_model()
    with error_console.status(f"Checking {folder}"):
        model = bootstrap.model_folder(folder)
        catalogue = await bootstrap.service_store().known_intents()
    for remark in remarks_on(model, catalogue):
        error_console.print(remark, style="yellow", highlight=False, markup=False)
    with progress_bars(error_console) as progress:
        published = await publish_model(model, operator, reason, progress.step("Uploading (bytes)"))
    return published.model, published.new_bytes


@app.command(cls=Command)
def promote(
    version: VersionArgument,
    reason: ReasonOption,
    operator: OperatorOption,
    as_json: JsonOption = False,
) -> None:
    """Make a model the champion: it serves from the next messages on.

    Settings: as for list.

    [bold]Examples[/bold]
      prompt-capture models promote assistant-4b8a490e \\
        --reason "3 points better on the gold dataset"
    """
    with exit_on_error():
        event = _promote(version, operator, reason)
    _print_decision(event, f"{version} is the champion already.", as_json)


def _promote(version: str, operator: str, reason: str) -> "ModelEvent | None":
    from prompt_capture import bootstrap

    return asyncio.run(bootstrap.manage_models().promote(version, operator, reason))


@app.command(cls=Command)
def rollback(
    reason: ReasonOption,
    operator: OperatorOption,
    champion: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="VERSION",
            show_default=False,
            help="The model that must not serve any more.\n\nThe command can then be repeated.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Return to the model that the champion replaced.

    That may be the packaged model.
    Quarantined models are passed over.
    Without --from, each call is a rollback of its own.
    After an error, see history first.

    Settings: as for list.

    [bold]Examples[/bold]
      prompt-capture models rollback --from assistant-4b8a490e \\
        --reason "more corrections since Monday"
    """
    from prompt_capture import bootstrap

    with exit_on_error():
        try:
            event = asyncio.run(bootstrap.manage_models().roll_back(operator, reason, champion))
        except StoreUnavailable as error:
            if champion is not None:
                raise
            raise StoreUnavailable(
                f"{error} The rollback may have taken place. See `prompt-capture models history` "
                "before you repeat it: a second rollback goes one model further."
            ) from None
    _print_decision(event, "", as_json)


@app.command(cls=Command)
def quarantine(
    version: VersionArgument,
    reason: ReasonOption,
    operator: OperatorOption,
    as_json: JsonOption = False,
) -> None:
    """Exclude a model from serving, for good.

    If it is the champion, it is rolled back in the same step.

    Settings: as for list.

    [bold]Examples[/bold]
      prompt-capture models quarantine assistant-4b8a490e \\
        --reason "learned from a wrong import"
    """
    from prompt_capture import bootstrap

    with exit_on_error():
        event = asyncio.run(bootstrap.manage_models().quarantine(version, operator, reason))
    _print_decision(event, f"{version} is quarantined already.", as_json)


@app.command(cls=Command)
def split(
    target: Annotated[
        str,
        typer.Argument(
            metavar="VERSION|stop|status", help="The model to compare; or stop, or status."
        ),
    ],
    operator: OperatorOption,
    share: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            min=0.0,
            max=1.0,
            show_default=False,
            help="The share of the users whom the model answers, such as 0.1.",
        ),
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            show_default=False,
            help="Why, except for status.\n\nThe model ledger keeps it, redacted.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare a model with the champion, on a share of the users.

    Each user keeps the same model; no user can see that there is a comparison.
    Repeat it with another share to change that.
    stop returns everybody to the champion.
    The split stops by itself where the model does harm, and never promotes it.

    Settings: as for list.

    [bold]Examples[/bold]
      prompt-capture models split assistant-4b8a490e --share 0.1 \\
        --reason "as good as the champion on the audit"
      prompt-capture models split status
      prompt-capture models split stop --reason "seen enough"
    """
    from prompt_capture import bootstrap

    if target == STATUS:
        if share is not None or reason is not None:
            raise typer.BadParameter("status takes neither --share nor --reason.")
        _print_split(as_json)
        return
    if reason is None:
        raise typer.BadParameter("Say why: --reason TEXT.")
    if target == STOP and share is not None:
        raise typer.BadParameter("stop takes no --share.")
    if target != STOP and not (share and share < 1):
        raise typer.BadParameter("Name a share between 0 and 1: --share 0.1.")
    with exit_on_error():
        manage = bootstrap.manage_models()
        decide = (
            manage.stop_split(operator, reason)
            if share is None
            else manage.split(target, share, operator, reason)
        )
        event = asyncio.run(decide)
    unchanged = "No split is under way." if share is None else f"{target} has that share already."
    _print_decision(event, unchanged, as_json)


def _print_split(as_json: bool) -> None:
    from cli.split_table import describe_split, split_as_json
    from prompt_capture import bootstrap

    with exit_on_error():
        status = asyncio.run(bootstrap.evaluate_split().status())
    if as_json:
        typer.echo(_to_json({"split": status and split_as_json(status)}))
    elif status is None:
        typer.echo("There was no split.")
    else:
        typer.echo("\n".join(describe_split(status)))


@app.command(cls=Command)
def history(
    version: Annotated[
        str | None,
        typer.Argument(help="Only the events of this model.", show_default=False),
    ] = None,
    at: Annotated[
        datetime | None,
        typer.Option(
            metavar="TIME",
            parser=_parse_moment,
            show_default=False,
            help="What served at this time, and why.",
        ),
    ] = None,
    limit: LimitOption = DEFAULT_LIMIT,
    as_json: JsonOption = False,
) -> None:
    """List who decided what and why, the newest first.

    With --at, says which model served at a time, and why it had been promoted.
    A time without a time zone is in UTC.

    Settings: as for list.

    [bold]Examples[/bold]
      prompt-capture models history
      prompt-capture models history assistant-4b8a490e --json
      prompt-capture models history --at 2026-11-03T12:00Z
    """
    if at is not None:
        if version is not None:
            raise typer.BadParameter("Choose a version or --at.", param_hint="--at")
        _print_serving(at, as_json)
        return
    from cli.model_tables import print_events
    from prompt_capture import bootstrap

    with exit_on_error():
        events = asyncio.run(bootstrap.manage_models().events(version))
    if as_json:
        _print_json_list(events[: limit or None])
    else:
        print_events(Console(), events, limit)


def _print_serving(at: datetime, as_json: bool) -> None:
    from cli.model_tables import describe_serving
    from prompt_capture import bootstrap

    with exit_on_error():
        record = asyncio.run(bootstrap.manage_models().serving_at(at))
    if as_json:
        _print_json(record)
    else:
        typer.echo("\n".join(describe_serving(record)))


def _print_decision(event: "ModelEvent | None", unchanged: str, as_json: bool) -> None:
    from cli.model_tables import describe_event

    if as_json:
        typer.echo(_to_json({"event": event and event.model_dump(mode="json")}))
    else:
        typer.echo(describe_event(event, unchanged))


def _print_json(model: BaseModel, **more: Any) -> None:
    extra = {
        name: value.model_dump(mode="json") if isinstance(value, BaseModel) else value
        for name, value in more.items()
    }
    typer.echo(_to_json(model.model_dump(mode="json") | extra))


def _print_json_list(models: Iterable[BaseModel]) -> None:
    """Print one JSON object per line."""
    for model in models:
        typer.echo(_to_json(model.model_dump(mode="json")))


def _to_json(content: object) -> str:
    return json_for_terminals(json.dumps(content))
