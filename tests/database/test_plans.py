"""Queries on 20,000 rows, through PostgREST and within the database, use the intended indexes."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.database_reset import NOTHING_AT_RANDOM

from .actors import ALICE, BOB, EXPORTER, SERVICE, USER, Actor
from .api import PostgrestClient, run_postgrest
from .console import add_account, claim
from .registry import register
from .rows import add_user, complete_captures, correct, count_days, insert
from .server import Connection, Server

LOGS = "/nlu_prompt_logs"
PATHS = {EXPORTER: "/exportable_prompts", SERVICE: LOGS}
PAGE = [("order", "created_at,id"), ("limit", "1000")]

# 50 users over 200 days. The confidence is below 0.7 in a tenth of the rows and above 0.85 in half
# of them. A few rows have a failed workflow or a correction.
FILL = f"""
insert into auth.users (id)
select '{ALICE}' union all select gen_random_uuid() from generate_series(1, 49);

insert into public.nlu_prompt_logs (
  id, user_id, prompt, predicted_intent, confidence, source, model_version, created_at
)
select
  gen_random_uuid(), senders.id, 'message ' || n, 'help',
  case when n % 10 = 0 then 0.05 * (n % 14) else 0.7 + 0.003 * (n % 100) end,
  'model', 'test-1', now() - (20000 - n) * interval '15 minutes'
from generate_series(1, 20000) as numbers (n)
join (select id, row_number() over (order by id) as number from auth.users) as senders
  on number = 1 + n % 50;

update public.nlu_prompt_logs
set was_successful = false, workflow_type = 'move', execution_error = 'not found'
where right(id::text, 1) = '0' and left(id::text, 1) in ('0', '1', '2', '3');

update public.nlu_prompt_logs set corrected_intent = 'search'
where right(id::text, 2) = 'ff';
"""


@pytest.fixture(scope="module")
def filled(server: Server, template: str) -> str:
    """A database with 20,000 prompts and current statistics."""
    fill(server, template, "filled")
    return "filled"


def fill(server: Server, template: str, database: str) -> None:
    """Create a database with 20,000 prompts and current statistics."""
    server.copy_database(template, database)
    with server.connect("postgres", database) as connection:
        connection.execute(FILL)
        connection.execute("vacuum analyze public.nlu_prompt_logs, public.review_queue")


@pytest.fixture(scope="module")
def api(
    server: Server, filled: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PostgrestClient]:
    """PostgREST on the filled database."""
    with run_postgrest(server, filled, tmp_path_factory.mktemp("postgrest")) as running:
        yield running


def walk(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield all nodes of a plan."""
    yield plan
    for child in plan.get("Plans", []):
        yield from walk(child)


def list_indexes(plan: dict[str, Any]) -> set[str]:
    """Return the indexes that a plan uses; fail if it scans a whole table or sorts."""
    types = {node["Node Type"] for node in walk(plan)}
    assert not types & {"Seq Scan", "Sort", "Incremental Sort", "Bitmap Heap Scan"}, types
    return {node["Index Name"] for node in walk(plan) if "Index Name" in node}


Query = list[tuple[str, str]]

TEXTS = ("select", "id,prompt,predicted_intent,confidence,created_at")
UNREVIEWED = ("corrected_intent", "is.null")
FAILED_QUERY = [("select", "id,prompt,execution_error"), ("was_successful", "is.false")]


def training_filter(threshold: float) -> tuple[str, str]:
    """Return the filter for rows that a model can be trained on."""
    return ("or", f"(corrected_intent.not.is.null,confidence.gt.{threshold})")


PAGED_QUERIES: dict[str, tuple[Actor, Query, str]] = {
    "to review": (EXPORTER, [TEXTS, UNREVIEWED, ("confidence", "lt.0.7")], "low_confidence"),
    "to review, lower": (EXPORTER, [TEXTS, UNREVIEWED, ("confidence", "lt.0.4")], "low_confidence"),
    "to review, higher": (EXPORTER, [TEXTS, UNREVIEWED, ("confidence", "lt.0.8")], "by_time"),
    "failed": (SERVICE, FAILED_QUERY, "failed"),
    "training": (EXPORTER, [TEXTS, training_filter(0.85)], "by_time"),
}


def expected_indexes(actor: Actor, index: str) -> set[str]:
    """Return the indexes of a paged query; an export also looks up labels in the review queue."""
    labels = {"review_queue_text_key_is_unique"} if actor is EXPORTER else set()
    return {f"nlu_prompt_logs_{index}"} | labels


@pytest.fixture(scope="module")
def deep_page(server: Server, filled: str) -> Query:
    """The filter for the page after the 12,000th row."""
    with server.connect("postgres", filled) as connection:
        row = connection.execute(
            """select to_json(created_at) #>> '{}', id from public.nlu_prompt_logs
               order by created_at, id offset 12000 limit 1"""
        ).fetchone()
    assert row is not None
    created_at, last_id = row
    after = f'(created_at.gt."{created_at}",and(created_at.eq."{created_at}",id.gt.{last_id}))'
    return [("created_at", f"gte.{created_at}"), ("or", after)]


@pytest.mark.parametrize("name", PAGED_QUERIES)
def test_the_first_page_of_a_query_uses_its_index(api: PostgrestClient, name: str) -> None:
    actor, query, index = PAGED_QUERIES[name]
    assert list_indexes(api.explain(actor, PATHS[actor], query + PAGE)) == expected_indexes(
        actor, index
    )


