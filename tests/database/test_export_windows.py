"""Windows of an export cover every change once, whatever the order of the commits."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from psycopg import errors
from psycopg.types.json import Jsonb

from .actors import ALICE, BOB, EXPORTER, connect_as
from .rows import (
    LONG_AGO,
    add_user,
    correct,
    edit_queue_item,
    erase,
    insert,
    read,
    update_as_backend,
)
from .server import Connection, Server

NIL = "00000000-0000-0000-0000-000000000000"


def open_window(connection: Connection) -> tuple[str, str]:
    """Open the next window of a series, record its dataset and return the bounds."""
    row = connection.execute("select public.open_export('s', true, 1000)").fetchone()
    window = row[0] if row else {}
    assert isinstance(window, dict)
    begin, end = window["from"], window["to"]
    manifest = f"m-{begin}-{end}"
    connection.execute(
        """select public.record_dataset(
             's', 'b', %s, %s, %s, 0,
             (public.read_audit_results(0.85) ->> 'complete_before')::timestamptz
           )""",
        [manifest, begin, end],
    )
    return begin, end


def read_window(connection: Connection, begin: str, end: str) -> set[UUID]:
    """Return the ids of the rows in the window that was recorded last."""
    row = connection.execute(
        """with recorded as (
             select audits_complete_before from public.dataset_exports order by id desc
           )
           select public.read_export(
             %s, %s, '', '0', %s, false, 1000, '',
             (select audits_complete_before from recorded offset 1 limit 1),
             (select audits_complete_before from recorded limit 1)
           )""",
        [begin, end, NIL],
    ).fetchone()
    columns = row[0] if row else []
    assert isinstance(columns, list)
    return {UUID(log_id) for log_id in columns[0] or ()}


def export_next(connection: Connection) -> set[UUID]:
    """Return the ids of the rows in the next window."""
    return read_window(connection, *open_window(connection))


def test_a_row_that_is_committed_late_is_in_the_next_window(
    server: Server, database: str, dashboard: Connection
) -> None:
    with server.connect("postgres", database, autocommit=False) as slow:
        late = insert(slow, prompt="late")
        early = insert(dashboard, prompt="early")
        first = export_next(dashboard)
        second = export_next(dashboard)
        slow.commit()
    third = export_next(dashboard)

    # A window ends before the oldest running transaction, so both rows are exported after it.
    assert first | second == set()
    assert third == {late, early}
    assert export_next(dashboard) == set()


def test_an_outcome_that_is_committed_late_is_in_the_next_window(
    server: Server, database: str, dashboard: Connection
) -> None:
    log_id = insert(dashboard)
    with server.connect("postgres", database, autocommit=False) as slow:
        slow.execute("set local role service_role")
        slow.execute(
            "update public.nlu_prompt_logs set was_successful = true where id = %s", [log_id]
        )
        first = export_next(dashboard)
        slow.commit()

    assert first == {log_id}
    assert export_next(dashboard) == {log_id}


def test_a_row_captured_after_a_window_was_opened_is_not_in_it(dashboard: Connection) -> None:
    log_id = insert(dashboard)
    bounds = open_window(dashboard)
    insert(dashboard, prompt="another")

    assert read_window(dashboard, *bounds) == {log_id}


def test_an_update_with_equal_values_is_not_a_change(dashboard: Connection) -> None:
    log_id = insert(dashboard)
    update_as_backend(dashboard, log_id, was_successful=True)
    before = read(dashboard, log_id, "change_number", "updated_at")

    update_as_backend(dashboard, log_id, was_successful=True)

    assert read(dashboard, log_id, "change_number", "updated_at") == before


def test_rows_beyond_the_daily_cap_are_not_exported(dashboard: Connection) -> None:
    dashboard.execute("update private.settings set daily_cap = 2")
    within_cap = {insert(dashboard, prompt=f"text {number}") for number in range(2)}
    insert(dashboard, prompt="beyond the cap")

    assert export_next(dashboard) == within_cap


@pytest.mark.parametrize("end", ["18446744073709551615", "9223372036854775807", "1000000"])
def test_a_window_that_was_not_opened_cannot_be_recorded(
    server: Server, database: str, dashboard: Connection, end: str
) -> None:
    insert(dashboard)
    with (
        connect_as(server, database, EXPORTER) as exporter,
        pytest.raises((errors.CheckViolation, errors.NumericValueOutOfRange)),
    ):
        exporter.execute("select public.record_dataset('s', 'b', 'm', '0', %s, 0)", [end])
    assert len(export_next(dashboard)) == 1


@pytest.mark.parametrize("since_last", [True, False])
def test_a_database_copied_without_its_sequences_exports_every_row_once_they_are_set(
    server: Server, database: str, dashboard: Connection, since_last: bool
) -> None:
    add_user(dashboard, BOB)
    retained = insert(dashboard, prompt="retained", user_id=BOB, created_at=LONG_AGO)
    correct(dashboard, retained, "help")
    dashboard.execute("select private.delete_expired_rows()")
    before = insert(dashboard)
    if since_last:
        export_next(dashboard)
    with server.connect("supabase_admin", database) as admin:
        admin.execute("select setval('private.change_numbers', 1, false)")
    after = insert(dashboard, prompt="after the restore")
    with pytest.raises(errors.ObjectNotInPrerequisiteState, match="without its sequences"):
        dashboard.execute("select public.open_export('s', %s, 1000)", [since_last])

    guide = Path("docs/how-to/restore-the-database.md").read_text("utf-8")
    statement = next(part for part in guide.split("```") if "setval" in part)
    dashboard.execute(statement.removeprefix("sql\n").encode())

    window = dashboard.execute("select public.open_export('s', false, 1000)").fetchone()
    assert window
    assert isinstance(window[0], dict)
    everything = read_window(dashboard, "0", window[0]["to"])
    assert {before, after} < everything
    assert len(everything) == 3, "the retained text is among them"
    dashboard.execute(
        "select public.record_dataset('s', 'b', 'full', '0', %s, 0)", [window[0]["to"]]
    )
    assert export_next(dashboard) == set()
    last = insert(dashboard, prompt="last")
    assert export_next(dashboard) == {last}


def test_a_window_ends_before_the_first_number_of_every_running_transaction(
    server: Server, database: str, dashboard: Connection
) -> None:
    with (
        server.connect("postgres", database, autocommit=False) as first,
        server.connect("postgres", database, autocommit=False) as second,
    ):
        insert(first, prompt="first")
        insert(second, prompt="second")
        committed = insert(dashboard, prompt="committed")
        assert export_next(dashboard) == set()
        first.commit()
        assert len(export_next(dashboard)) == 1
        insert(second, prompt="second again")
        second.commit()
    assert committed in (rest := export_next(dashboard))
    assert len(rest) == 3


def test_a_transaction_that_announces_itself_late_fails_no_export(
    server: Server, database: str, dashboard: Connection
) -> None:
    """It looked at the next number, and others drew many before it took the lock of that number."""
    insert(dashboard)
    row = dashboard.execute("select private.peek_change_number()").fetchone()
    assert row is not None
    insert(dashboard)
    begin, end = open_window(dashboard)
    with server.connect("supabase_admin", database, autocommit=False) as slow:
        slow.execute("select pg_advisory_xact_lock_shared(7, (%s & 2147483647)::integer)", row)
        opened = dashboard.execute("select public.open_export('s', true, 1000)").fetchone()
        with ThreadPoolExecutor() as threads:
            late = threads.submit(
                dashboard.execute,
                "select public.record_dataset('s', 'b', 'another', %s, %s, 0)",
                [begin, end],
            )
            assert not wait([late], timeout=0.3).done
            slow.commit()
            late.result(timeout=10)

    assert opened is not None
    assert isinstance(opened[0], dict)
    assert (opened[0]["from"], opened[0]["to"]) == (end, end)
    assert export_next(dashboard) == set()


def test_the_announcement_of_a_rolled_back_savepoint_is_made_again(
    server: Server, database: str, dashboard: Connection
) -> None:
    with server.connect("postgres", database, autocommit=False) as writer:
        writer.execute("savepoint one")
        insert(writer, prompt="rolled back")
        writer.execute("rollback to savepoint one")
        late = insert(writer, prompt="late")
        insert(dashboard, prompt="early")
        assert export_next(dashboard) == set()
        writer.commit()
    assert late in export_next(dashboard)


def test_an_erasure_waits_for_running_registrations_and_includes_them(
    server: Server, database: str, dashboard: Connection
) -> None:
    log_id = insert(dashboard)
    with (
        connect_as(server, database, EXPORTER) as exporter,
        server.connect("postgres", database) as eraser,
        ThreadPoolExecutor() as threads,
    ):
        exporter.execute("select public.register_rows('b', 'k', %s)", [[log_id]])
        erasure = threads.submit(eraser.execute, "select private.erase_user(%s)", [ALICE])
        with pytest.raises(TimeoutError):
            erasure.result(timeout=0.3)
        exporter.commit()
        erasure.result(timeout=10)

    objects = dashboard.execute("select private.list_uncleaned_objects()").fetchone()
    assert objects == ([["b", "k"]],)


def test_a_registration_between_the_last_steps_of_an_erasure_is_in_its_receipt(
    server: Server, database: str, dashboard: Connection
) -> None:
    insert(dashboard)
    insert(dashboard, prompt="the last one")
    dashboard.execute("update private.settings set retention_batch_rows = 1")
    step = "select private.continue_erasure(%s)"
    for _ in range(2):
        dashboard.execute(step, [ALICE])  # the tombstone, and the first of two rows
    with connect_as(server, database, EXPORTER) as exporter:
        rows = dashboard.execute("select id from public.nlu_prompt_logs").fetchall()
        exporter.execute(
            "select public.register_rows('b', 'k', %s)", [[log_id for (log_id,) in rows]]
        )
        exporter.commit()
    assert len(rows) == 1

    receipt = erase(dashboard, ALICE)

    assert receipt["remaining_objects"] == [{"bucket": "b", "key": "k"}]


def test_an_export_that_was_registered_while_an_erasure_waited_is_invalidated(
    server: Server, database: str, dashboard: Connection
) -> None:
    log_id = insert(dashboard)
    with (
        connect_as(server, database, EXPORTER) as exporter,
        server.connect("postgres", database, autocommit=False) as eraser,
        ThreadPoolExecutor() as threads,
    ):
        eraser.execute("select now()")  # the erasure's transaction is older than the export
        (opened,) = exporter.execute("select public.open_export('s', false, 1000)").fetchone() or (
            None,
        )
        assert isinstance(opened, dict)
        exporter.execute("select public.register_rows('b', 'k', %s)", [[log_id]])
        erasure = threads.submit(eraser.execute, "select private.erase_user(%s)", [ALICE])
        with pytest.raises(TimeoutError):
            erasure.result(timeout=0.3)
        exporter.commit()
        erasure.result(timeout=10)
        eraser.commit()
        exporter.execute("set local role prompt_exporter")
        invalidated = exporter.execute(
            "select public.has_erasures_since('b', array['k'], %s)", [opened["at"]]
        ).fetchone()

    assert invalidated == (True,)


def test_a_registration_after_an_erasure_returns_the_missing_rows(
    server: Server, database: str, dashboard: Connection
) -> None:
    add_user(dashboard, BOB)
    erased, other = insert(dashboard), insert(dashboard, user_id=BOB)
    dashboard.execute("select private.erase_user(%s)", [ALICE])

    row = dashboard.execute(
        "select public.register_rows('b', 'k', %s)", [[erased, other]]
    ).fetchone()

    assert row == ([str(erased)],)


def test_rows_deleted_by_retention_are_not_recorded_as_erased(dashboard: Connection) -> None:
    insert(dashboard, created_at="2001-01-01T00:00Z")
    dashboard.execute("select private.delete_expired_rows()")

    assert dashboard.execute("select count(*) from private.erased_rows").fetchone() == (0,)


EXPORT_RECORDS = {
    "public.dataset_exports": "exported_at",
    "public.exported_rows": "exported_at",
    "private.erased_rows": "erased_at",
}


def set_age(connection: Connection, days: int) -> None:
    """Set the age of all records about exports, in days."""
    for table, column in EXPORT_RECORDS.items():
        connection.execute(
            f"update {table} set {column} = now() - make_interval(days => %s)".encode(), [days]
        )


def count_records(connection: Connection) -> list[int]:
    """Return the number of rows in each table of records about exports."""
    return [
        connection.execute(f"select from {table}".encode()).rowcount for table in EXPORT_RECORDS
    ]


@pytest.mark.parametrize("label_retention_days", [730, 400])
def test_export_records_are_deleted_when_their_objects_have_expired(
    dashboard: Connection, label_retention_days: int
) -> None:
    dashboard.execute(
        "update private.settings set label_retention_days = %s", [label_retention_days]
    )
    add_user(dashboard, BOB)
    log_id, _ = insert(dashboard), insert(dashboard, user_id=BOB)
    dashboard.execute("select public.register_rows('b', 'from a failed attempt', %s)", [[log_id]])
    open_window(dashboard)
    dashboard.execute("select private.erase_user(%s)", [BOB])
    expire = "select private.delete_expired_exports()"
    assert dashboard.execute(expire).fetchone() == (1,), "no object holds rows of Bob"
    assert count_records(dashboard) == [1, 1, 1]

    set_age(dashboard, label_retention_days - 1)
    assert dashboard.execute(expire).fetchone() == (0,)
    set_age(dashboard, label_retention_days + 1)
    assert dashboard.execute(expire).fetchone() == (1,)
    assert count_records(dashboard) == [0, 1, 1]
    set_age(dashboard, label_retention_days + 8)
    assert dashboard.execute(expire).fetchone() == (2,)
    assert count_records(dashboard) == [0, 0, 0]


def test_export_records_are_deleted_in_batches(dashboard: Connection) -> None:
    dashboard.execute("update private.settings set retention_batch_rows = 2")
    log_id = insert(dashboard)
    for key in ("one", "two", "three"):
        dashboard.execute("select public.register_rows('b', %s, %s)", [key, [log_id]])
    set_age(dashboard, 1000)

    expire = "select private.delete_expired_exports()"
    assert [dashboard.execute(expire).fetchone() for _ in range(3)] == [(2,), (1,), (0,)]


def test_the_record_of_an_object_that_was_cleaned_is_kept_until_the_object_expires(
    dashboard: Connection,
) -> None:
    """A bucket counts the days of an object from its latest version."""
    add_user(dashboard, BOB)
    for user_id in (ALICE, BOB):
        log_id = insert(dashboard, user_id=user_id)
        dashboard.execute("select public.register_rows('b', 'k', %s)", [[log_id]])
    erase(dashboard, ALICE)
    set_age(dashboard, 700)
    erased = dashboard.execute("select public.list_erased_lines('b', 'k') -> 'senders'").fetchone()
    assert erased is not None
    dashboard.execute("select public.unregister_senders('b', 'k', %s)", [Jsonb(erased[0])])

    dashboard.execute("update private.settings set label_retention_days = 600")
    dashboard.execute("select private.delete_expired_exports()")

    receipt = erase(dashboard, BOB)
    assert receipt["remaining_objects"] == [{"bucket": "b", "key": "k"}]


def test_a_series_without_recorded_datasets_starts_from_the_beginning(
    dashboard: Connection,
) -> None:
    log_id = insert(dashboard)
    assert export_next(dashboard) == {log_id}
    assert export_next(dashboard) == set()

    set_age(dashboard, 1000)
    dashboard.execute("select private.delete_expired_exports()")

    assert open_window(dashboard)[0] == "0"


@pytest.mark.parametrize("first_row", ["expired", "erased"])
def test_a_retracted_label_that_no_remaining_row_shows_is_in_the_next_window(
    dashboard: Connection, first_row: str
) -> None:
    add_user(dashboard, BOB)
    captured_at = LONG_AGO if first_row == "expired" else datetime.now(UTC)
    labelled = insert(dashboard, prompt="retract", created_at=captured_at)
    correct(dashboard, labelled, "search")
    other = insert(dashboard, prompt="retract", user_id=BOB, confidence=1)
    if first_row == "expired":
        dashboard.execute("select private.delete_expired_rows()")
    else:
        erase(dashboard, ALICE)
    export_next(dashboard)

    edit_queue_item(dashboard, "retract", corrected_intent=None)

    assert read(dashboard, other, "corrected_intent") == (None,)
    assert export_next(dashboard) == {other}
    assert export_next(dashboard) == set()


def test_a_window_that_does_not_follow_the_last_one_is_not_recorded(dashboard: Connection) -> None:
    log_id = insert(dashboard)
    row = dashboard.execute("select private.complete_change_numbers()::text").fetchone()
    assert row is not None
    with pytest.raises(errors.CheckViolation, match="begins after the last one"):
        dashboard.execute(
            "select public.record_dataset('s', 'b', 'invented', %s, %s, 0)", [row[0], row[0]]
        )
    assert export_next(dashboard) == {log_id}


@pytest.mark.parametrize("cutoff", ["infinity", "2999-01-01", "-infinity", "0044-03-15 BC"])
def test_an_invented_cutoff_of_the_audit_is_not_recorded(
    server: Server, database: str, dashboard: Connection, cutoff: str
) -> None:
    """The next window holds what was decided since, and an export cannot read every date."""
    with (
        connect_as(server, database, EXPORTER) as exporter,
        pytest.raises(errors.CheckViolation, match="cut-off"),
    ):
        exporter.execute("select public.record_dataset('s', 'b', 'm', '0', '0', 0, %s)", [cutoff])


def audit_waits(dashboard: Connection) -> tuple[UUID, UUID, UUID]:
    """Let three audited messages wait, decide the second and third, and record a dataset.

    Returns the ids of the messages, in the order of capture.
    """
    dashboard.execute("update private.settings set audit_rate = 1")
    first, second, third = (
        insert(
            dashboard, prompt=f"audit {number}", confidence=0.99, created_at=f"2026-01-0{number}"
        )
        for number in (1, 2, 3)
    )
    correct(dashboard, second, "help")
    correct(dashboard, third, "help")
    assert export_next(dashboard) == {first, second, third}
    return first, second, third


def test_a_text_whose_audit_is_completed_by_another_decision_is_in_the_next_window(
    dashboard: Connection,
) -> None:
    first, second, third = audit_waits(dashboard)
    assert export_next(dashboard) == set()

    correct(dashboard, first, "help")

    assert export_next(dashboard) == {first, second, third}
    assert export_next(dashboard) == set()


def test_a_text_whose_audit_is_no_longer_complete_is_in_the_next_window(
    dashboard: Connection,
) -> None:
    first, second, third = audit_waits(dashboard)
    correct(dashboard, first, "help")
    export_next(dashboard)

    correct(dashboard, first, None)

    assert export_next(dashboard) == {first, second, third}


def test_a_copy_that_was_not_drawn_brings_its_audited_text_into_the_next_window(
    dashboard: Connection,
) -> None:
    first, second, _ = audit_waits(dashboard)
    dashboard.execute("update private.settings set audit_rate = 0")
    copy = insert(dashboard, prompt="audit 2", confidence=0.99, created_at="2026-01-05")
    other = insert(dashboard, prompt="never drawn", confidence=0.99, created_at="2026-01-05")
    dashboard.execute("update private.settings set audit_rate = 1")
    insert(dashboard, prompt="audit 4", confidence=0.99, created_at="2026-01-04")
    correct(dashboard, first, "help")
    export_next(dashboard)

    correct(dashboard, insert(dashboard, prompt="audit 6", created_at="2026-01-06"), "help")
    edit_queue_item(dashboard, "audit 4", corrected_intent="help", reviewer="ann")

    exported = export_next(dashboard)
    assert {second, copy} <= exported
    assert other not in exported
