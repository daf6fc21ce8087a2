"""Outcomes and corrections that arrive before their row are deferred, then applied or discarded."""

import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import errors
from psycopg.rows import dict_row

from prompt_capture.domain.log_ids import derived_log_id

from .actors import ALICE, BOB, SERVICE, USER, WRITER, connect_as
from .rows import add_user, build_row, complete_captures, erase, insert, read
from .server import Connection, Server

TOO_OLD = UUID("01936f2e-7c1a-7b2e-9a53-3f1f0e6f2c11")
VOLATILE_COLUMNS = {
    "created_at", "updated_at", "outcome_recorded_at", "corrected_at", "deferred_at",
    "change_number", "waiting_since", "decided_at",
    "id", "log_id", "prompt", "text", "text_key",
}  # fmt: skip
"""Columns that differ between repetitions of one scenario: times, ids and the text."""

OUTCOMES = [(False, "move", "no such event"), (True, "move", None)]
CORRECTIONS = [("help", "ann", "asks how"), ("search", "ben", None), ("help", "ann", "again")]


def record_outcome(backend: Connection, log_id: UUID, *outcome: object) -> str:
    """Record an outcome as the backend does, and return the state."""
    row = backend.execute(
        "select public.record_outcome(%s, %s, %s, %s) ->> 'state'", [log_id, *outcome]
    ).fetchone()
    assert row is not None
    return str(row[0])


def record_correction(
    backend: Connection, log_id: UUID, *correction: object, secondary: list[str] | None = None
) -> str:
    """Record a correction as the backend does, and return the state."""
    row = backend.execute(
        "select public.record_correction(%s, %s, %s, %s, 'api', %s) ->> 'state'",
        [log_id, *correction, secondary],
    ).fetchone()
    assert row is not None
    return str(row[0])


def count_deferred(dashboard: Connection) -> int:
    """Return the number of deferred changes."""
    row = dashboard.execute("select count(*) from private.deferred_changes").fetchone()
    assert row is not None
    return int(str(row[0]))


def read_state(dashboard: Connection, log_id: UUID) -> dict[str, Any]:
    """Return a row, its queue item and its history, without the volatile columns."""
    with dashboard.cursor(row_factory=dict_row) as cursor:
        state = cursor.execute(
            """select to_jsonb(logs) as row, to_jsonb(queue) as item, (
                 select jsonb_agg(to_jsonb(events) order by events.id)
                 from public.correction_events events where events.log_id = logs.id
               ) as history
               from public.nlu_prompt_logs logs
               left join public.review_queue queue using (text_key) where logs.id = %s""",
            [log_id],
        ).fetchone()
    assert state is not None
    return {
        "row": _without_volatile(state["row"]),
        "item": _without_volatile(state["item"]),
        "history": [_without_volatile(event) for event in state["history"] or ()],
    }


def _without_volatile(columns: dict[str, Any] | None) -> dict[str, Any]:
    """Remove the volatile columns of a row; a missing row becomes an empty one."""
    return {name: value for name, value in (columns or {}).items() if name not in VOLATILE_COLUMNS}


@pytest.mark.parametrize("confidence", [0.2, 0.99])
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_final_state_does_not_depend_on_when_the_row_arrives(
    dashboard: Connection, backend: Connection, order: tuple[int, ...], confidence: float
) -> None:
    changes = [
        lambda log_id: [record_outcome(backend, log_id, *outcome) for outcome in OUTCOMES],
        lambda log_id: (
            [record_correction(backend, log_id, *CORRECTIONS[0], secondary=["search"])] * 2
        ),
        lambda log_id: [
            record_correction(backend, log_id, *one, secondary=["email"]) for one in CORRECTIONS[1:]
        ],
    ]

    def run_scenario(arrival: int, text: str) -> dict[str, Any]:
        row = build_row(prompt=text, confidence=confidence)
        for step, change in enumerate(order):
            if step == arrival:
                insert(dashboard, **row)
            changes[change](row["id"])
        if arrival == 3:
            insert(dashboard, **row)
        return read_state(dashboard, row["id"])

    expected = run_scenario(0, "move it first")
    for arrival in (1, 2, 3):
        assert run_scenario(arrival, f"move it {arrival}") == expected
    assert count_deferred(dashboard) == 0


@pytest.mark.parametrize("arrival", list(itertools.permutations(range(3))))
def test_the_latest_of_one_reviewers_decisions_stands_whichever_copy_arrives_first(
    dashboard: Connection, backend: Connection, arrival: tuple[int, ...]
) -> None:
    rows = [build_row(prompt="one text") for _ in range(3)]
    for row, intent in zip(rows, ("help", "search", "help"), strict=True):
        assert record_correction(backend, row["id"], intent, "ann", None) == "pending"

    for number in arrival:
        insert(dashboard, **rows[number])

    assert count_deferred(dashboard) == 0
    decided = (
        "select corrected_intent, reviewer from public.review_queue where decided_at is not null"
    )
    assert dashboard.execute(decided).fetchall() == [("help", "ann")]


