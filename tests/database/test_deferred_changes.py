"""Outcomes and corrections that are quicker than their row: held, then applied or let go."""

import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg import errors
from psycopg.rows import dict_row

from prompt_capture.domain.log_ids import derived_log_id

from .cast import ALICE, BOB, SERVICE, USER, WRITER, acting_as
from .rows import add_user, captured, insert
from .server import Connection, Server

TOO_OLD = UUID("01936f2e-7c1a-7b2e-9a53-3f1f0e6f2c11")
CHANGING = {
    "created_at", "updated_at", "outcome_recorded_at", "corrected_at", "changed_in",
    "waiting_since", "decided_at",
    "id", "log_id", "prompt", "text", "text_key",
}  # fmt: skip
"""What differs from one run of the same story to the next: times, ids, and the text itself."""


OUTCOMES = [(False, "move", "no such event"), (True, "move", None)]
CORRECTIONS = [("help", "ann", "asks how"), ("search", "ben", None), ("help", "ann", "again")]


def record_outcome(backend: Connection, log_id: UUID, *outcome: object) -> str:
    row = backend.execute(
        "select public.record_outcome(%s, %s, %s, %s) ->> 'state'", [log_id, *outcome]
    ).fetchone()
    assert row is not None
    return str(row[0])


def record_correction(backend: Connection, log_id: UUID, *correction: object) -> str:
    row = backend.execute(
        "select public.record_correction(%s, %s, %s, %s, 'api') ->> 'state'", [log_id, *correction]
    ).fetchone()
    assert row is not None
    return str(row[0])


def held(dashboard: Connection) -> int:
    row = dashboard.execute("select count(*) from private.deferred_changes").fetchone()
    assert row is not None
    return int(str(row[0]))


def state(dashboard: Connection, log_id: UUID) -> dict[str, Any]:
    """Read a row, its text's place in the queue, and its history."""
    with dashboard.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(
            """select to_jsonb(logs) as row, to_jsonb(queue) as item, (
                 select jsonb_agg(to_jsonb(events) order by events.id)
                 from public.correction_events events where events.log_id = logs.id
               ) as history
               from public.nlu_prompt_logs logs
               left join public.review_queue queue using (text_key) where logs.id = %s""",
            [log_id],
        ).fetchone()
    assert found is not None
    return {
        "row": _lasting(found["row"]),
        "item": _lasting(found["item"]),
        "history": [_lasting(event) for event in found["history"] or ()],
    }


