"""The split: who starts and stops it, which arm a message has, and what nobody sees of it."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import errors

from prompt_capture.domain.splits import Split

from .actors import ALICE, BOB, SERVICE, USER, WRITER, connect_as
from .registry import build_model, call, connect_registrar, promote, quarantine, register, roll_back
from .rows import add_user, build_row, erase, insert, update_as_backend
from .server import Connection, Server

HEADERS = "select current_setting('response.headers', true)"
ACCIDENTS = (
    "alter table private.split rename to lost",
    "alter table private.split_messages rename to lost",
    "revoke all on private.split from prompt_maintainer",
    "revoke all on private.split_messages from prompt_maintainer",
)


@pytest.fixture
def registrar(server: Server, database: str, dashboard: Connection) -> Iterator[Connection]:
    """The registrar's connection; `a` is the champion, `b` and `c` are candidates."""
    with connect_registrar(server, database) as connection:
        register(connection, "a", "b", "c")
        promote(connection, "a")
        yield connection


def split(connection: Connection, version: str = "b", share: float = 0.5) -> Any:
    """Start or change a split, and return the event."""
    return call(
        connection, "split_model", version=version, share=share, actor="ann", reason="compare"
    )


def stop(connection: Connection, **arguments: Any) -> Any:
    """Stop the split, and return the event."""
    return call(connection, "stop_split", actor="ann", reason="seen enough", **arguments)


def read_arms(dashboard: Connection) -> dict[UUID, tuple[str, bool]]:
    """Return the arm of each message, and whether the champion answered in the challenger's."""
    query = "select log_id, arm, is_fallback from private.split_messages"
    rows: list[tuple[Any, ...]] = dashboard.execute(query).fetchall()
    return {log_id: (arm, fallback) for log_id, arm, fallback in rows}


def find_user(serving: Any, arm: str) -> UUID:
    """Return a user who has an arm."""
    current = Split.model_validate(serving["split"])
    return next(user for user in iter(uuid4, None) if current.arm_of(user) == arm)


def test_a_split_is_part_of_what_serves_until_it_is_stopped(registrar: Connection) -> None:
    before = call(registrar, "serving_model")

    event = split(registrar, share=0.25)

    serving = call(registrar, "serving_model")
    current = serving.pop("split")
    assert serving == before
    assert (current["id"], current["share"]) == (event["id"], 0.25)
    assert current["challenger"] == {
        name: build_model("b")[name] for name in ("version", "manifest_sha256", "object_version")
    }
    assert Split.model_validate(current).key == current["key"]
    assert (event["kind"], event["version"]) == ("split_started", "b")
    assert event["evidence"] == {"share": 0.25}
    stopped = stop(registrar)
    assert (stopped["kind"], stopped["version"]) == ("split_stopped", "b")
    assert call(registrar, "serving_model") == before
    assert stop(registrar) is None


def test_another_share_keeps_the_key_and_the_same_share_changes_nothing(
    registrar: Connection,
) -> None:
    split(registrar, share=0.1)
    first = call(registrar, "serving_model")["split"]

    event = split(registrar, share=0.2)

    assert (event["kind"], event["evidence"]) == ("split_changed", {"share": 0.2})
    assert call(registrar, "serving_model")["split"] == first | {"share": 0.2}
    assert split(registrar, share=0.2) is None


def test_each_split_has_a_key_of_its_own(registrar: Connection) -> None:
    keys = set()
    for _ in range(3):
        split(registrar)
        keys.add(call(registrar, "serving_model")["split"]["key"])
        stop(registrar)
    assert len(keys) == 3


