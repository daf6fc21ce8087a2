"""The check of exported objects that hold rows of erased users."""

from collections.abc import Iterator

import psycopg
import pytest

from infra.local.stack import Stack
from tests.doctor.conftest import Environment, RunCheck, problems, states

USER = "0ddba11a-0000-4000-8000-000000000002"
FOLDER = "/home/ada/datasets"


class ExportedObjects:
    """Objects that hold a row of one user."""

    def __init__(self, admin: psycopg.Connection) -> None:
        self._admin = admin

    def register(self, bucket: str, *keys: str) -> None:
        """Register the user's row with objects."""
        for key in keys:
            self._admin.execute(
                "insert into public.exported_rows (bucket, key, log_ids) "
                "select %s, %s, array_agg(id) from public.nlu_prompt_logs where user_id = %s",
                [bucket, key, USER],
            )

    def delete_account(self, days_ago: int = 0) -> None:
        """Delete the account of the user."""
        self._admin.execute("delete from auth.users where id = %s", [USER])
        self._admin.execute(
            "update private.tombstones set erased_at = erased_at - make_interval(days => %s)",
            [days_ago],
        )

    def interrupt_erasure(self, hours_ago: int) -> None:
        """Begin to erase the user."""
        self._admin.execute("select private.continue_erasure(%s)", [USER])
        self._admin.execute(
            "update private.tombstones set erased_at = erased_at - make_interval(hours => %s)",
            [hours_ago],
        )


@pytest.fixture
def exported(warm_stack: Stack) -> Iterator[ExportedObjects]:
    """A user with one captured row."""
    with psycopg.connect(warm_stack.postgres_admin_dsn, autocommit=True) as admin:
        admin.execute("insert into auth.users (id) values (%s)", [USER])
        admin.execute(
            "insert into public.nlu_prompt_logs "
            "(id, user_id, prompt, predicted_intent, confidence, source, model_version) "
            "values (gen_random_uuid(), %s, 'my secret', 'help', 1, 'model', 'x')",
            [USER],
        )
        yield ExportedObjects(admin)
        admin.execute("delete from auth.users where id = %s", [USER])
        admin.execute("truncate public.exported_rows, private.tombstones, private.erased_rows")


def test_objects_without_erased_users_are_ok(
    run_check: RunCheck, settings: Environment, exported: ExportedObjects
) -> None:
    exported.register(settings["EXPORT_BUCKET"], "exports/a")

    assert states(run_check("erasures", settings)) == {"exported objects": "ok"}


def test_objects_that_the_next_export_cleans_are_ok(
    run_check: RunCheck, settings: Environment, exported: ExportedObjects
) -> None:
    bucket = settings["EXPORT_BUCKET"]
    exported.register(bucket, "exports/a", "exports/b", "exports/b")
    exported.delete_account(days_ago=7)

    [result] = run_check("erasures", settings)

    assert (result.subject, result.state) == (bucket, "ok")
    assert result.message == "the next export removes erased users from 2 objects"


def test_objects_that_no_export_cleaned_are_wrong(
    run_check: RunCheck, settings: Environment, exported: ExportedObjects
) -> None:
    bucket = settings["EXPORT_BUCKET"]
    exported.register(bucket, "exports/a")
    exported.delete_account(days_ago=8)

    results = run_check("erasures", settings)

    assert problems(results) == {
        bucket: "1 objects hold rows of users who were erased up to 8 days ago"
    }
    assert results[0].remediation == "`prompt-capture erase --pending`"


def test_objects_that_the_export_cannot_reach_are_wrong_at_once(
    run_check: RunCheck, settings: Environment, exported: ExportedObjects
) -> None:
    for bucket in ("another-bucket", FOLDER):
        exported.register(bucket, "a")
    exported.delete_account()

    results = run_check("erasures", settings)

    assert problems(results).keys() == {"another-bucket", FOLDER}
    assert {result.subject: result.remediation for result in results} == {
        "another-bucket": "`prompt-capture erase --pending`",
        FOLDER: "`prompt-capture erase --pending`, on the machine with this folder",
    }
    assert "secret" not in repr(results)


def test_without_a_bucket_only_folders_are_known_to_be_out_of_reach(
    run_check: RunCheck, settings: Environment, exported: ExportedObjects
) -> None:
    bucket = settings.pop("EXPORT_BUCKET")
    for name in (bucket, FOLDER):
        exported.register(name, "a")
    exported.delete_account()

    assert states(run_check("erasures", settings)) == {bucket: "ok", FOLDER: "wrong"}


@pytest.mark.parametrize(("hours", "state"), [(0, None), (2, "wrong")])
def test_an_erasure_that_was_interrupted_is_wrong(
    run_check: RunCheck,
    settings: Environment,
    exported: ExportedObjects,
    hours: int,
    state: str | None,
) -> None:
    exported.interrupt_erasure(hours_ago=hours)

    results = run_check("erasures", settings)

    assert states(results).get("unfinished erasures") == state
    assert USER not in repr(results)
    if state:
        assert results[0].remediation == "`prompt-capture erase --pending`"
