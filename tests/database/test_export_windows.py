"""Exports read windows that nothing slips through, whoever commits when."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from psycopg import errors

from .cast import ALICE, BOB, EXPORTER, acting_as
from .rows import add_user, as_backend, insert, read
from .server import Connection, Server

NIL = "00000000-0000-0000-0000-000000000000"


def window(connection: Connection) -> tuple[str, str]:
    """Open the next window of a series, and record that its dataset was made."""
    row = connection.execute("select public.open_export('s', true, 1000)").fetchone()
    opened = row[0] if row else {}
    assert isinstance(opened, dict)
    begin, end = opened["from"], opened["to"]
    manifest = f"m-{begin}-{end}"
    connection.execute(
        "select public.record_dataset('s', 'b', %s, %s, %s, 0)", [manifest, begin, end]
    )
    return begin, end


def ids(connection: Connection, begin: str, end: str) -> set[UUID]:
    """Read a window's rows."""
    row = connection.execute(
        "select public.read_export(%s, %s, '', '0', %s, false, 1000, '')", [begin, end, NIL]
    ).fetchone()
    columns = row[0] if row else []
    assert isinstance(columns, list)
    return {UUID(found) for found in columns[0] or ()}


def exported(connection: Connection) -> set[UUID]:
    """Export the next window."""
    return ids(connection, *window(connection))


def test_a_row_that_is_committed_late_is_in_the_next_window(
    server: Server, database: str, dashboard: Connection
) -> None:
    with server.connect("postgres", database, autocommit=False) as slow:
        late = insert(slow, prompt="late")
        soon = insert(dashboard, prompt="soon")
        first = exported(dashboard)
        again = exported(dashboard)
        slow.commit()
    second = exported(dashboard)

    # What was committed after a transaction that still runs waits for it, and both come once.
    assert first | again == set()
    assert second == {late, soon}
    assert exported(dashboard) == set()


def test_an_outcome_that_is_committed_late_is_in_the_next_window(
    server: Server, database: str, dashboard: Connection
) -> None:
    log_id = insert(dashboard)
    with server.connect("postgres", database, autocommit=False) as slow:
        slow.execute("set local role service_role")
        slow.execute(
            "update public.nlu_prompt_logs set was_successful = true where id = %s", [log_id]
        )
        first = exported(dashboard)
        slow.commit()

    assert first == {log_id}
    assert exported(dashboard) == {log_id}


def test_a_row_is_read_in_its_window_while_others_go_on(dashboard: Connection) -> None:
    log_id = insert(dashboard)
    opened = window(dashboard)
    insert(dashboard, prompt="another")

    assert ids(dashboard, *opened) == {log_id}


def test_an_update_that_changes_nothing_is_no_change(dashboard: Connection) -> None:
    log_id = insert(dashboard)
    as_backend(dashboard, log_id, was_successful=True)
    before = read(dashboard, log_id, "changed_in", "updated_at")

    as_backend(dashboard, log_id, was_successful=True)

    assert read(dashboard, log_id, "changed_in", "updated_at") == before


def test_only_rows_within_their_users_daily_cap_are_read(dashboard: Connection) -> None:
    dashboard.execute("update private.settings set daily_cap = 2")
    first = {insert(dashboard, prompt=f"text {number}") for number in range(2)}
    insert(dashboard, prompt="too much")

    assert exported(dashboard) == first


def test_a_database_that_was_restored_is_told_to_export_all_once(dashboard: Connection) -> None:
    dashboard.execute(
        """select public.record_dataset('s', 'b', 'm', '0', later::text, 0)
           from (select pg_current_xact_id()::text::bigint + 9999) as restored (later)"""
    )

    with pytest.raises(errors.ObjectNotInPrerequisiteState, match="restored or copied"):
        exported(dashboard)
    dashboard.execute("select public.open_export('s', false, 1000)")