@pytest.mark.parametrize("name", PAGED_QUERIES)
def test_a_deep_page_of_a_query_starts_in_its_index(
    api: PostgrestClient, deep_page: Query, name: str
) -> None:
    actor, query, index = PAGED_QUERIES[name]
    plan = api.explain(actor, PATHS[actor], query + deep_page + PAGE)
    assert list_indexes(plan) == expected_indexes(actor, index)
    condition = next(node["Index Cond"] for node in walk(plan) if "Index Cond" in node)
    assert "created_at >= " in condition


def test_paged_queries_use_their_indexes_after_many_pages(
    server: Server, filled: str, deep_page: Query, tmp_path: Path
) -> None:
    # From the sixth run of a prepared statement on, PostgreSQL may use a generic plan.
    pages = 12
    with server.connect("supabase_admin", filled) as connection:
        scans_before, connections_before = count_scans(connection), list_connections(connection)
        with run_postgrest(server, filled, tmp_path) as api:
            for actor, query, _ in PAGED_QUERIES.values():
                for _ in range(pages):
                    api.request(
                        actor, "GET", PATHS[actor], params=query + deep_page + PAGE
                    ).raise_for_status()
        # A connection reports its last scans when it ends.
        while list_connections(connection) - connections_before:
            time.sleep(0.02)
        queries = Counter(f"nlu_prompt_logs_{index}" for _, _, index in PAGED_QUERIES.values())
        scans = count_scans(connection) - scans_before
        expected = {index: pages * number for index, number in queries.items()}
        # The planner also reads the ends of this index, for the range of the timestamps.
        assert scans["nlu_prompt_logs_by_time"] >= expected["nlu_prompt_logs_by_time"]
        expected["nlu_prompt_logs_by_time"] = scans["nlu_prompt_logs_by_time"]
        assert scans == expected


def list_connections(connection: Connection) -> set[object]:
    """Return the process ids of PostgREST's connections."""
    rows = connection.execute("select pid from pg_stat_activity where usename = 'authenticator'")
    return {pid for (pid,) in rows}


def count_scans(connection: Connection) -> Counter[str]:
    """Return the number of scans of each index of the table so far."""
    rows = connection.execute(
        """select indexrelname, idx_scan from pg_stat_user_indexes
           where relname = 'nlu_prompt_logs'"""
    ).fetchall()
    return Counter({str(name): int(str(count)) for name, count in rows})


def test_a_page_of_a_users_own_rows_reads_only_these_rows(api: PostgrestClient) -> None:
    plan = api.explain(USER, LOGS, [("order", "created_at.desc"), ("limit", "20")])
    assert list_indexes(plan) == {"nlu_prompt_logs_by_user"}
    (scan,) = (node for node in walk(plan) if "Index Cond" in node)
    assert scan["Index Cond"] == "(user_id = (InitPlan 1).col1)"
    assert "Filter" not in scan


def test_a_row_is_found_by_its_primary_key(api: PostgrestClient) -> None:
    query = [("id", "eq.00000000-0000-4000-8000-000000000001")]
    assert list_indexes(api.explain(SERVICE, LOGS, query)) == {"nlu_prompt_logs_pkey"}


def test_deleting_a_user_finds_their_rows_through_an_index(server: Server, filled: str) -> None:
    with server.connect("postgres", filled) as connection:
        plan = connection.execute(
            "explain (format json) delete from public.nlu_prompt_logs where user_id = %s", [ALICE]
        ).fetchone()
    assert plan is not None
    assert "nlu_prompt_logs_by_user" in str(plan[0])


INTERNAL_QUERIES = {
    "the review queue, by rank": (
        "select * from public.review_queue order by rank asc nulls last, id limit 100",
        "review_queue_pkey",
    ),
    "copies of a text": (
        "select from public.nlu_prompt_logs where text_key = 'x'",
        "nlu_prompt_logs_by_change",
    ),
    "copies of a text that count": (
        """select count(distinct user_id) from public.nlu_prompt_logs
           where text_key = 'x' and within_daily_cap""",
        "nlu_prompt_logs_by_text",
    ),
    "copies of a text that were chosen for review": (
        """select from public.nlu_prompt_logs
           where text_key = 'x' and (has_review_reason or is_audited) order by id limit 1""",
        "nlu_prompt_logs_chosen",
    ),
    "copies of a text that may show a correction": (
        """select from public.nlu_prompt_logs where text_key = 'x'
             and (has_review_reason or is_audited or corrected_intent is not null)
             and id > '00000000-0000-0000-0000-000000000000' order by id limit 400""",
        "nlu_prompt_logs_chosen",
    ),
    "rows of a user today": (
        f"""select from public.nlu_prompt_logs where user_id = '{ALICE}'
            and created_at >= now() - interval '1 day' limit 50""",
        "nlu_prompt_logs_by_user",
    ),
    "expired rows": (
        """select id from public.nlu_prompt_logs where created_at < now() - interval '90 days'
           order by created_at, id limit 500 for update skip locked""",
        "nlu_prompt_logs_by_time",
    ),
    "votes on a text": (
        """select distinct on (private.fold_name(reviewer)) to_intent
           from public.correction_events
           where text_key = 'x' order by private.fold_name(reviewer), id desc""",
        "correction_events_by_text",
    ),
    "the audit": (
        """select created_at, id from public.nlu_prompt_logs
           where is_audited order by created_at, id""",
        "nlu_prompt_logs_audited",
    ),
    "the newest change": (
        "select max(change_number) from public.nlu_prompt_logs",
        "nlu_prompt_logs_by_change_number",
    ),
    "the newest change of the review queue": (
        "select max(change_number) from public.review_queue",
        "review_queue_by_change_number",
    ),
    "rows that changed in a window": (
        """select from public.nlu_prompt_logs
           where change_number >= 19900 and change_number < 19950 limit 1000""",
        "nlu_prompt_logs_by_change_number",
    ),
    "random texts": (
        """select text_key, within_daily_cap from public.nlu_prompt_logs
           where text_key >= 'x' order by text_key limit 500""",
        "nlu_prompt_logs_by_change",
    ),
    "whether few texts wait": (
        """select from public.review_queue
           where rank < private.rank_when_decided() and waiting_since is not null
           order by rank limit 20""",
        "review_queue_pkey",
    ),
    "a queue item": (
        "select from public.review_queue where text_key = 'x' for update skip locked",
        "review_queue_text_key_is_unique",
    ),
}


