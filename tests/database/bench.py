"""`make bench NAME=db`: latency of the database for all its users, at a million rows."""

import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from uuid import UUID

from infra.local.postgres import Postgres

from .actors import ALICE, DASHBOARD, EXPORTER, SERVICE, USER, Actor, connect_as
from .server import Connection, Server, migrate

ROWS = 1_000_000
DATABASE = "bench"

PROLIFIC = UUID("b16b16b1-0000-4000-8000-000000000004")
"""A user who sent every tenth message."""

# 2,000 users over 200 days, and one who sent a tenth of all messages. With `row_retention_days` at
# 150, the oldest 250,000 rows are expired. Triggers are disabled: only the latency of a large table
# matters, not how it was filled.
FILL = f"""
set session_replication_role = replica;
insert into auth.users (id)
select '{ALICE}' union all select gen_random_uuid() from generate_series(1, 1999);
insert into auth.users (id) values ('{PROLIFIC}');

insert into public.nlu_prompt_logs (
  id, user_id, prompt, predicted_intent, confidence, source, model_version, text_key, created_at,
  corrected_intent, corrected_by, corrected_at, has_review_reason, is_audited,
  audit_probability
)
select
  gen_random_uuid(), case n % 10 when 3 then '{PROLIFIC}' else owners.id end,
  'message number ' || n, 'help',
  case when n % 10 = 0 then 0.05 * (n % 14) else 0.7 + 0.003 * (n % 100) end,
  'model', 'bench', decode(md5(n::text), 'hex'), now() - ({ROWS} - n) * interval '17 seconds',
  case when n % 50 = 0 then 'search' end, case when n % 50 = 0 then 'ann' end,
  case when n % 50 = 0 then now() end, n % 10 = 0, n % 100 = 7, 0.01
from generate_series(1, {ROWS}) as numbers (n)
join (
  select id, row_number() over (order by id) as place from auth.users where id <> '{PROLIFIC}'
) as owners
  on place = 1 + n % 2000;

insert into public.review_queue (
  rank, text, predicted_intent, confidence, reasons, times_sent, user_count, waiting_since, text_key
)
select private.review_rank('{{low_confidence}}', confidence, null, 1), prompt, predicted_intent,
  confidence, '{{low_confidence}}', 1, 1, created_at, text_key
from public.nlu_prompt_logs where has_review_reason and corrected_intent is null;
"""

DROP_TRIGGERS_OF_COUNTS = """
do $$
declare
  dropped record;
begin
  for dropped in
    select tgname, tgrelid::regclass as relation from pg_trigger
    where tgname like 'after@_60@_mark@_days%' escape '@'
  loop
    execute format('drop trigger %I on %s', dropped.tgname, dropped.relation);
  end loop;
end
$$"""

COLUMNS = "id, prompt, predicted_intent, confidence, corrected_intent, created_at"
QUEUE = "select * from public.review_queue order by rank asc nulls last, id limit 100"
PAGE = "select * from public.nlu_prompt_logs {where} order by created_at desc limit 50"
EXPORT_PAGE = f"""select {COLUMNS} from public.exportable_prompts
  where (corrected_intent is not null or confidence > 0.85) {{after}}
  order by created_at, id limit 1000"""
INSERT = f"""insert into public.nlu_prompt_logs
  (id, user_id, prompt, predicted_intent, confidence, source, model_version)
  values (gen_random_uuid(), '{ALICE}', 'captured ' || random(), 'help', %s, 'model', 'bench')"""
CAPTURE = INSERT.replace("'captured ' || random()", "%s")
CORRECT = """insert into public.correction_events (log_id, to_intent, reviewer, channel)
  select log.id, case when random() < 0.5 then 'help' else 'status' end, 'r' || random(), 'api'
  from public.nlu_prompt_logs log order by created_at desc, id limit 1"""


