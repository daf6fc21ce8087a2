"""The columns that each caller can select, insert and update."""

import pytest
from psycopg import errors, sql

from .actors import (
    CALLERS,
    EXPORTER,
    NO_SUBJECT,
    OTHER_USER,
    REVIEWER,
    SERVICE,
    USER,
    WRITER,
    Actor,
    connect_as,
)
from .catalog import TABLES
from .rows import CAPTURED_COLUMNS, COLUMNS, CORRECTION_COLUMNS, OUTCOME_COLUMNS
from .server import Server
from .test_reach import ROLE_LIST
from .test_reach import read as read_catalog

ALLOWED: dict[str, dict[Actor, tuple[str, ...]]] = {
    "select": {
        USER: COLUMNS,
        OTHER_USER: COLUMNS,
        REVIEWER: COLUMNS,
        NO_SUBJECT: COLUMNS,
        WRITER: ("id",),
        EXPORTER: (
            "id", "prompt", "predicted_intent", "confidence", "source", "model_version",
            "corrected_intent", "created_at",
            "within_daily_cap", "text_key",
        ),
        SERVICE: COLUMNS,
    },
    "insert": {WRITER: CAPTURED_COLUMNS, SERVICE: CAPTURED_COLUMNS},
    "update": {SERVICE: OUTCOME_COLUMNS},
}  # fmt: skip

# None of the statements touches a row: only the privilege is tested.
STATEMENTS = {
    "select": "select {column} from public.nlu_prompt_logs where false",
    "insert": "insert into public.nlu_prompt_logs ({column}) select null where false",
    "update": "update public.nlu_prompt_logs set {column} = null where false",
}


@pytest.mark.parametrize("actor", CALLERS, ids=str)
@pytest.mark.parametrize("verb", STATEMENTS)
def test_each_caller_can_use_exactly_the_granted_columns(
    server: Server, populated: str, verb: str, actor: Actor
) -> None:
    allowed = []
    with connect_as(server, populated, actor) as connection:
        for column in COLUMNS:
            statement = sql.SQL(STATEMENTS[verb]).format(column=sql.Identifier(column))
            try:
                with connection.transaction():
                    connection.execute(statement)
                allowed.append(column)
            except errors.InsufficientPrivilege:
                pass
    assert sorted(allowed) == sorted(ALLOWED[verb].get(actor, ()))


def test_the_maintainer_cannot_change_captured_columns(server: Server, populated: str) -> None:
    derived = {"text_key", "has_review_reason", "is_disputed"}
    changeable = {*OUTCOME_COLUMNS, *CORRECTION_COLUMNS, *derived}
    with server.connect("postgres", populated) as connection:
        allowed = {
            column
            for column in COLUMNS
            if connection.execute(
                "select has_column_privilege('prompt_maintainer', 'nlu_prompt_logs', %s, 'update')",
                [column],
            ).fetchone() == (True,)
        }  # fmt: skip
    assert allowed == changeable


def test_every_column_is_tested(server: Server, populated: str) -> None:
    with server.connect("postgres", populated) as connection:
        columns = connection.execute("select * from public.nlu_prompt_logs limit 0").description
    assert sorted(column.name for column in columns or ()) == sorted(COLUMNS)


SERVICE_VIEWS = (
    "completed_audits", "confidence_distribution", "corrections_by_reviewer", "daily_totals",
    "disputed_texts", "exportable_prompts", "failed_workflows", "intent_health",
    "labelled_prompts", "live_accuracy", "reviewer_agreement", "reviewer_votes",
)  # fmt: skip
RETAINED = {
    "text_key", "text", "intent", "secondary_intents", "times_sent", "labelled_at", "retained_at",
}  # fmt: skip

# By table, role and privilege. None: all columns.
OF_OTHER_TABLES: dict[tuple[str, str, str], set[str] | None] = {
    **{(f"public.{view}", "service_role", "select"): None for view in SERVICE_VIEWS},
    **{
        (f"public.{table}", "service_role", "select"): None
        for table in (
            "correction_events", "daily_audits", "daily_backlogs", "daily_counts",
            "dataset_exports", "intent_catalogue", "review_queue",
        )
    },
    ("public.correction_events", "service_role", "insert"): {
        "log_id", "to_intent", "to_secondary_intents", "reviewer", "notes", "channel",
    },
    ("public.exported_rows", "service_role", "select"): {
        "id", "bucket", "key", "log_ids", "user_indexes", "text_keys", "exported_at",
    },
    ("public.exportable_prompts", "prompt_exporter", "select"): None,
    ("public.intent_catalogue", "authenticated", "select"): None,
    ("public.labelled_texts", "prompt_exporter", "select"): RETAINED,
    ("public.labelled_texts", "service_role", "select"): {*RETAINED, "change_number"},
    ("public.review_queue", "prompt_exporter", "select"): {
        "corrected_intent", "corrected_secondary_intents", "reasons", "text_key",
    },
}  # fmt: skip

OTHER_COLUMNS = f"""
    select tables.oid::regclass::text, rolname, privilege, attname,
      has_column_privilege(rolname, tables.oid, attnum, privilege)
    from pg_class tables join pg_attribute on attrelid = tables.oid, pg_roles,
      unnest(array['select', 'insert', 'update', 'references']) as privilege
    where tables.oid in {TABLES} and attnum > 0 and not attisdropped
      and relname <> 'nlu_prompt_logs' and rolname in ({ROLE_LIST})
      and rolname <> 'prompt_maintainer'"""


def test_each_role_can_use_exactly_the_granted_columns_of_other_tables(
    server: Server, populated: str
) -> None:
    """A column that a role does not need may name senders, such as `user_keys`."""
    used: dict[tuple[str, str, str], dict[str, bool]] = {}
    with server.connect("postgres", populated) as connection:
        rows = read_catalog(connection, OTHER_COLUMNS)
    for table, role, privilege, column, is_granted in rows:
        used.setdefault((str(table), str(role), str(privilege)), {})[str(column)] = bool(is_granted)
    granted = {
        key: None if all(columns.values()) else {name for name, has in columns.items() if has}
        for key, columns in used.items()
        if any(columns.values())
    }
    assert granted == OF_OTHER_TABLES
