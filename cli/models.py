"""`prompt-capture models`: publish models, and decide which of them serves."""

import asyncio
import json
import tempfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import BaseModel
from rich.console import Console

from cli.arguments import Command, JsonOption, OperatorOption, parse_moment
from cli.error_handling import error_console, exit_on_error
from cli.printable import json_for_terminals
from cli.progress import progress_bars
from prompt_capture.domain.errors import StoreUnavailable

if TYPE_CHECKING:
    from cli.backtest import BacktestReport
    from prompt_capture.domain.models import ModelEvent, RegisteredModel

DEFAULT_LIMIT = 20
DEFAULT_DAYS = 30
PACKAGED_MODEL = Path("model_artifacts/assistant")
_INTERRUPTED = 130
"""The exit status after Ctrl-C, as shells set it."""

STOP, STATUS = "stop", "status"

app = typer.Typer(no_args_is_help=True)


@app.callback()
def models() -> None:
    """Publish models, and decide which one serves."""


VersionArgument = Annotated[str, typer.Argument(help="The version of the model.")]
ReasonOption = Annotated[
    str, typer.Option(metavar="TEXT", help="Why.\n\nThe model ledger keeps it, redacted.")
]
ForceOption = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Promote a model that no verdict supports.\n\nThe model ledger keeps that you did.",
    ),
]
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
    from prompt_capture.bootstrap.registry import manage_models

    with exit_on_error():
        listed = asyncio.run(manage_models().models())
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
    from prompt_capture.bootstrap.registry import manage_models

    with exit_on_error():
        history = asyncio.run(manage_models().model(version))
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
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Publish a model as a candidate, which does not serve yet.

    Checks and measures the model, uploads the files that the bucket lacks,
    and registers the model.
    Overwrites nothing.
    If it was interrupted, run it again: it continues.

    Settings: as for list, MODELS_BUCKET and those of AWS clients.
    A bucket that begins with / or ./ is a folder on this machine.

    [bold]Examples[/bold]
      prompt-capture models publish build/next --reason "corrections of May"
      prompt-capture models publish build/next --promote --force \\
        --reason "the first model of our own"
    """
    with exit_on_error():
        try:
            model, new_bytes = asyncio.run(_publish(folder, operator, reason))
        except KeyboardInterrupt:
            error_console.print("Interrupted. Run the command again: it continues.", style="yellow")
            raise typer.Exit(_INTERRUPTED) from None
        event = _promote(model.address.version, operator, reason, force) if promote else None
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
    from prompt_capture.bootstrap.publishing import model_folder, publish_model
    from prompt_capture.bootstrap.stores import service_store

    workflow = publish_model()
    with error_console.status(f"Checking {folder}"):
        model = model_folder(folder)
        catalogue = await service_store().known_intents()
    for remark in remarks_on(model, catalogue):
        error_console.print(remark, style="yellow", highlight=False, markup=False)
    with progress_bars(error_console) as progress:
        published = await workflow(model, operator, reason, progress.step("Uploading (bytes)"))
    return published.model, published.new_bytes


@app.command(cls=Command)
def backtest(
    version: VersionArgument,
    operator: OperatorOption,
    days: Annotated[
        int, typer.Option(metavar="N", min=1, help="Classify texts of the last N days.")
    ] = DEFAULT_DAYS,
    gold: Annotated[
        list[str] | None,
        typer.Option(
            "--gold",
            metavar="DATASET",
            show_default=False,
            help="An exported gold dataset: a folder, a manifest or an s3:// URL.\n\nRepeatable.",
        ),
    ] = None,
    learnt: Annotated[
        list[str] | None,
        typer.Option(
            "--learnt",
            metavar="DATA",
            show_default=False,
            help="What either model learnt, as for train: no evidence.\n\nRepeatable.",
        ),
    ] = None,
    packaged: Annotated[
        Path, typer.Option(metavar="DIR", file_okay=False, help="The packaged model.")
    ] = PACKAGED_MODEL,
    as_json: JsonOption = False,
) -> None:
    """Compare a model with the champion, and record whether it may take its place.

    Runs both over captured texts, draws texts on which they disagree for review,
    and decides by what people decided about texts that neither learnt.
    The verdict is promote, hold or reject.
    A verdict on new evidence is a look, and there are at most 12.

    Settings: as for publish.

    [bold]Examples[/bold]
      prompt-capture models backtest assistant-4b8a490e \\
        --gold s3://prompt-capture/retained/gold --learnt build/audited
    """
    from cli.backtest_tables import print_backtest

    with exit_on_error():
        report = asyncio.run(_backtest(version, operator, days, gold or [], learnt or [], packaged))
    if as_json:
        _print_json(report)
    else:
        print_backtest(Console(), report)


async def _backtest(
    version: str,
    operator: str,
    days: int,
    gold: Sequence[str],
    learnt: Sequence[str],
    packaged: Path,
) -> "BacktestReport":
    from cli.backtest import compare_models, find_models, read_gold_ids
    from cli.labelled_data import read_texts
    from cli.sources import local_sources
    from prompt_capture.bootstrap.publishing import published_models
    from prompt_capture.bootstrap.registry import evaluation, model_registry
    from prompt_capture.bootstrap.stores import service_store
    from training.gate.comparison import CandidateComparison, ComparedModelLoader

    registry, catalogue = model_registry(), service_store()
    with tempfile.TemporaryDirectory() as folder, progress_bars(error_console) as progress:
        with local_sources(gold, progress) as sources:
            gold_ids = read_gold_ids(sources)
        with local_sources(learnt, progress) as sources:
            texts = read_texts(sources, progress) if sources else []
        loader = ComparedModelLoader(published_models(), packaged, Path(folder))
        candidate, champion = await find_models(registry, loader, version)
        known = await catalogue.known_intents()
        comparison = CandidateComparison(candidate, champion, texts, gold_ids, known, days)
        step = progress.step("Classifying")
        return await compare_models(evaluation(), registry, comparison, operator, step)


@app.command(cls=Command)
def promote(
    version: VersionArgument,
    reason: ReasonOption,
    operator: OperatorOption,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make a model the champion: it serves from the next messages on.

    Its latest verdict must say so, and still stand: neither the champion nor the
    catalogue has changed since.

    Settings: as for list.

    [bold]Examples[/bold]
      prompt-capture models promote assistant-4b8a490e \\
        --reason "the verdict of May"
      prompt-capture models promote assistant-4b8a490e --force \\
        --reason "the champion fails on a new kind of message"
    """
    with exit_on_error():
        event = _promote(version, operator, reason, force)
    _print_decision(event, f"{version} is the champion already.", as_json)


