"""`make bench-db`: what reviewers, users, exports and retention wait for, at a million rows."""

import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from infra.local.postgres import Postgres

from .cast import ALICE, DASHBOARD, EXPORTER, SERVICE, USER, Actor, acting_as
from .server import Server, migrate

ROWS = 1_000_000
DATABASE = "bench"

# 2,000 users over 200 days, the oldest 250,000 rows past retention once `row_retention_days` is 150.
# Without triggers: the point is how a large table is read, not how it grew.
FILL = f"""
set session_replication_role = replica;
insert into auth.users (id)
select '{ALICE}' union all select gen_random_uuid() from generate_series(1, 1999);

insert into public.nlu_prompt_logs (
  id, user_id, prompt, predicted_intent, confidence, source, model_version, text_key, created_at,
  corrected_intent, corrected_by, corrected_at, sampling_probability
)
select
  gen_random_uuid(), owners.id, 'message number ' || n, 'help',
  case when n % 10 = 0 then 0.05 * (n % 14) else 0.7 + 0.003 * (n % 100) end,
  'model', 'bench', decode(md5(n::text), 'hex'), now() - ({ROWS} - n) * interval '17 seconds',
  case when n % 50 = 0 then 'search' end, case when n % 50 = 0 then 'ann' end,
  case when n % 50 = 0 then now() end, case when n % 10 = 0 then 1 end
from generate_series(1, {ROWS}) as numbers (n)
join (select id, row_number() over (order by id) as place from auth.users) as owners
  on place = 1 + n % 2000;

insert into public.review_queue (
  place, text, predicted_intent, confidence, reasons, times_sent, users, waiting_since, text_key
)
select private.place('{{low_confidence}}', confidence, 1), prompt, predicted_intent, confidence,
  '{{low_confidence}}', 1, 1, created_at, text_key
from public.nlu_prompt_logs where sampling_probability = 1 and corrected_intent is null;
"""

COLUMNS = "id, prompt, predicted_intent, confidence, corrected_intent, created_at"
QUEUE = "select * from public.review_queue order by place asc nulls last, id limit 100"
PAGE = "select * from public.nlu_prompt_logs {where} order by created_at desc limit 50"
LEARN = f"""select {COLUMNS} from public.exportable_prompts
  where (corrected_intent is not null or confidence > 0.85) {{after}}
  order by created_at, id limit 1000"""
INSERT = f"""insert into public.nlu_prompt_logs
  (id, user_id, prompt, predicted_intent, confidence, source, model_version)
  values (gen_random_uuid(), '{ALICE}', 'captured ' || random(), 'help', %s, 'model', 'bench')"""
CAPTURE = INSERT.replace("'captured ' || random()", "%s")
CORRECT = """insert into public.correction_events (log_id, to_intent, reviewer, channel)
  select log.id, case when random() < 0.5 then 'help' else 'status' end, 'r' || random(), 'api'
  from public.nlu_prompt_logs log order by created_at desc, id limit 1"""


