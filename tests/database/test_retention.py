"""Retention deletes old rows in batches, and retains counts and labelled texts without senders."""

from uuid import UUID

import pytest
from psycopg import errors

from .actors import ALICE, BOB
from .rows import (
    FAILED_OUTCOME,
    LONG_AGO,
    add_user,
    correct,
    count_days,
    insert,
    update_as_backend,
)
from .server import Connection, Server

RETAINED = "select text, intent, times_sent, cardinality(user_keys) from public.labelled_texts"


def run_batch(dashboard: Connection) -> object:
    """Delete one batch of expired rows, as the schedule does; return how many."""
    row = dashboard.execute("select private.delete_expired_rows()").fetchone()
    assert row is not None
    return row[0]


def run_schedule(dashboard: Connection) -> None:
    """Run the scheduled command that deletes expired rows."""
    row = dashboard.execute(
        "select command from cron.job where jobname = 'prompt-capture: delete expired rows'"
    ).fetchone()
    assert row is not None
    dashboard.execute(str(row[0]).encode())


def test_only_rows_older_than_the_setting_are_deleted(dashboard: Connection) -> None:
    insert(dashboard, prompt="old", created_at=LONG_AGO)
    row = dashboard.execute("select now() - interval '89 days'").fetchone()
    assert row is not None
    recent = insert(dashboard, prompt="recent", created_at=row[0])
    assert run_batch(dashboard) == 1
    assert dashboard.execute("select id from public.nlu_prompt_logs").fetchall() == [(recent,)]
    dashboard.execute("update private.settings set row_retention_days = 30")
    assert run_batch(dashboard) == 1


def test_a_batch_has_the_configured_size_and_deletes_the_oldest_rows(
    dashboard: Connection,
) -> None:
    dashboard.execute("update private.settings set retention_batch_rows = 2")
    for year in (2003, 2001, 2002):
        insert(dashboard, prompt=str(year), created_at=LONG_AGO.replace(year=year))
    assert run_batch(dashboard) == 2
    assert dashboard.execute("select prompt from public.nlu_prompt_logs").fetchall() == [("2003",)]
    assert [run_batch(dashboard), run_batch(dashboard)] == [1, 0]


@pytest.mark.parametrize(
    ("table", "columns", "values", "function"),
    [
        (
            "public.exported_rows",
            "bucket, key, log_ids, user_indexes, text_keys, user_keys, exported_at",
            "'b', 'k', array[gen_random_uuid()], '{1}', '{a}', '{b}', '2001-01-01'",
            "private.delete_expired_exports()",
        ),
        (
            "private.deferred_changes",
            "log_id, was_successful, deferred_at",
            "gen_random_uuid(), true, '2001-01-01'",
            "private.delete_expired_changes()",
        ),
    ],
)
def test_a_batch_of_records_has_the_configured_size_whatever_the_planner_knows(
    server: Server, database: str, table: str, columns: str, values: str, function: str
) -> None:
    with server.connect("supabase_admin", database, autocommit=False) as admin:
        admin.execute("set local session_replication_role = replica")
        admin.execute("update private.settings set retention_batch_rows = 2")
        admin.execute(
            f"insert into {table} ({columns}) select {values} from generate_series(1, 5)".encode()
        )
        admin.execute(
            "update pg_class set (relpages, reltuples) = (1, 1) where oid = %s::regclass", [table]
        )
        batches = [admin.execute(f"select {function}".encode()).fetchone() for _ in range(4)]
    assert batches == [(2,), (2,), (1,), (0,)]


def test_the_schedule_runs_batches_until_nothing_is_left(dashboard: Connection) -> None:
    dashboard.execute("update private.settings set retention_batch_rows = 2")
    for number in range(5):
        insert(dashboard, prompt=str(number), created_at=LONG_AGO)
    run_schedule(dashboard)
    assert dashboard.execute("select from public.nlu_prompt_logs").rowcount == 0


