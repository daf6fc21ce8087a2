"""The migrations adopt all rows of the table's first version, whatever its shape."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from psycopg import errors

from .actors import ALICE, BOB, STRANGER
from .catalog import describe
from .rows import insert, read, update
from .server import MIGRATIONS, Connection, Server, migrate, run_script

FIRST_VERSIONS = Path(__file__).parent / "first_version"
NIL_USER = UUID(int=0)

Adopt = Callable[[str], Connection]


def row_id(number: int) -> UUID:
    """Return the id of a row in the SQL files."""
    return UUID(f"00000000-0000-4000-8000-{number:012}")


def without_confidence(intent: str) -> dict[str, object]:
    """Return the secondary intent that a bare label is converted to."""
    return {"intent": intent, "confidence": None}


@pytest.fixture
def adopt(server: Server, project: str) -> Iterator[Adopt]:
    """Return a function that creates a first version, migrates it and returns the connection."""
    with server.connect("postgres", project) as dashboard:

        def run(name: str) -> Connection:
            run_script(dashboard, FIRST_VERSIONS / f"{name}.sql")
            migrate(dashboard)
            return dashboard

        yield run


@pytest.mark.parametrize(
    ("name", "rows"), [("as_documented", 3), ("as_grown", 5), ("as_sketched", 8)]
)
def test_every_row_is_adopted_and_marked_as_legacy(adopt: Adopt, name: str, rows: int) -> None:
    dashboard = adopt(name)
    marks = dashboard.execute("select distinct source, model_version from public.nlu_prompt_logs")
    assert marks.fetchall() == [("model", "legacy")]
    assert dashboard.execute("select from public.nlu_prompt_logs").rowcount == rows


@pytest.mark.parametrize("name", ["as_documented", "as_grown", "as_sketched"])
def test_the_schema_is_the_same_as_in_a_new_project(
    adopt: Adopt, name: str, description: dict[str, list[tuple[object, ...]]]
) -> None:
    adopted = describe(adopt(name))
    # The migrations do not drop the project's own functions.
    for part in ("functions", "function privileges"):
        adopted[part] = [row for row in adopted[part] if "touch()" not in str(row)]
    assert adopted == description


def test_values_of_matching_types_are_adopted_unchanged(adopt: Adopt) -> None:
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


def test_a_correction_is_adopted_with_the_time_of_the_last_update(adopt: Adopt) -> None:
    dashboard = adopt("as_documented")
    assert read(
        dashboard, row_id(2), "user_id", "secondary_intents", "corrected_intent",
        "correction_notes", "corrected_by",
    ) == (
        BOB,
        [without_confidence("status"), without_confidence("user_data_query")],
        "user_data_query", "no criterion", "legacy",
    )  # fmt: skip
    events = dashboard.execute(
        "select reviewer from public.correction_events where log_id = %s", [row_id(2)]
    )
    assert events.fetchone() == ("legacy",)
    corrected, updated = read(dashboard, row_id(2), "corrected_at", "updated_at")
    assert corrected == updated


def test_an_unknown_intent_is_added_to_the_catalogue_as_retired(adopt: Adopt) -> None:
    dashboard = adopt("as_documented")
    old = "payments\u00a0"
    assert read(dashboard, row_id(3), "corrected_intent", "secondary_intents") == (old, [])
    retired = dashboard.execute(
        "select intent, domain from public.intent_catalogue where retired_at is not null"
    )
    assert retired.fetchall() == [(old, "legacy")]
    with pytest.raises(errors.ForeignKeyViolation, match="retired"):
        update(dashboard, row_id(1), corrected_intent=old)


def test_values_of_other_types_are_converted(adopt: Adopt) -> None:
    dashboard = adopt("as_grown")
    assert read(
        dashboard, row_id(1), "user_id", "prompt", "predicted_intent", "confidence",
        "secondary_intents", "corrected_intent", "was_successful", "conversation_id",
        "message_index",
    ) == (
        ALICE, "hi", "greeting", 0.5,
        [without_confidence("help"), without_confidence("Small Talk")],
        "Small Talk", True, "conv-1", 2,
    )  # fmt: skip
    (created,) = read(dashboard, row_id(1), "created_at")
    assert created.isoformat() == "2026-05-01T10:00:00+00:00"


def test_rows_that_violate_constraints_keep_their_values(adopt: Adopt) -> None:
    dashboard = adopt("as_grown")
    assert read(dashboard, row_id(2), "user_id") == (STRANGER,)
    assert read(
        dashboard, row_id(3), "user_id", "prompt", "confidence", "correction_notes",
        "corrected_intent", "was_successful", "conversation_id", "message_index",
    ) == (
        NIL_USER, "x" * 5000, 1.5, "notes without an intent", None, None, "c" * 300, -1,
    )  # fmt: skip
    assert read(
        dashboard, row_id(4), "prompt", "predicted_intent", "confidence", "conversation_id",
        "message_index", "workflow_type", "was_successful",
    ) == ("", "unknown", 0, "", None, "started, never finished", None)  # fmt: skip


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_an_adopted_row_accepts_an_outcome_and_a_correction(adopt: Adopt, number: int) -> None:
    dashboard = adopt("as_grown")
    update(dashboard, row_id(number), was_successful=False, workflow_type="w")
    update(dashboard, row_id(number), corrected_intent="search")
    assert read(dashboard, row_id(number), "corrected_intent", "was_successful") == (
        "search",
        False,
    )


def test_after_deleted_users_the_foreign_key_applies_to_new_rows_only(adopt: Adopt) -> None:
    dashboard = adopt("as_grown")
    with pytest.raises(errors.ForeignKeyViolation):
        insert(dashboard, user_id=STRANGER)
    dashboard.execute("delete from auth.users")
    remaining = dashboard.execute("select from public.nlu_prompt_logs where user_id = %s", [ALICE])
    assert remaining.rowcount == 0


def test_the_foreign_key_is_validated_if_all_users_exist(adopt: Adopt) -> None:
    valid = adopt("as_documented").execute("select bool_and(convalidated) from pg_constraint")
    assert valid.fetchone() == (True,)


@pytest.mark.parametrize(
    ("number", "secondary", "confidence"),
    [
        (1, [{"intent": "search", "confidence": 0.3}], 0.25),
        (2, [{"intent": "search", "confidence": 0.3}, without_confidence("status")], 0),
        (3, [without_confidence("search")], 0),
        (4, [without_confidence("search")], 0.9),
        (5, [], 0.9),
        (6, [without_confidence("search"), {"label": "status"}, 7], 0.9),
        (7, [{"intent": "ab", "confidence": 0.5}], 0.9),
        (8, [{"intent": "C:\\u0000", "confidence": None}], 0.9),
    ],
)
def test_secondary_intents_of_every_shape_become_an_array(
    adopt: Adopt, number: int, secondary: object, confidence: float
) -> None:
    dashboard = adopt("as_sketched")
    assert read(
        dashboard, row_id(number), "secondary_intents", "confidence", "corrected_intent"
    ) == (secondary, confidence, None)


def test_a_view_on_the_first_version_stops_the_migration_before_any_change(
    server: Server, project: str
) -> None:
    with server.connect("postgres", project) as dashboard:
        run_script(dashboard, FIRST_VERSIONS / "as_documented.sql")
        dashboard.execute("create view public.recent as select prompt from public.nlu_prompt_logs")
        with pytest.raises(errors.RaiseException, match="recent depend on it"):
            migrate(dashboard)
        assert dashboard.execute("select prompt from public.nlu_prompt_logs").rowcount == 3


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
def test_no_api_role_can_read_the_rows_before_they_are_adopted(
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
