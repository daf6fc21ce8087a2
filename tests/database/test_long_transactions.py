"""What two long transactions once did to each other: one test for each defect that was found.

`interleavings/` lets every two operations meet; these tests name what went wrong.
"""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import errors
from uuid6 import uuid7

from .actors import ALICE, BOB, STRANGER
from .console import ConsoleUser, add_account
from .registry import connect_registrar, register
from .rows import (
    LONG_AGO,
    add_user,
    build_row,
    complete_captures,
    correct,
    edit_queue_item,
    erase,
    insert,
    read,
)
from .server import Connection, Server
from .test_evaluation import draw
from .test_export_windows import export_next

GRACE = UUID("96ace000-0000-4000-8000-000000000024")


@pytest.fixture
def slow(server: Server, database: str) -> Iterator[Connection]:
    """A connection whose transaction stays open until the test ends it."""
    with server.connect("postgres", database, autocommit=False) as connection:
        connection.execute("select")  # the blocks of `correct` are savepoints then
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
           where (has_review_reason or is_audited) and not exists (
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


def test_a_row_that_was_chosen_by_an_earlier_threshold_is_not_ranked_as_decided(
    unaudited: Connection, slow: Connection
) -> None:
    insert(slow, confidence=0.65)
    insert(unaudited, user_id=BOB, confidence=0.65)
    slow.rollback()
    unaudited.execute("update private.settings set review_threshold = 0.6")

    assert complete_captures(unaudited) == 1

    item = unaudited.execute("select reasons, rank from public.review_queue").fetchone()
    assert item == ([], 652)


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


def test_a_review_file_waits_for_a_vote_that_has_a_smaller_number_than_the_latest_correction(
    unaudited: Connection, slow: Connection, server: Server, database: str
) -> None:
    log_id, other = (insert(unaudited, prompt=prompt) for prompt in ("one", "other"))
    correct(unaudited, log_id, "help", "ina")
    correct(unaudited, log_id, "status", "ben")
    correct(slow, log_id, "search", "ina")
    correct(unaudited, other, "help", "ben")

    with server.connect("postgres", database) as importer, ThreadPoolExecutor() as threads:
        importer.execute("set role service_role")
        finding = threads.submit(importer.execute, "select public.find_latest_correction()")
        wait_until(lambda: count_waiting(unaudited) == 1)
        slow.commit()
        ((seen,),) = finding.result(timeout=10).fetchall()
    later = unaudited.execute("select from public.correction_events where id > %s", [seen])

    assert later.rowcount == 0


def test_a_review_file_knows_its_reviewer_in_every_spelling(unaudited: Connection) -> None:
    log_id = insert(unaudited)
    correct(unaudited, log_id, "help", "Ina", secondary=["search"])

    assert review(unaudited, log_id, "help", "status") == "recorded"
    assert read(unaudited, log_id, "corrected_secondary_intents") == (["search"],)


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


SPELLINGS = (
    str(ALICE), str(ALICE).upper(), ALICE.hex, f"{{{ALICE}}}", f"{{{ALICE.hex.upper()}}}",
    ALICE.urn, f"URN:UUID:{ALICE}", str(ALICE)[:9] + ALICE.hex[8:], f"uuid: ({ALICE})",
    *(str(ALICE).replace("-", other) for other in " _.\u00b7\u2010\u2011\u2013\u2015\u2212"),
)  # fmt: skip
"""Ways to write one id."""


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_reviewer_is_one_person_however_the_id_is_spelled(
    unaudited: Connection, spelling: str
) -> None:
    log_id = insert(unaudited, user_id=BOB)
    correct(unaudited, log_id, "help", spelling)

    names = unaudited.execute("select reviewer from public.correction_events").fetchall()
    assert names == [(str(ALICE),)]


def test_an_erased_reviewer_cannot_correct(unaudited: Connection) -> None:
    log_id = insert(unaudited, user_id=BOB)
    erase(unaudited, ALICE)

    for name in (*SPELLINGS, f" {ALICE}\u200b"):
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


def test_a_reviewer_whose_account_is_marked_as_deleted_cannot_correct(
    unaudited: Connection,
) -> None:
    log_id, missing = insert(unaudited, user_id=BOB), build_row()["id"]
    unaudited.execute("update auth.users set deleted_at = now() where id = %s", [ALICE])
    for named in (log_id, missing):
        with pytest.raises(psycopg.Error) as refused:
            unaudited.execute(
                "select public.record_correction(%s, 'help', %s, null, 'api')", [named, str(ALICE)]
            )
        assert refused.value.sqlstate == "PT403"


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


def record_correction(connection: Connection, log_id: UUID, *values: object) -> str:
    """Record a correction as the backend does, and return the state."""
    row = connection.execute(
        "select public.record_correction(%s, %s, %s, %s, 'api') ->> 'state'", [log_id, *values]
    ).fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.parametrize("is_on_record", [True, False])
def test_a_correction_that_waits_for_the_deletion_of_its_reviewer_is_refused(
    unaudited: Connection,
    slow: Connection,
    server: Server,
    database: str,
    is_on_record: bool,
) -> None:
    log_id = insert(unaudited, user_id=BOB) if is_on_record else UUID(bytes=uuid7().bytes)
    slow.execute("delete from auth.users where id = %s", [ALICE])
    with server.connect("postgres", database) as backend, ThreadPoolExecutor() as threads:
        late = threads.submit(record_correction, backend, log_id, "help", str(ALICE), "note")
        slow.commit()
        with pytest.raises(psycopg.Error) as refused:
            late.result(timeout=10)

    assert refused.value.sqlstate == "PT403"
    assert unaudited.execute("select from private.deferred_changes").rowcount == 0


def test_what_was_typed_for_an_undecided_item_is_erased_with_its_reviewer_and_its_sender(
    unaudited: Connection,
) -> None:
    insert(unaudited, prompt="hello")
    insert(unaudited, prompt="hello", user_id=BOB)
    edit_queue_item(unaudited, "hello", reviewer=str(BOB), notes="Alice said so")

    erase(unaudited, ALICE)
    assert notes_of(unaudited) == []
    receipt = erase(unaudited, BOB)

    assert receipt["counts_after"]["queue_items"] == 0


def test_the_label_of_a_disputed_text_is_not_retained(unaudited: Connection) -> None:
    correct(unaudited, insert(unaudited, created_at=LONG_AGO), "help", "ann")
    unaudited.execute("select private.delete_expired_rows()")
    correct(unaudited, insert(unaudited, user_id=BOB, created_at=LONG_AGO), "status", "ben")
    unaudited.execute("select private.delete_expired_rows()")

    insert(unaudited, user_id=BOB)

    item = unaudited.execute(
        "select corrected_intent, reviewer from public.review_queue"
    ).fetchone()
    assert item == (None, None)
    assert unaudited.execute("select from public.labelled_texts").rowcount == 0


def test_a_deferred_correction_does_not_replace_a_later_one_of_its_reviewer(
    unaudited: Connection,
) -> None:
    row = build_row(prompt="hello")
    assert record_correction(unaudited, row["id"], "help", "ann", None) == "pending"
    recorded = insert(unaudited, prompt="hello", user_id=BOB)
    record_correction(unaudited, recorded, "status", "ann", None)

    insert(unaudited, **row)

    item = unaudited.execute("select corrected_intent from public.review_queue").fetchone()
    assert item == ("status",)
    assert unaudited.execute("select from private.deferred_changes").rowcount == 0


def test_the_job_of_every_minute_waits_for_no_lock(unaudited: Connection, slow: Connection) -> None:
    insert(unaudited)
    unaudited.execute(
        """insert into private.incomplete_captures (log_id, text_key)
           select id, text_key from public.nlu_prompt_logs"""
    )
    slow.execute("delete from auth.users where id = %s", [BOB])
    unaudited.execute("set lock_timeout = '100ms'")

    assert complete_captures(unaudited) == 0
    slow.rollback()
    assert complete_captures(unaudited) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "delete from auth.users where false",
        """insert into public.correction_events (log_id, to_intent, reviewer)
           select id, 'help', 'ann' from public.nlu_prompt_logs""",
    ],
)
def test_a_transaction_that_is_left_open_in_the_dashboard_is_ended(
    unaudited: Connection, slow: Connection, statement: str
) -> None:
    insert(unaudited)
    slow.execute(statement.encode())
    row = slow.execute("show idle_in_transaction_session_timeout").fetchone()
    assert row == ("10s",)