def test_each_batch_is_committed_before_the_next_one_begins(
    dashboard: Connection, server: Server, database: str
) -> None:
    """The second batch fails, and the first one stays."""
    dashboard.execute("update private.settings set retention_batch_rows = 1")
    insert(dashboard, prompt="first", created_at=LONG_AGO)
    insert(dashboard, prompt="second", created_at=LONG_AGO.replace(year=2002))
    with server.connect("supabase_admin", database) as admin:
        admin.execute(
            """create function public.fail_on_second() returns trigger language plpgsql as $$
               begin
                 if old.prompt = 'second' then raise exception 'second batch'; end if;
                 return old;
               end $$;
               create trigger before_99_fail before delete on public.nlu_prompt_logs
                 for each row execute function public.fail_on_second()"""
        )
        try:
            with pytest.raises(errors.RaiseException, match="second batch"):
                run_schedule(dashboard)
        finally:
            admin.execute("drop function public.fail_on_second() cascade")
    left = dashboard.execute("select prompt from public.nlu_prompt_logs").fetchall()
    assert left == [("second",)]


def test_daily_counts_are_retained_by_intent_version_and_outcome(dashboard: Connection) -> None:
    for number in range(3):
        insert(dashboard, prompt=str(number), created_at=LONG_AGO)
    failed = insert(dashboard, created_at=LONG_AGO)
    update_as_backend(dashboard, failed, **FAILED_OUTCOME)
    insert(dashboard, prompt="today")
    totals = """select day::text, predicted_intent, model_version, outcome, messages
                from public.daily_totals"""
    count_days(dashboard)
    before = dashboard.execute(totals).fetchall()
    dashboard.execute("update private.settings set retention_batch_rows = 2")
    assert [run_batch(dashboard) for _ in range(3)] == [2, 2, 0]
    assert dashboard.execute(totals).fetchall() == before
    count_days(dashboard)
    assert dashboard.execute(totals).fetchall() == before
    old = ("2001-01-01", "reschedule", "test-1")
    assert {(*old, "unknown", 3), (*old, "failed", 1)} < set(before)
    assert dashboard.execute("select from public.nlu_prompt_logs").rowcount == 1


def test_a_labelled_text_is_retained_with_its_history_and_without_its_senders(
    dashboard: Connection,
) -> None:
    add_user(dashboard, BOB)
    insert(dashboard, user_id=BOB, created_at=LONG_AGO)
    correct(dashboard, insert(dashboard, created_at=LONG_AGO), "help")
    insert(dashboard, prompt="an unlabelled text", created_at=LONG_AGO)
    assert run_batch(dashboard) == 3
    text = "push my dentist thing to friday"
    assert dashboard.execute(RETAINED).fetchall() == [(text, "help", 2, 2)]
    stored = str(dashboard.execute("select * from public.labelled_texts").fetchall())
    assert str(ALICE) not in stored
    assert str(BOB) not in stored
    history = dashboard.execute("select log_id, to_intent from public.correction_events")
    assert history.fetchall() == [(None, "help")]
    assert dashboard.execute("select from public.review_queue").rowcount == 0


def test_a_text_of_many_users_keeps_a_bounded_number_of_keys(
    server: Server, database: str, dashboard: Connection
) -> None:
    log_id = insert(dashboard, prompt="thanks", created_at=LONG_AGO)
    correct(dashboard, log_id, "help")
    with server.connect("supabase_admin", database) as admin, admin.transaction():
        admin.execute("set local session_replication_role = replica")
        admin.execute(
            "insert into auth.users (id) select md5(n::text)::uuid from generate_series(1, 2400) n"
        )
        admin.execute(
            """insert into public.nlu_prompt_logs
                 (id, user_id, prompt, predicted_intent, confidence, source, model_version,
                  text_key, within_daily_cap, created_at, updated_at)
               select gen_random_uuid(), users.id, 'thanks', 'help', 1, 'model', 'many',
                 text_key, true, logs.created_at, logs.updated_at
               from auth.users users, public.nlu_prompt_logs logs
               where logs.id = %s and users.id <> logs.user_id""",
            [log_id],
        )

    while run_batch(dashboard):
        pass

    ((*text, user_keys),) = dashboard.execute(RETAINED).fetchall()
    assert text == ["thanks", "help", 2401]
    assert 1000 <= int(str(user_keys)) < 1500, "those of a batch are kept together"


