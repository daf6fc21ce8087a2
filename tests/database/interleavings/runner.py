"""Holds one operation open while another runs, and waits for states instead of times."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import psycopg

from tests.database.server import Connection, Server
from tests.database_reset import DELETE_ALL_ROWS

from .holds import Hold
from .operations import MAX_STEPS, Operation
from .scene import Scene, create_scene
from .snapshot import Snapshot

REFUSALS = {
    "23503",  # the user does not exist or was erased
    "55P03",  # an erasure or a deletion is under way: the caller tries again
    "PT403",  # the reviewer was erased
    "PT404",  # the row was deleted
    "PT409",  # the alert was resolved
    "P0002",  # the edited row was deleted
}
"""What an operation may answer when another one was faster."""

POLL_SECONDS = 0.004
WATCHDOG_SECONDS = 20


@dataclass(frozen=True)
class Point:
    """Where an operation is held: its step, and a lock or the end of the step."""

    step: int
    at: Hold | Literal["commit", "rollback"]

    def __str__(self) -> str:
        """Return the point in words."""
        return f"step {self.step}, {self.at.name if isinstance(self.at, Hold) else self.at}"


class NoProgressError(AssertionError):
    """An operation neither ended nor waited for another one."""


@dataclass
class Run:
    """What an operation returned, step by step; or its SQLSTATE, where it was refused."""

    results: list[Any] = field(default_factory=list)
    refused: str | None = None
    waited: bool = False


class Stage:
    """Connections of the held operation, the other one, the lock holder, a monitor and a dashboard.

    They are used for all pairs: a new connection has to plan all queries again.
    """

    def __init__(self, server: Server, database: str) -> None:
        self._server, self._database = server, database
        self._threads = ThreadPoolExecutor(2)
        self._held = self._connect()
        self._other = self._connect()
        self._holder = self._connect()
        self.monitor = self._connect()
        self.monitor.autocommit = True
        self.dashboard = psycopg.connect(server.url("postgres", database), autocommit=True)

        self._copier = self._connect()
        self._copier.autocommit = True
        self._snapshot = Snapshot(self._copier)
        self._scene = Scene()

    def _connect(self) -> Connection:
        connection = psycopg.connect(self._server.url("supabase_admin", self._database))
        connection.execute("set deadlock_timeout = '100ms'")
        connection.execute("set statement_timeout = '15s'")
        connection.execute("set plan_cache_mode = force_generic_plan")
        connection.commit()
        return connection

    def close(self) -> None:
        """Close the connections, whatever they are doing."""
        for connection in (
            self._held, self._other, self._holder, self._copier, self.monitor, self.dashboard
        ):  # fmt: skip
            connection.close()
        self._threads.shutdown()

    def set_scene(self) -> None:
        """Replace all rows by those of a new scenario."""
        self.monitor.execute(DELETE_ALL_ROWS.encode())
        self.monitor.execute("delete from auth.users")
        self.monitor.execute("update private.settings set audit_rate = 0")
        self._scene = create_scene(self.dashboard, self.monitor)
        self._snapshot.save()

    def restore_scene(self) -> Scene:
        """Undo what happened in the scenario."""
        self._snapshot.restore()
        return self._scene

    def steps_of(self, operation: Operation) -> int:
        """Run an operation alone, and return its number of steps."""
        return len(self._run_all(self._held, operation, self.restore_scene()).results)

    def blocks(self, operation: Operation, step: int, hold: Hold) -> bool:
        """Return whether an operation waits for a lock in one of its steps."""
        scene = self.restore_scene()
        self._run_steps(self._held, operation, scene, step)
        with self._holding(hold, scene):
            future = self._start_step(operation, scene, step)
            blocked = self._settle(future, self._held)
        self._finish(future)
        self._held.rollback()
        return blocked

    def meet(
        self, held: Operation, point: Point, other: Operation, scene: Scene, others_scene: Scene
    ) -> tuple[Run, Run]:
        """Hold one operation at a point, run the other to its end, and then the rest of the first.

        After a rollback, the first operation does not go on.
        """
        first = self._run_steps(self._held, held, scene, point.step)
        if isinstance(point.at, Hold):
            with self._holding(point.at, scene):
                future = self._start_step(held, scene, point.step)
                self._settle(future, self._held)
                second = self._threads.submit(self._run_all, self._other, other, others_scene)
                waited = self._settle(second, self._other)
            self._finish(future, first)
        else:
            self._attempt(self._held, held, scene, point.step, first)
            second = self._threads.submit(self._run_all, self._other, other, others_scene)
            waited = self._settle(second, self._other)
        if point.at == "rollback":
            self._held.rollback()
            first.refused = "rolled back"
        else:
            self._held.commit()
        result = second.result(WATCHDOG_SECONDS)
        result.waited = waited
        self._run_rest(self._held, held, scene, first)
        return first, result

    @contextmanager
    def _holding(self, hold: Hold, scene: Scene) -> Iterator[None]:
        hold.take(self._holder, scene)
        try:
            yield
        finally:
            self._holder.rollback()

    def _start_step(self, operation: Operation, scene: Scene, step: int) -> "Future[Run]":
        run = Run()
        return self._threads.submit(self._attempt, self._held, operation, scene, step, run)

    def _finish(self, future: "Future[Run]", into: Run | None = None) -> None:
        run = future.result(WATCHDOG_SECONDS)
        if into is not None:
            into.results += run.results
            into.refused = into.refused or run.refused

    def _attempt(
        self, connection: Connection, operation: Operation, scene: Scene, step: int, run: Run
    ) -> Run:
        """Take one step without a commit; record a refusal."""
        action = operation.steps[0 if operation.repeats else step]
        connection.execute(f"set local role {operation.role}".encode())
        try:
            run.results.append(action(connection, scene))
        except psycopg.Error as error:
            if error.sqlstate not in REFUSALS:
                raise
            run.refused = error.sqlstate
            connection.rollback()
        return run

    def _run_steps(
        self, connection: Connection, operation: Operation, scene: Scene, count: int
    ) -> Run:
        run = Run()
        for step in range(count):
            self._attempt(connection, operation, scene, step, run)
            connection.commit()
        return run

    def _run_rest(
        self, connection: Connection, operation: Operation, scene: Scene, run: Run
    ) -> None:
        count = MAX_STEPS if operation.repeats else len(operation.steps)
        while len(run.results) < count and not run.refused:
            if operation.repeats and run.results and run.results[-1]["finished"]:
                return
            self._attempt(connection, operation, scene, len(run.results), run)
            connection.commit()

    def _run_all(self, connection: Connection, operation: Operation, scene: Scene) -> Run:
        run = Run()
        try:
            self._run_rest(connection, operation, scene, run)
        finally:
            connection.rollback()
        return run

    def _settle(self, future: "Future[Any]", connection: Connection) -> bool:
        """Wait until an operation has ended or waits for this stage; return whether it waits.

        A wait for another process of the server, such as autovacuum, ends by itself.
        """
        pid = connection.info.backend_pid
        others = [one.info.backend_pid for one in (self._held, self._other, self._holder)]
        for _ in range(int(WATCHDOG_SECONDS / POLL_SECONDS)):
            if wait_for([future], timeout=POLL_SECONDS).done:
                return False
            row = self.monitor.execute(
                "select pg_blocking_pids(%s) && %s::integer[]", [pid, others]
            ).fetchone()
            if row and row[0]:
                return True
        raise NoProgressError(f"An operation neither ends nor waits (process {pid}).")