def test_a_step_of_an_erasure_is_judged_by_how_long_it_held_its_locks(
    unaudited: Connection, slow: Connection, server: Server, database: str
) -> None:
    """One that waited would be followed by smaller ones, each of which would wait again."""
    insert(unaudited)
    unaudited.execute("select private.continue_erasure(%s)", [ALICE])
    slow.execute("select private.lock_edits()")

    with (
        server.connect("supabase_admin", database, autocommit=False) as eraser,
        ThreadPoolExecutor() as threads,
    ):
        eraser.execute(
            """create or replace function
                 private.next_batch_rows(batch_rows integer, duration interval) returns integer
               language sql as 'select 1000 * extract(epoch from duration)'"""
        )
        step = threads.submit(eraser.execute, "select private.continue_erasure(%s)", [ALICE])
        wait_until(lambda: count_waiting(unaudited) == 1)
        slow.execute("select pg_sleep(1)")
        slow.commit()
        step.result(timeout=10)
        ((milliseconds,),) = eraser.execute("select step_rows from private.tombstones").fetchall()
        eraser.rollback()

    assert int(str(milliseconds)) < 1000


def test_retention_goes_past_rows_that_are_locked(unaudited: Connection, slow: Connection) -> None:
    unaudited.execute("update private.settings set retention_batch_rows = 2")
    for _ in range(4):
        insert(unaudited, prompt="locked", created_at=LONG_AGO)
    insert(unaudited, prompt="free", created_at="2002-01-01")
    slow.execute("select private.lock_texts(array[private.text_key('locked')])")

    assert unaudited.execute("select private.delete_expired_rows()").fetchone() == (1,)
    assert unaudited.execute("select private.delete_expired_rows()").fetchone() == (None,)


