"""Changes of the registry that meet each other, or a capture, or an erasure."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import contextmanager
from functools import partial
from itertools import product
from typing import Any

import psycopg
import pytest

from .actors import ALICE
from .registry import (
    call,
    connect_registrar,
    promote,
    quarantine,
    register,
    roll_back,
    serving_version,
)
from .rows import erase, insert
from .server import Connection, Server

POLL_SECONDS = 0.005
POLLS = 4_000


@pytest.fixture
def registrar(server: Server, database: str, dashboard: Connection) -> Iterator[Connection]:
    """The registrar's connection to a registry in which `a` serves."""
    with connect_registrar(server, database) as connection:
        register(connection, "a", "b", "c")
        promote(connection, "a")
        yield connection


@contextmanager
def open_change(server: Server, database: str) -> Iterator[Connection]:
    """Open a registrar's transaction that the test commits or rolls back."""
    with server.connect("authenticator", database, autocommit=False) as connection:
        connection.execute("set local role model_registrar")
        yield connection


def waits(future: "Future[Any]", waiting: Connection, monitor: Connection) -> bool:
    """Wait until an operation has ended or waits for a lock; return whether it waits."""
    for _ in range(POLLS):
        if wait_for([future], timeout=POLL_SECONDS).done:
            return False
        row = monitor.execute(
            "select cardinality(pg_blocking_pids(%s)) > 0", [waiting.info.backend_pid]
        ).fetchone()
        if row == (True,):
            return True
    raise AssertionError("The operation neither ends nor waits.")


def list_changes(registrar: Connection) -> list[tuple[str, str | None, str | None]]:
    """Return kind, version and replaced model of each event but registrations, oldest first."""
    events = reversed(call(registrar, "list_model_events"))
    return [
        (event["kind"], event["version"], event["replaced"])
        for event in events
        if event["kind"] != "registered"
    ]


CHANGES: dict[str, Callable[[Connection], Any]] = {
    "promotion": partial(promote, version="b"),
    "other promotion": partial(promote, version="c"),
    "quarantine": partial(quarantine, version="b"),
    "quarantine of the champion": partial(quarantine, version="a"),
    "rollback": roll_back,
}


@pytest.mark.parametrize(
    "meeting", list(product(CHANGES, CHANGES, ("commit", "rollback"))), ids=", ".join
)
def test_two_changes_take_effect_one_after_the_other(
    server: Server,
    database: str,
    dashboard: Connection,
    registrar: Connection,
    meeting: tuple[str, str, str],
) -> None:
    first, second, ending = meeting

    def run(connection: Connection) -> str | None:
        try:
            CHANGES[second](connection)
        except psycopg.Error as error:
            return error.sqlstate
        return None

    with open_change(server, database) as held, ThreadPoolExecutor() as threads:
        CHANGES[first](held)
        future = threads.submit(run, registrar)
        assert waits(future, registrar, dashboard)
        getattr(held, ending)()
        refused = future.result()

    changes = list_changes(registrar)
    served: list[str | None] = [None]
    for kind, version, replaced in changes:
        if kind in {"promoted", "rolled_back"}:
            assert replaced == served[-1], "a change did not see the one before it"
            served.append(version)
    quarantined = {version for kind, version, _ in changes if kind == "quarantined"}
    assert served[-1] == serving_version(registrar)
    assert served[-1] not in quarantined
    is_done = ending == "commit"
    nothing_serves = first in {"quarantine of the champion", "rollback"} and second == "rollback"
    is_quarantined = (first, second) == ("quarantine", "promotion")
    expected = "PT409" if is_done and (nothing_serves or is_quarantined) else None
    assert refused == expected
    assert len(set(changes)) == len(changes), "a change is recorded twice"


def test_two_registrations_of_one_model_register_it_once(
    server: Server, database: str, dashboard: Connection, registrar: Connection
) -> None:
    with open_change(server, database) as held, ThreadPoolExecutor() as threads:
        register(held, "d", actor="ben")
        future = threads.submit(register, registrar, "d")
        assert waits(future, registrar, dashboard)
        held.commit()
        future.result()

    (event,) = call(registrar, "list_model_events", version="d")
    assert (event["kind"], event["actor"]) == ("registered", "ben")


@pytest.mark.parametrize("change", CHANGES)
def test_captures_and_changes_of_the_registry_do_not_wait_for_each_other(
    server: Server, database: str, dashboard: Connection, registrar: Connection, change: str
) -> None:
    with (
        server.connect("postgres", database, autocommit=False) as writer,
        open_change(server, database) as held,
        ThreadPoolExecutor() as threads,
    ):
        insert(writer)
        future = threads.submit(CHANGES[change], held)
        assert not waits(future, held, dashboard)
        capture = threads.submit(insert, dashboard)
        assert not waits(capture, dashboard, registrar)
        row = writer.execute("select current_setting('response.headers', true)").fetchone()
        assert row is not None
        (header,) = json.loads(str(row[0]))
        assert json.loads(header["X-Serving-Model"])["version"] == "a"
        writer.commit()
        held.commit()


@pytest.mark.parametrize("change", [promote, quarantine])
def test_an_erasure_finds_the_change_that_its_user_was_making(
    server: Server, database: str, dashboard: Connection, registrar: Connection, change: Any
) -> None:
    with open_change(server, database) as held, ThreadPoolExecutor() as threads:
        change(held, "b", str(ALICE))
        erasure = threads.submit(erase, dashboard, ALICE)
        assert waits(erasure, dashboard, registrar)
        held.commit()
        erasure.result()

    assert str(ALICE) not in str(call(registrar, "list_model_events"))


@pytest.mark.parametrize("change", [promote, quarantine])
def test_an_operator_whose_account_is_being_deleted_decides_nothing(
    server: Server, database: str, dashboard: Connection, registrar: Connection, change: Any
) -> None:
    with (
        server.connect("postgres", database, autocommit=False) as deleting,
        ThreadPoolExecutor() as threads,
    ):
        deleting.execute("delete from auth.users where id = %s", [ALICE])
        future = threads.submit(change, registrar, "b", str(ALICE))
        assert waits(future, registrar, dashboard)
        deleting.commit()
        with pytest.raises(psycopg.Error) as refused:
            future.result()

    assert refused.value.sqlstate == "PT403"
    assert str(ALICE) not in str(call(registrar, "list_model_events"))


def test_a_change_that_is_killed_leaves_no_trace(
    server: Server, database: str, dashboard: Connection, registrar: Connection
) -> None:
    before = call(registrar, "list_model_events")
    with server.connect("supabase_admin", database) as admin, open_change(server, database) as held:
        quarantine(held, "a")
        admin.execute("select pg_terminate_backend(%s)", [held.info.backend_pid])

    assert promote(registrar, "b")["replaced"] == "a"
    assert call(registrar, "list_model_events")[1:] == before


def test_many_operators_at_once_leave_one_history(
    server: Server, database: str, registrar: Connection
) -> None:
    barrier = threading.Barrier(4)

    def decide(number: int) -> None:
        with connect_registrar(server, database) as connection:
            barrier.wait()
            for round_number in range(25):
                if (number + round_number) % 4 == 0:
                    try:
                        roll_back(connection)
                    except psycopg.Error as error:
                        if error.sqlstate != "PT409":
                            raise
                else:
                    promote(connection, "abc"[(number + round_number) % 3])

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(decide, range(4)))

    served: list[str | None] = [None]
    for _, version, replaced in list_changes(registrar):
        assert replaced == served[-1] != version
        served.append(version)
    assert served[-1] == serving_version(registrar)
