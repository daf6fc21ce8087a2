"""`make bench NAME=export`: throughput and memory of an export, at several database sizes.

The export runs in its own process, through PostgREST, into a real S3 server. Memory is the peak of
the process minus its memory before the export.
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

from infra.lambda_emulator import REGION
from infra.local.keys import generate_keys
from infra.local.postgres import Postgres
from infra.local.postgrest import PostgREST
from infra.local.s3 import S3Server
from tests.database.server import Server, migrate

SIZES = (10_000, 100_000, 1_000_000)
POLICIES = ("confidence", "audited")

# Every fifth message is a repetition. Two percent were sampled for review and have a decision.
FILL = """
set session_replication_role = replica;
insert into auth.users (id) select gen_random_uuid() from generate_series(1, 2000);
insert into public.nlu_prompt_logs (
  id, user_id, prompt, predicted_intent, confidence, scope, source, model_version, text_key,
  created_at, is_audited, audit_probability, was_successful, outcome_recorded_at
)
select gen_random_uuid(), owners.id, said,
  (array['scheduling', 'task_management', 'reminder', 'email'])[1 + n %% 4],
  0.75 + 0.0025 * (n %% 100), 0.9, case when n %% 20 = 0 then 'rule' else 'model' end, 'bench',
  substring(sha256(convert_to(said, 'UTF8')) from 1 for 16), now() - n * interval '7 seconds',
  n %% 50 = 0, 0.02, case when n %% 3 = 0 then true end,
  case when n %% 3 = 0 then now() end
from (
  select n, 'move ' || substr(md5((n - n %% 5 / 4)::text), 1, 12) || ' to '
    || substr(md5((n - n %% 5 / 4)::text), 13, 18) || ', please' as said
  from generate_series(1, %(rows)s) as numbers (n)
) as written
join (select id, row_number() over (order by id) as place from auth.users) as owners
  on place = 1 + n %% 2000;
insert into public.review_queue (
  rank, text, predicted_intent, confidence, reasons, times_sent, user_count, decided_at, reviewer,
  corrected_intent, text_key
)
select distinct on (text_key) 1000000, prompt, predicted_intent, confidence, '{}', 1, 1, now(),
  'ann', 'scheduling', text_key
from public.nlu_prompt_logs where is_audited;
set session_replication_role = origin;
analyze public.nlu_prompt_logs;
analyze public.review_queue;
"""


def read_memory(field: str) -> float:
    """Return this process's memory in MiB: `VmRSS` is the current value, `VmHWM` the peak."""
    status = Path("/proc/self/status").read_text("utf-8")
    line = next(line for line in status.splitlines() if line.startswith(f"{field}:"))
    return int(line.split()[1]) / 1024


def run_export(policy: str) -> dict[str, float]:
    """Export once, as the function does; return the seconds, lines and MiB above idle."""
    import boto3  # noqa: PLC0415

    from prompt_capture.adapters.aws.s3_datasets import S3DatasetStore  # noqa: PLC0415
    from prompt_capture.adapters.http_client import create_http_client  # noqa: PLC0415
    from prompt_capture.adapters.supabase.access import SupabaseAccess  # noqa: PLC0415
    from prompt_capture.adapters.supabase.export_source import SupabaseExports  # noqa: PLC0415
    from prompt_capture.domain.datasets.requests import ExportRequest  # noqa: PLC0415
    from prompt_capture.settings.supabase import SupabaseSettings  # noqa: PLC0415
    from prompt_capture.workflows.exports.export import ExportDataset  # noqa: PLC0415

    settings = SupabaseSettings.from_env()
    client = create_http_client(30, SupabaseAccess(settings, "prompt_exporter"))
    export_dataset = ExportDataset(
        SupabaseExports(client, str(settings.supabase_url).rstrip("/")),
        S3DatasetStore(boto3.client("s3"), os.environ["EXPORT_BUCKET"]),
        report=lambda rows: print(rows, file=sys.stderr, flush=True),
    )
    idle, start = read_memory("VmRSS"), time.perf_counter()
    request = ExportRequest.from_event({"mode": "retraining", "policy": policy, "floor": 0})
    result = asyncio.run(export_dataset(request))
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "lines": result.rows, "memory": read_memory("VmHWM") - idle}


def run_in_subprocess(policy: str, environment: dict[str, str], rows: int, console: Console) -> Any:
    """Run one export in its own process and show its progress. Raises `RuntimeError`."""
    command = [sys.executable, "-m", "tests.exports.bench", policy]
    with (
        subprocess.Popen(
            command,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as child,
        console.status(f"Exporting with policy {policy}") as status,
    ):
        assert child.stderr
        assert child.stdout
        log_lines = []
        for line in child.stderr:
            if line.strip().isdigit():
                status.update(f"Exporting with policy {policy}: {int(line):,} of {rows:,} rows")
            else:
                log_lines.append(line)
        output = child.stdout.read()
    if child.returncode:
        raise RuntimeError(f"The export failed.\n{''.join(log_lines[-20:])}")
    return json.loads(output)


def measure_exports(
    postgres: Postgres, folder: Path, rows: int, s3: S3Server, console: Console
) -> Any:
    """Fill a database with `rows` rows and export it with each policy."""
    server, name = Server(postgres.dsn), f"rows_{rows}"
    server.create_project(name)
    with server.connect("postgres", name) as connection:
        migrate(connection)
    with (
        console.status(f"Inserting {rows:,} rows"),
        server.connect("supabase_admin", name) as admin,
    ):
        admin.execute((FILL % {"rows": rows}).encode())
    keys = generate_keys()
    postgrest = PostgREST(folder, server.url("authenticator", name), keys)
    postgrest.start()
    try:
        environment = {
            "SUPABASE_URL": postgrest.url,
            "SUPABASE_SIGNING_KEY": keys.signing_key,
            "EXPORT_BUCKET": s3.bucket,
            "AWS_ENDPOINT_URL_S3": s3.endpoint,
            "AWS_ACCESS_KEY_ID": s3.access_key,
            "AWS_SECRET_ACCESS_KEY": s3.secret_key,
            "AWS_DEFAULT_REGION": REGION,
        }
        return {
            policy: run_in_subprocess(policy, environment, rows, console) for policy in POLICIES
        }
    finally:
        postgrest.stop()


def main() -> None:
    """Measure every size and print the results."""
    console = Console()
    sizes = [int(size) for size in os.environ.get("SIZES", "").split(",") if size] or SIZES
    table = Table(
        "database rows", "policy", "exported lines", "seconds", "rows/s", "peak MiB above idle"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        s3 = S3Server(folder, "datasets")
        s3.start()
        try:
            with Postgres(folder / "postgres", migrated=False) as postgres:
                for rows in sizes:
                    results = measure_exports(postgres, folder, rows, s3, console)
                    for policy, result in results.items():
                        table.add_row(
                            f"{rows:,}",
                            policy,
                            f"{result['lines']:,}",
                            f"{result['seconds']:.1f}",
                            f"{rows / result['seconds']:,.0f}",
                            f"{result['memory']:.0f}",
                        )
        finally:
            s3.stop()
    console.print(table)


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(run_export(sys.argv[1])))
    else:
        main()
