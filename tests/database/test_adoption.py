"""The table's first version is taken over with all its rows, whatever shape it had."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from psycopg import errors

from .cast import ALICE, BOB, STRANGER
from .catalog import describe
from .rows import insert, read, update
from .server import MIGRATIONS, Connection, Server, migrate, run_script

FIRST_VERSIONS = Path(__file__).parent / "first_version"
NOBODY = UUID(int=0)

Adopt = Any


def row_id(number: int) -> UUID:
    """Name a row of the fixtures."""
    return UUID(f"00000000-0000-4000-8000-{number:012}")


def unsure(intent: str) -> dict[str, object]:
    """Make the secondary intent that a bare label becomes."""
    return {"intent": intent, "confidence": None}


@pytest.fixture
def adopt(server: Server, project: str) -> Any:
    """Make a first version and migrate; hands back the dashboard's connection."""
    with server.connect("postgres", project) as dashboard:

        def run(name: str) -> Connection:
            run_script(dashboard, FIRST_VERSIONS / f"{name}.sql")
            migrate(dashboard)
            return dashboard

        yield run


@pytest.mark.parametrize(
    ("name", "rows"), [("as_documented", 3), ("as_grown", 5), ("as_sketched", 8)]
)
def test_every_row_is_kept_and_marked_as_legacy(adopt: Adopt, name: str, rows: int) -> None:
    dashboard = adopt(name)
    kept = dashboard.execute("select distinct source, model_version from public.nlu_prompt_logs")
    assert kept.fetchall() == [("model", "legacy")]
    assert dashboard.execute("select from public.nlu_prompt_logs").rowcount == rows


@pytest.mark.parametrize("name", ["as_documented", "as_grown", "as_sketched"])
def test_the_outcome_is_the_same_as_in_a_new_project(
    adopt: Adopt, name: str, description: dict[str, list[tuple[object, ...]]]
) -> None:
    adopted = describe(adopt(name))
    # Functions and types of the project's own are not ours to drop.
    for part in ("functions", "rights to functions"):
        adopted[part] = [row for row in adopted[part] if "touch()" not in str(row)]
    assert adopted == description


def test_values_of_a_careful_first_version_come_over_as_they_were(adopt: Adopt) -> None:
    dashboard = adopt("as_documented")
    assert read(
        dashboard, row_id(1), "user_id", "prompt", "predicted_intent", "confidence",
        "secondary_intents", "conversation_id", "message_index", "was_successful", "workflow_type",
        "corrected_intent", "corrected_by", "corrected_at",
    ) == (
        ALICE, "finish the essay and block an hour for it", "task_management", 0.913,
        [{"intent": "scheduling", "confidence": 0.61}], "c0000000-0000-4000-8000-000000000001", 3,
        True, "create_task", None, None, None,
    )  # fmt: skip
    created, updated, recorded = read(
        dashboard, row_id(1), "created_at", "updated_at", "outcome_recorded_at"
    )
    assert created.isoformat() == "2026-05-01T08:00:00+00:00"
    assert recorded == updated > created


def test_a_correction_comes_over_with_the_time_it_can_at_most_be_older_than(adopt: Adopt) -> None:
    dashboard = adopt("as_documented")
    assert read(
        dashboard, row_id(2), "user_id", "secondary_intents", "corrected_intent",
        "correction_notes", "corrected_by",
    ) == (
        BOB,
        [unsure("status"), unsure("user_data_query")],
        "user_data_query", "no criterion", "legacy",
    )  # fmt: skip
    (by,) = dashboard.execute(
        "select reviewer from public.correction_events where log_id = %s", [row_id(2)]
    ).fetchone() or (None,)
    assert by == "legacy"
    corrected, updated = read(dashboard, row_id(2), "corrected_at", "updated_at")
    assert corrected == updated


def test_an_intent_that_the_catalogue_lacks_joins_it_as_retired(adopt: Adopt) -> None:
    dashboard = adopt("as_documented")
    assert read(dashboard, row_id(3), "corrected_intent", "secondary_intents") == ("payments", [])
    retired = dashboard.execute(
        "select intent, domain from public.intent_catalogue where retired_at is not null"
    )
    assert retired.fetchall() == [("payments", "legacy")]
    with pytest.raises(errors.ForeignKeyViolation, match="retired"):
        update(dashboard, row_id(1), corrected_intent="payments")


