"""The check `monitoring`, against real times that each test changes."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from infra.local.stack import Stack
from tests.database.rows import insert
from tests.database_reset import DELETE_ALL_ROWS
from tests.doctor.conftest import Environment, RunCheck, problems, states

Progress = Callable[[float | None, float | None], None]


@pytest.fixture
def progress(warm_stack: Stack) -> Iterator[Progress]:
    """Set when counts were up to date and rules were evaluated, as hours ago."""

    def change(counted: float | None, evaluated: float | None) -> None:
        with psycopg.connect(warm_stack.postgres_admin_dsn, autocommit=True) as admin:
            admin.execute("set session_replication_role = replica")
            admin.execute(
                """update private.monitoring
                   set counted_at = now() - make_interval(secs => %s * 3600),
                     evaluated_at = now() - make_interval(secs => %s * 3600)""",
                [counted, evaluated],
            )

    yield change
    with psycopg.connect(warm_stack.postgres_admin_dsn) as admin:
        admin.execute(DELETE_ALL_ROWS)


@pytest.mark.parametrize(
    ("counted", "evaluated", "expected"),
    [
        (0, 0.5, {"counts by day": "ok", "rules of the alerts": "ok"}),
        (2, 0.5, {"counts by day": "wrong", "rules of the alerts": "ok"}),
        (0, 4, {"counts by day": "ok", "rules of the alerts": "wrong"}),
        (None, None, {"counts by day": "skipped", "rules of the alerts": "skipped"}),
    ],
)
def test_monitoring_that_runs_is_ok_and_that_stopped_is_wrong(
    run_check: RunCheck,
    settings: Environment,
    progress: Progress,
    counted: float | None,
    evaluated: float | None,
    expected: dict[str, str],
) -> None:
    progress(counted, evaluated)

    assert states(run_check("monitoring", settings)) == expected


def test_counts_that_were_never_made_are_wrong_once_there_are_older_messages(
    run_check: RunCheck, settings: Environment, progress: Progress, warm_stack: Stack
) -> None:
    progress(None, 0)
    user = warm_stack.create_user("early@example.com")
    with psycopg.connect(warm_stack.postgres_admin_dsn, autocommit=True) as admin:
        insert(admin, user_id=UUID(user.id), created_at=datetime.now(UTC) - timedelta(hours=2))

    results = run_check("monitoring", settings)

    assert problems(results) == {"counts by day": "were never up to date"}


def test_rules_that_a_stage_never_evaluated_are_wrong(
    run_check: RunCheck, settings: Environment, progress: Progress
) -> None:
    progress(0, None)

    results = run_check("monitoring", settings | {"EXPORT_SCHEDULE_GROUP": "group"})

    assert problems(results) == {"rules of the alerts": "were never evaluated"}
