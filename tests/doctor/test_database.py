"""The checks of the database, against real faults that each test reverts."""

import os

import psycopg
import pytest

from cli.checks.database import expected_jobs, expected_relations
from cli.migration_copies import own_migrations
from infra.local import stack_env
from infra.local.stack import Stack
from prompt_capture.domain.text import NORMAL_FORM_VERSION
from tests.doctor.conftest import Environment, RunCheck, changed_database, problems, states

JOB = expected_jobs()[0]


@pytest.mark.parametrize(
    "check", ["migrations", "row level security", "anonymous access", "nightly jobs"]
)
def test_the_database_of_a_healthy_deployment_is_ok(
    run_check: RunCheck, settings: Environment, check: str
) -> None:
    assert set(states(run_check(check, settings)).values()) == {"ok"}


def test_a_missing_migration_is_wrong(
    run_check: RunCheck, settings: Environment, warm_stack: Stack
) -> None:
    last = own_migrations()[-1]
    records = "supabase_migrations.schema_migrations"
    with changed_database(
        warm_stack,
        f"delete from {records} where version = '{last.version}'",
        f"insert into {records} values ('{last.version}', null, '{last.name}')",
    ):
        results = run_check("migrations", settings)

    assert problems(results) == {"database": f"lacks {last.stem}"}
    assert results[0].remediation == "`supabase db push`"


def test_a_normal_form_of_another_version_is_wrong(
    run_check: RunCheck, settings: Environment, warm_stack: Stack
) -> None:
    function = """create or replace function private.normal_form_version() returns integer
      language sql immutable set search_path = '' as $$ select {} $$"""
    with changed_database(warm_stack, function.format(7), function.format(NORMAL_FORM_VERSION)):
        results = run_check("migrations", settings)

    assert problems(results) == {
        "normal form": f"is version 7 in the database and {NORMAL_FORM_VERSION} in this package"
    }


def test_stored_texts_of_an_earlier_normal_form_are_wrong_and_not_shown(
    run_check: RunCheck, settings: Environment, warm_stack: Stack
) -> None:
    with changed_database(
        warm_stack,
        """set session_replication_role = replica;
           insert into public.labelled_texts
             (text_key, text, intent, times_sent, user_keys, labelled_at)
           values ('x', U&'my secret\\00AD plan', 'help', 1, '{}', now())""",
        "delete from public.labelled_texts",
    ):
        results = run_check("migrations", settings)

    assert problems(results).keys() == {"normal form"}
    assert "Rebuild text keys" in results[-1].remediation
    assert "secret" not in repr(results)


def test_copies_in_the_history_of_another_project_count(
    run_check: RunCheck, settings: Environment, warm_stack: Stack
) -> None:
    records = "supabase_migrations.schema_migrations"
    with changed_database(
        warm_stack,
        f"""insert into {records} values ('20990101000000', '{{select 1}}', 'theirs');
            update {records} set version = '3' || version, name = 'prompt_capture_' || name
            where name <> 'theirs'""",
        f"""delete from {records} where name = 'theirs';
            update {records} set version = substr(version, 2), name = substr(name, 16)""",
    ):
        assert set(states(run_check("migrations", settings)).values()) == {"ok"}
        newest = run_check("versions", settings)[2]

    assert newest.message == own_migrations()[-1].stem


def test_a_project_with_other_migrations_is_told_to_add_what_is_missing(
    run_check: RunCheck, settings: Environment, warm_stack: Stack
) -> None:
    last = own_migrations()[-1]
    records = "supabase_migrations.schema_migrations"
    with changed_database(
        warm_stack,
        f"update {records} set version = '2099', name = 'theirs', statements = '{{select 1}}' "
        f"where version = '{last.version}'",
        f"update {records} set version = '{last.version}', name = '{last.name}' "
        "where version = '2099'",
    ):
        results = run_check("migrations", settings)

    assert problems(results) == {"database": f"lacks {last.stem}"}
    assert "prompt-capture migrations add" in results[0].remediation


def test_a_new_project_lacks_everything_that_migrations_create(run_check: RunCheck) -> None:
    with Stack(f"doctor-{os.getpid()}", migrated=False) as empty_stack:
        settings = stack_env.variables(empty_stack)
        migrations, jobs = run_check("migrations", settings), run_check("nightly jobs", settings)
        keys = run_check("accepted keys", settings)
        access = run_check("anonymous access", settings)

    names = ", ".join(migration.stem for migration in own_migrations())
    assert problems(migrations) == {"database": f"lacks {names}"}
    assert problems(jobs) == dict.fromkeys(expected_jobs(), "is not scheduled")
    assert problems(keys) == {
        "SUPABASE_SIGNING_KEY": "is trusted, but prompt_writer is missing",
    }
    assert states(access) == dict.fromkeys(expected_relations(), "skipped")


@pytest.mark.parametrize("table", ["public.nlu_prompt_logs", "private.keys"])
def test_a_table_without_row_level_security_is_wrong(
    run_check: RunCheck, settings: Environment, warm_stack: Stack, table: str
) -> None:
    with changed_database(
        warm_stack,
        f"alter table {table} disable row level security",
        f"alter table {table} enable row level security",
    ):
        results = run_check("row level security", settings)

    assert problems(results).keys() == {table}
    assert results[0].remediation == f"`alter table {table} enable row level security;`"


def test_tables_that_no_migration_created_are_checked_too(
    run_check: RunCheck, settings: Environment, warm_stack: Stack
) -> None:
    with changed_database(
        warm_stack, 'create table public."Other table" ()', 'drop table public."Other table"'
    ):
        assert problems(run_check("row level security", settings)).keys() == {
            'public."Other table"'
        }


