"""Which columns each caller can read, write and change: all others are refused."""

import pytest
from psycopg import errors, sql

from .cast import (
    CALLERS,
    EXPORTER,
    NO_SUBJECT,
    OTHER_USER,
    REVIEWER,
    SERVICE,
    USER,
    WRITER,
    Actor,
    acting_as,
)
from .rows import CAPTURED, COLUMNS, CORRECTION, OUTCOME
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
    "insert": {WRITER: CAPTURED, SERVICE: CAPTURED},
    "update": {SERVICE: OUTCOME},
}  # fmt: skip

# None of them touches a row: the question is whether the statement may run at all.
STATEMENTS = {
    "select": "select {column} from public.nlu_prompt_logs where false",
    "insert": "insert into public.nlu_prompt_logs ({column}) select null where false",
    "update": "update public.nlu_prompt_logs set {column} = null where false",
}


@pytest.mark.parametrize("actor", CALLERS, ids=str)
@pytest.mark.parametrize("verb", STATEMENTS)
def test_each_caller_uses_just_the_columns_granted(
    server: Server, populated: str, verb: str, actor: Actor
) -> None:
    allowed = []
    with acting_as(server, populated, actor) as connection:
        for column in COLUMNS:
            statement = sql.SQL(STATEMENTS[verb]).format(column=sql.Identifier(column))
            try:
                with connection.transaction():
                    connection.execute(statement)
                allowed.append(column)
            except errors.InsufficientPrivilege:
                pass
    assert sorted(allowed) == sorted(ALLOWED[verb].get(actor, ()))


def test_not_even_the_databases_own_hand_may_change_what_was_captured(
    server: Server, populated: str
) -> None:
    follows = {*OUTCOME, *CORRECTION, "sampling_probability", "is_disputed"}
    with server.connect("postgres", populated) as connection:
        allowed = {
            column
            for column in COLUMNS
            if connection.execute(
                "select has_column_privilege('prompt_maintainer', 'nlu_prompt_logs', %s, 'update')",
                [column],
            ).fetchone() == (True,)
        }  # fmt: skip
    assert allowed == follows


def test_the_tests_know_every_column(server: Server, populated: str) -> None:
    with server.connect("postgres", populated) as connection:
        found = connection.execute("select * from public.nlu_prompt_logs limit 0").description
    assert sorted(column.name for column in found or ()) == sorted(COLUMNS)
