"""`make soak NAME=chaos`: delete accounts while everything else happens to the same few texts."""

import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from infra.local.postgres import Postgres

from .interleavings.invariants import CHECKS
from .rows import LONG_AGO, build_row, insert
from .server import Connection, Server, migrate

DATABASE = "chaos"
DELETIONS = int(os.environ.get("DELETIONS", "1000"))
TEXTS = [f"shared text {number}" for number in range(12)]
INTENTS = ("help", "status", "search", "reminder")
ANSWERED = {"23503", "55P03", "PT403", "PT404", "PT429", "P0002"}
"""Refusals on which the caller can act: its user was erased, or its row deleted."""


REPEATABLE = "a correction is recorded twice"
"""Not a defect here: a reviewer may change a decision and change it back."""


@dataclass
class World:
    """The users and rows that the operations choose from, and what they met with."""

    users: list[UUID] = field(default_factory=list)
    log_ids: list[UUID] = field(default_factory=list)
    failures: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    counts: Counter[str] = field(default_factory=Counter)
    slowest: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    is_over: threading.Event = field(default_factory=threading.Event)


def capture(connection: Connection, world: World) -> None:
    """Capture a message, a tenth of them with an expired time."""
    times = {"created_at": LONG_AGO, "updated_at": LONG_AGO} if random.random() < 0.1 else {}
    log_id = insert(
        connection,
        user_id=random.choice(world.users),
        prompt=random.choice(TEXTS),
        confidence=random.random(),
        **times,
    )
    world.log_ids.append(log_id)


def drain(connection: Connection, world: World) -> None:
    """Write ten messages in one statement."""
    rows = [
        build_row(user_id=random.choice(world.users), prompt=random.choice(TEXTS), confidence=0.4)
        for _ in range(10)
    ]
    columns = [name for name in rows[0] if name != "secondary_intents"]
    marks = f"({', '.join(['%s'] * len(columns))})"
    connection.execute(
        f"insert into public.nlu_prompt_logs ({', '.join(columns)}) "
        f"values {', '.join([marks] * len(rows))} on conflict (id) do nothing".encode(),
        [row[name] for row in rows for name in columns],
    )
    world.log_ids += [row["id"] for row in rows]


def record_outcome(connection: Connection, world: World) -> None:
    """Record an outcome of a recent row, or of one that has not arrived."""
    connection.execute(
        "select public.record_outcome(%s, %s, 'move', 'failed')",
        [random.choice(world.log_ids[-200:]), random.random() < 0.5],
    )


def correct(connection: Connection, world: World) -> None:
    """Correct a recent row, in the name of a user."""
    connection.execute(
        "select public.record_correction(%s, %s, %s, 'a note', 'api', %s)",
        [
            random.choice(world.log_ids[-200:]),
            random.choice(INTENTS),
            str(random.choice(world.users)),
            random.choice([None, []]),
        ],
    )


def edit_queue(connection: Connection, world: World) -> None:
    """Decide a queue item in the dashboard."""
    connection.execute(
        "update public.review_queue set corrected_intent = %s, reviewer = %s where text = %s",
        [random.choice(INTENTS), f"r{random.randrange(5)}", random.choice(TEXTS)],
    )


def delete_expired_rows(connection: Connection, world: World) -> None:
    """Run a batch of the retention."""
    connection.execute("select private.delete_expired_rows()")


def complete_captures(connection: Connection, world: World) -> None:
    """Run the job of every minute."""
    connection.execute("select private.complete_captures()")


def refresh_queue(connection: Connection, world: World) -> None:
    """Run a batch of the nightly refreshment."""
    connection.execute("select private.refresh_queue_items('')")


def register_rows(connection: Connection, world: World) -> None:
    """Register rows of an exported object."""
    connection.execute(
        "select public.register_rows('bucket', %s, %s)",
        [uuid4().hex, random.sample(world.log_ids[-200:], 20)],
    )


def erase(connection: Connection, world: World) -> None:
    """Erase a user in steps; the account stays."""
    user_id = _take_user(world)
    finished = False
    while not finished:
        row: Any = connection.execute("select public.continue_erasure(%s)", [user_id]).fetchone()
        finished = row[0]["finished"]


def delete_account(connection: Connection, world: World) -> None:
    """Delete an account, as Supabase Auth does."""
    connection.execute("delete from auth.users where id = %s", [_take_user(world)])