@pytest.mark.parametrize(
    ("version", "share", "code"),
    [
        ("a", 0.5, "PT412"),
        ("c", 0.5, "PT412"),
        ("d", 0.5, "PT404"),
        ("b", 0.0, "23514"),
        ("b", 1.0, "23514"),
        ("b", float("nan"), "23514"),
        ("b", None, "23514"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    registrar: Connection, version: str, share: float, code: str
) -> None:
    split(registrar, share=0.3)

    with pytest.raises(psycopg.Error) as refused:
        split(registrar, version, share)

    assert refused.value.sqlstate == code
    assert call(registrar, "serving_model")["split"]["share"] == 0.3


def test_a_quarantined_model_is_no_challenger(registrar: Connection) -> None:
    quarantine(registrar, "b")

    with pytest.raises(psycopg.Error) as refused:
        split(registrar)

    assert refused.value.sqlstate == "PT409"


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        (lambda registrar: promote(registrar, "b"), ["split_stopped", "promoted"]),
        (lambda registrar: promote(registrar, "c"), ["split_stopped", "promoted"]),
        (roll_back, ["split_stopped", "rolled_back"]),
        (lambda registrar: quarantine(registrar, "b"), ["split_stopped", "quarantined"]),
        (
            lambda registrar: quarantine(registrar, "a"),
            ["split_stopped", "rolled_back", "quarantined"],
        ),
    ],
)
def test_what_changes_the_compared_models_stops_the_split(
    registrar: Connection, change: Any, kinds: list[str]
) -> None:
    split(registrar)

    change(registrar)

    assert "split" not in call(registrar, "serving_model")
    events = call(registrar, "list_model_events")
    assert [event["kind"] for event in events][: len(kinds)] == kinds


def test_a_quarantine_of_another_model_leaves_the_split_alone(registrar: Connection) -> None:
    split(registrar)

    quarantine(registrar, "c")

    assert "split" in call(registrar, "serving_model")


def test_the_packaged_model_can_be_compared_too(registrar: Connection) -> None:
    roll_back(registrar)

    split(registrar)

    assert set(call(registrar, "serving_model")) == {"split"}
    assert call(registrar, "read_split")["champion"] is None


def test_only_the_named_split_is_stopped(registrar: Connection) -> None:
    first = split(registrar)["id"]
    stop(registrar)
    second = split(registrar)["id"]

    assert stop(registrar, split=first) is None
    assert stop(registrar, split=second)["kind"] == "split_stopped"


def test_database_and_functions_give_users_the_same_arm(
    server: Server, database: str, registrar: Connection
) -> None:
    split(registrar, share=0.3)
    current = Split.model_validate(call(registrar, "serving_model")["split"])
    users = [uuid4() for _ in range(500)]

    with server.connect("supabase_admin", database) as admin:
        rows = admin.execute(
            "select private.split_arm(id, decode(%s, 'hex'), %s) from unnest(%s) as ids (id)",
            [current.key, current.share, users],
        ).fetchall()

    assert [arm for (arm,) in rows] == [current.arm_of(user) for user in users]
    assert {arm for (arm,) in rows} == {"champion", "challenger"}


def test_a_captured_message_has_the_arm_of_its_sender(
    registrar: Connection, dashboard: Connection, server: Server, database: str
) -> None:
    add_user(dashboard, ALICE)
    insert(dashboard)
    split(registrar)
    serving = call(registrar, "serving_model")
    champions, challengers = (find_user(serving, arm) for arm in ("champion", "challenger"))
    for user in (champions, challengers):
        add_user(dashboard, user)

    with connect_as(server, database, WRITER) as writer:
        answered = insert(writer, user_id=challengers, model_version="b")
        fallback = insert(writer, user_id=challengers, model_version="a")
        control = insert(writer, user_id=champions, model_version="a")
        insert(writer, user_id=challengers, source="rule", model_version="rules-1")
        writer.commit()

    assert read_arms(dashboard) == {
        answered: ("challenger", False),
        fallback: ("challenger", True),
        control: ("champion", False),
    }
    stop(registrar)
    insert(dashboard, user_id=challengers)
    assert len(read_arms(dashboard)) == 3


def test_messages_beyond_the_daily_cap_do_not_count(
    registrar: Connection, dashboard: Connection
) -> None:
    dashboard.execute("update private.settings set daily_cap = 2")
    add_user(dashboard, ALICE)
    split(registrar)

    for _ in range(4):
        insert(dashboard)

    assert len(read_arms(dashboard)) == 2


