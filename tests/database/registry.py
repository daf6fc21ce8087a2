"""Calls of the registry of models, as the function that operators reach makes them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from .server import Connection, Server


def build_model(version: str, **changes: Any) -> dict[str, Any]:
    """Return the columns of a model that its publisher sets; `changes` replace or add columns."""
    model = {
        "version": version,
        "manifest_sha256": sha256(version.encode()).hexdigest(),
        "object_version": "3/L4kqtJl~cp.r+=",
        "artifact_url": f"s3://bucket/models/manifests/{version}.json",
        "mode": "head",
        "seed": 7,
        "code_version": "1.0",
        "datasets": [],
        "labels": ["help", "email"],
        "metrics": {"accuracy": 0.5},
        "sample": "audited",
        "sample_messages": 120,
        "size_bytes": 2_000_000,
        "latency_ms": {"p50": 0.2},
    }
    return model | changes


@contextmanager
def connect_registrar(server: Server, database: str) -> Iterator[Connection]:
    """Open the registrar's connection, with one transaction per statement."""
    with server.connect("authenticator", database) as connection:
        connection.execute("set role model_registrar")
        yield connection


def call(connection: Connection, function: str, **arguments: Any) -> Any:
    """Call a function of the registry by named arguments, and return its result."""
    names = ", ".join(f"{name} => %({name})s" for name in arguments)
    values = {
        name: json.dumps(value) if isinstance(value, dict) else value
        for name, value in arguments.items()
    }
    row = connection.execute(f"select public.{function}({names})".encode(), values).fetchone()
    return row[0] if row else None


def register(connection: Connection, *versions: str, actor: str = "ann") -> None:
    """Register models."""
    for version in versions:
        call(connection, "register_model", model=build_model(version), actor=actor, reason="new")


def promote(connection: Connection, version: str, actor: str = "ann") -> Any:
    """Promote a model without a verdict, and return the event."""
    return call(
        connection, "promote_model", version=version, actor=actor, reason="better", force=True
    )


def quarantine(connection: Connection, version: str, actor: str = "ann") -> Any:
    """Quarantine a model, and return the event."""
    return call(connection, "quarantine_model", version=version, actor=actor, reason="wrong")


def roll_back(connection: Connection, actor: str = "ann") -> Any:
    """Roll the champion back, and return the event."""
    return call(connection, "roll_back_model", actor=actor, reason="worse")


def serving_version(connection: Connection) -> str | None:
    """Return the version of the champion, or None for the packaged model."""
    version: str | None = call(connection, "serving_model").get("version")
    return version