def test_a_small_batch_has_many_rows_of_few_retained_texts(
    server: Server, database: str, dashboard: Connection
) -> None:
    """All user keys of a retained text are written again, whether one of its rows goes or many."""
    texts = ("thanks", "ok", "yes", "no")
    for number in range(40):
        log_id = insert(dashboard, prompt=texts[number % 4], created_at=LONG_AGO)
        correct(dashboard, log_id, "help")
    with server.connect("supabase_admin", database) as admin, admin.transaction():
        admin.execute("set local session_replication_role = replica")
        admin.execute(
            """insert into public.labelled_texts
                 (text_key, text, intent, times_sent, user_keys, labelled_at)
               select text_key, text, 'help', 1, array(
                 select int8send(n) from generate_series(1, 1000) n
               ), now()
               from public.review_queue"""
        )
    dashboard.execute("update private.monitoring set retention_step_rows = 10")

    assert run_batch(dashboard) == 10
    times_sent = dashboard.execute("select times_sent from public.labelled_texts order by 1")
    assert times_sent.fetchall() == [(1,), (1,), (1,), (11,)]


def test_rows_beyond_the_daily_cap_do_not_count_in_retained_texts(dashboard: Connection) -> None:
    add_user(dashboard, BOB)
    dashboard.execute("update private.settings set daily_cap = 1")
    for sender in (BOB, ALICE, ALICE, ALICE):
        last = insert(dashboard, user_id=sender, created_at=LONG_AGO)
    correct(dashboard, last, "help")
    correct(dashboard, insert(dashboard, prompt="beyond it", created_at=LONG_AGO), "help")
    assert run_batch(dashboard) == 5
    retained = ("push my dentist thing to friday", "help", 2, 2)
    assert dashboard.execute(RETAINED).fetchall() == [retained]


def test_a_disputed_text_is_not_retained(dashboard: Connection) -> None:
    log_id = insert(dashboard, created_at=LONG_AGO)
    correct(dashboard, log_id, "help", "ann")
    correct(dashboard, log_id, "search", "bob")
    run_batch(dashboard)
    assert dashboard.execute(RETAINED).fetchall() == []
    assert dashboard.execute("select from public.correction_events").rowcount == 0


def test_labelled_texts_have_their_own_retention(dashboard: Connection) -> None:
    correct(dashboard, insert(dashboard, created_at=LONG_AGO), "help")
    run_batch(dashboard)
    expire = "select private.delete_expired_texts()"
    assert dashboard.execute(expire).fetchone() == (0,)
    with dashboard.transaction():
        dashboard.execute("alter table public.labelled_texts disable trigger before_90_refuse_edit")
        dashboard.execute(
            "update public.labelled_texts set retained_at = now() - interval '731 days'"
        )
        dashboard.execute("alter table public.labelled_texts enable trigger before_90_refuse_edit")
    assert dashboard.execute(expire).fetchone() == (1,)
    assert dashboard.execute("select from public.correction_events").rowcount == 0


def test_a_retracted_correction_retracts_the_label_of_the_retained_text(
    dashboard: Connection,
) -> None:
    correct(dashboard, insert(dashboard, created_at=LONG_AGO), "help")
    run_batch(dashboard)
    again = insert(dashboard)
    correct(dashboard, again, None)
    assert dashboard.execute("select from public.labelled_texts").rowcount == 0
    queue = "select corrected_intent, waiting_since is not null from public.review_queue"
    assert dashboard.execute(queue).fetchall() == [(None, True)]