def test_a_correction_is_shown_on_some_rows_at_once_and_on_the_others_by_the_job(
    unaudited: Connection,
) -> None:
    unaudited.execute("update private.settings set daily_cap = 10000")
    with unaudited.transaction():
        ids = [insert(unaudited, prompt="yes") for _ in range(1500)]

    correct(unaudited, ids[-1], "help")

    shown = "select from public.nlu_prompt_logs where corrected_intent = %s"
    assert unaudited.execute(shown, ["help"]).rowcount == 401
    assert read(unaudited, ids[-1], "corrected_intent") == ("help",)
    assert complete_captures(unaudited) == 1
    assert unaudited.execute(shown, ["help"]).rowcount == 801

    # While that goes on, another decision takes its place.
    correct(unaudited, ids[0], "status", "ina")
    correct(unaudited, ids[0], "status")
    assert complete_captures(unaudited) == 3
    assert unaudited.execute("select from private.incomplete_captures").rowcount == 1
    while complete_captures(unaudited):
        pass
    assert unaudited.execute(shown, ["status"]).rowcount == 1500


def test_the_corrections_of_two_texts_are_shown_on_more_rows_in_turns(
    unaudited: Connection,
) -> None:
    unaudited.execute("update private.settings set daily_cap = 10000")
    with unaudited.transaction():
        ids = [insert(unaudited, prompt=prompt) for prompt in ("yes", "no") for _ in range(900)]
    correct(unaudited, ids[0], "help")
    correct(unaudited, ids[-1], "status")
    shown = """select array_agg(count order by count) from (
        select count(*) from public.nlu_prompt_logs
        where corrected_intent is not null group by prompt) as shown"""
    shown_after = [unaudited.execute(shown).fetchone()]
    while complete_captures(unaudited):
        shown_after.append(unaudited.execute(shown).fetchone())
    assert shown_after == [
        ([400, 401],),
        ([401, 800],),
        ([800, 801],),
        ([801, 900],),
        ([900, 900],),
    ]


@pytest.mark.parametrize("confidence", [0.1, 0.99], ids=["holds", "adds"])
def test_a_capture_that_holds_or_adds_the_item_during_a_correction_shows_it(
    unaudited: Connection, slow: Connection, server: Server, database: str, confidence: float
) -> None:
    log_id = insert(unaudited, confidence=confidence)
    captured = insert(slow, user_id=BOB)
    with server.connect("postgres", database) as reviewer, ThreadPoolExecutor() as threads:
        correction = threads.submit(correct, reviewer, log_id, "help")
        wait_until(lambda: count_waiting(unaudited) == 1)
        slow.commit()
        correction.result(timeout=10)

    assert read(unaudited, captured, "corrected_intent") == ("help",)


def test_a_capture_of_a_text_with_many_copies_leaves_deferred_corrections_to_the_job(
    unaudited: Connection,
) -> None:
    unaudited.execute("update private.settings set daily_cap = 10000")
    for _ in range(101):
        insert(unaudited, prompt="yes")
    row = build_row(prompt="yes")
    record_correction(unaudited, row["id"], "help", "ann", None)

    insert(unaudited, **row)
    assert read(unaudited, row["id"], "corrected_intent") == (None,)
    assert complete_captures(unaudited) == 1
    assert read(unaudited, row["id"], "corrected_intent") == ("help",)


@pytest.mark.parametrize("rows_corrected", [1, 20], ids=["one row", "many rows"])
def test_deferred_corrections_are_shown_on_few_copies_in_one_transaction(
    unaudited: Connection, rows_corrected: int
) -> None:
    unaudited.execute("update private.settings set daily_cap = 10000")
    with unaudited.transaction():
        for _ in range(400):
            insert(unaudited, prompt="yes", confidence=0.1)
    rows = [build_row(prompt="yes") for _ in range(rows_corrected)]
    for number in range(20):
        row = rows[number % rows_corrected]
        intent = "help" if rows_corrected == 1 and number % 2 == 0 else "search"
        record_correction(unaudited, row["id"], intent, f"ann {number % rows_corrected}", None)
    for row in rows:
        insert(unaudited, **row)

    def count_updates() -> int:
        row = unaudited.execute(
            """select n_tup_upd::integer from pg_stat_xact_all_tables
               where relid = 'public.nlu_prompt_logs'::regclass"""
        ).fetchone()
        return int(str(row[0])) if row else 0

    changed: list[int] = []
    is_complete = False
    while not is_complete:
        with unaudited.transaction():
            before = count_updates()
            is_complete = not complete_captures(unaudited)
            changed.append(count_updates() - before)
        assert len(changed) < 60, "the captures are never complete"

    assert max(changed) < 900, "the row itself and two times the most copies shown"
    shown = "select count(*) from public.nlu_prompt_logs where corrected_intent = 'search'"
    assert unaudited.execute(shown).fetchone() == (400 + rows_corrected,)


def test_few_deferred_corrections_are_applied_in_one_transaction(unaudited: Connection) -> None:
    rows = [build_row(prompt=f"text {number}") for number in range(4)]
    for row in rows:
        for number in range(12):
            record_correction(unaudited, row["id"], ("help", "search")[number % 2], "ann", None)
    unaudited.execute(
        """insert into public.nlu_prompt_logs
             (id, user_id, prompt, predicted_intent, confidence, source, model_version)
           select unnest(%s::uuid[]), %s, unnest(%s::text[]), 'help', 0.3, 'model', 'test-1'""",
        [[row["id"] for row in rows], ALICE, [row["prompt"] for row in rows]],
    )
    recorded: list[int] = []
    while not recorded or recorded[-1] < 48:
        recorded.append(unaudited.execute("select from public.correction_events").rowcount)
        complete_captures(unaudited)

    assert recorded == [12, 24, 36, 48], "a capture applies 20 corrections at most, as does the job"