def test_other_types_are_converted(adopt: Adopt) -> None:
    dashboard = adopt("as_grown")
    assert read(
        dashboard, row_id(1), "user_id", "prompt", "predicted_intent", "confidence",
        "secondary_intents", "corrected_intent", "was_successful", "conversation_id",
        "message_index",
    ) == (
        ALICE, "hi", "greeting", 0.5,
        [unsure("help"), unsure("Small Talk")],
        "Small Talk", True, "conv-1", 2,
    )  # fmt: skip
    (created,) = read(dashboard, row_id(1), "created_at")
    assert created.isoformat() == "2026-05-01T10:00:00+00:00"


def test_rows_that_break_todays_rules_keep_what_they_say(adopt: Adopt) -> None:
    dashboard = adopt("as_grown")
    assert read(dashboard, row_id(2), "user_id") == (STRANGER,)
    assert read(
        dashboard, row_id(3), "user_id", "prompt", "confidence", "correction_notes",
        "corrected_intent", "was_successful", "conversation_id", "message_index",
    ) == (
        NOBODY, "x" * 5000, 1.5, "notes without an intent", None, None, "c" * 300, -1,
    )  # fmt: skip
    assert read(
        dashboard, row_id(4), "prompt", "predicted_intent", "confidence", "conversation_id",
        "message_index", "workflow_type", "was_successful",
    ) == ("", "unknown", 0, "", None, "begun, never ended", None)  # fmt: skip


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_any_row_taken_over_can_still_be_judged(adopt: Adopt, number: int) -> None:
    dashboard = adopt("as_grown")
    update(dashboard, row_id(number), was_successful=False, workflow_type="w")
    update(dashboard, row_id(number), corrected_intent="search")
    assert read(dashboard, row_id(number), "corrected_intent", "was_successful") == (
        "search",
        False,
    )


def test_users_that_are_gone_are_missed_in_new_rows_only(adopt: Adopt) -> None:
    dashboard = adopt("as_grown")
    with pytest.raises(errors.ForeignKeyViolation):
        insert(dashboard, user_id=STRANGER)
    dashboard.execute("delete from auth.users")
    left = dashboard.execute("select from public.nlu_prompt_logs where user_id = %s", [ALICE])
    assert left.rowcount == 0


def test_the_foreign_key_holds_for_all_rows_where_all_users_are_there(adopt: Adopt) -> None:
    valid = adopt("as_documented").execute("select bool_and(convalidated) from pg_constraint")
    assert valid.fetchone() == (True,)


@pytest.mark.parametrize(
    ("number", "secondary", "confidence"),
    [
        (1, [{"intent": "search", "confidence": 0.3}], 0.25),
        (2, [{"intent": "search", "confidence": 0.3}, unsure("status")], 0),
        (3, [unsure("search")], 0),
        (4, [unsure("search")], 0.9),
        (5, [], 0.9),
        (6, [unsure("search"), {"label": "status"}, 7], 0.9),
        (7, [{"intent": "ab", "confidence": 0.5}], 0.9),
        (8, [{"intent": "C:\\u0000", "confidence": None}], 0.9),
    ],
)
def test_secondary_intents_of_every_shape_become_a_list(
    adopt: Adopt, number: int, secondary: object, confidence: float
) -> None:
    dashboard = adopt("as_sketched")
    assert read(
        dashboard, row_id(number), "secondary_intents", "confidence", "corrected_intent"
    ) == (secondary, confidence, None)


def test_a_view_on_the_first_version_stops_the_migration_before_anything_changed(
    server: Server, project: str
) -> None:
    with server.connect("postgres", project) as dashboard:
        run_script(dashboard, FIRST_VERSIONS / "as_documented.sql")
        dashboard.execute("create view public.recent as select prompt from public.nlu_prompt_logs")
        with pytest.raises(errors.RaiseException, match="recent depend on it"):
            migrate(dashboard)
        assert dashboard.execute("select prompt from public.nlu_prompt_logs").rowcount == 3


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
def test_no_role_of_the_api_reaches_the_rows_before_they_are_adopted(
    server: Server, project: str, role: str
) -> None:
    with server.connect("postgres", project) as dashboard:
        run_script(dashboard, FIRST_VERSIONS / "as_documented.sql")
        for migration in MIGRATIONS[:2]:
            run_script(dashboard, migration)
            dashboard.execute(f"set role {role}")
            with pytest.raises(errors.InsufficientPrivilege):
                dashboard.execute("select from prompt_capture_first_version.nlu_prompt_logs")
            dashboard.execute("reset role")
