"""Whether the database's own jobs are on: they delete what has grown old."""

from collections.abc import Iterator

import psycopg

from cli.checks.deployment import Deployment
from cli.checks.finding import Finding, ok, wrong
from cli.checks.repository import nightly_jobs as expected_jobs

_JOBS = "select jobname, active from cron.job"
_SWITCH_ON = "select cron.alter_job(jobid, active := true) from cron.job where jobname ="


def nightly_jobs(deployment: Deployment) -> Iterator[Finding]:
    """Name every job that pg_cron lacks or was told to leave."""
    try:
        active: dict[str, bool] = dict(deployment.query(_JOBS))
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        active = {}
    faults = [name for name in expected_jobs() if not active.get(name)]
    for name in faults:
        if name in active:
            yield wrong(
                name,
                "is switched off",
                f"`{_SWITCH_ON} '{name}';`",
            )
        else:
            yield wrong(
                name,
                "is not scheduled",
                "Enable pg_cron (Dashboard, Integrations, Cron), `supabase db push`; if it was "
                "pushed, run the migration's cron.schedule(...) for it in the SQL editor.",
            )
    if not faults:
        yield ok("pg_cron", f"has all {len(expected_jobs())} jobs on")
