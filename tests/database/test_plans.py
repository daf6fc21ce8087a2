"""The store's queries, as PostgREST runs them on 20,000 rows, use the indexes made for them."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .api import PostgrestClient, run_postgrest
from .actors import ALICE, EXPORTER, SERVICE, USER, Actor
from .server import Connection, Server

LOGS = "/nlu_prompt_logs"
DOORS = {EXPORTER: "/exportable_prompts", SERVICE: LOGS}
PAGE = [("order", "created_at,id"), ("limit", "1000")]

# 50 users over 200 days; a tenth of the rows below 0.7, half above 0.85, a few failed or corrected.
CROWD = f"""
insert into auth.users (id)
select '{ALICE}' union all select gen_random_uuid() from generate_series(1, 49);

insert into public.nlu_prompt_logs (
  id, user_id, prompt, predicted_intent, confidence, source, model_version, created_at
)
select
  gen_random_uuid(), owners.id, 'message ' || n, 'help',
  case when n % 10 = 0 then 0.05 * (n % 14) else 0.7 + 0.003 * (n % 100) end,
  'model', 'test-1', now() - (20000 - n) * interval '15 minutes'
from generate_series(1, 20000) as numbers (n)
join (select id, row_number() over (order by id) as place from auth.users) as owners
  on place = 1 + n % 50;

update public.nlu_prompt_logs
set was_successful = false, workflow_type = 'move', execution_error = 'gone'
where right(id::text, 1) = '0' and left(id::text, 1) in ('0', '1', '2', '3');

update public.nlu_prompt_logs set corrected_intent = 'search'
where right(id::text, 2) = 'ff';
"""


@pytest.fixture(scope="module")
def crowded(server: Server, template: str) -> str:
    """A database with 20,000 prompts, its statistics fresh."""
    server.copy_database(template, "crowded")
    with server.connect("postgres", "crowded") as connection:
        connection.execute(CROWD)
        # As on Supabase's servers, which have no spinning disks.
        connection.execute("alter database crowded set random_page_cost = 1.1")
        connection.execute("vacuum analyze public.nlu_prompt_logs, public.review_queue")
    return "crowded"


@pytest.fixture(scope="module")
def api(server: Server, crowded: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgrestClient]:
    """PostgREST on that database."""
    with run_postgrest(server, crowded, tmp_path_factory.mktemp("postgrest")) as running:
        yield running


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Walk all nodes of a plan."""
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def indexes(plan: dict[str, Any]) -> set[str]:
    """Name the indexes that a plan reads, after checking that it neither scans nor sorts."""
    kinds = {node["Node Type"] for node in nodes(plan)}
    assert not kinds & {"Seq Scan", "Sort", "Incremental Sort", "Bitmap Heap Scan"}, kinds
    return {node["Index Name"] for node in nodes(plan) if "Index Name" in node}


Query = list[tuple[str, str]]

TEXTS = ("select", "id,prompt,predicted_intent,confidence,created_at")
UNREVIEWED = ("corrected_intent", "is.null")
FAILED_QUERY = [("select", "id,prompt,execution_error"), ("was_successful", "is.false")]


def learn(threshold: float) -> tuple[str, str]:
    """Ask for what a model can learn from."""
    return ("or", f"(corrected_intent.not.is.null,confidence.gt.{threshold})")


STREAMS: dict[str, tuple[Actor, Query, str]] = {
    "to review": (EXPORTER, [TEXTS, UNREVIEWED, ("confidence", "lt.0.7")], "low_confidence"),
    "to review, lower": (EXPORTER, [TEXTS, UNREVIEWED, ("confidence", "lt.0.4")], "low_confidence"),
    "to review, higher": (EXPORTER, [TEXTS, UNREVIEWED, ("confidence", "lt.0.8")], "by_time"),
    "failed": (SERVICE, FAILED_QUERY, "failed"),
    "to learn from": (EXPORTER, [TEXTS, learn(0.85)], "by_time"),
}


def read_by(actor: Actor, index: str) -> set[str]:
    """Name the indexes of a stream: what is exported asks the queue for each text's label."""
    labels = {"review_queue_has_a_text_once"} if actor is EXPORTER else set()
    return {f"nlu_prompt_logs_{index}"} | labels


@pytest.fixture(scope="module")
def deep(server: Server, crowded: str) -> Query:
    """What the store asks for after the page that ended with the 12,000th row."""
    with server.connect("postgres", crowded) as connection:
        row = connection.execute(
            """select to_json(created_at) #>> '{}', id from public.nlu_prompt_logs
               order by created_at, id offset 12000 limit 1"""
        ).fetchone()
    assert row is not None
    moment, last = row
    after = f'(created_at.gt."{moment}",and(created_at.eq."{moment}",id.gt.{last}))'
    return [("created_at", f"gte.{moment}"), ("or", after)]


@pytest.mark.parametrize("stream", STREAMS)
def test_a_streams_first_page_comes_from_its_index(api: PostgrestClient, stream: str) -> None:
    actor, query, index = STREAMS[stream]
    assert indexes(api.explain(actor, DOORS[actor], query + PAGE)) == read_by(actor, index)


