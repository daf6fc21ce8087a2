"""What is wrong with the database is seen in a real one, and undone."""

import os

import psycopg
import pytest

from cli.checks.repository import migration_names, nightly_jobs, relations
from infra.local import variables
from infra.local.stack import Stack
from tests.doctor.conftest import Environment, Look, damaged, faults, states

JOB = "prompt-capture: tidy the queue"


@pytest.mark.parametrize(
    "check", ["migrations", "row level security", "anonymous reads", "nightly jobs"]
)
def test_the_database_of_a_healthy_deployment_is_well(
    look: Look, settings: Environment, check: str
) -> None:
    assert set(states(look(check, settings)).values()) == {"ok"}


def test_a_migration_that_is_missing_is_named(
    look: Look, settings: Environment, warm: Stack
) -> None:
    last = migration_names()[-1]
    version, _, name = last.partition("_")
    records = "supabase_migrations.schema_migrations"
    with damaged(
        warm,
        f"delete from {records} where version = '{version}'",
        f"insert into {records} values ('{version}', null, '{name}')",
    ):
        findings = look("migrations", settings)

    assert faults(findings) == {"database": f"lacks {last}"}
    assert findings[0].remediation == "`supabase db push`"


def test_of_a_new_project_everything_that_migrations_make_is_missing(look: Look) -> None:
    with Stack(f"doctor-{os.getpid()}", migrated=False) as new:
        settings = variables.of(new)
        migrations, jobs = look("migrations", settings), look("nightly jobs", settings)
        keys, reads = look("keys taken", settings), look("anonymous reads", settings)

    assert faults(migrations) == {"database": f"lacks {', '.join(migration_names())}"}
    assert faults(jobs) == dict.fromkeys(nightly_jobs(), "is not scheduled")
    assert faults(keys) == {
        "SUPABASE_SIGNING_KEY": "is trusted, but prompt_writer is missing",
    }
    assert states(reads) == dict.fromkeys(relations(), "skipped")


@pytest.mark.parametrize("table", ["public.nlu_prompt_logs", "private.keys"])
def test_a_table_without_row_level_security_is_named(
    look: Look, settings: Environment, warm: Stack, table: str
) -> None:
    with damaged(
        warm,
        f"alter table {table} disable row level security",
        f"alter table {table} enable row level security",
    ):
        findings = look("row level security", settings)

    assert faults(findings).keys() == {table}
    assert findings[0].remediation == f"`alter table {table} enable row level security;`"


def test_a_table_of_somebody_elses_is_looked_at_too(
    look: Look, settings: Environment, warm: Stack
) -> None:
    with damaged(warm, 'create table public."Their own" ()', 'drop table public."Their own"'):
        assert faults(look("row level security", settings)).keys() == {'public."Their own"'}


def test_a_view_that_passes_row_level_security_by_is_named(
    look: Look, settings: Environment, warm: Stack
) -> None:
    view = "public.daily_totals"
    with damaged(
        warm,
        f"alter view {view} reset (security_invoker)",
        f"alter view {view} set (security_invoker = on)",
    ):
        assert faults(look("row level security", settings)).keys() == {view}


def test_a_table_that_anybody_can_read_is_named_and_no_row_is_shown(
    look: Look, settings: Environment, warm: Stack
) -> None:
    table = "public.intent_catalogue"
    with damaged(
        warm,
        f"alter table {table} disable row level security; grant select on {table} to anon",
        f"revoke all on {table} from anon; alter table {table} enable row level security",
    ):
        findings = look("anonymous reads", settings)

    assert faults(findings) == {"intent_catalogue": "can be read by everybody"}
    assert "reschedule" not in repr(findings)


def test_a_nightly_job_that_is_off_or_gone_is_named(
    look: Look, settings: Environment, warm: Stack
) -> None:
    with damaged(
        warm,
        f"update cron.job set active = false where jobname = '{JOB}'",
        f"update cron.job set active = true where jobname = '{JOB}'",
    ):
        assert faults(look("nightly jobs", settings)) == {JOB: "is switched off"}
    with damaged(
        warm,
        f"update cron.job set jobname = 'x' where jobname = '{JOB}'",
        f"update cron.job set jobname = '{JOB}' where jobname = 'x'",
    ):
        assert faults(look("nightly jobs", settings)) == {JOB: "is not scheduled"}


def test_without_the_databases_address_what_needs_it_is_skipped(
    look: Look, settings: Environment
) -> None:
    del settings["DATABASE_URL"]

    for check in ("migrations", "row level security", "nightly jobs"):
        [finding] = look(check, settings)
        assert (finding.subject, finding.state) == ("DATABASE_URL", "skipped")
        assert "Session pooler" in finding.remediation


def test_a_role_that_may_not_look_is_skipped(look: Look, settings: Environment) -> None:
    settings["DATABASE_URL"] = settings["DATABASE_URL"].replace("//postgres:", "//authenticator:")

    assert states(look("migrations", settings)) == {"the rest": "skipped"}


def test_a_wrong_password_is_an_address_that_lets_nobody_in_and_is_not_shown(
    look: Look, settings: Environment
) -> None:
    settings["DATABASE_URL"] = settings["DATABASE_URL"].replace("@", "marmalade@")
    findings = look("addresses", settings)

    assert faults(findings) == {"database": "lets nobody in (OperationalError)"}
    assert "marmalade" not in repr(findings)
    assert states(look("migrations", settings)) == {"the rest": "skipped"}


def test_the_repository_tells_every_table_view_and_job(warm: Stack) -> None:
    with psycopg.connect(warm.postgres_dsn) as connection:
        made = connection.execute(
            "select relname from pg_class where relnamespace = 'public'::regnamespace "
            "and relkind in ('r', 'v')"
        ).fetchall()
        jobs = connection.execute("select jobname from cron.job").fetchall()

    assert sorted(relations()) == sorted(name for (name,) in made)
    assert sorted(nightly_jobs()) == sorted(name for (name,) in jobs)
