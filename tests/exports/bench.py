"""`make bench-export`: rows a second, memory and bytes of an export, at several sizes.

The export runs in a process of its own, through PostgREST, into a real S3 server. What it needs in
memory is told above the same process before it began.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from infra.local.keys import generate
from infra.local.postgres import Postgres
from infra.local.postgrest import PostgREST
from infra.local.s3 import REGION, S3Server
from tests.database.server import Server, migrate

SIZES = (10_000, 100_000, 1_000_000)
POLICIES = ("confidence", "audited")

# Every fifth message was sent before. Two in a hundred were drawn for review and decided.
FILL = """
set session_replication_role = replica;
insert into auth.users (id) select gen_random_uuid() from generate_series(1, 2000);
insert into public.nlu_prompt_logs (
  id, user_id, prompt, predicted_intent, confidence, scope, source, model_version, text_key,
  created_at, sampling_probability, was_successful, outcome_recorded_at
)
select gen_random_uuid(), owners.id, said,
  (array['scheduling', 'task_management', 'reminder', 'email'])[1 + n %% 4],
  0.75 + 0.0025 * (n %% 100), 0.9, case when n %% 20 = 0 then 'rule' else 'model' end, 'bench',
  substring(sha256(convert_to(said, 'UTF8')) from 1 for 16), now() - n * interval '7 seconds',
  case when n %% 50 = 0 then 0.02 end, case when n %% 3 = 0 then true end,
  case when n %% 3 = 0 then now() end
from (
  select n, 'move ' || substr(md5((n - n %% 5 / 4)::text), 1, 12) || ' to '
    || substr(md5((n - n %% 5 / 4)::text), 13, 18) || ', please' as said
  from generate_series(1, %(rows)s) as numbers (n)
) as written
join (select id, row_number() over (order by id) as place from auth.users) as owners
  on place = 1 + n %% 2000;
insert into public.review_queue (
  place, text, predicted_intent, confidence, reasons, times_sent, users, decided_at, reviewer,
  corrected_intent, text_key
)
select distinct on (text_key) 1000000, prompt, predicted_intent, confidence, '{}', 1, 1, now(),
  'ann', 'scheduling', text_key
from public.nlu_prompt_logs where sampling_probability < 1;
set session_replication_role = origin;
analyze public.nlu_prompt_logs;
analyze public.review_queue;
"""


def memory(line: str) -> float:
    """Answer megabytes of this process: `VmRSS` now, `VmHWM` at most so far."""
    status = Path("/proc/self/status").read_text("utf-8")
    found = next(entry for entry in status.splitlines() if entry.startswith(f"{line}:"))
    return int(found.split()[1]) / 1024


def export(policy: str) -> dict[str, float]:
    """Export once, as the function does; answer what it took."""
    import boto3  # noqa: PLC0415

    from prompt_capture.adapters.connections import warm_client  # noqa: PLC0415
    from prompt_capture.adapters.s3_datasets import S3DatasetStore  # noqa: PLC0415
    from prompt_capture.adapters.supabase_access import SupabaseAccess  # noqa: PLC0415
    from prompt_capture.adapters.supabase_exports import SupabaseExports  # noqa: PLC0415
    from prompt_capture.domain.datasets.requests import ExportRequest  # noqa: PLC0415
    from prompt_capture.settings import SupabaseSettings  # noqa: PLC0415
    from prompt_capture.workflows.datasets.export import ExportDataset  # noqa: PLC0415

    settings = SupabaseSettings.from_env()
    client = warm_client(30, SupabaseAccess(settings, "prompt_exporter"))
    made = ExportDataset(
        SupabaseExports(client, str(settings.supabase_url).rstrip("/")),
        S3DatasetStore(boto3.client("s3"), os.environ["EXPORT_BUCKET"]),
        report=lambda rows: print(rows, file=sys.stderr, flush=True),
    )
    idle, start = memory("VmRSS"), time.perf_counter()
    request = ExportRequest.from_event({"mode": "retraining", "policy": policy, "floor": 0})
    told = asyncio.run(made(request))
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "lines": told.rows, "memory": memory("VmHWM") - idle}


def run_child(policy: str, environment: dict[str, str], rows: int, console: Console) -> Any:
    """Run one export in a process of its own; show how far it is."""
    command = [sys.executable, "-m", "tests.exports.bench", policy]
    with (
        subprocess.Popen(
            command,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as child,
        console.status(policy) as status,
    ):
        assert child.stderr
        assert child.stdout
        others = []
        for line in child.stderr:
            if line.strip().isdigit():
                status.update(f"{policy}: {int(line):,} of {rows:,} rows")
            else:
                others.append(line)
        answer = child.stdout.read()
    if child.returncode:
        raise RuntimeError("".join(others[-20:]))
    return json.loads(answer)


def measure(postgres: Postgres, folder: Path, rows: int, s3: S3Server, console: Console) -> Any:
    """Fill a database and export it by each policy."""
    server, name = Server(postgres.dsn), f"rows_{rows}"
    server.create_project(name)
    with server.connect("postgres", name) as connection:
        migrate(connection)
    with console.status(f"Filling {rows:,} rows"), server.connect("supabase_admin", name) as admin:
        admin.execute((FILL % {"rows": rows}).encode())
    keys = generate()
    postgrest = PostgREST(folder, server.url("authenticator", name), keys)
    postgrest.start()
    try:
        edge = {
            "SUPABASE_URL": postgrest.url,
            "SUPABASE_SIGNING_KEY": keys.signing_key,
            "EXPORT_BUCKET": s3.bucket,
            "AWS_ENDPOINT_URL_S3": s3.endpoint,
            "AWS_ACCESS_KEY_ID": s3.access_key,
            "AWS_SECRET_ACCESS_KEY": s3.secret_key,
            "AWS_DEFAULT_REGION": REGION,
        }
        return {policy: run_child(policy, edge, rows, console) for policy in POLICIES}
    finally:
        postgrest.stop()


def main() -> None:
    """Measure every size and print the table."""
    console = Console()
    sizes = [int(size) for size in os.environ.get("SIZES", "").split(",") if size] or SIZES
    table = Table("rows", "policy", "lines", "seconds", "rows/s", "MB above idle")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        s3 = S3Server(folder, "datasets")
        s3.start()
        try:
            with Postgres(folder / "postgres", migrated=False) as postgres:
                for rows in sizes:
                    for policy, found in measure(postgres, folder, rows, s3, console).items():
                        table.add_row(
                            f"{rows:,}",
                            policy,
                            f"{found['lines']:,}",
                            f"{found['seconds']:.1f}",
                            f"{rows / found['seconds']:,.0f}",
                            f"{found['memory']:.0f}",
                        )
        finally:
            s3.stop()
    console.print(table)


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(export(sys.argv[1])))
    else:
        main()