def timed(server: Server, *asked: tuple[Actor, str], times: int = 300) -> list[float]:
    """Run queries by turns, each as somebody, and return the median milliseconds of each."""
    spent: list[list[float]] = [[] for _ in asked]
    with ExitStack() as open_connections:
        connections = [
            open_connections.enter_context(acting_as(server, DATABASE, actor)) for actor, _ in asked
        ]
        for _ in range(times):
            for place, (_, query) in enumerate(asked):
                start = time.perf_counter()
                connections[place].execute(query.encode()).fetchall()
                spent[place].append((time.perf_counter() - start) * 1000)
    return [median(figures[times // 10 :]) for figures in spent]


def changing(server: Server, role: str, run: Callable[[], tuple[str, list[object]]]) -> float:
    """Run a statement that writes, each time in a transaction of its own."""
    spent = []
    with server.connect("postgres", DATABASE) as connection:
        connection.execute(f"set role {role}".encode())
        for _ in range(100):
            statement, values = run()
            start = time.perf_counter()
            connection.execute(statement.encode(), values or None)
            spent.append((time.perf_counter() - start) * 1000)
    return median(spent)


def capturing_what_is_queued(server: Server) -> float:
    """Capture a text that is in the queue, and one that is not, by turns: how much longer it takes.

    So much a sender could learn of what others sent, if they could time the database itself.
    """
    spent: dict[str, list[float]] = {"in the queue": [], "not in the queue": []}
    with server.connect("postgres", DATABASE) as connection:
        connection.execute("update private.settings set audit_rate = 0")
        connection.execute(CAPTURE, ["in the queue", 0.3])
        for _ in range(500):
            for text in random.sample(sorted(spent), 2):  # whoever comes second finds it warm
                start = time.perf_counter()
                connection.execute(CAPTURE, [text, 0.9])
                spent[text].append((time.perf_counter() - start) * 1000)
    return median(spent["in the queue"]) / median(spent["not in the queue"])


def retention(server: Server) -> list[float]:
    """Delete expired rows, 30 batches of the default size."""
    spent = []
    with server.connect("postgres", DATABASE) as connection:
        connection.execute("update private.settings set row_retention_days = 150")
        for _ in range(30):
            start = time.perf_counter()
            connection.execute("select private.delete_expired_rows()")
            spent.append((time.perf_counter() - start) * 1000)
    return spent


def measure(server: Server) -> list[tuple[str, float, float, str]]:
    """Measure all; each figure with what it may be at most, and its unit."""
    (queue,) = timed(server, (DASHBOARD, QUEUE))
    (own,) = timed(server, (USER, PAGE.format(where="")))
    where = f"where user_id = '{ALICE}'"
    guarded, bare = timed(
        server, (USER, PAGE.format(where=where)), (SERVICE, PAGE.format(where=where)), times=2000
    )
    with acting_as(server, DATABASE, EXPORTER) as exporter:
        row = exporter.execute(
            """select created_at::text, id::text from public.exportable_prompts
               order by created_at, id offset 900000 limit 1"""
        ).fetchone()
    assert row is not None
    moment, last = row
    after = f"""and created_at >= '{moment}'
      and (created_at > '{moment}' or (created_at = '{moment}' and id > '{last}'))"""
    first, deep = timed(
        server, (EXPORTER, LEARN.format(after="")), (EXPORTER, LEARN.format(after=after))
    )
    sure = changing(server, "service_role", lambda: (INSERT, [0.9]))
    unsure = changing(server, "service_role", lambda: (INSERT, [0.3]))
    told_apart = capturing_what_is_queued(server)
    correction = changing(server, "service_role", lambda: (CORRECT, []))
    batches = retention(server)
    return [
        ("review queue, first page", queue, 5, "ms"),
        ("a user's own page", own, 10, "ms"),
        ("the same with row level security / without", guarded / bare, 1.1, ""),
        ("export, first page of 1,000", first, 1000, "ms"),
        ("export, deep page / first page", deep / first, 1.5, ""),
        ("retention, the slowest of 30 batches", max(batches), 200, "ms"),
        ("capture, confident", sure, 5, "ms"),
        ("capture, queued", unsure, 5, "ms"),
        ("the same, of a queued text / of another", told_apart, 2, ""),
        ("correction", correction, 50, "ms"),
    ]


def main() -> int:
    """Fill, measure, print; fails when a figure is beyond what it may be."""
    with tempfile.TemporaryDirectory() as folder, Postgres(Path(folder) / "pg", False) as postgres:
        server = Server(postgres.dsn)
        server.create_project(DATABASE)
        with server.connect("postgres", DATABASE) as dashboard:
            migrate(dashboard)
        began = time.monotonic()
        with server.connect("supabase_admin", DATABASE) as admin:
            admin.execute(FILL)
            admin.execute(f"alter database {DATABASE} set random_page_cost = 1.1".encode())
            admin.execute("update private.settings set daily_cap = 1000000")
            admin.execute("vacuum analyze")
        print(f"{ROWS:,} rows in {time.monotonic() - began:.0f} s")
        figures = measure(server)
    for name, figure, most, unit in figures:
        verdict = "" if figure <= most else "   TOO MUCH"
        print(f"{name:46}{figure:9.2f} {unit:2}   at most {most:g}{verdict}")
    print(json.dumps({name: round(figure, 3) for name, figure, _, _ in figures}))
    return int(any(figure > most for _, figure, most, _ in figures))


if __name__ == "__main__":
    sys.exit(main())
