"""Runs the scheduled jobs of the local database, which has no pg_cron."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple

import psycopg

from infra.local.cron_schedule import CronSchedule, InvalidSchedule
from infra.local.postgres.server import SUPERUSER

_DATABASE = "postgres"
_ACTIVE_JOBS = """
select coalesce(jobname, 'job ' || jobid), schedule, command, database, username
from cron.job where active order by jobid
"""
_MINUTE = timedelta(minutes=1)


class _Job(NamedTuple):
    name: str
    schedule: str
    command: str
    database: str
    username: str


class ScheduledJobs:
    """Runs each job of `cron.job` in the minutes (UTC) of its schedule, one after another.

    As pg_cron does, it runs a job as the job's user, on a connection of its own. A run that fails
    does not stop the others; the log has its SQLSTATE, but no message, which may contain a row.

    `dsn` returns the connection string for a role and a database.
    """

    def __init__(self, folder: Path, dsn: Callable[[str, str], str]) -> None:
        self._log = folder / "logs" / "scheduled-jobs.log"
        self._dsn = dsn
        self._stopping = Event()
        self._thread: Thread | None = None
        self._running: psycopg.Connection | None = None

    def start(self) -> None:
        """Run jobs in the background, from the next minute on."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._stopping.clear()
        self._thread = Thread(target=self._run, name="scheduled-jobs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Cancel the job that runs, and start no other; safe to call twice."""
        self._stopping.set()
        while self._thread is not None and self._thread.is_alive():
            if (connection := self._running) is not None:
                with suppress(psycopg.Error):
                    connection.cancel_safe(timeout=1)
            self._thread.join(0.1)
        self._thread = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Run no job for as long as the block lasts."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def run_due(self, after: datetime, until: datetime) -> None:
        """Run every job that was due in a minute after `after`, up to the one of `until`."""
        minutes = [after + _MINUTE * number for number in range(1, 1 + (until - after) // _MINUTE)]
        for job in self._active_jobs():
            if self._stopping.is_set():
                return
            try:
                schedule = CronSchedule.parse(job.schedule)
            except InvalidSchedule as error:
                self._write(f"{job.name}: {error}")
                continue
            if any(map(schedule.is_due, minutes)):
                self._run_job(job)

    def _run(self) -> None:
        done = _this_minute()
        while not self._stopping.wait(_seconds_to_next_minute()):
            after, done = done, _this_minute()
            self.run_due(after, done)

    def _active_jobs(self) -> list[_Job]:
        try:
            with psycopg.connect(self._dsn(SUPERUSER, _DATABASE)) as connection:
                return [_Job._make(row) for row in connection.execute(_ACTIVE_JOBS)]
        except psycopg.Error as error:
            self._write(f"The jobs could not be read ({_describe(error)}).")
            return []

    def _run_job(self, job: _Job) -> None:
        started_at = time.perf_counter()
        try:
            dsn = self._dsn(job.username, job.database)
            with psycopg.connect(dsn, autocommit=True) as connection:
                self._running = connection
                connection.execute(job.command.encode())
        except psycopg.Error as error:
            self._write(f"{job.name}: failed ({_describe(error)})")
        else:
            self._write(f"{job.name}: done in {time.perf_counter() - started_at:.3f} s")
        finally:
            self._running = None

    def _write(self, line: str) -> None:
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {line}\n")


def _this_minute() -> datetime:
    return datetime.now(UTC).replace(second=0, microsecond=0)


def _seconds_to_next_minute() -> float:
    return 60 - time.time() % 60


def _describe(error: psycopg.Error) -> str:
    return f"SQLSTATE {error.sqlstate}" if error.sqlstate else type(error).__name__