def test_the_results_count_users_by_their_outcomes_and_name_nobody(
    registrar: Connection, dashboard: Connection
) -> None:
    split(registrar)
    serving = call(registrar, "serving_model")
    users = {"champion": [ALICE, BOB], "challenger": []}
    for arm, members in users.items():
        members[:] = [find_user(serving, arm) for _ in range(2)]
        for user in members:
            add_user(dashboard, user)
            for was_successful in (True, True, False, None):
                log_id = insert(dashboard, user_id=user, model_version="a")
                if was_successful is not None:
                    update_as_backend(dashboard, log_id, was_successful=was_successful)

    results = call(registrar, "read_split")

    assert sorted(results["groups"], key=lambda group: str(group["arm"])) == [
        {"arm": arm, "outcomes": 3, "successes": 2, "users": 2}
        for arm in ("challenger", "champion")
    ]
    assert (results["messages"], results["fallbacks"]) == (8, 8)
    assert (results["champion"], results["challenger"], results["share"]) == ("a", "b", 0.5)
    assert results["stopped"] is None
    everyone = {str(user) for members in users.values() for user in members}
    assert not any(user in json.dumps(results) for user in everyone)
    stop(registrar)
    results = call(registrar, "read_split")
    assert (results["share"], results["stopped"]["kind"]) == (None, "split_stopped")


def test_the_results_are_read_without_the_messages(
    registrar: Connection, dashboard: Connection, server: Server, database: str
) -> None:
    split(registrar)
    add_user(dashboard, ALICE)
    for number in range(50):  # the daily cap
        update_as_backend(dashboard, insert(dashboard, prompt=str(number)), was_successful=True)

    with server.connect("supabase_admin", database, autocommit=False) as connection:
        results = call(connection, "read_split")
        read = connection.execute(
            """select sum(seq_tup_read + idx_tup_fetch)::integer from pg_stat_xact_all_tables
               where relname = 'nlu_prompt_logs'"""
        ).fetchone()
    assert [group["outcomes"] for group in results["groups"]] == [50]
    assert read in {(0,), (None,)}


def test_an_outcome_that_arrives_before_its_message_counts(
    registrar: Connection, dashboard: Connection, server: Server, database: str
) -> None:
    split(registrar)
    add_user(dashboard, ALICE)
    log_id = build_row()["id"]
    with connect_as(server, database, SERVICE) as backend:
        backend.execute("select public.record_outcome(%s, false, 'move', 'failed')", [log_id])
        backend.commit()

    insert(dashboard, id=log_id)

    [group] = call(registrar, "read_split")["groups"]
    assert (group["outcomes"], group["successes"]) == (1, 0)


@pytest.mark.parametrize("accident", ACCIDENTS)
def test_an_outcome_is_recorded_whatever_happened_to_the_split(
    server: Server, database: str, dashboard: Connection, registrar: Connection, accident: str
) -> None:
    add_user(dashboard, ALICE)
    split(registrar)
    log_id = insert(dashboard)
    with server.connect("supabase_admin", database, autocommit=False) as connection:
        connection.execute(accident.encode())
        assert update_as_backend(connection, log_id, was_successful=True) == 1


def test_there_are_no_results_without_a_split(registrar: Connection) -> None:
    assert call(registrar, "read_split") is None


def test_the_arms_of_erased_users_are_deleted(registrar: Connection, dashboard: Connection) -> None:
    for user in (ALICE, BOB):
        add_user(dashboard, user)
    split(registrar)
    insert(dashboard)
    kept = insert(dashboard, user_id=BOB)

    erase(dashboard, ALICE)

    assert set(read_arms(dashboard)) == {kept}


def test_retention_deletes_the_arm_of_a_message_with_it(
    registrar: Connection, dashboard: Connection, server: Server, database: str
) -> None:
    add_user(dashboard, ALICE)
    split(registrar)
    insert(dashboard)
    with server.connect("supabase_admin", database) as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute("update public.nlu_prompt_logs set created_at = now() - interval '200 days'")

    dashboard.execute("select private.delete_expired_rows()")

    assert read_arms(dashboard) == {}


