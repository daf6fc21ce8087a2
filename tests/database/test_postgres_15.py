"""The migrations on Debian's PostgreSQL 15, with pg_cron if it is installed."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from infra.local.postgres.server import as_unprivileged
from infra.local.processes import ChildProcess, free_port

from .actors import ALICE
from .catalog import describe
from .rows import LONG_AGO, add_user, correct, insert, read
from .server import PLATFORM, Server, migrate, run_script

BIN = Path("/usr/lib/postgresql/15/bin")
CRON = Path("/usr/share/postgresql/15/extension/pg_cron.control")

# The parts of a description that do not depend on the version of PostgreSQL.
COMPARABLE_PARTS = (
    "tables", "policies", "column privileges", "schema privileges", "function privileges",
    "functions", "triggers", "indexes", "constraints",
)  # fmt: skip

pytestmark = pytest.mark.skipif(
    not (BIN / "initdb").exists(),
    reason="PostgreSQL 15 is not installed: apt-get install postgresql-15",
)


@pytest.fixture(scope="module")
def postgres_15(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of version 15 with a migrated database `postgres`, the name on hosted projects."""
    folder = tmp_path_factory.mktemp("postgres_15")
    data, port = folder / "data", free_port()
    subprocess.run(
        as_unprivileged(
            [
                str(BIN / "initdb"), "--pgdata", str(data), "--username", "supabase_admin",
                "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync",
            ]
        ),
        check=True, capture_output=True,
    )  # fmt: skip
    options = [
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "fsync=off",
        f"port={port}",
    ]
    if CRON.exists():
        options += ["shared_preload_libraries=pg_cron", "cron.database_name=postgres"]
    command = [str(BIN / "postgres"), "-D", str(data)]
    for option in options:
        command += ["-c", option]
    process = ChildProcess(
        "postgres-15",
        as_unprivileged(command),
        {"PATH": os.environ["PATH"], "LC_ALL": "C"},
        folder,
    )
    server = Server(lambda role, database: f"postgresql://{role}@127.0.0.1:{port}/{database}")

    def accepts_connections() -> bool:
        try:
            psycopg.connect(server.url("supabase_admin", "postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    try:
        process.wait_until(accepts_connections)
        with server.connect("supabase_admin", "postgres") as admin:
            run_script(admin, PLATFORM)
            if CRON.exists():  # as hosted projects do for the role `postgres`
                admin.execute("create extension pg_cron")
                admin.execute("grant usage on schema cron to postgres")
        with server.connect("postgres", "postgres") as dashboard:
            migrate(dashboard)
            add_user(dashboard, ALICE)
        yield server
    finally:
        process.stop()


def test_the_schema_is_the_same_as_on_the_bundled_version(
    postgres_15: Server, description: dict[str, list[tuple[object, ...]]]
) -> None:
    with postgres_15.connect("postgres", "postgres") as dashboard:
        described = describe(dashboard, COMPARABLE_PARTS)
    assert described == {part: description[part] for part in COMPARABLE_PARTS}


def test_a_row_is_corrected_retained_and_deleted_with_its_user(postgres_15: Server) -> None:
    with postgres_15.connect("postgres", "postgres") as dashboard:
        log_id = insert(dashboard, created_at=LONG_AGO)
        correct(dashboard, log_id, "help")
        assert read(dashboard, log_id, "corrected_intent") == ("help",)
        dashboard.execute("select private.delete_expired_rows()")
        retained = dashboard.execute("select text, intent from public.labelled_texts").fetchall()
        assert retained == [("push my dentist thing to friday", "help")]
        dashboard.execute("delete from auth.users")
        assert dashboard.execute("select from public.labelled_texts").rowcount == 0


@pytest.mark.skipif(
    not CRON.exists(), reason="pg_cron is not installed: apt-get install postgresql-15-cron"
)
def test_pg_cron_runs_the_scheduled_retention(postgres_15: Server) -> None:
    with postgres_15.connect("postgres", "postgres") as dashboard:
        add_user(dashboard, ALICE)
        dashboard.execute("delete from private.tombstones")
        insert(dashboard, created_at=LONG_AGO)
        dashboard.execute(
            "select cron.schedule('prompt-capture: delete expired rows', '* * * * *', %s)",
            ["select private.delete_expired_rows()"],
        )
        for _ in range(750):  # pg_cron starts jobs once a minute
            if dashboard.execute("select from public.nlu_prompt_logs").rowcount == 0:
                return
            time.sleep(0.1)
        pytest.fail("The schedule did not run.")