def test_an_erasure_at_once_and_the_deletion_of_the_account_do_not_deadlock(
    unaudited: Connection, slow: Connection, server: Server, database: str
) -> None:
    insert(unaudited)
    edit_queue_item(slow, "push my dentist thing to friday", notes="holds the lock of edits")
    with server.connect("postgres", database) as eraser, ThreadPoolExecutor() as threads:
        erasure = threads.submit(eraser.execute, "select private.erase_user(%s)", [ALICE])
        wait_until(lambda: count_waiting(unaudited) == 1)
        slow.execute("delete from auth.users where id = %s", [ALICE])
        slow.commit()
        erasure.result(timeout=10)

    assert unaudited.execute("select from public.nlu_prompt_logs").rowcount == 0


def test_the_changes_that_wait_for_one_row_are_bounded(unaudited: Connection) -> None:
    log_id = build_row()["id"]
    for number in range(30):
        unaudited.execute(
            "select public.record_outcome(%s, %s, 'move', null)", [log_id, number % 2 == 0]
        )
    assert unaudited.execute("select from private.deferred_changes").rowcount == 20


def test_the_changes_of_one_reviewer_that_wait_displace_no_others(unaudited: Connection) -> None:
    log_id = build_row()["id"]
    unaudited.execute("select public.record_outcome(%s, false, 'move', null)", [log_id])
    correct = "select public.record_correction(%s, %s, %s, null, 'api')"
    unaudited.execute(correct, [log_id, "search", "ann"])
    for number in range(30):
        unaudited.execute(correct, [log_id, ("help", "email")[number % 2], "bob"])

    waiting = unaudited.execute(
        "select reviewer, count(*) from private.deferred_changes group by 1 order by 1"
    ).fetchall()
    assert waiting == [("ann", 1), ("bob", 18), (None, 1)]


def test_a_text_that_was_retained_is_in_the_window_in_which_its_item_is_added(
    unaudited: Connection, slow: Connection
) -> None:
    correct(unaudited, insert(unaudited, created_at=LONG_AGO), "help")
    unaudited.execute("select private.delete_expired_rows()")
    slow.execute("select private.lock_new_queue_item(text_key) from public.labelled_texts")
    log_id = insert(unaudited, user_id=BOB)
    assert log_id in export_next(unaudited)
    slow.rollback()

    assert complete_captures(unaudited) == 1

    assert log_id in export_next(unaudited)


@pytest.mark.parametrize("confidences", [(0.99, 0.1), (0.1, 0.99)])
def test_two_first_captures_of_a_text_are_counted(
    unaudited: Connection, slow: Connection, confidences: tuple[float, float]
) -> None:
    insert(slow, confidence=confidences[0])
    insert(unaudited, confidence=confidences[1], user_id=BOB)
    slow.commit()

    assert complete_captures(unaudited) == 1
    counts = unaudited.execute("select times_sent, user_count from public.review_queue").fetchone()
    assert counts == (2, 2)


def test_a_capture_during_a_rebuild_of_text_keys_is_stored(
    unaudited: Connection, slow: Connection, server: Server, database: str
) -> None:
    insert(unaudited)
    with server.connect("supabase_admin", database) as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute(
            "update public.nlu_prompt_logs set text_key = decode(repeat('01', 16), 'hex')"
        )
        admin.execute("update public.review_queue set text_key = decode(repeat('01', 16), 'hex')")
    slow.execute("select private.rebuild_text_keys()")
    unaudited.execute("set lock_timeout = '100ms'")
    insert(unaudited, user_id=BOB)
    slow.commit()

    assert complete_captures(unaudited) == 1
    assert unaudited.execute("select times_sent from public.review_queue").fetchall() == [(2,)]


def test_all_spellings_of_a_reviewer_get_one_pseudonym(unaudited: Connection) -> None:
    log_id = insert(unaudited)
    correct(unaudited, log_id, "help", "Grace")
    correct(unaudited, log_id, "status", "grace")

    unaudited.execute("select private.pseudonymise_reviewer('Grace')")

    reviewers = unaudited.execute("select distinct reviewer from public.correction_events")
    assert len(reviewers.fetchall()) == 1
    votes = unaudited.execute("select intent from public.reviewer_votes").fetchall()
    assert votes == [("status",)]


def test_the_erasure_of_a_reviewer_does_not_stop_the_job_of_every_minute(
    unaudited: Connection, slow: Connection
) -> None:
    waiting = {name: insert(unaudited, user_id=BOB, prompt=name) for name in (str(ALICE), "ann")}
    for reviewer, log_id in waiting.items():
        unaudited.execute(
            """insert into private.deferred_changes (log_id, to_intent, reviewer, channel)
               values (%s, 'help', %s, 'api')""",
            [log_id, reviewer],
        )
        unaudited.execute(
            """insert into private.incomplete_captures (log_id, text_key)
               select id, text_key from public.nlu_prompt_logs where id = %s""",
            [log_id],
        )

    slow.execute("select private.lock_person(%s)", [ALICE])
    complete_captures(unaudited)
    assert read(unaudited, waiting["ann"], "corrected_intent") == ("help",)
    assert read(unaudited, waiting[str(ALICE)], "corrected_intent") == (None,)

    slow.rollback()
    complete_captures(unaudited)
    assert read(unaudited, waiting[str(ALICE)], "corrected_intent") == ("help",)