@pytest.mark.parametrize("stream", STREAMS)
def test_a_streams_deep_page_starts_where_the_last_one_ended(
    api: PostgrestClient, deep: Query, stream: str
) -> None:
    actor, query, index = STREAMS[stream]
    plan = api.explain(actor, DOORS[actor], query + deep + PAGE)
    assert indexes(plan) == read_by(actor, index)
    condition = next(node["Index Cond"] for node in nodes(plan) if "Index Cond" in node)
    assert "created_at >= " in condition


def test_streams_keep_to_their_indexes_after_many_pages(
    server: Server, crowded: str, deep: Query, tmp_path: Path
) -> None:
    # From the sixth run of a prepared statement on, Postgres may plan for values it cannot see.
    pages = 12
    with server.connect("supabase_admin", crowded) as connection:
        before, others = scans(connection), callers(connection)
        with run_postgrest(server, crowded, tmp_path) as api:
            for actor, query, _ in STREAMS.values():
                for _ in range(pages):
                    api.request(
                        actor, "GET", DOORS[actor], params=query + deep + PAGE
                    ).raise_for_status()
        # A connection's scans are counted for sure when it has ended.
        while callers(connection) - others:
            time.sleep(0.02)
        used = Counter(f"nlu_prompt_logs_{index}" for _, _, index in STREAMS.values())
        seen = scans(connection) - before
        expected = {name: pages * n for name, n in used.items()}
        # There the planner also looks up the first and the last moment.
        assert seen["nlu_prompt_logs_by_time"] >= expected["nlu_prompt_logs_by_time"]
        expected["nlu_prompt_logs_by_time"] = seen["nlu_prompt_logs_by_time"]
        assert seen == expected


def callers(connection: Connection) -> set[object]:
    """Name the connections that PostgREST holds."""
    rows = connection.execute("select pid from pg_stat_activity where usename = 'authenticator'")
    return {pid for (pid,) in rows}


def scans(connection: Connection) -> Counter[str]:
    """Count the scans of each of the table's indexes so far."""
    rows = connection.execute(
        """select indexrelname, idx_scan from pg_stat_user_indexes
           where relname = 'nlu_prompt_logs'"""
    ).fetchall()
    return Counter({str(name): int(str(count)) for name, count in rows})


def test_a_users_own_page_asks_once_who_they_are_and_reads_their_rows_alone(api: PostgrestClient) -> None:
    plan = api.explain(USER, LOGS, [("order", "created_at.desc"), ("limit", "20")])
    assert indexes(plan) == {"nlu_prompt_logs_by_user"}
    (reading,) = (node for node in nodes(plan) if "Index Cond" in node)
    assert reading["Index Cond"] == "(user_id = (InitPlan 1).col1)"
    assert "Filter" not in reading


def test_one_row_is_found_by_its_id(api: PostgrestClient) -> None:
    query = [("id", "eq.00000000-0000-4000-8000-000000000001")]
    assert indexes(api.explain(SERVICE, LOGS, query)) == {"nlu_prompt_logs_pkey"}


def test_deleting_a_user_finds_their_rows_by_index(server: Server, crowded: str) -> None:
    with server.connect("postgres", crowded) as connection:
        plan = connection.execute(
            "explain (format json) delete from public.nlu_prompt_logs where user_id = %s", [ALICE]
        ).fetchone()
    assert plan is not None
    assert "nlu_prompt_logs_by_user" in str(plan[0])


PLANNED = {
    "the queue, best first": (
        "select * from public.review_queue order by rank asc nulls last, id limit 100",
        "review_queue_pkey",
    ),
    "copies of a text": (
        "select from public.nlu_prompt_logs where text_key = 'x'",
        "nlu_prompt_logs_by_change or nlu_prompt_logs_by_text",  # both begin with the key
    ),
    "what a user sent today": (
        f"""select from public.nlu_prompt_logs where user_id = '{ALICE}'
            and created_at >= now() - interval '1 day' limit 50""",
        "nlu_prompt_logs_by_user",
    ),
    "what retention deletes": (
        """select id from public.nlu_prompt_logs where created_at < now() - interval '90 days'
           order by created_at, id limit 500 for update skip locked""",
        "nlu_prompt_logs_by_time",
    ),
    "votes on a text": (
        """select distinct on (reviewer) to_intent from public.correction_events
           where text_key = 'x' order by reviewer, id desc""",
        "correction_events_by_text",
    ),
    "an item of the queue": (
        "select from public.review_queue where text_key = 'x' for update skip locked",
        "review_queue_has_a_text_once",
    ),
}


@pytest.mark.parametrize("question", PLANNED)
def test_what_the_database_asks_itself_comes_from_an_index(
    server: Server, crowded: str, question: str
) -> None:
    query, either = PLANNED[question]
    with server.connect("postgres", crowded) as connection:
        if "correction_events" in query:
            # There are a few dozen rows, which any way is a good one to read.
            connection.execute("set enable_seqscan = off; set enable_bitmapscan = off")
        (plan,) = connection.execute(f"explain (format json) {query}".encode()).fetchone() or (
            None,
        )
    (used,) = indexes(plan[0]["Plan"])  # type: ignore[index]
    assert used in either.split(" or ")


def test_what_is_handed_to_a_user_is_not_filtered_twice(api: PostgrestClient) -> None:
    plan = api.explain(USER, LOGS, [("order", "created_at.desc"), ("limit", "20")])
    initial = [node for node in nodes(plan) if node.get("Parent Relationship") == "InitPlan"]
    assert len(initial) == 1, "the token is read once a query"
