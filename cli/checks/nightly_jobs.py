"""Check that the database's nightly jobs are active. They enforce retention."""

from collections.abc import Iterator

import psycopg

from cli.checks.deployment import Deployment
from cli.checks.repository import nightly_jobs as expected_jobs
from cli.checks.results import CheckResult, ok, wrong

_JOBS = "select jobname, active from cron.job"
_ACTIVATE = "select cron.alter_job(jobid, active := true) from cron.job where jobname ="


def nightly_jobs(deployment: Deployment) -> Iterator[CheckResult]:
    """Report every job that pg_cron lacks or that is inactive."""
    try:
        active: dict[str, bool] = dict(deployment.query(_JOBS))
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        active = {}
    missing = [name for name in expected_jobs() if not active.get(name)]
    for name in missing:
        if name in active:
            yield wrong(name, "is inactive", f"`{_ACTIVATE} '{name}';`")
        else:
            yield wrong(
                name,
                "is not scheduled",
                "Enable pg_cron (Dashboard, Integrations, Cron), then `supabase db push`. If the "
                "migration was applied already, run its cron.schedule(...) in the SQL editor.",
            )
    if not missing:
        yield ok("pg_cron", f"has all {len(expected_jobs())} jobs active")