@pytest.mark.parametrize("confidence", ["1e400", "1e-400", "[0.5]", '["help", 0.5]', '"0.5"'])
def test_a_confidence_that_is_no_number_between_0_and_1_does_not_stop_the_queue(
    unaudited: Connection, confidence: str
) -> None:
    log_id = insert(unaudited, confidence=0.99)
    with unaudited.transaction():
        unaudited.execute("alter table public.nlu_prompt_logs disable trigger user")
        unaudited.execute(
            """update public.nlu_prompt_logs
               set secondary_intents = %s::jsonb""",
            [f'[{{"intent": "help", "confidence": {confidence}}}]'],
        )
        unaudited.execute("alter table public.nlu_prompt_logs enable trigger user")

    unaudited.execute("select public.record_outcome(%s, false, 'move', null)", [log_id])

    item = unaudited.execute("select runner_up_confidence from public.review_queue").fetchone()
    assert item == ((0.0,) if confidence == "1e-400" else (None,))


@pytest.mark.parametrize(
    ("function", "values"),
    [
        ("record_correction", ("help", "x" * 201, None, "api")),
        ("record_correction", ("help", "ann", "x" * 2001, "api")),
        ("record_correction", (None, "ann", None, "api")),
        ("record_outcome", (False, "x" * 101, None)),
        ("record_outcome", (False, "move", "x" * 8001)),
        ("record_outcome", (None, "move", None)),
    ],
)
def test_a_change_that_could_not_be_applied_is_not_deferred(
    unaudited: Connection, function: str, values: tuple[object, ...]
) -> None:
    marks = ", ".join(["%s"] * (1 + len(values)))
    with pytest.raises(errors.CheckViolation):
        unaudited.execute(
            f"select public.{function}({marks})".encode(), [build_row()["id"], *values]
        )


def test_an_edit_behind_a_correction_that_is_left_open_does_not_hold_up_others(
    unaudited: Connection, slow: Connection, server: Server, database: str
) -> None:
    frozen, edited, other = (
        insert(unaudited, prompt=text, confidence=0.3) for text in ("frozen", "edited", "other")
    )
    slow.execute("select 1")  # a correction is a savepoint of this transaction
    correct(slow, frozen, "help")
    row = slow.execute("show idle_in_transaction_session_timeout").fetchone()
    assert row == ("10s",)

    unaudited.execute("set lock_timeout = '7s'")
    with pytest.raises(errors.LockNotAvailable, match="Nothing was saved") as refusal:
        edit_queue_item(unaudited, "edited", corrected_intent="help")
    assert "Try again" in str(refusal.value.diag.message_hint)
    assert read(unaudited, edited, "corrected_intent") == (None,)
    assert correct(unaudited, other, "search") == 1

    slow.rollback()
    with unaudited.transaction():
        assert edit_queue_item(unaudited, "edited", corrected_intent="help") == 1
        assert unaudited.execute("show lock_timeout").fetchone() == ("7s",)
    assert unaudited.execute("show lock_timeout").fetchone() == ("7s",)


MANY_CORRECTIONS = """
insert into public.correction_events (log_id, to_intent, reviewer, channel)
select log_id, 'help', 'ann', 'api' from unnest(%s::uuid[]) as log_id
"""
MANY_OUTCOMES = """
update public.nlu_prompt_logs logs set was_successful = true
from unnest(%s::uuid[]) as changed (id) where logs.id = changed.id
"""


@pytest.mark.parametrize("statement", [MANY_CORRECTIONS, MANY_OUTCOMES])
def test_statements_that_change_many_rows_in_opposite_orders_do_not_deadlock(
    unaudited: Connection, server: Server, database: str, slow: Connection, statement: str
) -> None:
    first, held, last = (insert(unaudited, prompt=f"text {number}") for number in range(3))

    def change(log_ids: list[UUID]) -> int:
        with server.connect("authenticator", database) as backend:
            backend.execute("set role service_role")
            backend.execute("set enable_hashjoin = off; set enable_mergejoin = off")
            return backend.execute(statement.encode(), [log_ids]).rowcount

    def is_waiting(number: int) -> bool:
        waiting = "select count(distinct pid) from pg_locks where not granted"
        row = unaudited.execute(waiting.encode()).fetchone()
        return row == (number,)

    slow.execute("set local role service_role")
    slow.execute("select public.record_correction(%s, 'help', 'dan', null, 'api')", [held])
    with ThreadPoolExecutor() as threads:
        one = threads.submit(change, [first, held, last])
        wait_until(lambda: is_waiting(1))
        other = threads.submit(change, [last, first])
        wait_until(lambda: is_waiting(2))
        slow.commit()
        assert (one.result(), other.result()) in {(3, 2), (3, 0)}


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("service_role", MANY_CORRECTIONS),
        (
            "postgres",
            "update public.nlu_prompt_logs set corrected_intent = 'help' where id = any (%s)",
        ),
        (
            "postgres",
            """update public.review_queue set corrected_intent = 'help'
               where text_key in (
                 select text_key from public.nlu_prompt_logs where id = any (%s)
               )""",
        ),
    ],
)
def test_a_statement_that_changes_many_texts_holds_no_lock_for_each(
    unaudited: Connection, slow: Connection, role: str, statement: str
) -> None:
    """The server has a few thousand locks, and captures need some of them."""
    log_ids = [insert(unaudited, prompt=f"text {n}", confidence=0.3) for n in range(30)]

    slow.execute(f"set local role {role}".encode())
    assert slow.execute(statement.encode(), [log_ids]).rowcount == 30

    held = "select count(*) from pg_locks where locktype = 'advisory' and classid = 4"
    assert unaudited.execute(held.encode()).fetchone() == (0,)
    insert(unaudited, prompt="text 1", user_id=BOB, confidence=0.2)
    assert complete_captures(unaudited) == 0, "a job changes none of the texts meanwhile"
    slow.commit()
    assert read(unaudited, log_ids[0], "corrected_intent") == ("help",)


