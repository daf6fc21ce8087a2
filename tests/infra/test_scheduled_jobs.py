"""The local stack runs the scheduled jobs of its database, which has no pg_cron."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from infra.local import scheduled_jobs
from infra.local.postgres import Postgres
from infra.local.scheduled_jobs import ScheduledJobs
from infra.local.stack import Stack
from tests.database_reset import DELETE_ALL_ROWS

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class JobsDatabase:
    """A database with scheduled jobs that record their runs."""

    def __init__(self, folder: Path, postgres: Postgres) -> None:
        self.jobs = ScheduledJobs(folder, postgres.dsn)
        self.postgres = postgres
        self._log = folder / "logs" / "scheduled-jobs.log"
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._log.write_text("")
        self.execute("drop table if exists public.runs; delete from cron.job")
        self.execute("create table public.runs (job text, username text default current_user)")

    def execute(self, statement: str) -> None:
        """Run a statement as the role of migrations."""
        with psycopg.connect(self.postgres.dsn("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def schedule(self, name: str, schedule: str, command: str | None = None) -> None:
        """Schedule a job, which by default records that it ran."""
        command = command or f"insert into public.runs (job) values ('{name}')"
        with psycopg.connect(self.postgres.dsn("postgres"), autocommit=True) as connection:
            connection.execute("select cron.schedule(%s, %s, %s)", [name, schedule, command])

    def runs(self) -> list[tuple[str, str]]:
        """Return the name and the user of each run, in order."""
        with psycopg.connect(self.postgres.dsn("postgres")) as connection:
            return connection.execute("select job, username from public.runs").fetchall()

    def log(self) -> str:
        """Return the log of the runs."""
        return self._log.read_text()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Postgres]]:
    folder = tmp_path_factory.mktemp("jobs")
    with Postgres(folder, migrated=False) as postgres:
        yield folder, postgres


@pytest.fixture
def database(server: tuple[Path, Postgres]) -> JobsDatabase:
    return JobsDatabase(*server)


def test_jobs_run_as_their_user_in_the_minutes_of_their_schedule(database: JobsDatabase) -> None:
    database.schedule("every minute", "* * * * *")
    database.schedule("at noon", "0 12 * * *")
    database.schedule("at one", "0 13 * * *")
    database.schedule("inactive", "* * * * *")
    database.execute("update cron.job set active = false where jobname = 'inactive'")

    database.jobs.run_due(NOON - MINUTE, NOON)
    database.jobs.run_due(NOON, NOON + MINUTE)

    assert database.runs() == [
        (job, "postgres") for job in ("every minute", "at noon", "every minute")
    ]


def test_minutes_that_passed_meanwhile_are_made_up_for_once(database: JobsDatabase) -> None:
    database.schedule("every minute", "* * * * *")
    database.schedule("at noon", "0 12 * * *")

    database.jobs.run_due(NOON - 3 * MINUTE, NOON + 3 * MINUTE)
    database.jobs.run_due(NOON + 3 * MINUTE, NOON + 3 * MINUTE)
    database.jobs.run_due(NOON + 3 * MINUTE, NOON)

    assert [job for job, _ in database.runs()] == ["every minute", "at noon"]


def test_a_job_may_commit(database: JobsDatabase) -> None:
    loop = "do $$ begin for n in 1..3 loop insert into public.runs values (n); commit; end loop;"
    database.schedule("batches", "* * * * *", f"{loop} perform 1 / 0; end $$")

    database.jobs.run_due(NOON - MINUTE, NOON)

    assert [job for job, _ in database.runs()] == ["1", "2", "3"]
    assert "batches: failed (SQLSTATE 22012)" in database.log()


def test_a_job_that_fails_stops_no_other_and_the_log_has_no_message(database: JobsDatabase) -> None:
    database.schedule("fails", "* * * * *", "select 'my secret'::integer")
    database.schedule("misspelt", "every minute", "select 1")
    database.schedule("of another user", "* * * * *", "select 1")
    database.execute("update cron.job set username = 'nobody' where jobname = 'of another user'")
    database.schedule("works", "* * * * *")

    database.jobs.run_due(NOON - MINUTE, NOON)

    assert [job for job, _ in database.runs()] == ["works"]
    log = database.log()
    assert "fails: failed (SQLSTATE 22P02)" in log
    assert "misspelt: The schedule 'every minute' does not have five fields." in log
    assert "of another user: failed (" in log
    assert "works: done in" in log
    assert "secret" not in log


def test_a_database_that_does_not_respond_is_logged(database: JobsDatabase) -> None:
    database.jobs._dsn = lambda role, name: "postgresql://x@127.0.0.1:9/x"

    database.jobs.run_due(NOON - MINUTE, NOON)

    assert "The jobs could not be read (OperationalError)." in database.log()


def _run_every_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a minute pass as soon as the jobs of the one before have run."""
    minutes = (NOON + MINUTE * number for number in range(1_000_000))
    monkeypatch.setattr(scheduled_jobs, "_this_minute", lambda: next(minutes))
    monkeypatch.setattr(scheduled_jobs, "_seconds_to_next_minute", lambda: 0.01)


def _count_threads() -> int:
    """Count the threads that run jobs, those of other stacks included."""
    return sum(thread.name == "scheduled-jobs" for thread in threading.enumerate())


def _wait_for(condition: Callable[[], object]) -> None:
    for _ in range(3_000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("The condition did not become true in 30 seconds.")


def test_jobs_run_in_the_background_until_they_are_stopped(
    database: JobsDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    _run_every_moment(monkeypatch)
    database.schedule("every minute", "* * * * *")
    threads = _count_threads()
    database.jobs.start()
    _wait_for(lambda: len(database.runs()) >= 2)

    with database.jobs.paused():
        runs = len(database.runs())
        assert _count_threads() == threads
    _wait_for(lambda: len(database.runs()) > runs)
    database.jobs.stop()
    database.jobs.stop()


def test_stopping_cancels_the_job_that_runs(
    database: JobsDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    _run_every_moment(monkeypatch)
    command = "insert into public.runs (job) values ('long'); commit; select pg_sleep(600)"
    database.schedule("long", "* * * * *", command)
    database.schedule("next", "* * * * *")
    database.jobs.start()
    _wait_for(database.runs)

    database.jobs.stop()

    assert [job for job, _ in database.runs()] == ["long"]
    assert "long: failed (SQLSTATE 57014)" in database.log()


def test_a_stack_completes_captures_that_met_another_change(stack: Stack) -> None:
    user_id = stack.create_user(f"{uuid4()}@example.com").id
    with psycopg.connect(stack.postgres_admin_dsn, autocommit=True) as admin:
        admin.execute("set session_replication_role = replica")  # captured without its queue item
        admin.execute(
            "with captured as (insert into public.nlu_prompt_logs (id, user_id, prompt, "
            "predicted_intent, confidence, source, model_version, text_key, has_review_reason) "
            "values (gen_random_uuid(), %s, 'hm', 'help', 0.1, 'model', 'x', "
            "private.text_key('hm'), true) returning id, text_key) "
            "insert into private.incomplete_captures (log_id, text_key) "
            "select id, text_key from captured",
            [user_id],
        )
        noon = datetime.now(UTC).replace(hour=12, minute=0)  # no hour of the nightly jobs
        stack.jobs.run_due(noon - MINUTE, noon)

        items = admin.execute("select text from public.review_queue where text = 'hm'").fetchall()
        admin.execute(DELETE_ALL_ROWS)
    assert items == [("hm",)]