def _lasting(columns: dict[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (columns or {}).items() if name not in CHANGING}


@pytest.fixture
def backend(server: Server, database: str, dashboard: Connection) -> Any:
    """The backend's connection; each statement is a transaction."""
    with server.connect("authenticator", database) as connection:
        connection.execute("set role service_role")
        yield connection


@pytest.mark.parametrize("confidence", [0.2, 0.99])
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_row_ends_up_the_same_whenever_it_arrives(
    dashboard: Connection, backend: Connection, order: tuple[int, ...], confidence: float
) -> None:
    dashboard.execute("update private.settings set audit_rate = 0")
    changes = [
        lambda log_id: [record_outcome(backend, log_id, *outcome) for outcome in OUTCOMES],
        lambda log_id: [record_correction(backend, log_id, *CORRECTIONS[0])] * 2,
        lambda log_id: [record_correction(backend, log_id, *one) for one in CORRECTIONS[1:]],
    ]

    def arrive(when: int, text: str) -> dict[str, Any]:
        row = captured(prompt=text, confidence=confidence)
        for number, change in enumerate(order):
            if number == when:
                insert(dashboard, **row)
            changes[change](row["id"])
        if when == 3:
            insert(dashboard, **row)
        return state(dashboard, row["id"])

    in_order = arrive(0, "move it first")
    for when in (1, 2, 3):
        assert arrive(when, f"move it {when}") == in_order
    assert held(dashboard) == 0


def test_a_change_that_is_sent_twice_is_held_once(
    dashboard: Connection, backend: Connection
) -> None:
    log_id = captured()["id"]

    for _ in range(3):
        assert record_outcome(backend, log_id, *OUTCOMES[0]) == "pending"
        assert record_correction(backend, log_id, *CORRECTIONS[0]) == "pending"

    assert held(dashboard) == 2


def test_nothing_is_held_for_a_row_whose_sender_was_erased(
    dashboard: Connection, backend: Connection
) -> None:
    log_id = insert(dashboard)
    dashboard.execute("select private.erase(%s)", [ALICE])
    assert record_outcome(backend, log_id, False, "move", "the dentist of Alice") == "absent"
    assert record_correction(backend, log_id, *CORRECTIONS[0]) == "absent"
    assert held(dashboard) == 0


@pytest.mark.parametrize("log_id", [uuid4(), TOO_OLD])
def test_a_change_of_a_row_that_cannot_come_is_not_held(
    dashboard: Connection, backend: Connection, log_id: UUID
) -> None:
    assert record_outcome(backend, log_id, *OUTCOMES[0]) == "absent"
    assert record_correction(backend, log_id, *CORRECTIONS[0]) == "absent"
    assert held(dashboard) == 0


def test_a_derived_id_is_waited_for_as_long_as_a_row_may_be_on_its_way_and_no_longer(
    dashboard: Connection, backend: Connection
) -> None:
    row = captured(id=derived_log_id(b"secret", "backend", str(uuid4())))
    assert record_outcome(backend, row["id"], *OUTCOMES[0]) == "pending"

    dashboard.execute(
        "update private.deferred_changes set deferred_at = now() - interval '13 days'"
    )
    assert record_correction(backend, row["id"], *CORRECTIONS[0]) == "pending"
    dashboard.execute(
        "update private.deferred_changes set deferred_at = now() - interval '15 days'"
    )
    assert record_outcome(backend, row["id"], *OUTCOMES[1]) == "absent"
    assert record_correction(backend, row["id"], *CORRECTIONS[1]) == "absent"

    insert(dashboard, **row)  # a dead letter that was sent again
    found = state(dashboard, row["id"])["row"]
    assert (found["was_successful"], found["corrected_intent"]) == (False, "help")


def test_an_unknown_intent_is_refused_before_it_is_held(
    dashboard: Connection, backend: Connection
) -> None:
    with pytest.raises(errors.ForeignKeyViolation):
        record_correction(backend, captured()["id"], "remindr", "ann", None)
    assert held(dashboard) == 0


def test_what_cannot_be_applied_any_more_keeps_no_row_from_being_written(
    dashboard: Connection, backend: Connection
) -> None:
    row = captured()
    record_correction(backend, row["id"], "help", "ann", None)
    record_outcome(backend, row["id"], True, "move", None)
    dashboard.execute("update public.intent_catalogue set retired_at = now() where intent = 'help'")

    insert(dashboard, **row)

    found = state(dashboard, row["id"])
    assert found["row"]["corrected_intent"] is None
    assert found["row"]["was_successful"] is True
    assert held(dashboard) == 0


def test_a_change_and_its_row_never_slip_past_each_other(
    server: Server, database: str, dashboard: Connection
) -> None:
    rows = [captured(prompt=f"move it {number}") for number in range(40)]

    def capture(row: dict[str, Any]) -> None:
        with server.connect("postgres", database) as connection:
            insert(connection, **row)

    def change(row: dict[str, Any]) -> None:
        with server.connect("authenticator", database) as connection:
            connection.execute("set role service_role")
            record_outcome(connection, row["id"], *OUTCOMES[0])
            record_correction(connection, row["id"], *CORRECTIONS[0])

    with ThreadPoolExecutor(2) as pool:
        for row in rows:
            for future in [pool.submit(capture, row), pool.submit(change, row)]:
                future.result()

    left_alone = dashboard.execute(
        """select count(*) from public.nlu_prompt_logs
           where was_successful is null or corrected_intent is null"""
    ).fetchone()
    assert left_alone == (0,)
    assert held(dashboard) == 0


def test_what_waits_for_a_dropped_row_is_let_go_and_nothing_else(
    server: Server, database: str, dashboard: Connection, backend: Connection
) -> None:
    dropped, coming = captured()["id"], captured()["id"]
    for log_id in (dropped, coming):
        record_outcome(backend, log_id, *OUTCOMES[0])

    with acting_as(server, database, WRITER) as connection:
        connection.execute("select public.discard_deferred_changes(%s)", [[dropped]])
        connection.commit()

    assert held(dashboard) == 1


def test_what_waited_for_too_long_is_deleted(dashboard: Connection, backend: Connection) -> None:
    record_outcome(backend, captured()["id"], *OUTCOMES[0])
    record_outcome(backend, captured()["id"], *OUTCOMES[0])
    dashboard.execute(
        """update private.deferred_changes set deferred_at = now() - interval '29 days'
           where id = (select min(id) from private.deferred_changes)"""
    )

    assert dashboard.execute("select private.delete_expired_changes()").fetchone() == (1,)
    assert held(dashboard) == 1


def test_an_erased_reviewer_is_forgotten_in_what_is_held_too(
    dashboard: Connection, backend: Connection
) -> None:
    record_correction(backend, captured()["id"], "help", str(ALICE), None)

    backend.execute("select public.erase_user(%s)", [ALICE])

    (reviewer,) = dashboard.execute("select reviewer from private.deferred_changes").fetchone() or (
        "",
    )
    assert str(reviewer).startswith("erased-")


def test_a_capture_that_is_there_is_recalled_by_owner_and_content_alone(
    server: Server, database: str, dashboard: Connection
) -> None:
    add_user(dashboard, BOB)
    row = captured(conversation_id="c-1", message_index=3, scope=0.9)
    insert(dashboard, **row)
    content = ("id", "user_id", "prompt", "conversation_id", "message_index")

    def recall(**changes: Any) -> list[Any]:
        sent = {name: row[name] for name in content} | changes
        told = {name: str(v) if isinstance(v, UUID) else v for name, v in sent.items()}
        with acting_as(server, database, WRITER) as connection:
            return connection.execute(
                "select public.find_recorded_captures(jsonb_build_array(%s::jsonb))",
                [json.dumps(told)],
            ).fetchall()

    ((found,),) = recall()
    assert found["predicted_intent"] == row["predicted_intent"]
    assert set(found) == {
        "id", "predicted_intent", "confidence", "scope", "secondary_intents", "source",
        "model_version",
    }  # fmt: skip
    for changes in (
        {"user_id": BOB}, {"prompt": "another"}, {"conversation_id": None},
        {"message_index": 4}, {"id": captured()["id"]},
    ):  # fmt: skip
        assert recall(**changes) == []


@pytest.mark.parametrize("actor", [USER, WRITER], ids=str)
def test_only_the_backend_changes_what_is_not_there_yet(
    server: Server, database: str, dashboard: Connection, actor: Any
) -> None:
    with (
        acting_as(server, database, actor) as connection,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        record_outcome(connection, captured()["id"], *OUTCOMES[0])
    assert SERVICE is not actor