def test_rows_that_are_inserted_with_corrections_lock_their_texts_in_order(
    unaudited: Connection, server: Server, database: str, slow: Connection
) -> None:
    held = insert(unaudited, prompt="text 0")

    def insert_decided(order: list[int]) -> int:
        with server.connect("postgres", database) as dashboard:
            return dashboard.execute(
                """insert into public.nlu_prompt_logs (
                     id, user_id, prompt, predicted_intent, confidence, source, model_version,
                     corrected_intent
                   )
                   select gen_random_uuid(), %s, 'text ' || number, 'help', 0.9, 'model', 't',
                     'help'
                   from unnest(%s::integer[]) as number""",
                [ALICE, order],
            ).rowcount

    def is_waiting(number: int) -> bool:
        waiting = "select count(distinct pid) from pg_locks where not granted"
        row = unaudited.execute(waiting.encode()).fetchone()
        return row == (number,)

    slow.execute("select 1")  # a correction is a savepoint of this transaction
    correct(slow, held, "help")
    with ThreadPoolExecutor() as threads:
        one = threads.submit(insert_decided, [*range(20), 0])
        wait_until(lambda: is_waiting(1))
        other = threads.submit(insert_decided, [0, *reversed(range(20))])
        wait_until(lambda: is_waiting(2))
        slow.commit()
        assert (one.result(), other.result()) == (21, 21)


@pytest.fixture
def grace(server: Server, database: str, unaudited: Connection) -> ConsoleUser:
    """A reviewer who skipped two texts, of each of which only an expired row is on record."""
    add_account(unaudited, GRACE, "reviewer")
    for number in range(2):
        insert(unaudited, prompt=f"text {number}", confidence=0.2, created_at=LONG_AGO)
    reviewer = ConsoleUser(server, database, GRACE)
    for item in reviewer.items():
        reviewer.call("console_skip", item=item["item"], reason="unsure")
    return reviewer


@pytest.mark.parametrize("steps", [1, 2])
def test_retention_does_not_wait_for_the_erasure_of_a_reviewer_who_skipped_the_texts(
    unaudited: Connection, slow: Connection, grace: ConsoleUser, steps: int
) -> None:
    for _ in range(steps):
        slow.commit()
        slow.execute("select private.continue_erasure(%s)", [grace.id])

    unaudited.execute("set lock_timeout = '1s'")
    row = unaudited.execute("select private.delete_expired_rows()").fetchone()

    assert row == ((2,) if steps == 1 else (None,))
    slow.commit()
    erase(unaudited, grace.id)
    assert unaudited.execute("select from private.review_skips").rowcount == 0


@pytest.mark.parametrize("function", ["console_skip", "console_decide", "console_undo"])
def test_a_reviewer_whose_account_is_deleted_while_they_wait_changes_nothing(
    unaudited: Connection, slow: Connection, grace: ConsoleUser, function: str
) -> None:
    row = unaudited.execute("select min(id) from public.review_queue").fetchone()
    assert row is not None
    event = grace.call("console_decide", item=row[0], seen=0, intent="help")["event"]
    arguments: dict[str, dict[str, Any]] = {
        "console_skip": {"reason": "unsure"},
        "console_decide": {"seen": 0, "intent": "search"},
        "console_undo": {"event": event},
    }
    slow.execute("delete from auth.users where id = %s", [GRACE])
    with ThreadPoolExecutor() as threads:
        late = threads.submit(grace.call, function, item=row[0], **arguments[function])
        assert not wait([late], timeout=0.3).done
        slow.commit()
        with pytest.raises(psycopg.Error) as refused:
            late.result(timeout=10)

    assert refused.value.sqlstate == "PT403"
    assert unaudited.execute("select from private.review_skips").rowcount == 0


def test_a_capture_does_not_wait_for_the_erasure_of_a_reviewer_whose_correction_is_outdated(
    unaudited: Connection, slow: Connection, server: Server, database: str
) -> None:
    add_user(unaudited, GRACE)
    expected = UUID(bytes=uuid7().bytes)
    with unaudited.transaction():
        unaudited.execute("set local role service_role")
        unaudited.execute(
            "select public.record_correction(%s, 'search', %s, null, 'api')", [expected, str(GRACE)]
        )
    correct(unaudited, insert(unaudited), "help", str(GRACE))
    slow.execute("select private.continue_erasure(%s)", [GRACE])

    with server.connect("postgres", database) as writer:
        writer.execute("set statement_timeout = '1s'")
        insert(writer, id=expected, user_id=BOB)

    slow.commit()
    complete_captures(unaudited)
    erase(unaudited, GRACE)
    assert read(unaudited, expected, "corrected_intent") == (None,)
    for table in ("private.deferred_changes", "private.incomplete_captures"):
        assert unaudited.execute(f"select from {table}".encode()).rowcount == 0, table