def test_a_locked_row_is_left_for_the_next_batch(
    dashboard: Connection, server: Server, database: str
) -> None:
    locked = insert(dashboard, created_at=LONG_AGO)
    insert(dashboard, prompt="not locked", created_at=LONG_AGO)
    with server.connect("postgres", database, autocommit=False) as other:
        other.execute("select from public.nlu_prompt_logs where id = %s for update", [locked])
        dashboard.execute("set lock_timeout = '100ms'")
        assert run_batch(dashboard) == 1
        other.rollback()
    assert run_batch(dashboard) == 1


def test_the_schedule_has_all_nightly_jobs(dashboard: Connection) -> None:
    jobs = dashboard.execute(
        r"select jobname, substring(command from 'private\.\w+'), username from cron.job order by 1"
    )
    assert jobs.fetchall() == [
        (
            "prompt-capture: add missing queue items",
            "private.add_missing_queue_items",
            "postgres",
        ),
        ("prompt-capture: complete captures", "private.complete_captures", "postgres"),
        ("prompt-capture: count changed days", "private.count_changed_day", "postgres"),
        ("prompt-capture: delete expired changes", "private.delete_expired_changes", "postgres"),
        ("prompt-capture: delete expired exports", "private.delete_expired_exports", "postgres"),
        ("prompt-capture: delete expired rows", "private.delete_expired_rows", "postgres"),
        ("prompt-capture: delete expired texts", "private.delete_expired_texts", "postgres"),
        ("prompt-capture: fill the review queue", "private.fill_queue", "postgres"),
        ("prompt-capture: refresh the review queue", "private.refresh_queue_items", "postgres"),
    ]


@pytest.mark.parametrize(
    "setting",
    ["audit_rate = 1.1", "audit_wait_days = 0", "min_queue_items = -1",
     "daily_cap = 0", "row_retention_days = 0", "retention_batch_rows = 0",
     "retention_batch_rows = 2001",
     "label_retention_days = 1", "only_row = false"],
)  # fmt: skip
def test_an_invalid_setting_is_refused(dashboard: Connection, setting: str) -> None:
    with pytest.raises(errors.CheckViolation):
        dashboard.execute(f"update private.settings set {setting}".encode())


def test_deleting_the_last_sender_deletes_the_retained_text_and_its_history(
    dashboard: Connection,
) -> None:
    log_id: UUID = insert(dashboard, created_at=LONG_AGO)
    correct(dashboard, log_id, "help")
    run_batch(dashboard)
    dashboard.execute("delete from auth.users")
    assert dashboard.execute(RETAINED).fetchall() == []
    assert dashboard.execute("select from public.correction_events").rowcount == 0


def test_a_batch_writes_few_of_the_user_keys_of_retained_texts(
    server: Server, database: str, dashboard: Connection
) -> None:
    """All keys of a text are written again, and it has up to a thousand. The oldest come first."""
    for number in range(12):
        log_id = insert(
            dashboard,
            prompt=f"text {number}",
            created_at=LONG_AGO.replace(year=2001 + number),
        )
        correct(dashboard, log_id, "help")
    insert(dashboard, prompt="another text", created_at=LONG_AGO.replace(year=2020))
    with server.connect("supabase_admin", database) as admin, admin.transaction():
        admin.execute("set local session_replication_role = replica")
        admin.execute(
            """insert into public.labelled_texts
                 (text_key, text, intent, times_sent, user_keys, labelled_at)
               select text_key, text, 'help', 1, array(
                 select sha256(int8send(sender)) from generate_series(1, 1000::bigint) as sender
               ), now()
               from public.review_queue where decided_at is not null"""
        )
    dashboard.execute("update private.monitoring set retention_step_rows = 500")
    assert run_batch(dashboard) == 11
    left = dashboard.execute("select prompt from public.nlu_prompt_logs order by prompt").fetchall()
    assert left == [("text 10",), ("text 11",)]
    assert [run_batch(dashboard), run_batch(dashboard)] == [2, 0]
