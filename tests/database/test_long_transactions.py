"""What two long transactions once did to each other: one test for each defect that was found.

`interleavings/` lets every two operations meet; these tests name what went wrong.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import errors

from .actors import ALICE, BOB
from .rows import (
    LONG_AGO,
    add_user,
    complete_captures,
    correct,
    edit_queue_item,
    erase,
    insert,
)
from .server import Connection, Server


@pytest.fixture
def slow(server: Server, database: str) -> Iterator[Connection]:
    """A connection whose transaction stays open until the test ends it."""
    with server.connect("postgres", database, autocommit=False) as connection:
        yield connection


@pytest.fixture
def unaudited(dashboard: Connection) -> Connection:
    """The dashboard's connection, without messages that are drawn at random."""
    dashboard.execute("update private.settings set audit_rate = 0")
    add_user(dashboard, BOB)
    return dashboard


def list_unqueued(dashboard: Connection) -> list[Any]:
    """Return the rows that were chosen for review and have no queue item."""
    return dashboard.execute(
        """select id from public.nlu_prompt_logs logs
           where sampling_probability is not null and not exists (
             select from public.review_queue queue where queue.text_key = logs.text_key
           )"""
    ).fetchall()


def notes_of(dashboard: Connection) -> list[Any]:
    """Return all notes, wherever they are."""
    return dashboard.execute(
        """select notes from public.correction_events where notes is not null
           union all select notes from public.review_queue where notes is not null
           union all select correction_notes from public.nlu_prompt_logs
             where correction_notes is not null"""
    ).fetchall()


def review(dashboard: Connection, log_id: UUID, intent: str, seen_intent: str | None) -> str:
    """Record a decision of a review file, and return the state."""
    with dashboard.transaction():
        dashboard.execute("set local role service_role")
        row = dashboard.execute(
            "select public.record_review(%s, %s, 'ina', null, %s) ->> 'state'",
            [log_id, intent, seen_intent],
        ).fetchone()
    assert row is not None
    return str(row[0])


def test_an_account_that_is_deleted_during_retention_leaves_no_key_in_a_retained_text(
    dashboard: Connection, slow: Connection, server: Server, database: str
) -> None:
    correct(dashboard, insert(dashboard, created_at=LONG_AGO), "help")
    slow.execute("select private.delete_expired_rows()")
    with (
        server.connect("postgres", database) as auth,
        ThreadPoolExecutor() as threads,
    ):
        deletion = threads.submit(auth.execute, "delete from auth.users where id = %s", [ALICE])
        slow.commit()
        deletion.result(timeout=10)

    assert dashboard.execute("select from public.labelled_texts").rowcount == 0


def test_a_note_of_a_correction_that_is_committed_during_an_erasure_does_not_remain(
    unaudited: Connection, slow: Connection, server: Server, database: str
) -> None:
    log_id = insert(unaudited)
    insert(unaudited, user_id=BOB)
    correct(slow, log_id, "help", notes="quotes Alice")
    with server.connect("postgres", database) as eraser, ThreadPoolExecutor() as threads:
        erasure = threads.submit(erase, eraser, ALICE)
        slow.commit()
        erasure.result(timeout=10)

    assert unaudited.execute("select from public.correction_events").rowcount == 1
    assert notes_of(unaudited) == []


def test_a_note_does_not_outlive_the_row_that_it_is_about(unaudited: Connection) -> None:
    correct(unaudited, insert(unaudited, created_at=LONG_AGO), "help", notes="quotes Alice")
    insert(unaudited, user_id=BOB)

    unaudited.execute("select private.delete_expired_rows()")

    assert notes_of(unaudited) == []


def test_a_note_about_another_row_stays(unaudited: Connection) -> None:
    insert(unaudited, created_at=LONG_AGO)
    correct(unaudited, insert(unaudited, user_id=BOB), "help", notes="clear")

    unaudited.execute("select private.delete_expired_rows()")
    erase(unaudited, ALICE)

    assert notes_of(unaudited) == [("clear",)] * 3


def test_a_row_is_queued_although_the_capture_that_was_adding_the_item_rolls_back(
    unaudited: Connection, slow: Connection
) -> None:
    insert(slow)
    insert(unaudited, user_id=BOB)
    slow.rollback()

    assert complete_captures(unaudited) == 1
    assert list_unqueued(unaudited) == []


@pytest.mark.parametrize("event", ["erasure", "retention"])
def test_a_row_is_queued_although_the_last_other_row_is_deleted_meanwhile(
    unaudited: Connection, slow: Connection, event: str
) -> None:
    insert(unaudited, created_at=LONG_AGO)
    if event == "retention":
        slow.execute("select private.delete_expired_rows()")
    else:
        slow.execute("select private.erase_user(%s)", [ALICE])
    insert(unaudited, user_id=BOB)
    slow.commit()

    assert complete_captures(unaudited) == 1
    assert list_unqueued(unaudited) == []


def test_the_nightly_job_adds_missing_items(unaudited: Connection) -> None:
    insert(unaudited)
    unaudited.execute("alter table public.review_queue disable trigger user")
    unaudited.execute("delete from public.review_queue")
    unaudited.execute("alter table public.review_queue enable trigger user")

    assert unaudited.execute("select private.add_missing_queue_items()").fetchone() == (1,)
    assert list_unqueued(unaudited) == []
    assert unaudited.execute("select private.add_missing_queue_items()").fetchone() == (0,)


