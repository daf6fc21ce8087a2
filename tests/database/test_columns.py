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
from .rows import CAPTURED_COLUMNS, COLUMNS, CORRECTION_COLUMNS, OUTCOME_COLUMNS
from .server import Server

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