def test_a_repeated_change_is_deferred_once(dashboard: Connection, backend: Connection) -> None:
    log_id = build_row()["id"]

    for _ in range(3):
        assert record_outcome(backend, log_id, *OUTCOMES[0]) == "pending"
        assert record_correction(backend, log_id, *CORRECTIONS[0]) == "pending"

    assert count_deferred(dashboard) == 2


def test_no_change_is_deferred_for_a_row_of_an_erased_user(
    dashboard: Connection, backend: Connection
) -> None:
    log_id = insert(dashboard)
    dashboard.execute("select private.erase_user(%s)", [ALICE])
    assert record_outcome(backend, log_id, False, "move", "the dentist of Alice") == "absent"
    assert record_correction(backend, log_id, *CORRECTIONS[0]) == "absent"
    assert count_deferred(dashboard) == 0


@pytest.mark.parametrize("log_id", [uuid4(), TOO_OLD])
def test_a_change_of_a_row_that_cannot_arrive_is_not_deferred(
    dashboard: Connection, backend: Connection, log_id: UUID
) -> None:
    assert record_outcome(backend, log_id, *OUTCOMES[0]) == "absent"
    assert record_correction(backend, log_id, *CORRECTIONS[0]) == "absent"
    assert count_deferred(dashboard) == 0


def test_changes_of_a_derived_id_are_deferred_for_the_retention_of_the_spool(
    dashboard: Connection, backend: Connection
) -> None:
    row = build_row(id=derived_log_id(b"secret", "backend", str(uuid4())))
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

    insert(dashboard, **row)  # for example a dead letter that was redriven
    final = read_state(dashboard, row["id"])["row"]
    assert (final["was_successful"], final["corrected_intent"]) == (False, "help")


def test_a_correction_to_an_unknown_intent_is_not_deferred(
    dashboard: Connection, backend: Connection
) -> None:
    with pytest.raises(errors.ForeignKeyViolation):
        record_correction(backend, build_row()["id"], "remindr", "ann", None)
    assert count_deferred(dashboard) == 0


def test_a_deferred_change_that_cannot_be_applied_does_not_block_the_row(
    dashboard: Connection, backend: Connection
) -> None:
    row = build_row()
    record_correction(backend, row["id"], "help", "ann", None)
    record_outcome(backend, row["id"], True, "move", None)
    dashboard.execute("update public.intent_catalogue set retired_at = now() where intent = 'help'")

    insert(dashboard, **row)

    final = read_state(dashboard, row["id"])["row"]
    assert final["corrected_intent"] is None
    assert final["was_successful"] is True
    assert count_deferred(dashboard) == 0


def test_no_change_is_lost_when_it_arrives_at_the_same_time_as_its_row(
    server: Server, database: str, dashboard: Connection
) -> None:
    rows = [build_row(prompt=f"move it {number}") for number in range(40)]

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

    while complete_captures(dashboard) > 0:
        pass
    incomplete = dashboard.execute(
        """select count(*) from public.nlu_prompt_logs
           where was_successful is null or corrected_intent is null"""
    ).fetchone()
    assert incomplete == (0,)
    assert count_deferred(dashboard) == 0


def test_expired_changes_and_dropped_rows_are_deleted_in_batches(dashboard: Connection) -> None:
    dashboard.execute("update private.settings set retention_batch_rows = 2")
    for table, time in (("deferred_changes", "deferred_at"), ("dropped_captures", "dropped_at")):
        changes = ", true" if table == "deferred_changes" else ""
        dashboard.execute(
            f"""insert into private.{table} (log_id, {time}{", was_successful" * bool(changes)})
               select gen_random_uuid(), now() - make_interval(days => 10 * n){changes}
               from generate_series(1, 5) n""".encode()
        )

    batch = "select private.delete_expired_changes()"
    assert [dashboard.execute(batch).fetchone() for _ in range(3)] == [(4,), (2,), (0,)]
    left = """select max(now() - deferred_at) <= interval '21 days' from private.deferred_changes
              union all
              select max(now() - dropped_at) <= interval '21 days' from private.dropped_captures"""
    assert dashboard.execute(left).fetchall() == [(True,), (True,)]


def test_discarding_deletes_only_the_changes_of_dropped_rows(
    server: Server, database: str, dashboard: Connection, backend: Connection
) -> None:
    dropped, expected = build_row()["id"], build_row()["id"]
    for log_id in (dropped, expected):
        record_outcome(backend, log_id, *OUTCOMES[0])

    with connect_as(server, database, WRITER) as connection:
        connection.execute("select public.discard_deferred_changes(%s)", [[dropped]])
        connection.commit()

    assert count_deferred(dashboard) == 1


def test_expired_deferred_changes_are_deleted(dashboard: Connection, backend: Connection) -> None:
    record_outcome(backend, build_row()["id"], *OUTCOMES[0])
    record_outcome(backend, build_row()["id"], *OUTCOMES[0])
    dashboard.execute(
        """update private.deferred_changes set deferred_at = now() - interval '29 days'
           where id = (select min(id) from private.deferred_changes)"""
    )

    assert dashboard.execute("select private.delete_expired_changes()").fetchone() == (1,)
    assert count_deferred(dashboard) == 1


