"""The store of a run: the product's database, with its queue, its corrections and its exports."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb
from pydantic import SecretStr

from benchmarks.loop.orders import Order
from infra.local.keys import Keys, generate_keys
from infra.local.postgres import Postgres
from infra.local.postgrest import PostgREST
from prompt_capture.adapters.http_client import create_http_client
from prompt_capture.adapters.local_datasets import LocalDatasetStore
from prompt_capture.adapters.supabase.access import SupabaseAccess
from prompt_capture.adapters.supabase.export_source import SupabaseExports
from prompt_capture.domain.datasets.requests import ExportRequest
from prompt_capture.domain.log_ids import new_log_id
from prompt_capture.domain.predictions import Prediction
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.settings.supabase import SupabaseSettings
from prompt_capture.workflows.exports.export import ExportDataset

MESSAGES_PER_USER = 50
"""The daily cap: later messages of a user would count for nothing."""
EXPORT_TIMEOUT_SECONDS = 60
REVIEWER = "grace"

Connection = psycopg.Connection[tuple[object, ...]]


class LiveAccuracy(NamedTuple):
    """What the view `live_accuracy` says of a model version: the bounds of its accuracy."""

    model_version: str
    lower: float
    upper: float


@dataclass(frozen=True)
class StoreServer:
    """A database server on which each run gets a new project."""

    postgres: Postgres
    folder: Path
    keys: Keys

    @contextmanager
    def create_project(
        self, intents: Sequence[str], audit_rate: float, seed: int
    ) -> Iterator["LoopStore"]:
        """Create a project with a catalogue of intents, and delete it at the end.

        The audit is drawn by the database's random numbers, which begin at `seed`.
        """
        name = f"loop_{uuid4().hex}"
        server = self.postgres.dsn("supabase_admin", "template1")
        with psycopg.connect(server, autocommit=True) as admin:
            admin.execute(
                sql.SQL("create database {} template postgres owner postgres").format(
                    sql.Identifier(name)
                )
            )
        rest = PostgREST(self.folder, self.postgres.dsn("authenticator", name), self.keys)
        try:
            rest.start()
            with (
                psycopg.connect(self.postgres.dsn("postgres", name), autocommit=True) as owner,
                psycopg.connect(self.postgres.dsn("authenticator", name), autocommit=True) as one,
                psycopg.connect(self.postgres.dsn("authenticator", name), autocommit=True) as other,
            ):
                one.execute("set role prompt_writer")
                other.execute("set role service_role")
                for connection in (owner, one):
                    connection.execute("select setseed(%s)", [seed / 1_000])
                _prepare_project(owner, intents, audit_rate)
                yield LoopStore(owner, one, other, rest.url, self.keys)
        finally:
            rest.stop()
            with psycopg.connect(server, autocommit=True) as admin:
                admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@contextmanager
def start_server(folder: Path) -> Iterator[StoreServer]:
    """Start the database server of a benchmark; its files are in `folder`."""
    with Postgres(folder) as postgres:
        yield StoreServer(postgres, folder, generate_keys())


def _prepare_project(owner: Connection, intents: Sequence[str], audit_rate: float) -> None:
    owner.cursor().executemany(
        """insert into public.intent_catalogue (intent, domain, description)
           values (%s, 'benchmark', 'An intent of the dataset.') on conflict do nothing""",
        [(intent,) for intent in intents],
    )
    owner.execute("update private.settings set audit_rate = %s", [audit_rate])


class LoopStore:
    """One project. Rows are written by the roles that write them in service."""

    def __init__(
        self,
        owner: Connection,
        writer: Connection,
        backend: Connection,
        rest_url: str,
        keys: Keys,
    ) -> None:
        self._owner, self._writer, self._backend = owner, writer, backend
        self._settings = SupabaseSettings.model_validate(
            {"supabase_url": rest_url, "supabase_signing_key": SecretStr(keys.signing_key)}
        )
        self._rest_url = rest_url
        self._sent = 0
        self._user = uuid4()

    def capture(self, texts: Sequence[str], predictions: Sequence[Prediction]) -> list[UUID]:
        """Capture messages as users send them, and return their ids."""
        return [self._capture(*each) for each in zip(texts, predictions, strict=True)]

    def _capture(self, text: str, prediction: Prediction) -> UUID:
        if self._sent % MESSAGES_PER_USER == 0:
            self._user = uuid4()
            self._owner.execute("insert into auth.users (id) values (%s)", [self._user])
        self._sent += 1
        runner_up = prediction.runner_up
        prompt = CapturedPrompt(
            id=new_log_id(),
            user_id=self._user,
            prompt=text,
            predicted_intent=prediction.intent,
            confidence=prediction.confidence,
            scope=prediction.scope,
            runner_up_intent=runner_up.intent if runner_up else None,
            runner_up_confidence=runner_up.confidence if runner_up else None,
            secondary_intents=prediction.secondary_intents,
            source=prediction.source,
            model_version=prediction.model_version,
        )
        columns = prompt.model_dump(mode="json")
        columns["secondary_intents"] = Jsonb(columns["secondary_intents"])
        self._writer.execute(
            sql.SQL("insert into public.nlu_prompt_logs ({}) values ({})").format(
                sql.SQL(", ").join(map(sql.Identifier, columns)),
                sql.SQL(", ").join(sql.Placeholder() * len(columns)),
            ),
            list(columns.values()),
        )
        return prompt.id

    def next_to_review(self, order: Order, limit: int) -> list[UUID]:
        """Return at most `limit` rows to review next, one for each text."""
        if order.fills:
            self._owner.execute("select private.fill_queue()")
        rows = self._owner.execute(order.query.encode(), [limit]).fetchall()
        return [UUID(str(log_id)) for (log_id,) in rows]

    def correct(self, log_id: UUID, intent: str) -> None:
        """Record what a reviewer says."""
        self._backend.execute(
            "select public.record_correction(%s, %s, %s, null, 'api')", [log_id, intent, REVIEWER]
        )

    def export(self, request: ExportRequest, folder: Path) -> None:
        """Export a dataset to a folder, as the function does."""
        asyncio.run(self._export(request, folder))

    async def _export(self, request: ExportRequest, folder: Path) -> None:
        access = SupabaseAccess(self._settings, "prompt_exporter")
        async with create_http_client(EXPORT_TIMEOUT_SECONDS, access) as client:
            source = SupabaseExports(client, self._rest_url)
            await ExportDataset(source, LocalDatasetStore(folder))(request)

    def live_accuracy(self) -> list[LiveAccuracy]:
        """Return the figures that the database has, one for each model version."""
        rows = self._owner.execute(
            """select model_version, ci_lower::float8, ci_upper::float8
               from public.live_accuracy where ci_lower is not null"""
        )
        return [
            LiveAccuracy(str(version), float(str(lower)), float(str(upper)))
            for version, lower, upper in rows
        ]