@pytest.mark.parametrize("name", INTERNAL_QUERIES)
def test_queries_of_the_databases_functions_use_an_index(
    server: Server, filled: str, name: str
) -> None:
    query, expected = INTERNAL_QUERIES[name]
    with server.connect("postgres", filled) as connection:
        if "correction_events" in query:
            # With a few dozen rows, the planner may prefer a sequential scan.
            connection.execute("set enable_seqscan = off; set enable_bitmapscan = off")
        (plan,) = connection.execute(f"explain (format json) {query}".encode()).fetchone() or (
            None,
        )
    (used,) = list_indexes(plan[0]["Plan"])  # type: ignore[index]
    assert used in expected.split(" or ")


def test_the_policy_reads_the_token_once_per_query(api: PostgrestClient) -> None:
    plan = api.explain(USER, LOGS, [("order", "created_at.desc"), ("limit", "20")])
    initial = [node for node in walk(plan) if node.get("Parent Relationship") == "InitPlan"]
    assert len(initial) == 1


def test_a_step_of_an_erasure_reads_only_its_batch(server: Server, template: str) -> None:
    fill(server, template, "partly_erased")
    with server.connect("supabase_admin", "partly_erased") as connection:
        connection.execute("update private.settings set retention_batch_rows = 50")
        connection.execute("select public.continue_erasure(%s)", [ALICE])
        before = count_entries_read(connection, "nlu_prompt_logs_by_user")
        connection.execute("select public.continue_erasure(%s)", [ALICE])
        read = count_entries_read(connection, "nlu_prompt_logs_by_user") - before
    assert 50 <= read < 100, "Alice has 400 rows."


def test_what_a_capture_reads_does_not_grow_with_the_copies_of_its_text(
    server: Server, template: str
) -> None:
    server.copy_database(template, "popular")
    with server.connect("supabase_admin", "popular") as connection:
        connection.execute(NOTHING_AT_RANDOM)
        connection.execute("update private.settings set daily_cap = 1000000")
        add_user(connection, ALICE)
        connection.execute(
            """insert into public.nlu_prompt_logs
                 (id, user_id, prompt, predicted_intent, confidence, source, model_version)
               select gen_random_uuid(), %s, 'popular', 'help', 0.99, 'model', 'test-1'
               from generate_series(1, 5000)""",
            [ALICE],
        )
        connection.execute("vacuum analyze public.nlu_prompt_logs")
        before = count_entries_read(connection, "nlu_prompt_logs_by_text")
        for _ in range(2):
            insert(connection, prompt="popular", confidence=0.1)
        assert count_entries_read(connection, "nlu_prompt_logs_by_text") - before < 1_100

        item = "select times_sent, user_count, reasons from public.review_queue"
        assert connection.execute(item).fetchone() == (1_001, 1, ["low_confidence"])
        assert complete_captures(connection) == 1
        assert connection.execute(item).fetchone() == (5_002, 1, ["low_confidence"])
        assert complete_captures(connection) == 0


POPULAR_COPIES = 5_000


@pytest.fixture(scope="module")
def popular_text(server: Server, template: str) -> str:
    """A database with a text that Alice sent many times: audited, in the queue and undecided."""
    server.copy_database(template, "popular_text")
    with server.connect("supabase_admin", "popular_text") as connection:
        connection.execute(NOTHING_AT_RANDOM)
        connection.execute("update private.settings set daily_cap = 1000000, audit_rate = 1")
        add_account(connection, ALICE, "reviewer")
        connection.execute(
            """insert into public.nlu_prompt_logs
                 (id, user_id, prompt, predicted_intent, confidence, source, model_version)
               select gen_random_uuid(), %s, 'popular', 'help', 0.1, 'model', 'test-1'
               from generate_series(1, %s)""",
            [ALICE, POPULAR_COPIES],
        )
        complete_captures(connection)
        register(connection, "candidate")
        connection.execute("vacuum analyze public.nlu_prompt_logs")
    return "popular_text"


def fill_the_queue(connection: Connection) -> None:
    """Add the text at random, as if no copy had been chosen."""
    connection.execute("set session_replication_role = replica")
    connection.execute("delete from public.review_queue")
    connection.execute("set session_replication_role = origin")
    connection.execute("update private.settings set min_queue_items = 1, retention_batch_rows = 50")
    connection.execute("select private.fill_queue()")