@pytest.mark.parametrize(
    "reviewer", ["ann" + 300 * "\u200b", 150 * " " + "ann" + 150 * " "], ids=["marks", "spaces"]
)
def test_the_name_of_a_deferred_correction_is_as_long_as_a_reader_sees_it(
    dashboard: Connection, backend: Connection, log_id: UUID, reviewer: str
) -> None:
    recorded = record_correction(backend, log_id, "help", reviewer, None)
    deferred = record_correction(backend, build_row()["id"], "help", reviewer, None)

    assert (recorded, deferred) == ("recorded", "pending")
    names = dashboard.execute(
        """select reviewer from public.correction_events
           union all select reviewer from private.deferred_changes"""
    ).fetchall()
    assert names == [("ann",), ("ann",)]


def test_deferred_corrections_of_an_erased_reviewer_are_deleted(
    dashboard: Connection, backend: Connection
) -> None:
    record_correction(backend, build_row()["id"], "help", str(ALICE), None)
    record_correction(backend, build_row()["id"], "help", "ann", None)

    erase(dashboard, ALICE)

    reviewers = dashboard.execute("select reviewer from private.deferred_changes").fetchall()
    assert reviewers == [("ann",)]


def test_no_change_is_deferred_for_a_dropped_row(
    server: Server, database: str, dashboard: Connection, backend: Connection
) -> None:
    log_id = build_row()["id"]
    with connect_as(server, database, WRITER) as connection:
        connection.execute("select public.discard_deferred_changes(%s)", [[log_id]])
        connection.commit()

    assert record_outcome(backend, log_id, *OUTCOMES[0]) == "absent"
    assert record_correction(backend, log_id, *CORRECTIONS[0]) == "absent"
    assert count_deferred(dashboard) == 0


def test_the_deferred_corrections_of_one_reviewer_are_bounded(
    dashboard: Connection, backend: Connection
) -> None:
    dashboard.execute(
        """insert into private.deferred_changes (log_id, to_intent, reviewer, channel)
           select gen_random_uuid(), 'help', case when n % 2 = 0 then 'ann' else 'Ann' end, 'api'
           from generate_series(1, 1000) as numbers (n)"""
    )

    with pytest.raises(psycopg.Error) as refused:
        record_correction(backend, build_row()["id"], "help", "ann", None)

    assert refused.value.sqlstate == "PT429"
    assert record_correction(backend, build_row()["id"], "help", "ben", None) == "pending"


def test_a_later_change_is_applied_after_the_ones_that_still_wait(
    dashboard: Connection, backend: Connection
) -> None:
    row = build_row()
    record_outcome(backend, row["id"], False, "move", "no such event")
    with dashboard.transaction():  # the capture could not apply the outcome at once
        dashboard.execute("alter table public.nlu_prompt_logs disable trigger user")
        insert(dashboard, **row, text_key=b"key")
        dashboard.execute("alter table public.nlu_prompt_logs enable trigger user")

    record_outcome(backend, row["id"], True, "move", None)

    assert read(dashboard, row["id"], "was_successful", "execution_error") == (True, None)
    assert count_deferred(dashboard) == 0


def test_a_recorded_capture_is_found_only_with_its_user_and_content(
    server: Server, database: str, dashboard: Connection
) -> None:
    add_user(dashboard, BOB)
    row = build_row(conversation_id="c-1", message_index=3, scope=0.9)
    insert(dashboard, **row)
    content = ("id", "user_id", "prompt", "conversation_id", "message_index")

    def find_recorded(**changes: Any) -> list[Any]:
        capture = {name: row[name] for name in content} | changes
        fields = {name: str(v) if isinstance(v, UUID) else v for name, v in capture.items()}
        with connect_as(server, database, WRITER) as connection:
            return connection.execute(
                "select public.find_recorded_captures(jsonb_build_array(%s::jsonb))",
                [json.dumps(fields)],
            ).fetchall()

    ((recorded,),) = find_recorded()
    assert recorded["predicted_intent"] == row["predicted_intent"]
    assert set(recorded) == {
        "id", "predicted_intent", "confidence", "scope", "secondary_intents", "source",
        "model_version",
    }  # fmt: skip
    for changes in (
        {"user_id": BOB}, {"prompt": "another"}, {"conversation_id": None},
        {"message_index": 4}, {"id": build_row()["id"]},
    ):  # fmt: skip
        assert find_recorded(**changes) == []


@pytest.mark.parametrize("actor", [USER, WRITER], ids=str)
def test_only_the_backend_can_defer_a_change(
    server: Server, database: str, dashboard: Connection, actor: Any
) -> None:
    with (
        connect_as(server, database, actor) as connection,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        record_outcome(connection, build_row()["id"], *OUTCOMES[0])
    assert SERVICE is not actor
