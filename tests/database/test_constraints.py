"""The constraints of captured rows, which apply to every role and are reported by name."""

from typing import Any
from uuid import UUID

import pytest
from psycopg import errors

from prompt_capture.domain.predictions import MAX_SECONDARY_INTENTS

from .actors import ALICE, SERVICE, STRANGER, WRITER, connect_as
from .rows import add_user, insert
from .server import Connection, Server

VIOLATIONS: list[tuple[str, dict[str, Any]]] = [
    ("prompt_has_1_to_4000_characters", {"prompt": ""}),
    ("prompt_has_1_to_4000_characters", {"prompt": "x" * 4001}),
    ("predicted_intent_has_1_to_100_characters", {"predicted_intent": ""}),
    ("predicted_intent_has_1_to_100_characters", {"predicted_intent": "x" * 101}),
    ("confidence_is_a_probability", {"confidence": -0.01}),
    ("confidence_is_a_probability", {"confidence": 1.01}),
    ("confidence_is_a_probability", {"confidence": float("nan")}),
    ("secondary_intents_is_an_array", {"secondary_intents": {"intent": "help"}}),
    (
        "secondary_intents_have_at_most_10000_bytes",
        {"secondary_intents": [{"intent": "x" * 100, "confidence": 0.5}] * 90},
    ),
    ("source_is_rule_or_model", {"source": "guess"}),
    ("model_version_has_1_to_100_characters", {"model_version": ""}),
    ("conversation_id_has_1_to_200_characters", {"conversation_id": ""}),
    ("message_index_is_not_negative", {"message_index": -1}),
    ("workflow_type_has_1_to_100_characters", {"was_successful": True, "workflow_type": ""}),
    ("execution_error_has_1_to_8000_characters", {"execution_error": "x" * 8001}),
    ("scope_is_a_probability", {"scope": 1.5}),
    ("runner_up_is_an_intent_with_a_probability", {"runner_up_intent": "help"}),
    ("runner_up_is_an_intent_with_a_probability", {"runner_up_confidence": 0.2}),
    (
        "runner_up_is_an_intent_with_a_probability",
        {"runner_up_intent": "", "runner_up_confidence": 0.2},
    ),
    (
        "runner_up_is_an_intent_with_a_probability",
        {"runner_up_intent": "help", "runner_up_confidence": 1.2},
    ),
    (
        "correction_notes_have_1_to_2000_characters",
        {"corrected_intent": "help", "corrected_by": "ann", "correction_notes": ""},
    ),
]


@pytest.mark.parametrize(("constraint", "changes"), VIOLATIONS)
def test_a_row_that_violates_a_constraint_is_refused(
    dashboard: Connection, constraint: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(errors.CheckViolation) as refused:
        insert(dashboard, **changes)
    assert refused.value.diag.constraint_name == constraint


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt": "x" * 4000, "confidence": 0, "message_index": 0},
        {"prompt": "é" * 4000, "confidence": 1, "conversation_id": "c" * 200},
        {"secondary_intents": [{"intent": "help", "confidence": 0.3}], "source": "rule"},
        {
            "secondary_intents": [{"intent": '"\x01' * 50, "confidence": 0.123456}]
            * MAX_SECONDARY_INTENTS
        },
        {
            "secondary_intents": [{"intent": "\U0001f469" * 100, "confidence": 0.123456}]
            * MAX_SECONDARY_INTENTS
        },
    ],
)
def test_values_at_the_limits_are_accepted(dashboard: Connection, changes: dict[str, Any]) -> None:
    insert(dashboard, **changes)


@pytest.mark.parametrize(
    "column",
    ["user_id", "prompt", "predicted_intent", "confidence", "source", "model_version"],
)
def test_a_captured_column_cannot_be_null(dashboard: Connection, column: str) -> None:
    with pytest.raises(errors.NotNullViolation):
        insert(dashboard, **{column: None})


def test_a_prompt_of_an_unknown_user_is_refused(dashboard: Connection) -> None:
    with pytest.raises(errors.ForeignKeyViolation) as refused:
        insert(dashboard, user_id=STRANGER)
    assert refused.value.diag.constraint_name == "sender_is_a_user"


def test_a_new_row_cannot_have_the_model_version_legacy(
    server: Server, populated: str, dashboard: Connection
) -> None:
    with pytest.raises(
        errors.CheckViolation, match="reserved for rows of the table's first version"
    ):
        insert(dashboard, model_version="legacy", prompt="")
    with (
        connect_as(server, populated, WRITER) as writer,
        pytest.raises(
            errors.CheckViolation, match="reserved for rows of the table's first version"
        ),
    ):
        insert(writer, model_version="legacy", prompt="")
    log_id = insert(dashboard)
    with pytest.raises(errors.InsufficientPrivilege, match="cannot be changed"):
        dashboard.execute(
            "update public.nlu_prompt_logs set model_version = 'legacy' where id = %s", [log_id]
        )


def test_the_database_generates_no_id(dashboard: Connection) -> None:
    with pytest.raises(errors.NotNullViolation, match='"id"'):
        dashboard.execute(
            """insert into public.nlu_prompt_logs
                 (user_id, prompt, predicted_intent, confidence, source, model_version)
               values (%s, 'hi', 'greeting', 1, 'rule', 'r')""",
            [ALICE],
        )


def test_an_error_does_not_quote_the_refused_row(server: Server, populated: str) -> None:
    with (
        connect_as(server, populated, WRITER) as writer,
        pytest.raises(errors.CheckViolation) as refused,
    ):
        insert(writer, prompt="my secret diary", confidence=7)
    assert refused.value.diag.message_detail is None
    assert "secret" not in str(refused.value)


def test_deleting_a_user_deletes_their_prompts_and_no_others(
    server: Server, dashboard: Connection, database: str
) -> None:
    other = UUID("b0b00000-0000-4000-8000-000000000002")
    add_user(dashboard, other)
    insert(dashboard, corrected_intent="help", was_successful=False)
    remaining = insert(dashboard, user_id=other)
    with server.connect("supabase_admin", database) as auth:
        auth.execute("set role supabase_auth_admin")
        auth.execute("delete from auth.users where id = %s", [ALICE])
    assert dashboard.execute("select id from public.nlu_prompt_logs").fetchall() == [(remaining,)]


def test_an_intent_in_use_cannot_be_deleted(dashboard: Connection) -> None:
    insert(dashboard, corrected_intent="help")
    with pytest.raises(errors.ForeignKeyViolation):
        dashboard.execute("delete from public.intent_catalogue where intent = 'help'")


def test_the_backend_can_capture_without_the_writer_role(server: Server, populated: str) -> None:
    with connect_as(server, populated, SERVICE) as backend:
        insert(backend, model_version="fallback")
        rows = backend.execute(
            "select from public.nlu_prompt_logs where model_version = 'fallback'"
        )
        assert rows.rowcount == 1