def measure_queries(server: Server, *queries: tuple[Actor, str], times: int = 300) -> list[float]:
    """Run queries in interleaved rounds, each as its actor; return their median milliseconds.

    The first tenth of the rounds is warm-up and does not count.
    """
    milliseconds: list[list[float]] = [[] for _ in queries]
    with ExitStack() as open_connections:
        connections = [
            open_connections.enter_context(connect_as(server, DATABASE, actor))
            for actor, _ in queries
        ]
        for _ in range(times):
            for index, (_, query) in enumerate(queries):
                start = time.perf_counter()
                connections[index].execute(query.encode()).fetchall()
                milliseconds[index].append((time.perf_counter() - start) * 1000)
    return [median(values[times // 10 :]) for values in milliseconds]


def measure_writes(
    server: Server, role: str, build_statement: Callable[[], tuple[str, list[object]]]
) -> float:
    """Run a write 100 times, each in its own transaction; return the median milliseconds."""
    milliseconds = []
    with server.connect("postgres", DATABASE) as connection:
        connection.execute(f"set role {role}".encode())
        for _ in range(100):
            statement, values = build_statement()
            start = time.perf_counter()
            connection.execute(statement.encode(), values or None)
            milliseconds.append((time.perf_counter() - start) * 1000)
    return median(milliseconds)


def measure_cost_of_counts(server: Server) -> tuple[float, float]:
    """Insert texts that are queued for review, with the triggers of the counts and without.

    Return the ratio of the median latencies, from interleaved rounds in two databases with the same
    rows, and the median milliseconds of a capture while the job counts a day.
    """
    without = f"{DATABASE}_without_counts"
    with server.connect("supabase_admin", "postgres") as admin:
        admin.execute(f"create database {without} template {DATABASE}".encode())
    with server.connect("supabase_admin", without) as admin:
        admin.execute(DROP_TRIGGERS_OF_COUNTS)
    milliseconds: dict[str, list[float]] = {DATABASE: [], without: []}
    with ExitStack() as open_connections:
        connections = {
            name: open_connections.enter_context(server.connect("postgres", name))
            for name in milliseconds
        }
        for connection in connections.values():
            connection.execute("set role service_role")
        for _ in range(1_000):
            # The order is random, because the second one finds the processor's caches warm.
            for name in random.sample(sorted(milliseconds), 2):
                start = time.perf_counter()
                connections[name].execute(INSERT.encode(), [0.3])
                milliseconds[name].append((time.perf_counter() - start) * 1000)
    with server.connect("supabase_admin", "postgres") as admin:
        admin.execute(f"drop database {without}".encode())
    ratio = median(milliseconds[DATABASE][100:]) / median(milliseconds[without][100:])
    with (
        server.connect("postgres", DATABASE) as job,
        ThreadPoolExecutor() as threads,
    ):
        run = threads.submit(_count_days, job)
        captures = [measure_writes(server, "service_role", lambda: (INSERT, [0.3]))]
        while not run.done():
            captures.append(measure_writes(server, "service_role", lambda: (INSERT, [0.3])))
        run.result()
    return ratio, median(captures)


def _count_days(job: Connection) -> None:
    """Count days again, today above all: captures go on, so it changes all the time."""
    for _ in range(50):
        job.execute("select private.count_changed_day()")


def measure_health(server: Server) -> tuple[float, float]:
    """Count all days; return the milliseconds of the figures, and of the slowest day counted again.

    A signed-in user of the console reads the figures of 30 days.
    """
    milliseconds = []
    with server.connect("postgres", DATABASE) as connection:
        connection.execute("select private.count_changed_day()")
        counted: object = 1
        while counted:
            start = time.perf_counter()
            row = connection.execute("select private.count_changed_day()").fetchone()
            milliseconds.append((time.perf_counter() - start) * 1000)
            counted = row[0] if row else 0
    (health,) = measure_queries(server, (SERVICE, "select public.health(30)"), times=20)
    return health, max(milliseconds)


def measure_queue_timing_ratio(server: Server) -> float:
    """Return the median capture time of a queued text, divided by that of any other text.

    The ratio bounds the timing side channel: how much a sender with direct access to the database
    could learn about the messages of others.
    """
    milliseconds: dict[str, list[float]] = {"in the queue": [], "not in the queue": []}
    with server.connect("postgres", DATABASE) as connection:
        connection.execute("update private.settings set audit_rate = 0")
        connection.execute(CAPTURE, ["in the queue", 0.3])
        for _ in range(500):
            # The order is random, because the second text finds warm caches.
            for text in random.sample(sorted(milliseconds), 2):
                start = time.perf_counter()
                connection.execute(CAPTURE, [text, 0.9])
                milliseconds[text].append((time.perf_counter() - start) * 1000)
    return median(milliseconds["in the queue"]) / median(milliseconds["not in the queue"])


def measure_retention(server: Server) -> list[float]:
    """Delete expired rows in 30 batches of the default size; return milliseconds per batch."""
    milliseconds = []
    with server.connect("postgres", DATABASE) as connection:
        connection.execute("update private.settings set row_retention_days = 150")
        for _ in range(30):
            start = time.perf_counter()
            connection.execute("select private.delete_expired_rows()")
            milliseconds.append((time.perf_counter() - start) * 1000)
    return milliseconds


def measure_scheduled_retention(server: Server) -> tuple[float, float]:
    """Run the scheduled job once while captures go on.

    Return the nights that the job needs for 3.3 million rows (20 seconds per minute, six hours per
    night), and the median milliseconds of a capture during the job.
    """
    count = "select count(*) from public.nlu_prompt_logs"
    command = "select command from cron.job where jobname = 'prompt-capture: delete expired rows'"
    with (
        server.connect("postgres", DATABASE) as connection,
        server.connect("postgres", DATABASE) as job,
        ThreadPoolExecutor() as threads,
    ):
        ((before,),) = connection.execute(count.encode()).fetchall()
        ((scheduled,),) = connection.execute(command.encode()).fetchall()
        start = time.perf_counter()
        run = threads.submit(job.execute, str(scheduled).encode())
        captures, inserted = [], 0
        while not run.done():
            captures.append(measure_writes(server, "service_role", lambda: (INSERT, [0.9])))
            inserted += 100
        seconds = time.perf_counter() - start
        run.result()
        ((after,),) = connection.execute(count.encode()).fetchall()
    assert isinstance(before, int)
    assert isinstance(after, int)
    rows_per_second = (before + inserted - after) / seconds
    nights = 3_300_000 / (rows_per_second * 20 * 60 * 6)
    return nights, median(captures)


def measure_erasure(server: Server) -> tuple[float, float]:
    """Erase the prolific user.

    Return the milliseconds of the slowest step, and the minutes for a million rows.
    """
    milliseconds, erased, finished = [], 0, False
    with server.connect("postgres", DATABASE) as connection:
        connection.execute("set role service_role")
        while not finished:
            start = time.perf_counter()
            row = connection.execute("select public.continue_erasure(%s)", [PROLIFIC]).fetchone()
            milliseconds.append((time.perf_counter() - start) * 1000)
            assert row is not None
            step = row[0]
            assert isinstance(step, dict)
            finished, erased = step["finished"], erased + step.get("erased", 0)
    return max(milliseconds), sum(milliseconds) / erased * 1_000_000 / 60_000


def measure_all(server: Server) -> list[tuple[str, float, float, str]]:
    """Return the name, value, goal (an upper limit) and unit of every metric."""
    (queue,) = measure_queries(server, (DASHBOARD, QUEUE))
    (own,) = measure_queries(server, (USER, PAGE.format(where="")))
    where = f"where user_id = '{ALICE}'"
    guarded, bare = measure_queries(
        server, (USER, PAGE.format(where=where)), (SERVICE, PAGE.format(where=where)), times=2000
    )
    with connect_as(server, DATABASE, EXPORTER) as exporter:
        # Reading so far takes longer than the role may on a busy machine; it is not measured.
        exporter.execute("set statement_timeout = 0")
        row = exporter.execute(
            """select created_at::text, id::text from public.exportable_prompts
               order by created_at, id offset 900000 limit 1"""
        ).fetchone()
    assert row is not None
    created_at, last_id = row
    after = f"""and created_at >= '{created_at}'
      and (created_at > '{created_at}' or (created_at = '{created_at}' and id > '{last_id}'))"""
    first, deep = measure_queries(
        server,
        (EXPORTER, EXPORT_PAGE.format(after="")),
        (EXPORTER, EXPORT_PAGE.format(after=after)),
    )
    confident = measure_writes(server, "service_role", lambda: (INSERT, [0.9]))
    queued = measure_writes(server, "service_role", lambda: (INSERT, [0.3]))
    timing_ratio = measure_queue_timing_ratio(server)
    correction = measure_writes(server, "service_role", lambda: (CORRECT, []))
    health, slowest_day = measure_health(server)
    ratio_of_counts, capture_while_counting = measure_cost_of_counts(server)
    batches = measure_retention(server)
    nights, capture_meanwhile = measure_scheduled_retention(server)
    slowest_step, minutes = measure_erasure(server)
    return [
        ("review queue, first page", queue, 5, "ms"),
        ("own prompts of a user, first page", own, 10, "ms"),
        ("own prompts, with / without row-level security", guarded / bare, 1.1, ""),
        ("export, first page of 1,000 rows", first, 1000, "ms"),
        ("export, deep page / first page", deep / first, 1.5, ""),
        ("retention, slowest of 30 batches", max(batches), 200, "ms"),
        ("retention, nights for 3.3 million rows", nights, 1, ""),
        ("capture, during retention", capture_meanwhile, 5, "ms"),
        ("erasure, slowest step", slowest_step, 200, "ms"),
        ("erasure, minutes for a million rows", minutes, 10, ""),
        ("capture, confident prediction", confident, 5, "ms"),
        ("capture, queued for review", queued, 5, "ms"),
        ("capture, text already queued / any other text", timing_ratio, 2, ""),
        ("correction", correction, 50, "ms"),
        ("figures of health, 30 days", health, 1000, "ms"),
        ("counting a day again, slowest", slowest_day, 1000, "ms"),
        ("capture, with / without the triggers of the counts", ratio_of_counts, 1.05, ""),
        ("capture, while days are counted", capture_while_counting, 5, "ms"),
    ]


def main() -> int:
    """Fill the database, measure, and print; return 1 if a metric misses its goal."""
    with tempfile.TemporaryDirectory() as folder, Postgres(Path(folder) / "pg", False) as postgres:
        server = Server(postgres.dsn)
        server.create_project(DATABASE)
        with server.connect("postgres", DATABASE) as dashboard:
            migrate(dashboard)
        start = time.monotonic()
        with server.connect("supabase_admin", DATABASE) as admin:
            admin.execute(FILL)
            admin.execute("update private.settings set daily_cap = 1000000")
            admin.execute("vacuum analyze")
        print(f"Inserted {ROWS:,} rows in {time.monotonic() - start:.0f} s.")
        results = measure_all(server)
    for name, value, goal, unit in results:
        verdict = "" if value <= goal else "   GOAL MISSED"
        print(f"{name:52}{value:9.2f} {unit:2}   goal ≤ {goal:g}{verdict}")
    print(json.dumps({name: round(value, 3) for name, value, _, _ in results}))
    return int(any(value > goal for _, value, goal, _ in results))


if __name__ == "__main__":
    sys.exit(main())
