"""The checks `migrations`, `row level security`, `anonymous access` and `nightly jobs`."""

import re
from collections.abc import Iterator

import httpx
import psycopg

from cli.checks.interface import CheckResult, Deployment, ok, skipped, wrong
from cli.checks.keys import check_acceptance, usable_key_or_none
from cli.migration_copies import APPLIED_MIGRATIONS, Migration, find_copies, own_migrations
from prompt_capture.adapters.supabase.keys import PUBLISHABLE
from prompt_capture.domain.text import NORMAL_FORM_VERSION

_CREATED_RELATION = re.compile(r"^create (?:table|view) public\.(\w+)", re.MULTILINE)
_SCHEDULED_JOB = re.compile(r"cron\.schedule\(\s*'([^']+)'")

_NORMAL_FORM = """
select private.normal_form_version(), exists (
  select from (
    (select text from public.review_queue limit 5000)
    union all (select text from public.labelled_texts limit 5000)
  ) as stored
  where private.normalise_text(text) <> text
)
"""
"""A stored text that is not in the present form has a key of an earlier one."""

_JOBS = "select jobname, active from cron.job"
_ACTIVATE = "select cron.alter_job(jobid, active := true) from cron.job where jobname ="
_RETENTION = """
select kind, setting, days, coalesce(extract(day from now() - oldest_at), 0)::integer
from private.list_retained()
"""
_RELATIONS = """
select format('%I.%I', nspname, relname), relkind = 'v', case
    when relkind = 'v' then exists (
      select from pg_options_to_table(reloptions)
      where option_name = 'security_invoker' and option_value::boolean
    )
    else relrowsecurity
  end
from pg_class join pg_namespace on pg_namespace.oid = relnamespace
where nspname in ('public', 'private') and relkind in ('r', 'p', 'v')
  and not exists (
    select from pg_depend where classid = 'pg_class'::regclass and objid = pg_class.oid
      and deptype = 'e'
  )
order by 1
"""
"""Views bypass row level security unless they are `security_invoker`. Extensions are excluded."""

_RETENTION_DELAY_DAYS = 2
"""Retention runs at night, so rows may be a day older than the setting. One night may fail."""

_DENIED = {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}


def migrations(deployment: Deployment) -> Iterator[CheckResult]:
    """Compare the migrations with those that the Supabase CLI recorded as applied.

    Copies of them in the history of another project count.
    """
    history = applied_migrations(deployment)
    copies = find_copies(history, own_migrations())
    missing = [original.stem for original, found in copies.items() if not found]
    if not missing:
        yield ok("database", f"has all {len(copies)}")
        yield _normal_form(deployment)
        return
    has_others = len(history) > sum(map(len, copies.values()))
    addition = "`prompt-capture migrations add --to DIR`, then " if has_others else ""
    yield wrong("database", f"lacks {', '.join(missing)}", f"{addition}`supabase db push`")


def _normal_form(deployment: Deployment) -> CheckResult:
    """Compare the normal form of the database with that of this package and of stored texts."""
    subject = "normal form"
    try:
        [(version, has_earlier_texts)] = deployment.query(_NORMAL_FORM)
    except psycopg.errors.UndefinedFunction:
        version, has_earlier_texts = 1, False
    if version != NORMAL_FORM_VERSION:
        return wrong(
            subject,
            f"is version {version} in the database and {NORMAL_FORM_VERSION} in this package",
            "Use the migrations and the functions of one release.",
        )
    if has_earlier_texts:
        return wrong(
            subject,
            f"is version {version}, but stored texts have an earlier one",
            'See "Rebuild text keys" in docs/how-to/operate.md.',
        )
    return ok(subject, f"is version {version}")


def newest_migration(deployment: Deployment) -> str:
    """Return the name of the last migration that is applied, or "none"."""
    copies = find_copies(applied_migrations(deployment), own_migrations())
    applied = [original.stem for original, found in copies.items() if found]
    return applied[-1] if applied else "none"