def test_a_deferred_correction_is_applied_where_the_erasure_of_its_reviewer_is_rolled_back(
    unaudited: Connection, slow: Connection
) -> None:
    expected = UUID(bytes=uuid7().bytes)
    with unaudited.transaction():
        unaudited.execute("set local role service_role")
        unaudited.execute(
            "select public.record_correction(%s, 'help', 'ann', null, 'api')", [expected]
        )
    slow.execute("select private.pseudonymise_reviewer('ann')")
    insert(unaudited, id=expected, user_id=BOB)
    complete_captures(unaudited)
    assert read(unaudited, expected, "corrected_intent") == (None,)

    slow.rollback()
    complete_captures(unaudited)
    assert read(unaudited, expected, "corrected_intent") == ("help",)
    assert complete_captures(unaudited) == 0


@pytest.fixture
def deferred(unaudited: Connection) -> list[UUID]:
    """Ids of rows for which expired corrections wait; the first one is stored last."""
    add_user(unaudited, GRACE)
    log_ids = [UUID(bytes=uuid7().bytes) for _ in range(3)]
    for log_id in log_ids:
        with unaudited.transaction():
            unaudited.execute("set local role service_role")
            unaudited.execute(
                "select public.record_correction(%s, 'help', %s, null, 'api')", [log_id, str(GRACE)]
            )
    for log_id in reversed(log_ids):
        unaudited.execute(
            """update private.deferred_changes
               set deferred_at = now() - interval '40 days' - make_interval(hours => id::integer)
               where log_id = %s""",
            [log_id],
        )
    return log_ids


LOCK_CHANGE = b"select from private.deferred_changes where log_id = %s for update"


def test_an_erasure_and_the_drain_delete_deferred_changes_in_one_order(
    unaudited: Connection, slow: Connection, server: Server, database: str, deferred: list[UUID]
) -> None:
    slow.execute(LOCK_CHANGE, [deferred[1]])
    with (
        server.connect("postgres", database) as drain,
        server.connect("postgres", database) as eraser,
        ThreadPoolExecutor() as threads,
    ):
        # In the order of the index by id, not of the table.
        drain.execute(
            "select set_config(name, 'off', false) from pg_settings where name in"
            " ('enable_seqscan', 'enable_bitmapscan')"
        )
        discarding = threads.submit(
            drain.execute, "select private.discard_deferred_changes(%s)", [deferred]
        )
        wait_until(lambda: count_waiting(unaudited) == 1)
        erasure = threads.submit(begin_erasure, eraser)
        wait_until(lambda: count_waiting(unaudited) == 2)
        slow.commit()
        discarding.result(timeout=10)
        erasure.result(timeout=10)

    assert unaudited.execute("select from private.deferred_changes").rowcount == 0


def test_the_nightly_job_skips_deferred_changes_that_an_erasure_deletes(
    unaudited: Connection, slow: Connection, deferred: list[UUID]
) -> None:
    slow.execute(LOCK_CHANGE, [deferred[1]])
    unaudited.execute("set lock_timeout = '1s'")

    unaudited.execute("select private.delete_expired_changes()")

    left = unaudited.execute("select log_id from private.deferred_changes").fetchall()
    assert left == [(deferred[1],)]


def begin_erasure(connection: Connection) -> None:
    """Begin to erase the reviewer."""
    connection.execute("select private.continue_erasure(%s)", [GRACE])


def count_waiting(connection: Connection) -> int:
    """Return how many transactions wait for a lock."""
    row = connection.execute(
        "select count(distinct pid) from pg_locks where not granted"
    ).fetchone()
    assert row is not None
    return int(str(row[0]))


def wait_until(is_reached: Callable[[], bool]) -> None:
    """Wait for a state of the database; fail after ten seconds."""
    for _ in range(1000):
        if is_reached():
            return
        time.sleep(0.01)
    raise AssertionError("the state is not reached")


def erase_and_count_objects_read(connection: Connection, statement: str) -> list[tuple[bool, int]]:
    """Run an erasure; return of each transaction whether it locked the registry, and what it read.

    A statement that returns no JSON is the whole erasure.
    """
    objects_read = """select coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::integer
                      from pg_stat_xact_all_tables where relname = 'exported_rows'"""
    registry = """select exists (
        select from pg_locks where locktype = 'advisory' and classid = 6 and pid = pg_backend_pid()
      )"""
    steps = []
    finished = False
    while not finished:
        with connection.transaction():
            step = connection.execute(statement.encode(), [ALICE])
            row = step.fetchone() if step.description else None
            finished = row is None or bool(row[0])
            (read_count,) = connection.execute(objects_read).fetchone() or (0,)
            (locked,) = connection.execute(registry).fetchone() or (False,)
        steps.append((bool(locked), int(str(read_count))))
        assert len(steps) < 20, "the erasure does not end"
    return steps


@pytest.mark.parametrize(
    ("statement", "objects_read"),
    [
        ("select (public.continue_erasure(%s) ->> 'finished')::boolean", 300),
        ("delete from auth.users where id = %s", 0),
    ],
    ids=["in steps", "with the account"],
)
def test_an_erasure_reads_no_exported_object_while_other_exports_wait(
    dashboard: Connection, statement: str, objects_read: int
) -> None:
    log_id = insert(dashboard)
    dashboard.execute(
        "select public.register_rows('b', n::text, array[%s::uuid]) from generate_series(1, 300) n",
        [log_id],
    )

    steps = erase_and_count_objects_read(dashboard, statement)

    assert [count for locked, count in steps if locked] == [0]
    assert sum(count for _, count in steps) == objects_read


