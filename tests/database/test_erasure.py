"""An erasure removes a user from every table, stops late writes and returns a receipt."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from uuid import UUID, uuid4

import pytest
from psycopg import errors

from .actors import ALICE, BOB, EXPORTER, SERVICE, connect_as
from .registry import connect_registrar, promote, register
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
    update,
)
from .server import Connection, Server

NO_DATA = {
    "prompts": 0,
    "labelled_texts": 0,
    "corrections": 0,
    "queue_items": 0,
    "registry_entries": 0,
}


def dump_all_tables(server: Server, database: str) -> str:
    """Return the text of all rows of all tables, except accounts and registered rows."""
    with server.connect("supabase_admin", database) as admin:
        tables = admin.execute(
            """select oid::regclass::text from pg_class where relkind = 'r'
               and relnamespace in ('public'::regnamespace, 'private'::regnamespace)
               and relname <> 'exported_rows'"""
        ).fetchall()
        return " ".join(
            str(admin.execute(f"select to_jsonb(t) from {table} t".encode()).fetchall())
            for (table,) in tables
        )


def test_no_data_of_an_erased_user_remains_in_any_table(
    server: Server, database: str, dashboard: Connection
) -> None:
    add_user(dashboard, BOB)
    bobs = insert(dashboard, user_id=BOB, prompt="a shared text")
    insert(dashboard, prompt="a shared text")
    old = insert(dashboard, prompt="an old confession", created_at=LONG_AGO)
    correct(dashboard, old, "help", notes="quotes an old confession")
    dashboard.execute("select private.delete_expired_rows()")
    secret = insert(dashboard, prompt="a confession of alice")
    correct(dashboard, secret, "help", notes="quotes a confession of alice")
    correct(dashboard, bobs, "search", str(ALICE))
    before = dump_all_tables(server, database)
    assert str(ALICE) in before
    assert "confession" in before

    receipt = erase(dashboard, ALICE)

    assert receipt["counts_before"] == NO_DATA | {
        "prompts": 2, "labelled_texts": 1, "corrections": 1, "queue_items": 2
    }  # fmt: skip
    assert receipt["counts_after"] == NO_DATA
    after = dump_all_tables(server, database)
    assert str(ALICE) not in after
    assert "confession" not in after
    assert dashboard.execute("select id from public.nlu_prompt_logs").fetchall() == [(bobs,)]
    counts = dashboard.execute("select private.count_user_data(%s)", [ALICE]).fetchone()
    assert counts == (NO_DATA,)


TEXT = "push my dentist thing to friday"


def decide_text_of_an_erased_user(dashboard: Connection) -> UUID:
    """Let Alice send a sure message whose waiting item is due to Bob, who is erased; decide it.

    Returns the id of Alice's row.
    """
    add_user(dashboard, BOB)
    sure = insert(dashboard, confidence=0.99)
    insert(dashboard, user_id=BOB, confidence=0.1)
    erase(dashboard, BOB)
    edit_queue_item(
        dashboard, TEXT, corrected_intent="help", reviewer="ann", notes="bob is private"
    )
    return sure


def test_a_sender_cannot_see_a_decision_that_is_due_to_an_erased_sender_of_the_text(
    dashboard: Connection,
) -> None:
    sure = decide_text_of_an_erased_user(dashboard)
    shown = read(dashboard, sure, "corrected_intent", "corrected_by", "correction_notes")
    assert shown == (None, None, None)
    label = "select corrected_intent from public.labelled_prompts where id = %s"
    assert dashboard.execute(label, [sure]).fetchone() == ("help",)
    event = dashboard.execute("select log_id, from_intent, to_intent from public.correction_events")
    assert event.fetchall() == [(None, "reschedule", "help")]


def test_a_retraction_shows_no_earlier_decision_on_a_row_that_was_captured_after_it(
    dashboard: Connection,
) -> None:
    add_user(dashboard, BOB)
    earlier = insert(dashboard, user_id=BOB, confidence=0.1)
    correct(dashboard, earlier, "help", "ann")
    later = insert(dashboard, confidence=0.1)
    correct(dashboard, later, "search", "ben")
    assert read(dashboard, later, "corrected_intent") == ("search",)

    correct(dashboard, later, None, "ben")

    assert read(dashboard, earlier, "corrected_intent", "corrected_by") == ("help", "ann")
    shown = read(dashboard, later, "corrected_intent", "corrected_by", "is_disputed")
    assert shown == (None, None, False)
    label = "select corrected_intent from public.labelled_prompts where id = %s"
    assert dashboard.execute(label, [later]).fetchone() == ("help",)


def test_notes_on_a_decision_that_names_no_row_are_cleared_with_any_of_its_senders(
    server: Server, database: str, dashboard: Connection
) -> None:
    decide_text_of_an_erased_user(dashboard)
    carol = uuid4()
    add_user(dashboard, carol)
    insert(dashboard, user_id=carol)
    assert "bob is private" in dump_all_tables(server, database)
    erase(dashboard, carol)
    assert "bob is private" not in dump_all_tables(server, database)
    assert dashboard.execute("select corrected_intent from public.review_queue").fetchone() == (
        "help",
    )


def test_editing_a_decision_names_the_row_that_shows_it_already(dashboard: Connection) -> None:
    add_user(dashboard, BOB)
    first = insert(dashboard, user_id=BOB, confidence=0.99)
    named = insert(dashboard, confidence=0.99)
    correct(dashboard, named, "help", "ann")
    edit_queue_item(dashboard, TEXT, corrected_intent="search", reviewer="ann")
    assert read(dashboard, named, "corrected_intent") == ("search",)
    assert read(dashboard, first, "corrected_intent") == (None,)


def test_a_retained_text_is_deleted_when_its_last_sender_is_erased(dashboard: Connection) -> None:
    add_user(dashboard, BOB)
    for sender in (ALICE, BOB):
        correct(dashboard, insert(dashboard, user_id=sender, created_at=LONG_AGO), "help")
    dashboard.execute("select private.delete_expired_rows()")
    erase(dashboard, ALICE)
    senders = "select cardinality(user_keys) from public.labelled_texts"
    assert dashboard.execute(senders).fetchall() == [(1,)]
    erase(dashboard, BOB)
    assert dashboard.execute(senders).fetchall() == []


def test_a_row_of_an_erased_user_cannot_be_written_again(dashboard: Connection) -> None:
    log_id = insert(dashboard)
    erase(dashboard, ALICE)
    with pytest.raises(errors.ForeignKeyViolation) as refused:
        insert(dashboard, id=log_id)
    assert refused.value.diag.constraint_name == "sender_is_a_user"
    assert refused.value.diag.message_detail is None
    rows = dashboard.execute("select from public.nlu_prompt_logs where user_id = %s", [ALICE])
    assert rows.rowcount == 0


def test_an_erasure_waits_for_a_running_capture_and_removes_it(
    server: Server, database: str, dashboard: Connection
) -> None:
    with (
        server.connect("postgres", database, autocommit=False) as writer,
        ThreadPoolExecutor() as threads,
    ):
        insert(writer, prompt="uncommitted")
        erasure = threads.submit(erase, dashboard, ALICE)
        assert not wait([erasure], timeout=0.3).done
        writer.commit()
        receipt = erasure.result()
    assert receipt["counts_after"] == NO_DATA
    assert dashboard.execute("select from public.nlu_prompt_logs").rowcount == 0


def test_a_capture_during_the_erasure_of_its_user_fails_without_waiting(
    server: Server, database: str, dashboard: Connection
) -> None:
    with (
        server.connect("postgres", database, autocommit=False) as eraser,
        server.connect("postgres", database) as writer,
    ):
        eraser.execute("select private.erase_user(%s)", [ALICE])
        with pytest.raises(errors.LockNotAvailable) as refused:
            insert(writer, prompt="a late message")
        assert "a late message" not in str(refused.value)
        eraser.commit()
        with pytest.raises(errors.ForeignKeyViolation):
            insert(writer, prompt="a late message")
    assert dashboard.execute("select from public.nlu_prompt_logs").rowcount == 0


def test_deleting_an_account_waits_for_a_running_capture_without_a_deadlock(
    server: Server, database: str, dashboard: Connection
) -> None:
    with (
        server.connect("postgres", database, autocommit=False) as writer,
        ThreadPoolExecutor() as threads,
    ):
        insert(writer, prompt="uncommitted")
        delete = "delete from auth.users where id = %s"
        deletion = threads.submit(dashboard.execute, delete, [ALICE])
        assert not wait([deletion], timeout=0.3).done
        writer.commit()
        assert deletion.result().rowcount == 1
    assert dashboard.execute("select from public.nlu_prompt_logs").rowcount == 0


def test_a_tombstone_is_a_keyed_hash_of_the_user_id(dashboard: Connection) -> None:
    erase(dashboard, ALICE)
    tombstones = dashboard.execute("select user_key from private.tombstones").fetchall()
    plain = dashboard.execute("select sha256(uuid_send(%s))", [ALICE]).fetchone()
    assert len(tombstones) == 1
    assert tombstones[0] != plain


def test_erasing_a_user_again_or_an_unknown_user_succeeds(dashboard: Connection) -> None:
    insert(dashboard)
    for user_id in (ALICE, ALICE, uuid4()):
        assert erase(dashboard, user_id)["counts_after"] == NO_DATA


def test_erasing_without_a_user_id_is_refused(dashboard: Connection) -> None:
    insert(dashboard)
    with pytest.raises(errors.NullValueNotAllowed):
        dashboard.execute("select private.continue_erasure(null)")
    assert dashboard.execute("select from public.nlu_prompt_logs").rowcount == 1


def test_deleting_an_account_erases_its_user(
    server: Server, database: str, dashboard: Connection
) -> None:
    correct(dashboard, insert(dashboard, prompt="a confession"), "help", str(ALICE))
    with server.connect("supabase_admin", database) as auth:
        auth.execute("set role supabase_auth_admin")
        auth.execute("delete from auth.users where id = %s", [ALICE])
    assert "confession" not in dump_all_tables(server, database)
    assert str(ALICE) not in dump_all_tables(server, database)
    add_user(dashboard, ALICE)
    with pytest.raises(errors.ForeignKeyViolation, match="erased"):
        insert(dashboard)


def test_the_receipt_lists_exported_objects_with_rows_that_retention_deleted(
    server: Server, database: str, dashboard: Connection
) -> None:
    add_user(dashboard, BOB)
    old, recent = insert(dashboard, created_at=LONG_AGO), insert(dashboard, prompt="recent")
    other = insert(dashboard, user_id=BOB, prompt="bob's")
    register = "select public.register_rows('b', %s, %s)"
    with connect_as(server, database, EXPORTER) as exporter:
        exporter.execute(register, ["both", [old, other]])
        exporter.execute(register, ["recent", [recent]])
        exporter.execute(register, ["bobs", [other]])
        exporter.commit()
    dashboard.execute("select private.delete_expired_rows()")
    objects = erase(dashboard, ALICE)["remaining_objects"]
    assert {entry["key"] for entry in objects} == {"both", "recent"}
    assert str(ALICE) not in str(dashboard.execute("select * from public.exported_rows").fetchall())


def test_the_receipt_lists_exported_objects_with_retained_texts(
    server: Server, database: str, dashboard: Connection
) -> None:
    correct(dashboard, insert(dashboard, created_at=LONG_AGO), "help")
    dashboard.execute("select private.delete_expired_rows()")
    with connect_as(server, database, EXPORTER) as exporter:
        page = exporter.execute(
            """select encode(text_key, 'hex')::uuid, text, intent from public.labelled_texts
               order by retained_at, text_key limit 1000"""
        ).fetchall()
        assert [row[1:] for row in page] == [("push my dentist thing to friday", "help")]
        exporter.execute(
            "select public.register_rows('b', 'texts', %s)", [[row[0] for row in page]]
        )
        exporter.commit()
    assert erase(dashboard, ALICE)["remaining_objects"] == [{"bucket": "b", "key": "texts"}]


def test_the_backend_cannot_set_the_senders_of_registered_rows(
    server: Server, database: str, dashboard: Connection
) -> None:
    with (
        connect_as(server, database, SERVICE) as backend,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        backend.execute(
            """insert into public.exported_rows (bucket, key, log_ids, user_keys)
               values ('b', 'k', array[gen_random_uuid()], '{}')"""
        )


def test_a_reviewer_is_pseudonymised_in_steps_that_hold_up_no_other_text(
    dashboard: Connection, server: Server, database: str
) -> None:
    dashboard.execute("update private.settings set retention_batch_rows = 2")
    for number in range(5):
        correct(dashboard, insert(dashboard, prompt=f"text {number}"), "help", "ann")
    other = insert(dashboard, prompt="another text")
    changed: list[int] = []
    with server.connect("postgres", database, autocommit=False) as slow:
        slow.execute("select")  # the block of `correct` is a savepoint then
        correct(slow, other, "help", "bob")
        dashboard.execute("set lock_timeout = '100ms'")
        while not changed or changed[-1] > 0:
            row = dashboard.execute("select private.pseudonymise_reviewer('Ann')").fetchone()
            changed.append(int(str(row[0])) if row else 0)

    assert len(changed) > 3
    assert max(changed) == 2
    names = dashboard.execute(
        """select distinct corrected_by from public.nlu_prompt_logs where corrected_by is not null
           union select distinct reviewer from public.review_queue where reviewer is not null
           union select distinct reviewer from public.correction_events"""
    ).fetchall()
    assert [str(name)[:7] for (name,) in names] == ["erased-"]


@pytest.mark.parametrize("corrected_sender", [ALICE, BOB])
def test_rows_are_deleted_in_batches_of_few_corrections(
    dashboard: Connection, corrected_sender: UUID
) -> None:
    """All corrections of a text are read, whichever of its rows they name."""
    add_user(dashboard, BOB)
    dashboard.execute("update private.settings set retention_batch_rows = 2")
    for number in range(4):
        text = f"text {number}"
        log_ids = {ALICE: insert(dashboard, prompt=text, created_at=LONG_AGO)}
        if corrected_sender != ALICE:
            log_ids[BOB] = insert(dashboard, prompt=text, user_id=BOB)
        for reviewer in ("ann", "bob", "cleo"):
            correct(dashboard, log_ids[corrected_sender], "help", reviewer)

    assert dashboard.execute("select private.delete_expired_rows()").fetchone() == (1,)
    with dashboard.transaction():
        dashboard.execute("set local role service_role")
        erased = [
            dashboard.execute("select public.continue_erasure(%s) ->> 'erased'", [ALICE]).fetchone()
            for _ in range(2)
        ]
    assert erased == [("0",), ("1",)]

    dashboard.execute("select private.delete_expired_rows() from generate_series(1, 2)")
    alices = "select from public.nlu_prompt_logs where user_id = %s"
    assert dashboard.execute(alices, [ALICE]).rowcount == 0
    retained = dashboard.execute("select from public.labelled_texts").rowcount
    assert retained == 3


def test_a_reviewer_with_a_plain_name_can_be_pseudonymised(dashboard: Connection) -> None:
    correct(dashboard, insert(dashboard), "help", "ann")
    assert dashboard.execute("select private.pseudonymise_reviewer('ann')").fetchone() == (1,)
    names = dashboard.execute(
        "select distinct corrected_by from public.nlu_prompt_logs "
        "union select distinct reviewer from public.review_queue"
    )
    assert str(names.fetchall()).count("erased-") == 1


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("J\u00fcrgen", "Ju\u0308rgen"),
        ("Anna Lee", "Anna  Lee"),
        ("Grace", " \uff27\uff52\uff41\uff43\uff45 "),
        ("Grace", "gra\u200bce"),
        ("\u00c9mile", "e\u0301mile"),
        ("\u039d\u0399\u039a\u039f\u03a3", "\u03bd\u03b9\u03ba\u03bf\u03c2"),
        ("H\u0331asan", "\u1e96asan"),
    ],
)
def test_a_reviewer_is_found_however_their_name_is_typed(
    dashboard: Connection, stored: str, typed: str
) -> None:
    log_id = insert(dashboard)
    correct(dashboard, log_id, "help", stored)
    correct(dashboard, log_id, "search", typed)
    assert read(dashboard, log_id, "corrected_intent", "is_disputed") == ("search", False), (
        "both names are one person, whose later vote counts"
    )

    changed = dashboard.execute("select private.pseudonymise_reviewer(%s)", [typed]).fetchone()

    assert changed != (0,)
    reviewers = dashboard.execute("select distinct reviewer from public.correction_events")
    assert [str(name)[:7] for (name,) in reviewers] == ["erased-"]
    assert str(read(dashboard, log_id, "corrected_by")[0]).startswith("erased-")


@pytest.fixture
def slow(server: Server, database: str, dashboard: Connection) -> Iterator[Connection]:
    """A transaction that takes over a tenth of a second to delete captured rows."""
    with server.connect("supabase_admin", database, autocommit=False) as connection:
        connection.execute(
            """create function pg_temp.wait() returns trigger language plpgsql as $$
               begin perform pg_sleep(0.11); return null; end $$"""
        )
        connection.execute(
            """create trigger wait before delete on public.nlu_prompt_logs
               for each statement execute function pg_temp.wait()"""
        )
        yield connection


@pytest.mark.parametrize(
    ("step", "removed"),
    [
        (f"(private.continue_erasure('{ALICE}') ->> 'erased')::integer", (0, 50, 25, 12, 10)),
        ("private.delete_expired_rows()", (50, 25, 12, 10)),
    ],
    ids=["erasure", "retention"],
)
def test_a_step_removes_fewer_rows_after_one_that_took_long(
    slow: Connection, step: str, removed: tuple[int, ...]
) -> None:
    """Others wait for the locks of a step."""
    for number in range(100):
        insert(slow, prompt=f"text {number}", created_at=LONG_AGO)

    steps = [slow.execute(f"select {step}".encode()).fetchone() for _ in removed]

    assert steps == [(rows,) for rows in removed]


@pytest.mark.parametrize(
    ("rows", "duration", "next_rows"),
    [
        (100, "101 ms", 50), (100, "75 ms", 100), (100, "49 ms", 200), (400, "1 ms", 500),
        (12, "1 s", 10), (800, "75 ms", 500),
    ],
)  # fmt: skip
def test_the_rows_of_the_next_step_follow_the_time_of_the_last_one(
    dashboard: Connection, rows: int, duration: str, next_rows: int
) -> None:
    step = dashboard.execute("select private.next_batch_rows(%s, %s)", [rows, duration])
    assert step.fetchone() == (next_rows,)


@pytest.mark.parametrize("is_outvoted", [True, False])
def test_a_step_of_the_erasure_of_a_reviewer_reads_few_copies_of_a_text(
    server: Server, database: str, dashboard: Connection, is_outvoted: bool
) -> None:
    """Whoever changes the text waits for the step, which holds its lock."""
    log_id = insert(dashboard)
    correct(dashboard, log_id, "help", str(BOB))
    for other in ("carl", "dora") if is_outvoted else ():
        correct(dashboard, log_id, "search", other)
    dashboard.execute("update private.settings set retention_batch_rows = 50")
    with server.connect("supabase_admin", database) as admin, admin.transaction():
        admin.execute("set local session_replication_role = replica")
        admin.execute(
            """insert into public.nlu_prompt_logs
               select (jsonb_populate_record(logs, jsonb_build_object(
                 'id', gen_random_uuid(), 'change_number', nextval('private.change_numbers')
               ))).*
               from public.nlu_prompt_logs logs, generate_series(1, 2000) where id = %s""",
            [log_id],
        )
    dashboard.execute("analyze public.nlu_prompt_logs")
    copies_read = """select coalesce(sum(seq_tup_read + idx_tup_fetch), 0)
                     from pg_stat_xact_all_tables where relname = 'nlu_prompt_logs'"""
    step = "select private.continue_erasure(%s) ->> 'finished'"
    reads, finished = [], "false"
    while finished == "false":
        with dashboard.transaction():
            before, finished, after = (
                str(dashboard.execute(query, values).fetchall()[0][0])
                for query, values in ((copies_read, None), (step, [BOB]), (copies_read, None))
            )
        reads.append(int(after) - int(before))
        assert len(reads) < 300, "the erasure does not end"

    assert max(reads) < 500
    names = dashboard.execute(
        """select left(corrected_by, 7), count(*) from public.nlu_prompt_logs
           group by 1 order by 1"""
    ).fetchall()
    assert names == [("dora" if is_outvoted else "erased-", 2001)]


def test_the_planner_statistics_contain_no_text(dashboard: Connection) -> None:
    """Statistics outlive an erasure, and any user can read estimates through planned counts."""
    for number in range(300):
        insert(dashboard, prompt=f"a secret text {number % 3}")
    dashboard.execute("analyze public.nlu_prompt_logs")
    dashboard.execute("analyze public.review_queue")
    sampled = dashboard.execute(
        """select tablename, attname from pg_stats
           where most_common_vals::text like '%a secret text%'
             or histogram_bounds::text like '%a secret text%'"""
    ).fetchall()
    assert sampled == []
    statistics = "select count(*) from pg_stats where tablename = 'nlu_prompt_logs'"
    assert dashboard.execute(statistics).fetchone() != (0,)


def test_the_planner_statistics_contain_no_reviewer(dashboard: Connection) -> None:
    log_id = insert(dashboard)
    for number in range(300):
        correct(dashboard, log_id, ("help", "search")[number % 2], f"Ann Secret {number % 3}")
    dashboard.execute("analyze public.correction_events")
    dashboard.execute("analyze public.review_queue")
    dashboard.execute("analyze public.nlu_prompt_logs")
    sampled = dashboard.execute(
        """select tablename, attname from pg_stats
           where most_common_vals::text ilike '%ann secret%'
             or histogram_bounds::text ilike '%ann secret%'"""
    ).fetchall()
    assert sampled == []
    expressions = dashboard.execute(
        """select attrelid::regclass::text, attname from pg_attribute
           join pg_index on indexrelid = attrelid join pg_class tables on tables.oid = indrelid
           where indkey[attnum - 1] = 0 and coalesce(attstattarget, -1) <> 0
             and relnamespace in ('public'::regnamespace, 'private'::regnamespace)"""
    ).fetchall()
    assert expressions == [], "the expression of an index is sampled as well"


def test_the_planner_statistics_contain_no_operator(
    server: Server, database: str, dashboard: Connection
) -> None:
    with connect_registrar(server, database) as registrar:
        for number in range(20):
            register(registrar, f"a{number}", actor=f"Ann Secret {number % 3}")
            promote(registrar, f"a{number}", actor=f"Ann Secret {number % 3}")
    dashboard.execute("analyze public.models")
    dashboard.execute("analyze public.model_events")
    sampled = dashboard.execute(
        """select tablename, attname from pg_stats
           where most_common_vals::text ilike '%ann secret%'
             or histogram_bounds::text ilike '%ann secret%'"""
    ).fetchall()
    assert sampled == []


def test_the_id_of_an_erased_user_is_kept_only_until_the_erasure_ends(
    server: Server, database: str, dashboard: Connection
) -> None:
    insert(dashboard)
    unfinished = "select private.list_unfinished_erasures()"
    dashboard.execute("select private.continue_erasure(%s)", [ALICE])
    assert dashboard.execute(unfinished).fetchone() == ([str(ALICE)],)
    erase(dashboard, ALICE)
    assert dashboard.execute(unfinished).fetchone() == ([],)
    assert str(ALICE) not in dump_all_tables(server, database)
    add_user(dashboard, BOB)
    dashboard.execute("delete from auth.users where id = %s", [BOB])
    assert dashboard.execute(unfinished).fetchone() == ([],)


def test_changes_that_wait_for_an_erased_row_are_deleted(
    server: Server, database: str, dashboard: Connection
) -> None:
    """The row arrived while somebody else held its lock, so its changes were not applied yet."""
    add_user(dashboard, BOB)
    insert(dashboard, user_id=BOB, prompt="a confession of alice")
    expected = build_row(prompt="a confession of alice")
    with server.connect("postgres", database) as backend:
        backend.execute("set role service_role")
        for call in (
            "select public.record_correction(%s, 'help', 'ann', 'quotes a confession', 'api')",
            "select public.record_outcome(%s, false, 'move', 'failed on a confession')",
        ):
            assert backend.execute(call, [expected["id"]]).fetchone() == ({"state": "pending"},)
    with server.connect("postgres", database, autocommit=False) as slow:
        slow.execute("select private.lock_log_ids(array[%s::uuid])", [expected["id"]])
        insert(dashboard, **expected)
    assert dashboard.execute("select from private.deferred_changes").rowcount == 2

    erase(dashboard, ALICE)

    assert dashboard.execute("select from private.deferred_changes").rowcount == 0


def test_a_change_that_is_deferred_while_its_row_is_erased_is_deleted_within_a_minute(
    server: Server, database: str, dashboard: Connection
) -> None:
    expected = build_row(prompt="a confession of alice")
    with server.connect("postgres", database, autocommit=False) as slow:
        slow.execute("set role service_role")
        slow.execute(
            "select public.record_outcome(%s, false, 'move', 'failed on a confession')",
            [expected["id"]],
        )
        insert(dashboard, **expected)
        erase(dashboard, ALICE)
        complete_captures(dashboard)
        slow.commit()
    assert dashboard.execute("select from private.deferred_changes").rowcount == 1

    complete_captures(dashboard)

    assert dashboard.execute("select from private.deferred_changes").rowcount == 0
    assert dashboard.execute("select from private.incomplete_captures").rowcount == 0


@pytest.mark.parametrize("typed", ["{} ", "\u200b{}", "{}\ufeff"])
def test_a_row_shows_the_name_of_a_reviewer_as_an_erasure_finds_it(
    dashboard: Connection, typed: str
) -> None:
    """An edit that repeats the latest correction appends none, and the row keeps what was typed."""
    log_id = insert(dashboard)
    correct(dashboard, log_id, "help", str(BOB))
    update(dashboard, log_id, corrected_by=typed.format(BOB))
    assert read(dashboard, log_id, "corrected_by") == (str(BOB),)

    erase(dashboard, BOB)

    assert str(read(dashboard, log_id, "corrected_by")[0]).startswith("erased-")


def test_a_step_of_an_erasure_looks_a_decision_up_once_for_all_rows_of_a_text(
    server: Server, database: str, dashboard: Connection
) -> None:
    """A text may have a thousand corrections of each reviewer, and a user may send it often."""
    add_user(dashboard, BOB)
    correct(dashboard, insert(dashboard, user_id=BOB), "help", notes="a note")
    for _ in range(20):
        insert(dashboard)
    with server.connect("supabase_admin", database, autocommit=False) as admin:
        admin.execute("set local track_functions = 'all'")
        admin.execute("select private.continue_erasure(%s)", [ALICE])
        admin.execute("select private.continue_erasure(%s)", [ALICE])
        calls = admin.execute(
            """select calls from pg_stat_xact_user_functions where funcname = 'find_decision'"""
        ).fetchone()
    assert calls is not None
    assert int(str(calls[0])) < 5


def retain_texts(
    server: Server, database: str, texts: int, others: int, user_id: UUID = ALICE
) -> None:
    """Retain texts that a user and others sent, as years of retention do."""
    with server.connect("supabase_admin", database) as admin, admin.transaction():
        admin.execute("set local session_replication_role = replica")
        admin.execute(
            """insert into public.labelled_texts
                 (text_key, text, intent, times_sent, user_keys, labelled_at)
               select private.text_key('text ' || number), 'text ' || number, 'help', 1,
                 array(
                   select sha256(int8send(sender)) from generate_series(1, %s::bigint) as sender
                 ) || private.user_key(%s), now()
               from generate_series(1, %s) as number""",
            [others, user_id, texts],
        )


def test_a_step_of_an_erasure_writes_few_of_the_user_keys_of_retained_texts(
    server: Server, database: str, dashboard: Connection
) -> None:
    """Of as few as of rows, but of one text at least."""
    retain_texts(server, database, texts=13, others=999)
    erased = []
    for rows in (500, 100, 10, 10, 500):
        step = dashboard.execute(
            "select private.continue_erasure(%s) ->> 'erased'", [ALICE]
        ).fetchone()
        erased.append(step)
        dashboard.execute("update private.tombstones set step_rows = %s", [rows])
    assert erased == [("0",), ("10",), ("2",), ("1",), ("0",)]


def test_a_user_of_whom_no_object_holds_rows_is_looked_for_no_more(
    server: Server, database: str, dashboard: Connection
) -> None:
    add_user(dashboard, BOB)
    carol = uuid4()
    bobs = insert(dashboard, user_id=BOB, prompt="bob's")
    dashboard.execute("select public.register_rows('b', 'k', array[%s::uuid])", [bobs])
    dashboard.execute("delete from auth.users where id = any (%s)", [[ALICE, BOB]])
    dashboard.execute("select private.continue_erasure(%s)", [carol])
    to_clean = "select count(*) from private.tombstones where not exports_are_clean"

    nightly = "select private.delete_expired_exports()"
    assert [dashboard.execute(nightly).fetchone() for _ in range(2)] == [(1,), (0,)]
    assert dashboard.execute(to_clean).fetchone() == (2,), "Bob, and the user who is being erased"
    uncleaned = "select private.list_uncleaned_objects()"
    assert dashboard.execute(uncleaned).fetchone() == ([["b", "k"]],)

    with server.connect("supabase_admin", database) as admin:
        admin.execute("truncate public.exported_rows")
    erase(dashboard, carol)
    assert dashboard.execute(nightly).fetchone() == (2,)
    assert dashboard.execute(to_clean).fetchone() == (0,)
    dashboard.execute("select private.continue_erasure(%s)", [ALICE])
    assert dashboard.execute(to_clean).fetchone() == (1,), "erased once more"


def test_retained_texts_are_deleted_in_batches_of_few_corrections(
    server: Server, database: str, dashboard: Connection
) -> None:
    dashboard.execute("update private.settings set retention_batch_rows = 2")
    retain_texts(server, database, texts=5, others=0)
    with server.connect("supabase_admin", database) as admin, admin.transaction():
        admin.execute("set local session_replication_role = replica")
        admin.execute(
            """insert into public.correction_events
                 (text_key, from_intent, to_intent, reviewer, channel)
               select text_key, 'help', 'help', reviewer, 'api'
               from public.labelled_texts, unnest(array['ann', 'bob', 'cleo']) as reviewer"""
        )
    left = "select count(distinct text_key), count(*) from public.correction_events"
    with dashboard.transaction():
        dashboard.execute("set local role service_role")
        erased = [
            dashboard.execute("select public.continue_erasure(%s) ->> 'erased'", [ALICE]).fetchone()
            for _ in range(2)
        ]
    assert erased == [("0",), ("1",)]
    assert dashboard.execute(left).fetchone() == (4, 12)

    dashboard.execute("update private.settings set label_retention_days = 90")
    with server.connect("supabase_admin", database) as admin, admin.transaction():
        admin.execute("set local session_replication_role = replica")
        admin.execute("update public.labelled_texts set retained_at = %s", [LONG_AGO])
    deleted = [
        dashboard.execute("select private.delete_expired_texts()").fetchone() for _ in range(5)
    ]
    assert deleted == [(1,), (1,), (1,), (1,), (0,)]
    assert dashboard.execute(left).fetchone() == (0, 0)