def _promote(version: str, operator: str, reason: str, force: bool) -> "ModelEvent | None":
    from prompt_capture.bootstrap.registry import manage_models

    return asyncio.run(manage_models().promote(version, operator, reason, force))


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
    from prompt_capture.bootstrap.registry import manage_models

    with exit_on_error():
        try:
            event = asyncio.run(manage_models().roll_back(operator, reason, champion))
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
    from prompt_capture.bootstrap.registry import manage_models

    with exit_on_error():
        event = asyncio.run(manage_models().quarantine(version, operator, reason))
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
    from prompt_capture.bootstrap.registry import manage_models

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
        manage = manage_models()
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
    from prompt_capture.bootstrap.registry import evaluate_split

    with exit_on_error():
        status = asyncio.run(evaluate_split().status())
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
            parser=parse_moment,
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
    from prompt_capture.bootstrap.registry import manage_models

    with exit_on_error():
        events = asyncio.run(manage_models().events(version))
    if as_json:
        _print_json_list(events[: limit or None])
    else:
        print_events(Console(), events, limit)


def _print_serving(at: datetime, as_json: bool) -> None:
    from cli.model_tables import describe_serving
    from prompt_capture.bootstrap.registry import manage_models

    with exit_on_error():
        record = asyncio.run(manage_models().serving_at(at))
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