def test_an_erasure_that_finds_rows_after_its_wait_for_exports_waits_again(
    server: Server, database: str, dashboard: Connection
) -> None:
    insert(dashboard)
    row = "select * from public.nlu_prompt_logs"
    step = "select (private.continue_erasure(%s) ->> 'erased')::integer"
    with server.connect("supabase_admin", database) as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute(f"create temporary table restored as {row}".encode())
        steps = [dashboard.execute(step, [ALICE]).fetchone() for _ in range(3)]
        admin.execute("insert into public.nlu_prompt_logs select * from restored")
    known = "select exports_are_known from private.tombstones"
    assert steps == [(0,), (1,), (0,)]
    assert dashboard.execute(known).fetchone() == (True,)
    assert dashboard.execute(step, [ALICE]).fetchone() == (1,)
    assert dashboard.execute(known).fetchone() == (False,)
    assert erase(dashboard, ALICE)["remaining_objects"] == []


NAMES = ("reviewer", "operator", "alert_operator")


@pytest.mark.parametrize("erase_in", ["steps", "one transaction"])
@pytest.mark.parametrize("first", NAMES)
def test_names_are_replaced_in_any_order_while_their_user_is_erased(
    server: Server,
    database: str,
    unaudited: Connection,
    slow: Connection,
    first: str,
    erase_in: str,
) -> None:
    unaudited.execute(
        """insert into public.alerts
             (rule, since, summary, runbook, acknowledged_by, acknowledged_at)
           values ('a', now(), 'Seen.', 'docs/how-to/operate.md#seen', %s, now())""",
        [str(ALICE)],
    )
    correct(unaudited, insert(unaudited, user_id=BOB), "help", str(ALICE))

    def erase_alice(connection: Connection) -> None:
        if erase_in == "steps":
            erase(connection, ALICE)
        else:
            connection.execute("select private.erase_user(%s)", [ALICE])

    order = [first, *(name for name in NAMES if name != first)]
    replace = "select private.pseudonymise_{}(%s)"
    slow.execute(replace.format(order[0]).encode(), [str(ALICE)])
    with server.connect("postgres", database) as eraser, ThreadPoolExecutor() as threads:
        erasure = threads.submit(erase_alice, eraser)
        wait_until(lambda: count_waiting(unaudited) == 1)
        for name in order[1:]:
            slow.execute(replace.format(name).encode(), [str(ALICE)])
        slow.commit()
        erasure.result(timeout=10)

    names = unaudited.execute(
        """select reviewer from public.correction_events
           union all select acknowledged_by from public.alerts"""
    ).fetchall()
    assert [str(name)[:7] for (name,) in names] == ["erased-", "erased-"]


def test_an_erasure_a_draw_and_the_replacement_of_a_name_do_not_deadlock(
    server: Server, database: str, unaudited: Connection, slow: Connection
) -> None:
    log_id = insert(unaudited, user_id=BOB)
    correct(unaudited, log_id, "help")
    step = "select private.continue_erasure(%s)"
    unaudited.execute(step, [ALICE])
    with (
        connect_registrar(server, database) as registrar,
        server.connect("postgres", database) as eraser,
        ThreadPoolExecutor() as threads,
    ):
        register(registrar, "candidate-1")
        slow.execute("select private.pseudonymise_operator('ann')")
        waiting_for_exports = threads.submit(eraser.execute, step, [ALICE])
        wait_until(lambda: count_waiting(unaudited) == 1)
        drawing = threads.submit(draw, registrar, log_id)
        # The draw has ended by then, or waits for the erasure.
        wait_until(lambda: drawing.done() or count_waiting(unaudited) == 2)
        slow.execute("select private.pseudonymise_reviewer('ann')")
        slow.commit()
        waiting_for_exports.result(timeout=10)
        drawing.result(timeout=10)


def test_two_cleaners_of_an_object_forget_the_senders_of_both(
    server: Server, database: str, unaudited: Connection
) -> None:
    """A row that came back would keep the line of its text once all senders are erased."""
    users = (ALICE, BOB, STRANGER)
    for user_id in users[1:]:
        add_user(unaudited, user_id)
    log_ids = [insert(unaudited, user_id=user_id) for user_id in users]
    with (
        server.connect("supabase_admin", database, autocommit=False) as first,
        server.connect("supabase_admin", database) as second,
        ThreadPoolExecutor() as threads,
    ):
        second.execute("select public.register_rows('bucket', 'key', %s)", [log_ids])
        senders = []
        for user_id in users[:2]:
            erase(unaudited, user_id)
            row = second.execute(
                "select public.list_erased_lines('bucket', 'key') -> 'senders'"
            ).fetchone()
            senders.append(json.dumps(row[0] if row else None))
        remove = "select public.unregister_senders('bucket', 'key', %s)"
        first.execute(remove, senders[1:])
        slower = threads.submit(second.execute, remove, senders[:1])
        wait_until(lambda: count_waiting(unaudited) == 1)
        first.commit()
        slower.result(timeout=10)

    left = unaudited.execute("select log_ids from public.exported_rows").fetchall()
    assert left == [([log_ids[2]],)]