@pytest.mark.parametrize("accident", ACCIDENTS)
def test_a_capture_succeeds_whatever_happened_to_the_split(
    server: Server, database: str, dashboard: Connection, registrar: Connection, accident: str
) -> None:
    add_user(dashboard, ALICE)
    split(registrar)
    with server.connect("supabase_admin", database, autocommit=False) as connection:
        connection.execute(accident.encode())
        connection.execute("set local role prompt_writer")
        insert(connection)


def test_a_capture_does_not_wait_for_the_split(
    server: Server, database: str, dashboard: Connection, registrar: Connection
) -> None:
    add_user(dashboard, ALICE)
    split(registrar)
    with (
        server.connect("postgres", database, autocommit=False) as maintenance,
        connect_as(server, database, WRITER) as writer,
    ):
        maintenance.execute("lock table private.split, private.split_messages")
        writer.execute("set local statement_timeout = '5s'")
        insert(writer)
        maintenance.rollback()
    assert read_arms(dashboard) == {}


@pytest.mark.parametrize("role", ["postgres", "supabase_admin"])
@pytest.mark.parametrize(
    "statement",
    [
        "update private.split set share = 0.9",
        "delete from private.split",
        "truncate private.split",
        "insert into private.split select * from private.split",
        "update private.split_messages set arm = 'champion'",
        "delete from private.split_messages",
        "truncate private.split_messages",
    ],
)
def test_no_owner_can_change_the_split_by_hand(
    server: Server,
    database: str,
    dashboard: Connection,
    registrar: Connection,
    role: str,
    statement: str,
) -> None:
    add_user(dashboard, ALICE)
    split(registrar)
    insert(dashboard)

    with (
        server.connect(role, database) as owner,
        pytest.raises(errors.InsufficientPrivilege, match="by hand"),
    ):
        owner.execute(statement.encode())


@pytest.mark.parametrize("actor", [USER, WRITER, SERVICE], ids=str)
@pytest.mark.parametrize(
    "statement",
    [
        "select arm from private.split_messages",
        "select key from private.split",
        "select public.read_split()",
        "select public.stop_split('ann', 'seen enough')",
        "select public.split_model('b', 0.5, 'ann', 'compare')",
        "select private.split_arm(gen_random_uuid(), 'k', 0.5)",
    ],
)
def test_nobody_but_an_operator_learns_of_a_split_or_decides_it(
    server: Server, database: str, registrar: Connection, actor: Any, statement: str
) -> None:
    split(registrar)
    with (
        connect_as(server, database, actor) as connection,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


def test_a_user_sees_the_same_columns_with_and_without_a_split(
    server: Server, database: str, dashboard: Connection, registrar: Connection
) -> None:
    add_user(dashboard, ALICE)
    insert(dashboard)
    split(registrar)
    insert(dashboard)

    with connect_as(server, database, USER) as user:
        query = "select to_jsonb(logs) from public.nlu_prompt_logs logs"
        rows: list[tuple[Any, ...]] = user.execute(query).fetchall()

    before, during = (row[0] for row in rows)
    assert before.keys() == during.keys()
    assert not {"arm", "split_id", "is_fallback"} & during.keys()


def test_the_header_of_a_capture_carries_the_split(
    server: Server, database: str, dashboard: Connection, registrar: Connection
) -> None:
    add_user(dashboard, ALICE)
    split(registrar)
    with connect_as(server, database, WRITER) as writer:
        insert(writer)
        row: tuple[Any, ...] | None = writer.execute(HEADERS).fetchone()
    assert row is not None
    (header,) = json.loads(row[0])
    assert json.loads(header["X-Serving-Model"]) == call(registrar, "serving_model")


def test_a_row_that_is_not_captured_has_no_arm(
    server: Server, database: str, dashboard: Connection, registrar: Connection
) -> None:
    split(registrar)
    row = build_row(user_id=uuid4())
    with connect_as(server, database, WRITER) as writer, pytest.raises(errors.ForeignKeyViolation):
        insert(writer, **row)
    assert read_arms(dashboard) == {}