def draw_the_text(connection: Connection) -> None:
    """Put the text into the pool of disagreements, as if no copy had been chosen."""
    connection.execute("set session_replication_role = replica")
    connection.execute("delete from public.review_queue")
    connection.execute("set session_replication_role = origin")
    row = connection.execute("select id from public.nlu_prompt_logs limit 1").fetchone()
    disagreement = {
        "log_id": str(row[0]) if row else "",
        "candidate_intent": "help",
        "champion_intent": "search",
    }
    drawn = connection.execute(
        "select private.draw_disagreements('candidate', 'champion', 0.5, %s)",
        [json.dumps([disagreement])],
    ).fetchone()
    assert drawn == (1,)


def decide_in_the_console(connection: Connection) -> None:
    """Decide the text as a reviewer in the console."""
    row = connection.execute("select id from public.review_queue").fetchone()
    claim(connection, ALICE)
    decided = connection.execute(
        "select public.console_decide(%s, 0, 'search') ->> 'state'", row
    ).fetchone()
    assert decided == ("recorded",)


def decide_in_the_dashboard(connection: Connection) -> None:
    """Decide the text in the table editor."""
    connection.execute("set local role postgres")
    connection.execute(
        "update public.review_queue set corrected_intent = 'search', reviewer = 'ann'"
    )


def record_a_correction(connection: Connection) -> None:
    """Correct a copy through the API."""
    row = connection.execute("select id from public.nlu_prompt_logs limit 1").fetchone()
    connection.execute("set local role service_role")
    connection.execute("select public.record_correction(%s, 'search', 'ann', null, 'api')", row)


@pytest.mark.parametrize(
    "change",
    [record_a_correction, decide_in_the_console, decide_in_the_dashboard, fill_the_queue,
     draw_the_text],
)  # fmt: skip
def test_what_a_change_reads_under_its_lock_does_not_grow_with_the_copies_of_a_text(
    server: Server, popular_text: str, change: Callable[[Connection], None]
) -> None:
    with server.connect("supabase_admin", popular_text, autocommit=False) as connection:
        read = read_in_transaction(connection)
        change(connection)
        connection.execute("reset role")
        assert read_in_transaction(connection) - read < 3_000


def test_the_reasons_of_all_copies_of_a_text_are_found_at_once(
    server: Server, popular_text: str
) -> None:
    """The lock of the text is held meanwhile."""
    with server.connect("supabase_admin", popular_text, autocommit=False) as connection:
        connection.execute("set local track_functions = 'all'")
        connection.execute(
            """insert into private.incomplete_captures (log_id, text_key)
               select id, text_key from public.nlu_prompt_logs limit 1"""
        )
        assert complete_captures(connection) == 1
        calls = connection.execute(
            "select calls from pg_stat_xact_user_functions where funcname = 'review_reasons'"
        ).fetchall()
    assert calls == [(1,)]


def read_in_transaction(connection: Connection, table: str = "public.nlu_prompt_logs") -> int:
    """Return how many rows and index entries of a table the transaction read."""
    row = connection.execute(
        """select sum(pg_stat_get_xact_tuples_returned(oid)) from pg_class
           where oid = %(table)s::regclass or oid in (
             select indexrelid from pg_index where indrelid = %(table)s::regclass
           )""",
        {"table": table},
    ).fetchone()
    assert row is not None
    return int(str(row[0]))


@pytest.fixture
def busy(server: Server, filled: str) -> Iterator[Connection]:
    """A transaction in the filled database, where ann decided thousands of texts.

    Retention has removed the rows that the corrections named, and 100 of the texts are in the pool
    of disagreements.
    """
    with server.connect("supabase_admin", filled, autocommit=False) as connection:
        connection.execute("set local session_replication_role = replica")
        connection.execute(
            """insert into public.correction_events
                 (text_key, from_intent, to_intent, reviewer, notes, channel)
               select text_key, 'help', 'help', 'ann', 'a note', 'api' from public.review_queue"""
        )
        connection.execute("update public.review_queue set reviewer = 'ann'")
        connection.execute(
            """insert into public.model_disagreements
                 (rank, text, first_intent, second_intent, corrected_intent, reviewer, decided_at,
                  text_key)
               select 1, text, 'help', 'search', 'help', 'ann', now(), text_key
               from public.review_queue limit 100"""
        )
        connection.execute(
            """insert into private.disagreement_draws
                 (text_key, candidate, champion, candidate_intent, champion_intent, probability)
               select text_key, 'a', 'b', 'help', 'search', 1 from public.model_disagreements"""
        )
        connection.execute("set local session_replication_role = origin")
        connection.execute(
            "analyze public.correction_events, public.review_queue, public.model_disagreements"
        )
        yield connection


@pytest.mark.parametrize(
    "function", ["read_waiting_texts(-1, 0, 100)", "read_decided_disagreements(0, 100, 'salt')"]
)
def test_a_page_of_texts_for_a_model_reads_few_copies(busy: Connection, function: str) -> None:
    read = read_in_transaction(busy)
    row = busy.execute(f"select json_array_length(public.{function})".encode()).fetchone()
    assert row == (100,)
    assert read_in_transaction(busy) - read < 1_000