def test_an_erasure_waits_for_notes_and_then_reads_them(
    server: Server, database: str, dashboard: Connection
) -> None:
    log_id = insert(dashboard)
    with (
        acting_as(server, database, EXPORTER) as exporter,
        server.connect("postgres", database) as eraser,
        ThreadPoolExecutor() as threads,
    ):
        exporter.execute("select public.register_rows('b', 'k', %s)", [[log_id]])
        erasing = threads.submit(eraser.execute, "select private.erase(%s)", [ALICE])
        with pytest.raises(TimeoutError):
            erasing.result(timeout=0.3)
        exporter.commit()
        row = erasing.result(timeout=10).fetchone()

    assert row
    assert isinstance(row[0], dict)
    assert row[0]["remaining_objects"] == [{"bucket": "b", "key": "k"}]


def test_a_note_that_comes_after_an_erasure_finds_the_rows_gone(
    server: Server, database: str, dashboard: Connection
) -> None:
    add_user(dashboard, BOB)
    gone, there = insert(dashboard), insert(dashboard, user_id=BOB)
    dashboard.execute("select private.erase(%s)", [ALICE])

    row = dashboard.execute("select public.register_rows('b', 'k', %s)", [[gone, there]]).fetchone()

    assert row == ([str(gone)],)


def test_retention_is_no_erasure(dashboard: Connection) -> None:
    insert(dashboard, created_at="2001-01-01T00:00Z")
    dashboard.execute("select private.delete_expired_rows()")

    assert dashboard.execute("select count(*) from private.erased_rows").fetchone() == (0,)


LEDGER = {
    "public.dataset_exports": "exported_at",
    "public.exported_rows": "exported_at",
    "private.erased_rows": "erased_at",
}


def age(connection: Connection, days: int) -> None:
    """Make all that is noted about exports that many days old."""
    for table, column in LEDGER.items():
        connection.execute(
            f"update {table} set {column} = now() - make_interval(days => %s)".encode(), [days]
        )


def noted(connection: Connection) -> list[int]:
    """Count the rows of each table of the ledger."""
    return [connection.execute(f"select from {table}".encode()).rowcount for table in LEDGER]


@pytest.mark.parametrize("label_retention_days", [730, 400])
def test_the_ledger_goes_when_no_object_can_be_left(
    dashboard: Connection, label_retention_days: int
) -> None:
    dashboard.execute(
        "update private.settings set label_retention_days = %s", [label_retention_days]
    )
    add_user(dashboard, BOB)
    mine, _ = insert(dashboard), insert(dashboard, user_id=BOB)
    dashboard.execute("select public.register_rows('b', 'of an attempt that died', %s)", [[mine]])
    window(dashboard)
    dashboard.execute("select private.erase(%s)", [BOB])
    expire = "select private.delete_expired_exports()"
    assert noted(dashboard) == [1, 1, 1]

    age(dashboard, label_retention_days - 1)
    assert dashboard.execute(expire).fetchone() == (0,)
    age(dashboard, label_retention_days + 1)
    assert dashboard.execute(expire).fetchone() == (1,)
    assert noted(dashboard) == [0, 1, 1]
    age(dashboard, label_retention_days + 8)
    assert dashboard.execute(expire).fetchone() == (2,)
    assert noted(dashboard) == [0, 0, 0]


def test_the_ledger_goes_in_batches(dashboard: Connection) -> None:
    dashboard.execute("update private.settings set retention_batch_rows = 2")
    log_id = insert(dashboard)
    for key in ("one", "two", "three"):
        dashboard.execute("select public.register_rows('b', %s, %s)", [key, [log_id]])
    age(dashboard, 1000)

    expire = "select private.delete_expired_exports()"
    assert [dashboard.execute(expire).fetchone() for _ in range(3)] == [(2,), (1,), (0,)]


def test_a_series_that_rested_for_longer_than_the_ledger_begins_anew(
    dashboard: Connection,
) -> None:
    log_id = insert(dashboard)
    assert exported(dashboard) == {log_id}
    assert exported(dashboard) == set()

    age(dashboard, 1000)
    dashboard.execute("select private.delete_expired_exports()")

    assert window(dashboard)[0] == "0"