def test_a_review_file_does_not_replace_a_label_that_its_reviewer_did_not_see(
    unaudited: Connection,
) -> None:
    log_id = insert(unaudited)
    assert review(unaudited, log_id, "help", None) == "recorded"
    correct(unaudited, log_id, "status", "ina")

    assert review(unaudited, log_id, "search", "help") == "changed"
    assert review(unaudited, log_id, "search", "status") == "recorded"
    assert review(unaudited, UUID(int=7), "search", None) == "absent"


def test_the_history_is_in_the_order_of_recording(
    unaudited: Connection, slow: Connection, server: Server, database: str
) -> None:
    log_id = insert(unaudited)
    with (
        server.connect("postgres", database) as reviewer,
        ThreadPoolExecutor() as threads,
    ):
        correct(slow, log_id, "help", "first")
        second = threads.submit(correct, reviewer, log_id, "status", "second")
        correct(slow, log_id, "search", "first")
        slow.commit()
        second.result(timeout=10)

    rows = unaudited.execute("select reviewer from public.correction_events order by id").fetchall()
    assert rows == [("first",), ("first",), ("second",)]


def test_an_erased_reviewer_cannot_correct(unaudited: Connection) -> None:
    log_id = insert(unaudited, user_id=BOB)
    erase(unaudited, ALICE)

    for name in (str(ALICE), str(ALICE).upper(), f" {ALICE}\u200b"):
        with pytest.raises(psycopg.Error) as refused:
            correct(unaudited, log_id, "help", name)
        assert refused.value.sqlstate == "PT403"
    with pytest.raises(psycopg.Error) as refused:
        unaudited.execute(
            "select public.record_correction(gen_random_uuid(), 'help', %s, null, 'api')",
            [str(ALICE)],
        )
    assert refused.value.sqlstate == "PT403"


def test_an_erasure_waits_for_a_correction_in_the_name_of_its_user(
    unaudited: Connection, slow: Connection, server: Server, database: str
) -> None:
    correct(slow, insert(unaudited, user_id=BOB), "help", str(ALICE))
    with server.connect("postgres", database) as eraser, ThreadPoolExecutor() as threads:
        erasure = threads.submit(erase, eraser, ALICE)
        slow.commit()
        erasure.result(timeout=10)

    row = unaudited.execute("select reviewer from public.correction_events").fetchone()
    assert row
    assert str(row[0]).startswith("erased-")


def test_nothing_is_captured_for_an_account_that_is_marked_as_deleted(
    dashboard: Connection,
) -> None:
    dashboard.execute("update auth.users set deleted_at = now()")
    with pytest.raises(errors.ForeignKeyViolation):
        insert(dashboard)


def test_an_edit_that_repeats_the_latest_correction_does_not_decide_a_disputed_text(
    unaudited: Connection,
) -> None:
    log_id = insert(unaudited, prompt="hello")
    correct(unaudited, log_id, "help", "ann")
    correct(unaudited, log_id, "status", "ben")

    edit_queue_item(unaudited, "hello", corrected_intent="status", reviewer="ben")

    item = unaudited.execute(
        "select corrected_intent, reviewer, decided_at from public.review_queue"
    )
    assert item.fetchone() == (None, None, None)


def test_the_notes_of_a_decision_do_not_explain_the_next_one(unaudited: Connection) -> None:
    log_id = insert(unaudited, prompt="hello")
    correct(unaudited, log_id, "help", "ann", "asks how")

    edit_queue_item(unaudited, "hello", corrected_intent="status", reviewer="ann")

    notes = unaudited.execute("select notes from public.correction_events order by id").fetchall()
    assert notes == [("asks how",), (None,)]


def test_an_edit_that_is_left_open_in_the_dashboard_is_ended(
    unaudited: Connection, slow: Connection
) -> None:
    insert(unaudited)
    slow.execute("update public.review_queue set corrected_intent = 'help', reviewer = 'ann'")

    row = slow.execute("show idle_in_transaction_session_timeout").fetchone()
    assert row == ("10s",)
    slow.rollback()
    assert slow.execute("show idle_in_transaction_session_timeout").fetchone() == ("0",)


@pytest.mark.parametrize(
    ("typed", "recorded"),
    [
        ("BookFlight", "BookFlight"), ("bookflight", "BookFlight"), (" HELP\n", "help"),
        ("\thelp\u00a0", "help"),
    ],
)  # fmt: skip
def test_an_intent_is_found_as_it_was_typed(
    unaudited: Connection, typed: str, recorded: str
) -> None:
    unaudited.execute(
        """insert into public.intent_catalogue (intent, domain, description)
           values ('BookFlight', 'x', 'Book a flight.')"""
    )
    insert(unaudited, prompt="hello")

    edit_queue_item(unaudited, "hello", corrected_intent=typed, reviewer="ann")

    events = unaudited.execute("select to_intent from public.correction_events").fetchall()
    assert events == [(recorded,)]