def test_deleting_an_account_does_not_read_what_others_decided(busy: Connection) -> None:
    add_user(busy, BOB)
    tables = ("public.review_queue", "public.model_disagreements", "public.correction_events")
    read = [read_in_transaction(busy, table) for table in tables]
    busy.execute("delete from auth.users where id = %s", [BOB])
    for table, before in zip(tables, read, strict=True):
        assert read_in_transaction(busy, table) - before < 50, table


def test_retention_reads_no_expired_rows_while_a_text_is_edited(
    server: Server, filled: str
) -> None:
    """An edit excludes all changes of texts, so none of these rows could be deleted."""
    with (
        server.connect("postgres", filled, autocommit=False) as editor,
        server.connect("supabase_admin", filled, autocommit=False) as job,
    ):
        editor.execute("select private.lock_edits()")
        before = read_in_transaction(job)
        assert job.execute("select private.delete_expired_rows()").fetchone() == (None,)
        assert read_in_transaction(job) == before
        editor.rollback()
        assert job.execute("select private.delete_expired_rows()").fetchone() == (50,)


def test_clearing_notes_does_not_read_those_of_other_texts(busy: Connection) -> None:
    before = read_in_transaction(busy, "public.correction_events")
    busy.execute("set local role prompt_maintainer")
    busy.execute(
        """select private.clear_notes(array(
             select id from public.nlu_prompt_logs where has_review_reason limit 50
           ))"""
    )
    busy.execute("reset role")
    read = read_in_transaction(busy, "public.correction_events") - before
    cleared = (
        "select count(*) from public.correction_events where notes is null and reviewer = 'ann'"
    )
    assert busy.execute(cleared).fetchone() == (50,)
    assert read < 500


@pytest.fixture
def unanalysed(server: Server, filled: str) -> Iterator[Connection]:
    """A transaction with 20,000 corrections of which the planner knows nothing, as after a restore.

    Ann decided all texts, and Bob is a reviewer.
    """
    with server.connect("supabase_admin", filled) as admin:
        admin.execute("vacuum public.correction_events")  # of what was rolled back
    with server.connect("supabase_admin", filled, autocommit=False) as connection:
        connection.execute("set local session_replication_role = replica")
        connection.execute(
            """insert into public.correction_events
                 (text_key, from_intent, to_intent, reviewer, channel)
               select text_key, 'help', 'help', 'ann', 'api' from public.nlu_prompt_logs"""
        )
        connection.execute("set local session_replication_role = origin")
        add_account(connection, BOB, "reviewer")
        yield connection


def correct_through_the_api(connection: Connection, text_key: object) -> None:
    """Correct the first row of a text."""
    connection.execute("set local role service_role")
    connection.execute(
        """select public.record_correction(id, 'search', 'bob', null, 'api')
           from public.nlu_prompt_logs where text_key = %s order by id limit 1""",
        [text_key],
    )


def list_items(connection: Connection, _: object) -> None:
    """List the queue as a reviewer in the console."""
    claim(connection, BOB)
    connection.execute("select public.console_items()")


def decide_an_item(connection: Connection, text_key: object) -> None:
    """Decide a text in the console, and take that back."""
    row = connection.execute(
        """select queue.id, max(events.id) from public.review_queue queue
           join public.correction_events events using (text_key)
           where text_key = %s group by queue.id""",
        [text_key],
    ).fetchone()
    assert row is not None
    claim(connection, BOB)
    decided = connection.execute("select public.console_decide(%s, %s, 'search')", row).fetchone()
    assert decided is not None
    connection.execute(
        "select public.console_undo(%s, %s)",
        [row[0], decided[0]["event"]],  # type: ignore[index]
    )


@pytest.mark.parametrize("change", [correct_through_the_api, list_items, decide_an_item])
def test_the_latest_correction_of_a_text_is_found_without_reading_those_of_others(
    unanalysed: Connection, change: Callable[[Connection, object], None]
) -> None:
    texts = unanalysed.execute(
        "select text_key from public.review_queue where waiting_since is not null limit 7"
    ).fetchall()
    for (text_key,) in texts:  # after five executions, the planner may take another plan
        before = read_in_transaction(unanalysed, "public.correction_events")
        change(unanalysed, text_key)
        unanalysed.execute("reset role")
        assert read_in_transaction(unanalysed, "public.correction_events") - before < 1_000


@pytest.mark.parametrize(
    "call",
    [
        "private.latest_event(text_key)",
        "(private.find_decision(text_key)).id",
        "private.is_disputed(text_key, 'help')",
        "private.show_votes(text_key, 'ann')",
        "private.show_support(text_key, 'help', 'salt')",
        "private.stands(private.find_decision(text_key))",
        "(select latest_intents from public.disputed_texts limit 1)",
    ],
)
def test_the_votes_on_a_text_are_found_without_reading_what_each_reviewer_said_before(
    unanalysed: Connection, call: str
) -> None:
    """A reviewer may correct a text a thousand times."""
    unanalysed.execute("set local session_replication_role = replica")
    unanalysed.execute(
        """insert into public.correction_events
             (text_key, from_intent, to_intent, reviewer, channel)
           select text_key, 'help', 'help', reviewer, 'api'
           from (select text_key from public.review_queue limit 1) as text,
             unnest(array['Ann', 'bob', 'BOB', 'cleo']) as reviewer, generate_series(1, 1000)"""
    )
    text = unanalysed.execute(
        "select text_key from public.correction_events where reviewer = 'cleo' limit 1"
    ).fetchone()
    unanalysed.execute(
        "update public.review_queue set reasons = '{disagreement}' where text_key = %s", text
    )
    for _ in range(7):  # after five executions, the planner may take another plan
        before = read_in_transaction(unanalysed, "public.correction_events")
        query = f"select {call} from (select %s::bytea as text_key) as one"
        unanalysed.execute(query.encode(), text)
        assert read_in_transaction(unanalysed, "public.correction_events") - before < 100


