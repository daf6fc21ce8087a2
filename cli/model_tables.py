"""Registered models and their events as tables and sentences, for people."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from cli.printable import count_of, printable
from prompt_capture.domain.models import ModelEvent, RegisteredModel
from prompt_capture.workflows.models.manage import ModelHistory, ServingRecord

PACKAGED = "the packaged model"
_MEGABYTE = 1_000_000
_NONE = "-"
_FORCED = " No verdict supported it: it was forced."


def print_models(console: Console, models: Sequence[RegisteredModel], limit: int) -> None:
    """Print models, the newest first, at most `limit` (0 for all), and which one serves."""
    table = _table("Version", "State", "Trained", "Accuracy", "Registered (UTC)", "By")
    for model in models[: limit or None]:
        table.add_row(
            model.address.version,
            model.state,
            model.training.mode,
            _accuracy(model),
            _time(model.registered_at),
            printable(model.registered_by),
        )
    _print_table(console, table)
    champions = (model.address.version for model in models if model.state == "champion")
    _print_footer(console, len(models), limit, "model")
    console.print(f"Serving: {next(champions, PACKAGED)}", highlight=False, markup=False)


def print_events(console: Console, events: Sequence[ModelEvent], limit: int) -> None:
    """Print events, the newest first, at most `limit` (0 for all)."""
    table = _table("Time (UTC)", "Event", "Version", "By", "Reason")
    for event in events[: limit or None]:
        table.add_row(
            _time(event.at),
            _kind(event),
            event.version or PACKAGED,
            printable(event.actor),
            printable(event.reason),
        )
    _print_table(console, table)
    _print_footer(console, len(events), limit, "event")


def print_model(console: Console, history: ModelHistory) -> None:
    """Print everything that the registry knows about a model."""
    table = _table("", "")
    table.show_header = False
    for name, value in _fields(history.model):
        table.add_row(name, printable(value))
    _print_table(console, table)
    console.print()
    print_events(console, history.events, limit=0)


def _fields(model: RegisteredModel) -> Iterator[tuple[str, str]]:
    training = model.training
    yield "version", model.address.version
    yield "state", model.state
    yield "registered", f"{_time(model.registered_at)} by {model.registered_by}"
    yield "trained", f"{training.mode}, seed {training.seed}, code {training.code_version}"
    yield "parent", training.parent or _NONE
    for dataset in training.datasets:
        yield "dataset", f"{dataset.source}: {_counts(dataset.examples_by_tier)}"
    yield "labels", str(len(model.labels))
    yield "catalogue", model.catalogue_version
    yield "metrics", _numbers(model.metrics)
    yield "sample", f"{model.sample}, {model.sample_messages:,} messages" if model.sample else _NONE
    yield "size", f"{model.size_bytes / _MEGABYTE:.1f} MB"
    yield "time for a message", _numbers(model.latency_ms, " ms")
    yield "manifest", model.artifact_url
    yield "SHA-256", model.address.manifest_sha256
    yield "VersionId", model.address.object_version or _NONE


def _kind(event: ModelEvent) -> str:
    if event.kind == "verdict":
        return f"verdict: {printable(str(event.evidence.get('decision')))}"
    return "promoted, forced" if event.is_forced else event.kind


def describe_event(event: ModelEvent | None, unchanged: str) -> str:
    """Return a sentence about what a decision did, or `unchanged` where it did nothing."""
    match event:
        case None:
            return unchanged
        case ModelEvent(kind="promoted"):
            served = f"{event.version} serves from now on; before, {_name(event.replaced)} did."
            return f"{served}{_FORCED if event.is_forced else ''}"
        case ModelEvent(kind="rolled_back"):
            return f"In place of {event.replaced}, {_name(event.version)} serves again."
        case ModelEvent(kind="split_started" | "split_changed"):
            return f"{event.version} answers {event.evidence['share']:.0%} of the users."
        case ModelEvent(kind="split_stopped"):
            return f"{event.version} answers nobody in a split any more."
        case _:
            return f"{event.version} will not serve any more."


def describe_serving(record: ServingRecord) -> Iterator[str]:
    """Yield sentences about which model served at a moment, and why."""
    event = record.event
    if event is None:
        yield f"At {_time(record.at)} UTC {PACKAGED} served: no model had been promoted."
        return
    verb = "was promoted" if event.kind == "promoted" else "came back by a rollback"
    yield (
        f"At {_time(record.at)} UTC {_name(event.version)} served. "
        f"It {verb} at {_time(event.at)} by {printable(event.actor)}, "
        f"in place of {_name(event.replaced)}.{_FORCED if event.is_forced else ''}"
    )
    yield f"Reason: {printable(event.reason)}"
    if record.model:
        yield f"Metrics: {_numbers(record.model.metrics)} (sample: {record.model.sample or _NONE})"


def _name(version: str | None) -> str:
    return version or PACKAGED


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _print_table(console: Console, table: Table) -> None:
    if table.row_count:
        console.print(table, highlight=False, markup=False)


def _print_footer(console: Console, count: int, limit: int, noun: str) -> None:
    text = f"{count_of(count, noun)}."
    if limit and count > limit:
        text = f"The newest {limit:,} of {text} For all: --limit 0."
    console.print(f"\n{text}", highlight=False, markup=False)


def _accuracy(model: RegisteredModel) -> str:
    accuracy = model.metrics.get("accuracy")
    return _NONE if accuracy is None else f"{accuracy:.1%} ({model.sample})"


def _numbers(numbers: Mapping[str, float], unit: str = "") -> str:
    return ", ".join(f"{name} {number:g}{unit}" for name, number in numbers.items()) or _NONE


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {tier}" for tier, count in counts.items()) or _NONE


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