def test_a_view_that_bypasses_row_level_security_is_wrong(
    run_check: RunCheck, settings: Environment, warm_stack: Stack
) -> None:
    view = "public.daily_totals"
    with changed_database(
        warm_stack,
        f"alter view {view} reset (security_invoker)",
        f"alter view {view} set (security_invoker = on)",
    ):
        assert problems(run_check("row level security", settings)).keys() == {view}


def test_a_table_that_anonymous_users_can_read_is_wrong_and_no_row_is_shown(
    run_check: RunCheck, settings: Environment, warm_stack: Stack
) -> None:
    table = "public.intent_catalogue"
    with changed_database(
        warm_stack,
        f"alter table {table} disable row level security; grant select on {table} to anon",
        f"revoke all on {table} from anon; alter table {table} enable row level security",
    ):
        results = run_check("anonymous access", settings)

    assert problems(results) == {"intent_catalogue": "can be read without signing in"}
    assert "reschedule" not in repr(results)


def test_an_inactive_or_missing_nightly_job_is_wrong(
    run_check: RunCheck, settings: Environment, warm_stack: Stack
) -> None:
    with changed_database(
        warm_stack,
        f"update cron.job set active = false where jobname = '{JOB}'",
        f"update cron.job set active = true where jobname = '{JOB}'",
    ):
        assert problems(run_check("nightly jobs", settings)) == {JOB: "is inactive"}
    with changed_database(
        warm_stack,
        f"update cron.job set jobname = 'x' where jobname = '{JOB}'",
        f"update cron.job set jobname = '{JOB}' where jobname = 'x'",
    ):
        assert problems(run_check("nightly jobs", settings)) == {JOB: "is not scheduled"}


def test_retention_that_falls_behind_is_wrong(
    run_check: RunCheck, settings: Environment, warm_stack: Stack
) -> None:
    user_id = "0ddba11a-0000-4000-8000-000000000001"
    change = changed_database(
        warm_stack,
        f"""insert into auth.users (id) values ('{user_id}');
        insert into public.nlu_prompt_logs (
          id, user_id, prompt, predicted_intent, confidence, source, model_version, created_at
        ) values (
          gen_random_uuid(), '{user_id}', 'old', 'help', 1, 'model', 'x', now() - interval '93 days'
        )""",
        f"delete from auth.users where id = '{user_id}'",
    )
    with warm_stack.jobs.paused(), change:
        assert problems(run_check("nightly jobs", settings)) == {
            "retention": "falls behind: the oldest message is 93 days old, row_retention_days is 90"
        }


def test_retained_texts_and_records_that_outlive_their_settings_are_wrong(
    run_check: RunCheck, settings: Environment, warm_stack: Stack
) -> None:
    change = changed_database(
        warm_stack,
        """set session_replication_role = replica;
        insert into public.labelled_texts
          (text_key, text, intent, times_sent, user_keys, labelled_at, retained_at)
        values ('key', 'old', 'help', 1, '{key}', now(), now() - interval '740 days');
        insert into public.exported_rows (id, bucket, key, log_ids, user_keys, exported_at)
        overriding system value
        values (-1, 'b', 'old', array[gen_random_uuid()], '{key}', now() - interval '745 days');
        insert into private.deferred_changes (log_id, was_successful, deferred_at)
        values (gen_random_uuid(), true, now() - interval '40 days');
        set session_replication_role = origin""",
        """delete from public.labelled_texts where text_key = 'key';
        delete from public.exported_rows where key = 'old';
        delete from private.deferred_changes where deferred_at < now() - interval '39 days'""",
    )
    with warm_stack.jobs.paused(), change:
        assert problems(run_check("nightly jobs", settings)) == {
            "retention": "falls behind: "
            "the oldest retained text is 740 days old, label_retention_days is 730; "
            "the oldest deferred change is 40 days old, twice spool_retention_days is 28; "
            "the oldest record of an exported object is 745 days old, "
            "label_retention_days and a week is 737"
        }


def test_checks_that_need_database_url_are_skipped_without_it(
    run_check: RunCheck, settings: Environment
) -> None:
    del settings["DATABASE_URL"]

    for check in ("migrations", "row level security", "nightly jobs"):
        [result] = run_check(check, settings)
        assert (result.subject, result.state) == ("DATABASE_URL", "skipped")
        assert "Session pooler" in result.remediation


def test_a_role_without_permissions_is_skipped(run_check: RunCheck, settings: Environment) -> None:
    settings["DATABASE_URL"] = settings["DATABASE_URL"].replace("//postgres:", "//authenticator:")

    assert states(run_check("migrations", settings)) == {"remaining checks": "skipped"}


def test_a_wrong_password_is_reported_and_not_shown(
    run_check: RunCheck, settings: Environment
) -> None:
    settings["DATABASE_URL"] = settings["DATABASE_URL"].replace("@", "marmalade@")
    results = run_check("endpoints", settings)

    assert problems(results) == {"database": "does not accept the connection (OperationalError)"}
    assert "marmalade" not in repr(results)
    assert states(run_check("migrations", settings)) == {"remaining checks": "skipped"}


def test_the_repository_names_every_table_view_and_job(warm_stack: Stack) -> None:
    with psycopg.connect(warm_stack.postgres_dsn) as connection:
        created = connection.execute(
            "select relname from pg_class where relnamespace = 'public'::regnamespace "
            "and relkind in ('r', 'v')"
        ).fetchall()
        jobs = connection.execute("select jobname from cron.job").fetchall()

    assert sorted(expected_relations()) == sorted(name for (name,) in created)
    assert sorted(expected_jobs()) == sorted(name for (name,) in jobs)