def test_a_page_of_the_console_reads_few_other_items_whatever_the_planner_knows(
    unanalysed: Connection,
) -> None:
    table = "public.review_queue"
    relations = """select %s::regclass union all
                   select indexrelid from pg_index where indrelid = %s::regclass"""
    unanalysed.execute("delete from pg_statistic where starelid = %s::regclass", [table])
    unanalysed.execute(
        f"update pg_class set reltuples = -1, relpages = 0 where oid in ({relations})".encode(),
        [table, table],
    )
    items = unanalysed.execute("select from public.review_queue where waiting_since is not null")
    before = read_in_transaction(unanalysed, table)
    list_items(unanalysed, None)
    unanalysed.execute("reset role")

    assert items.rowcount > 1_000
    assert read_in_transaction(unanalysed, table) - before < 500


def test_how_many_texts_a_batch_deletes_is_found_by_reading_few_of_their_corrections(
    unanalysed: Connection,
) -> None:
    unanalysed.execute("set local session_replication_role = replica")
    unanalysed.execute("update private.settings set retention_batch_rows = 50")
    unanalysed.execute(
        """insert into public.correction_events
             (text_key, from_intent, to_intent, reviewer, channel)
           select text_key, 'help', 'help', 'bob', 'api'
           from (select text_key from public.correction_events limit 20) as texts,
             generate_series(1, 79)"""
    )
    texts = unanalysed.execute(
        "select text_key from public.correction_events where reviewer = 'bob' group by text_key"
    ).fetchall()
    keys = [text_key for (text_key,) in texts]
    before = read_in_transaction(unanalysed, "public.correction_events")
    limited = unanalysed.execute(
        "select private.limit_corrected_texts(%s)", [[*keys, b"has no corrections"]]
    ).fetchone()
    read = read_in_transaction(unanalysed, "public.correction_events") - before

    assert limited == ([keys[0], b"has no corrections"],)
    assert read < 200


def test_a_step_that_replaces_a_reviewers_name_reads_its_batch_of_corrections(
    unanalysed: Connection,
) -> None:
    read = read_in_transaction(unanalysed, "public.correction_events")
    unanalysed.execute("set local role postgres")
    replaced = unanalysed.execute("select private.pseudonymise_reviewer('ann')").fetchone()
    unanalysed.execute("reset role")
    assert replaced == (500,)
    assert read_in_transaction(unanalysed, "public.correction_events") - read < 5_000


@pytest.fixture(scope="module")
def grown(server: Server, template: str) -> str:
    """A database for `overgrown`."""
    server.copy_database(template, "grown")
    return "grown"


@pytest.fixture
def overgrown(server: Server, grown: str) -> Iterator[Connection]:
    """A transaction with 4,000 texts that Alice sent, one a minute.

    The planner knows 1,000 copies of a single one. The older ones were decided, and have expired.
    """
    with server.connect("supabase_admin", grown, autocommit=False) as connection:
        add_user(connection, ALICE)
        add_user(connection, BOB)
        connection.execute("set local session_replication_role = replica")
        fill_rows = """
            insert into public.nlu_prompt_logs (
              id, user_id, prompt, predicted_intent, confidence, source, model_version, text_key,
              has_review_reason, is_audited, audit_probability, created_at
            )
            select gen_random_uuid(), %s, 'text ' || n, 'help', 0.5, 'model', 'test-1',
              int8send(n), true, true, 0.05, now() - (4001 - n) * interval '1 minute'
            from (
              select %s * number as n from generate_series(1, %s::bigint) as numbers (number)
            ) as texts"""
        fill_queue = """
            insert into public.review_queue (
              rank, text, predicted_intent, confidence, reasons, times_sent, user_count, text_key,
              corrected_intent, waiting_since, decided_at
            )
            select 1, prompt, 'help', 0.5, '{random_audit}', 1, 1, text_key,
              case when has_decision then 'help' end, case when not has_decision then now() end,
              case when has_decision then now() end
            from (
              select distinct on (text_key) *, created_at < now() - interval '1 day' as has_decision
              from public.nlu_prompt_logs
            ) as logs"""
        fill_corrections = """
            insert into public.correction_events
              (text_key, from_intent, to_intent, reviewer, notes, channel)
            select text_key, 'help', 'help', 'ann', 'a note', 'api' from public.nlu_prompt_logs"""
        tables = ("public.nlu_prompt_logs", "public.review_queue", "public.correction_events")
        for first, rows in ((0, 1000), (1, 4000)):
            for table in tables:
                connection.execute(f"delete from {table}".encode())
            connection.execute(fill_rows, [ALICE, first, rows])
            connection.execute(fill_queue)
            connection.execute(fill_corrections)
            if first == 0:
                connection.execute("analyze")
        connection.execute("update private.settings set row_retention_days = 1")
        connection.execute("set local session_replication_role = origin")
        yield connection