def _take_user(world: World) -> UUID:
    """Remove a user from those that others choose from, after a while, and return it."""
    user_id = world.users[0]
    world.users.append(world.users.pop(0))
    replacement = uuid4()
    with _lock:
        world.users[world.users.index(user_id)] = replacement
        _new_accounts.append(replacement)
    return user_id


_lock = threading.Lock()
_new_accounts: list[UUID] = []

BESIDE: tuple[tuple[str, Callable[[Connection, World], None]], ...] = (
    ("postgres", capture),
    ("prompt_writer", drain),
    ("service_role", record_outcome),
    ("service_role", correct),
    ("postgres", edit_queue),
    ("postgres", delete_expired_rows),
    ("postgres", complete_captures),
    ("postgres", refresh_queue),
    ("prompt_exporter", register_rows),
    ("service_role", erase),
)
"""What goes on beside the deletions, each in a thread of its own."""


def run_once(
    connection: Connection, role: str, world: World, action: Callable[[Connection, World], None]
) -> None:
    """Run an operation as its role; record its duration, and its error if nobody can act on it."""
    name = action.__name__
    start = time.perf_counter()
    try:
        action(connection, world)
    except psycopg.Error as error:
        if error.sqlstate not in ANSWERED:
            world.failures[name][f"{error.sqlstate} {type(error).__name__}"] += 1
    world.counts[name] += 1
    world.slowest[name] = max(world.slowest[name], time.perf_counter() - start)


def keep_running(
    server: Server, role: str, world: World, action: Callable[[Connection, World], None]
) -> None:
    """Repeat an operation until the deletions are over."""
    with server.connect("supabase_admin", DATABASE) as connection:
        connection.execute(f"set role {role}".encode())
        while not world.is_over.is_set():
            run_once(connection, role, world, action)


def delete_accounts(server: Server, world: World) -> None:
    """Delete accounts, and replace each by a new one."""
    with (
        server.connect("postgres", DATABASE) as connection,
        Progress(console=Console(stderr=True)) as progress,
    ):
        for _ in progress.track(range(DELETIONS), description="Deleting accounts"):
            with _lock:
                new, _new_accounts[:] = list(_new_accounts), []
            for user_id in new:
                connection.execute("insert into auth.users (id) values (%s)", [user_id])
            run_once(connection, "postgres", world, delete_account)


def main() -> int:
    """Run the deletions beside everything else; return 1 if one failed or an invariant broke."""
    world = World(users=[uuid4() for _ in range(40)])
    with tempfile.TemporaryDirectory() as folder, Postgres(Path(folder) / "pg", False) as postgres:
        server = Server(postgres.dsn)
        server.create_project(DATABASE)
        with server.connect("postgres", DATABASE) as dashboard:
            migrate(dashboard)
            dashboard.execute("insert into auth.users (id) select unnest(%s)", [world.users])
            for _ in range(200):
                capture(dashboard, world)
        threads = [
            threading.Thread(target=keep_running, args=(server, role, world, action))
            for role, action in BESIDE
        ]
        for thread in threads:
            thread.start()
        try:
            delete_accounts(server, world)
        finally:
            world.is_over.set()
            for thread in threads:
                thread.join()
        with server.connect("supabase_admin", DATABASE) as admin:
            row: Any = (1,)
            while row and row[0]:
                row = admin.execute("select private.complete_captures()").fetchone()
            texts = [
                row[0]
                for row in admin.execute(
                    "select private.text_key(unnest(%s::text[]))", [TEXTS]
                ).fetchall()
            ]
            broken = {
                failure: rows
                for failure, query in CHECKS.items()
                if failure != REPEATABLE
                and (rows := admin.execute(query.encode(), {"texts": texts}).fetchall())
            }
    table = Table("operation", "times", "failed", "slowest, ms")
    for name, count in sorted(world.counts.items()):
        failures = ", ".join(f"{n} times {error}" for error, n in world.failures[name].items())
        table.add_row(name, f"{count:,}", failures or "0", f"{world.slowest[name] * 1000:,.0f}")
    console = Console()
    console.print(table)
    for failure, rows in broken.items():
        console.print(f"Broken: {failure} ({len(rows)} times)", style="red")
    return int(bool(broken) or any(world.failures.values()))


if __name__ == "__main__":
    sys.exit(main())