def applied_migrations(deployment: Deployment) -> list[Migration]:
    """Return the applied migrations, none for a new project. Raises as `Deployment.query` does."""
    try:
        return [Migration(*row) for row in deployment.query(APPLIED_MIGRATIONS)]
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        return []


def row_level_security(deployment: Deployment) -> Iterator[CheckResult]:
    """Report every table and view without it, your own in these schemas included."""
    relations = deployment.query(_RELATIONS)
    for name, is_view, is_protected in relations:
        if not is_protected and is_view:
            yield wrong(
                name,
                "shows rows with its owner's privileges",
                f"`alter view {name} set (security_invoker = on);`",
            )
        elif not is_protected:
            yield wrong(
                name,
                "has no row level security: every role with a grant can read all rows",
                f"`alter table {name} enable row level security;`",
            )
    protected = sum(is_protected for _, _, is_protected in relations)
    if protected == len(relations):
        yield ok("public, private", f"is on for all {protected} tables and views")


def anonymous_access(deployment: Deployment) -> Iterator[CheckResult]:
    """Request the first row of each table and view by HEAD, so that no row is sent."""
    key = usable_key_or_none(deployment, PUBLISHABLE)
    if key is None or check_acceptance(deployment, PUBLISHABLE).state != "ok":
        yield skipped(
            "anonymous", f"{PUBLISHABLE} cannot be used", "See `keys` and `accepted keys`."
        )
        return
    responses = {name: _request_first_row(deployment, name, key) for name in expected_relations()}
    problems = [
        problem
        for name, response in responses.items()
        if (problem := _access_problem(name, response))
    ]
    yield from problems
    if not problems:
        yield ok("anonymous", f"can read none of {len(responses)} tables and views")


def _access_problem(name: str, response: httpx.Response) -> CheckResult | None:
    if _has_row(response):
        return wrong(
            name,
            "can be read without signing in",
            f"`revoke all on public.{name} from anon;` and check which policy allows it.",
        )
    if response.is_success or response.status_code in _DENIED:
        return None
    return skipped(name, f"the project returns HTTP {response.status_code}", "See `migrations`.")


def _request_first_row(deployment: Deployment, name: str, key: str) -> httpx.Response:
    return deployment.http.head(f"{deployment.rest_url}/{name}?limit=1", headers={"apikey": key})


def _has_row(response: httpx.Response) -> bool:
    """Read PostgREST's Content-Range: `0-0/*` if it would send a row, `*/*` if not."""
    return response.is_success and not response.headers.get("Content-Range", "*").startswith("*")


def nightly_jobs(deployment: Deployment) -> Iterator[CheckResult]:
    """Report every job that pg_cron lacks or that is inactive, and rows that retention left."""
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
        yield _retention(deployment)


def _retention(deployment: Deployment) -> CheckResult:
    late = [row for row in deployment.query(_RETENTION) if row[3] > row[2] + _RETENTION_DELAY_DAYS]
    if not late:
        return ok("retention", "keeps pace: nothing is much older than its setting")
    return wrong(
        "retention",
        "falls behind: "
        + "; ".join(
            f"the oldest {kind} is {oldest_days} days old, {setting} is {days}"
            for kind, setting, days, oldest_days in late
        ),
        "See why runs fail: `select * from cron.job_run_details order by start_time desc;`. If "
        "they succeed, raise retention_batch_rows in private.settings.",
    )


def expected_relations() -> list[str]:
    """Return the tables and views that migrations create in schema `public`."""
    return _find_all(_CREATED_RELATION)


def expected_jobs() -> list[str]:
    """Return the names of the jobs that migrations schedule."""
    return _find_all(_SCHEDULED_JOB)


def _find_all(pattern: re.Pattern[str]) -> list[str]:
    found = (name for migration in own_migrations() for name in pattern.findall(migration.sql))
    return list(dict.fromkeys(found))