def test_a_batch_of_retention_reads_its_own_texts_whatever_the_planner_knows(
    overgrown: Connection,
) -> None:
    overgrown.execute("update private.settings set retention_batch_rows = 100")
    tables = ("public.review_queue", "public.correction_events")
    for _ in range(7):  # after five executions, the planner may take another plan
        overgrown.execute("update private.monitoring set retention_step_rows = 100")
        before = [read_in_transaction(overgrown, table) for table in tables]
        overgrown.execute("set local role postgres")
        deleted = overgrown.execute("select private.delete_expired_rows()").fetchone()
        overgrown.execute("reset role")
        assert deleted == (100,)
        for table, read in zip(tables, before, strict=True):
            assert read_in_transaction(overgrown, table) - read < 2_000, table


def test_a_page_of_captured_texts_reads_their_corrections_whatever_the_planner_knows(
    overgrown: Connection,
) -> None:
    read = read_in_transaction(overgrown, "public.correction_events")
    page = "select json_array_length(public.read_captured_texts(1, '', null, 20))"
    assert overgrown.execute(page.encode()).fetchone() == (20,)
    assert read_in_transaction(overgrown, "public.correction_events") - read < 100


def test_a_batch_of_the_nightly_refreshment_holds_few_texts(overgrown: Connection) -> None:
    """It ranks each of them, so a reviewer would wait for many."""
    overgrown.execute("select private.refresh_queue_items('')")
    held = overgrown.execute(
        """select count(*) from pg_locks
           where locktype = 'advisory' and classid = 4 and pid = pg_backend_pid()"""
    ).fetchone()
    assert held == (200,)


def test_a_capture_reads_the_rows_of_its_sender_alone_whatever_the_planner_knows(
    overgrown: Connection,
) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1.5)
    for _ in range(7):  # after five executions, the planner may take another plan
        before = read_in_transaction(overgrown)
        insert(overgrown, user_id=BOB, prompt="hello", created_at=yesterday)
        assert read_in_transaction(overgrown) - before < 20


def test_a_new_label_of_a_text_counts_for_all_its_audited_copies(
    server: Server, template: str
) -> None:
    server.copy_database(template, "relabelled")
    with server.connect("postgres", "relabelled") as connection:
        connection.execute(NOTHING_AT_RANDOM)
        connection.execute("update private.settings set audit_rate = 1")
        add_user(connection, ALICE)
        insert(connection, created_at=datetime.now(UTC) - timedelta(days=2))
        log_id = insert(connection)
        count_days(connection)
        correct(connection, log_id, "search")
        count_days(connection)
        audits = connection.execute("select label, messages from public.daily_audits")
        assert audits.fetchall() == [("search", 1)] * 2


FEW_ARE_COUNTED = """create or replace function private.max_copies_counted() returns integer
    language sql immutable set search_path = '' as 'select 200'"""


@pytest.fixture
def crowded(server: Server, template: str) -> Iterator[Connection]:
    """A database with two texts of 500 copies and one of 100, of which jobs count 200 copies."""
    server.copy_database(template, "crowded")
    with server.connect("supabase_admin", "crowded") as connection:
        connection.execute(NOTHING_AT_RANDOM)
        connection.execute(FEW_ARE_COUNTED.encode())
        connection.execute("update private.settings set daily_cap = 10000")
        add_user(connection, ALICE)
        for prompt, copies in (("one", 500), ("two", 500), ("three", 100)):
            insert(connection, prompt=prompt, confidence=0.1)
            connection.execute(
                """insert into public.nlu_prompt_logs
                     (id, user_id, prompt, predicted_intent, confidence, source, model_version)
                   select gen_random_uuid(), %s, %s, 'help', 0.99, 'model', 'test-1'
                   from generate_series(2, %s)""",
                [ALICE, prompt, copies],
            )
        connection.execute("vacuum analyze public.nlu_prompt_logs")
        yield connection
    with server.connect("supabase_admin", "postgres") as connection:
        connection.execute("drop database crowded")


TIMES_SENT = "select array_agg(times_sent order by text) from public.review_queue"


def test_a_night_counts_some_copies_of_a_text_and_keeps_higher_numbers(crowded: Connection) -> None:
    assert crowded.execute(TIMES_SENT).fetchone() == ([500, 100, 500],)
    crowded.execute("update private.settings set retention_batch_rows = 3")
    crowded.execute("set session_replication_role = replica")
    crowded.execute("update public.review_queue set times_sent = 7 where text <> 'two'")
    crowded.execute("set session_replication_role = origin")
    last_text: object = b""
    most = 0
    while last_text is not None:
        before = count_entries_read(crowded, "nlu_prompt_logs_by_text")
        row = crowded.execute("select private.refresh_queue_items(%s)", [last_text]).fetchone()
        assert row is not None
        last_text = row[0]
        most = max(most, count_entries_read(crowded, "nlu_prompt_logs_by_text") - before)

    assert crowded.execute(TIMES_SENT).fetchone() == ([200, 100, 500],)
    assert most <= 310, "One text of which 200 are counted, and others with 107 at most."


def test_a_run_that_completes_captures_counts_some_copies(crowded: Connection) -> None:
    crowded.execute(
        """insert into private.incomplete_captures (log_id, text_key)
           select distinct on (text_key) id, text_key from public.nlu_prompt_logs"""
    )
    completed, most = 1, 0
    while completed:
        before = count_entries_read(crowded, "nlu_prompt_logs_by_text")
        completed = complete_captures(crowded)
        most = max(most, count_entries_read(crowded, "nlu_prompt_logs_by_text") - before)

    assert crowded.execute(TIMES_SENT).fetchone() == ([500, 100, 500],)
    assert crowded.execute("select from private.incomplete_captures").rowcount == 0
    assert most <= 200


def test_a_text_with_many_copies_does_not_keep_others_waiting(crowded: Connection) -> None:
    add_entry = """insert into private.incomplete_captures (log_id, text_key)
        select id, text_key from public.nlu_prompt_logs where prompt = %s limit 1"""
    count_entries = """select count(*) from private.incomplete_captures
        where text_key = private.text_key(%s)"""
    row = crowded.execute(
        """select min(n::text) from generate_series(1, 1000) as numbers (n)
           where private.text_key(n::text) > private.text_key('one')"""
    ).fetchone()
    assert row is not None
    later = str(row[0])
    insert(crowded, prompt=later, confidence=0.1)

    for prompt in ("one", later):
        crowded.execute(add_entry.encode(), [prompt])
    for waiting in (1, 0):
        complete_captures(crowded)
        crowded.execute(add_entry.encode(), ["one"])
        assert crowded.execute(count_entries.encode(), [later]).fetchone() == (waiting,)


def test_opening_an_export_reads_only_what_changed(server: Server, filled: str) -> None:
    def read_rows(connection: Connection) -> int:
        connection.execute("select pg_stat_force_next_flush()")
        row = connection.execute(
            """select sum(seq_tup_read) + sum(coalesce(idx_tup_fetch, 0))
               from pg_stat_user_tables where relname in ('nlu_prompt_logs', 'review_queue')"""
        ).fetchone()
        return int(str(row[0])) if row else 0

    with server.connect("supabase_admin", filled) as connection:
        connection.execute(
            """select public.record_dataset('s', 'b', 'm', '0', opened ->> 'to', 0)
               from public.open_export('s', false, 10) as opened"""
        )
        before = read_rows(connection)
        connection.execute("select public.open_export('s', true, 1000000)")
        assert read_rows(connection) - before < 100


def test_a_page_of_an_export_reads_only_the_texts_that_changed(server: Server, filled: str) -> None:
    with server.connect("supabase_admin", filled, autocommit=False) as connection:
        connection.execute(
            "set local plan_cache_mode = force_custom_plan"
        )  # as the exporter has it
        row = connection.execute("select private.peek_change_number()").fetchone()
        record_a_correction(connection)
        connection.execute("reset role")
        before = read_in_transaction(connection)
        page = connection.execute(
            """select json_array_length(private.read_export(
                 %s, private.peek_change_number(), '', 0, '00000000-0000-0000-0000-000000000000',
                 false, 1000, '', null, null
               ) -> 0)""",
            row,
        ).fetchone()
        assert page == (1,)
        assert read_in_transaction(connection) - before < 100


def test_the_tasks_read_each_dataset_once(server: Server, template: str) -> None:
    server.copy_database(template, "many_datasets")
    with server.connect("supabase_admin", "many_datasets", autocommit=False) as connection:
        connection.execute(
            """insert into public.dataset_exports
                 (series, bucket, manifest, window_from, window_to, lines, exported_at)
               select 's', 'b', n, 0, 0, 0, now() - (700 - n) * interval '1 hour'
               from generate_series(1, 700) as numbers (n)"""
        )
        before = read_in_transaction(connection, "public.dataset_exports")
        tasks = connection.execute(
            "select private.list_tasks() #>> '{exports,0,due_at}' is not null"
        ).fetchone()
        assert tasks == (True,)
        assert read_in_transaction(connection, "public.dataset_exports") - before < 3_000


def test_senders_of_an_object_are_unregistered_by_reading_its_keys_a_few_times(
    server: Server, template: str
) -> None:
    senders = 2_000
    server.copy_database(template, "many_senders")
    with server.connect("supabase_admin", "many_senders", autocommit=False) as connection:
        connection.execute("set local session_replication_role = replica")
        connection.execute(
            "insert into private.tombstones (user_key) select sha256(n::text::bytea) "
            "from generate_series(1, %s) as numbers (n)",
            [senders],
        )
        page = connection.execute(
            """insert into public.exported_rows
                 (bucket, key, log_ids, user_indexes, text_keys, user_keys)
               select 'b', 'k', array_agg(gen_random_uuid()), array_agg(n),
                 array_agg(n::text::bytea), array_agg(sha256(n::text::bytea))
               from generate_series(1, %s) as numbers (n) returning id""",
            [senders],
        ).fetchone()
        row = connection.execute(
            "select reltoastrelid::regclass::text from pg_class where relname = 'exported_rows'"
        ).fetchone()
        keys = str(row[0]) if row else ""
        before = read_in_transaction(connection, keys)
        connection.execute(
            """select private.unregister_senders('b', 'k', (
                 select jsonb_agg(jsonb_build_array(%s::bigint, n))
                 from generate_series(1, %s) as numbers (n)
               ))""",
            [page[0] if page else 0, senders],
        )
        assert connection.execute("select from public.exported_rows").rowcount == 0
        assert read_in_transaction(connection, keys) - before < 2_000


def count_entries_read(connection: Connection, index: str) -> int:
    """Return the number of entries that scans of an index read so far."""
    connection.execute("select pg_stat_force_next_flush()")
    row = connection.execute(
        "select idx_tup_read from pg_stat_user_indexes where indexrelname = %s", [index]
    ).fetchone()
    assert row is not None
    return int(str(row[0]))
