"""The registry of models: immutable models, an append-only ledger, and who is erased from both."""

import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import errors
from pydantic import ValidationError

from prompt_capture.domain.models import ModelAddress, RegisteredModel, TrainingRecord

from .actors import ALICE, BOB, WRITER, connect_as
from .registry import (
    build_model,
    call,
    connect_registrar,
    promote,
    quarantine,
    register,
    roll_back,
    serving_version,
)
from .rows import LONG_AGO, add_user, correct, erase, insert
from .server import Connection, Server

TABLES = ("public.models", "public.model_events", "private.champion")


@pytest.fixture
def registrar(server: Server, database: str, dashboard: Connection) -> Iterator[Connection]:
    """The registrar's connection, with one transaction per statement."""
    with connect_registrar(server, database) as connection:
        yield connection


def read_registered_model(columns: dict[str, Any]) -> RegisteredModel:
    """Return a model as the domain reads it."""
    parts = {
        name: {column: columns[column] for column in part.model_fields}
        for name, part in (("address", ModelAddress), ("training", TrainingRecord))
    }
    rest = columns.keys() - parts["address"].keys() - parts["training"].keys()
    return RegisteredModel.model_validate({**{name: columns[name] for name in rest}, **parts})


def read_actors(dashboard: Connection) -> list[tuple[object, ...]]:
    """Return the version, the operator of each model, and the actor of each event."""
    return dashboard.execute(
        """select version, registered_by, array_agg(actor order by id)
           from public.models join public.model_events using (version) group by 1 order by 1"""
    ).fetchall()


# Models -------------------------------------------------------------------------------------

INVALID = {
    "version_is_part_of_keys_and_headers": {"version": "../a"},
    "version_may_be_captured": {"version": "legacy"},
    "manifest_sha256_is_a_sha256": {"manifest_sha256": "A" * 64},
    "object_version_is_part_of_a_header": {"object_version": "a\r\nX-Serving-Model: b"},
    "artifact_url_has_1_to_1024_characters": {"artifact_url": "x" * 1025},
    "mode_is_known": {"mode": "other"},
    "code_version_has_at_most_100_characters": {"code_version": "x" * 101},
    "parent_is_a_version": {"parent": "a/b"},
    "datasets_is_an_array": {"datasets": {}},
    "datasets_name_their_sources": {"datasets": [{"examples_by_tier": {}}]},
    "datasets_have_at_most_100000_bytes": {
        "datasets": [{"source": "x" * 100_000, "examples_by_tier": {}}]
    },
    "datasets_name_manifests_by_their_sha256": {
        "datasets": [{"source": "x", "manifest_sha256": "A" * 64, "examples_by_tier": {}}]
    },
    "datasets_count_their_examples": {
        "datasets": [{"source": "x", "examples_by_tier": {"gold": 0.5}}]
    },
    "datasets_have_no_other_fields": {
        "datasets": [{"source": "x", "examples_by_tier": {}, "note": "x"}]
    },
    "labels_are_1_to_1000": {"labels": []},
    "labels_have_1_to_100_characters": {"labels": ["help", None]},
    "labels_are_distinct": {"labels": ["help", "email", "help"]},
    "metrics_is_an_object": {"metrics": []},
    "metrics_are_numbers": {"metrics": {"accuracy": 0.5, "recall": ["0.5"]}},
    "metrics_have_at_most_100000_bytes": {"metrics": {"x" * 100_000: 1}},
    "metrics_stand_on_a_sample": {"sample": None},
    "sample_has_1_to_100_characters": {"sample": ""},
    "sample_messages_are_not_negative": {"sample_messages": -1},
    "size_bytes_are_not_negative": {"size_bytes": -1},
    "latency_ms_is_an_object": {"latency_ms": 1},
    "latency_ms_are_numbers": {"latency_ms": {"p50": None}},
    "latency_ms_has_at_most_10000_bytes": {"latency_ms": {"x" * 10_000: 1}},
}


@pytest.mark.parametrize(("constraint", "changes"), INVALID.items(), ids=INVALID)
def test_a_model_that_breaks_a_rule_is_not_registered(
    registrar: Connection, constraint: str, changes: dict[str, Any]
) -> None:
    model = build_model("a") | changes

    with pytest.raises(errors.CheckViolation) as refused:
        call(registrar, "register_model", model=model, actor="ann", reason="new")

    assert refused.value.diag.constraint_name == constraint
    assert call(registrar, "list_models") == call(registrar, "list_model_events") == []


def a_dataset(**changes: Any) -> dict[str, Any]:
    """Return the columns of a model that learned from one dataset."""
    return {"datasets": [{"source": "a", "examples_by_tier": {"gold": 1}} | changes]}


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("datasets_name_their_sources", {"datasets": [["a"]]}),
        ("datasets_name_their_sources", {"datasets": [None]}),
        ("datasets_name_their_sources", a_dataset(source=["a"])),
        ("datasets_name_their_sources", a_dataset(source="")),
        ("datasets_name_their_sources", a_dataset(source="\n" * 501)),
        ("datasets_name_their_sources", a_dataset(examples_by_tier=[1])),
        ("datasets_name_manifests_by_their_sha256", a_dataset(manifest_sha256="a" * 63)),
        ("datasets_name_manifests_by_their_sha256", a_dataset(manifest_sha256="a" * 64 + "\n")),
        ("datasets_name_manifests_by_their_sha256", a_dataset(manifest_sha256=["a" * 64])),
        ("datasets_name_manifests_by_their_sha256", a_dataset(manifest_sha256=7)),
        ("datasets_name_manifests_by_their_sha256", a_dataset(manifest_sha256=False)),
        ("datasets_count_their_examples", a_dataset(examples_by_tier={"gold": -1})),
        ("datasets_count_their_examples", a_dataset(examples_by_tier={"gold": "1"})),
        ("datasets_count_their_examples", a_dataset(examples_by_tier={"gold": [1]})),
        ("datasets_count_their_examples", a_dataset(examples_by_tier={"gold": None})),
        ("datasets_count_their_examples", a_dataset(examples_by_tier={"gold": 10**16})),
        ("labels_are_1_to_1000", {"labels": [["help"], ["email"]]}),
        ("labels_have_1_to_100_characters", {"labels": ["help", ""]}),
        ("labels_have_1_to_100_characters", {"labels": ["help", "x" * 101]}),
        ("columns_have_their_types", {"labels": ["help", 1]}),
        ("columns_have_their_types", {"labels": ["help", {"a": 1}]}),
        ("columns_have_their_types", {"labels": "{help}"}),
        ("columns_have_their_types", {"labels": [[["help"]], ["email"]]}),
        ("columns_have_their_types", {"version": 7}),
        ("columns_have_their_types", {"seed": "7"}),
        ("columns_have_their_types", {"seed": 0.5}),
        ("columns_have_their_types", {"seed": 10**30}),
        ("columns_have_their_types", {"size_bytes": "many"}),
    ],
)
def test_no_form_of_a_wrong_value_is_registered(
    registrar: Connection, constraint: str, changes: dict[str, Any]
) -> None:
    model = build_model("a") | changes

    with pytest.raises(errors.CheckViolation) as refused:
        call(registrar, "register_model", model=model, actor="ann", reason="new")

    assert refused.value.diag.constraint_name == constraint


@pytest.mark.parametrize("model", [None, [], "a", 1, [build_model("a")]])
def test_a_model_that_is_no_object_is_not_registered(registrar: Connection, model: object) -> None:
    with pytest.raises(errors.CheckViolation) as refused:
        registrar.execute(
            "select public.register_model(%s::jsonb, 'ann', 'new')", [json.dumps(model)]
        )
    assert refused.value.diag.constraint_name == "columns_have_their_types"


# One value at each limit of what the domain reads.
VALID: list[dict[str, Any]] = [
    {"labels": ["x" * 100, "X" * 100, "\n"]},
    {"labels": [f"label {number:0>94}" for number in range(1000)]},
    a_dataset(source="\n" * 500, manifest_sha256="a" * 64, examples_by_tier={"gold": 10**15}),
    a_dataset(manifest_sha256=None, examples_by_tier={"": 0, "gold": 1.0}),
    {"metrics": {"": 1e300}, "latency_ms": {"p50": -1e300}, "seed": 2**63 - 1},
    {"parent": None, "object_version": None, "sample": None, "metrics": {}},
]


@pytest.mark.parametrize("changes", VALID)
def test_the_domain_reads_every_model_that_is_registered(
    registrar: Connection, changes: dict[str, Any]
) -> None:
    model = build_model("a") | changes

    registered = call(registrar, "register_model", model=model, actor="ann", reason="new")

    read = read_registered_model(registered).model_dump(mode="json")
    columns = read | read["address"] | read["training"]
    assert columns | model | {"datasets": columns["datasets"]} == columns
    assert [columns["datasets"][n] | given for n, given in enumerate(model["datasets"])] == (
        columns["datasets"]
    )


def test_every_rule_of_models_is_tested(dashboard: Connection) -> None:
    rules = dashboard.execute(
        """select conname from pg_constraint
           where conrelid = 'public.models'::regclass and contype = 'c'"""
    ).fetchall()
    by_the_database = {"catalogue_version_is_a_sha256", "registered_by_has_1_to_200_characters"}
    assert {name for (name,) in rules} == set(INVALID) | by_the_database


@pytest.mark.parametrize("column", ["manifest_sha256", "mode", "labels", "size_bytes"])
def test_a_model_needs_all_that_decides_what_it_is(registrar: Connection, column: str) -> None:
    model = build_model("a")
    del model[column]

    with pytest.raises(errors.NotNullViolation):
        call(registrar, "register_model", model=model, actor="ann", reason="new")


def test_the_publisher_cannot_set_what_the_database_sets(registrar: Connection) -> None:
    forged = {
        "registered_by": "ben",
        "registered_at": LONG_AGO.isoformat(),
        "catalogue_version": "0" * 64,
        "state": "champion",
    }

    model = call(
        registrar, "register_model", model=build_model("a", **forged), actor="ann", reason="new"
    )

    assert (model["registered_by"], model["state"]) == ("ann", "candidate")
    assert model["registered_at"] > "2026"
    assert model["catalogue_version"] != "0" * 64


def test_the_catalogue_version_is_the_hash_of_the_names_of_the_intents_in_use(
    dashboard: Connection, registrar: Connection
) -> None:
    dashboard.execute(
        """insert into public.intent_catalogue (intent, domain, description, retired_at)
           values ('Ärger', 'x', 'Complain.', null), ('Zorn', 'x', 'Rage.', null),
             ('wut', 'x', 'Rage.', now())"""
    )
    rows = dashboard.execute("select intent from public.intent_catalogue where intent <> 'wut'")
    names = sorted(str(intent) for (intent,) in rows.fetchall())

    register(registrar, "a")

    (model,) = call(registrar, "list_models")
    content = json.dumps(names, ensure_ascii=False).encode()
    assert model["catalogue_version"] == sha256(content).hexdigest()


@given(version=st.text(max_size=3), object_version=st.text(max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
def test_the_database_and_the_domain_accept_the_same_addresses(
    dashboard: Connection, version: str, object_version: str
) -> None:
    address = {"version": version, "object_version": object_version, "manifest_sha256": "0" * 64}
    try:
        ModelAddress.model_validate(address)
    except ValidationError:
        is_valid = False
    else:
        is_valid = True
    if "\x00" in version + object_version:
        assert not is_valid
        return
    row = dashboard.execute(
        "select %s ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$' and %s ~ '^[!-~]+$'",
        [version, object_version],
    ).fetchone()
    assert row == (is_valid,)


# The ledger ---------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["postgres", "supabase_admin"])
@pytest.mark.parametrize(
    "statement",
    [
        "update {} set {} = {}",
        "delete from {}",
        "insert into {0} overriding system value select * from {0}",
        "truncate {} cascade",
    ],
)
@pytest.mark.parametrize("table", TABLES)
def test_no_owner_can_change_the_registry_by_hand(
    server: Server, database: str, registrar: Connection, role: str, statement: str, table: str
) -> None:
    register(registrar, "a")
    promote(registrar, "a")
    column = {"public.models": "seed", "public.model_events": "reason"}.get(table, "header")

    with (
        server.connect(role, database) as owner,
        pytest.raises(errors.InsufficientPrivilege, match="by hand"),
    ):
        owner.execute(statement.format(table, column, column).encode())


def test_the_maintainer_can_change_nothing_but_names(dashboard: Connection) -> None:
    changeable = dashboard.execute(
        """select attrelid::regclass::text, attname from pg_attribute
           where attrelid in ('public.models'::regclass, 'public.model_events'::regclass)
             and attnum > 0
             and has_column_privilege('prompt_maintainer', attrelid, attname, 'update')"""
    ).fetchall()
    assert sorted(changeable) == [("model_events", "actor"), ("models", "registered_by")]


def test_an_unregistered_model_can_be_neither_promoted_nor_quarantined(
    registrar: Connection,
) -> None:
    for change in (promote, quarantine):
        with pytest.raises(psycopg.Error) as refused:
            change(registrar, "a")
        assert refused.value.sqlstate == "PT404"


@pytest.mark.parametrize(
    "actor", [None, "", " \u200b", "dashboard", "Legacy", "erased-0123456789ab"]
)
def test_an_operator_needs_a_name_of_their_own(registrar: Connection, actor: str | None) -> None:
    register(registrar, "a")

    with pytest.raises(errors.CheckViolation) as refused:
        call(registrar, "promote_model", version="a", actor=actor, reason="better")

    assert refused.value.diag.constraint_name == "actor_is_a_name"


def nest(levels: int) -> object:
    """Return an object of so many levels, alternately of objects and arrays."""
    nested: object = 1
    for level in range(levels, 0, -1):
        nested = {"a": nested} if level % 2 else [nested]
    return nested


def test_a_decision_needs_a_reason_and_its_evidence_is_an_object(registrar: Connection) -> None:
    register(registrar, "a")
    for reason, evidence in (
        (None, "{}"), ("", "{}"), ("x" * 2001, "{}"), ("better", "[1]"), ("better", "null"),
        ("better", '{"a": [{"b": 1e301}]}'), ("better", '{"a": -1e5000}'),
        ("better", json.dumps(nest(21))), ("better", json.dumps(nest(1000))),
    ):  # fmt: skip
        with pytest.raises((errors.CheckViolation, errors.NotNullViolation)):
            call(
                registrar,
                "promote_model",
                version="a",
                actor="ann",
                reason=reason,
                evidence=evidence,
                force=True,
            )
    assert serving_version(registrar) is None

    evidence = json.dumps({"a": nest(19), "b": 1e300})
    call(
        registrar,
        "promote_model",
        version="a",
        actor="ann",
        reason="better",
        evidence=evidence,
        force=True,
    )
    assert serving_version(registrar) == "a"


def test_the_order_of_events_is_that_of_their_times_after_the_clock_was_set_back(
    server: Server, database: str, registrar: Connection
) -> None:
    register(registrar, "a")
    with server.connect("supabase_admin", database) as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute("update public.model_events set at = now() + interval '1 hour'")

    promote(registrar, "a")

    promoted, registered = call(registrar, "list_model_events")
    assert promoted["at"] > registered["at"]


CHANGES = st.lists(
    st.tuples(st.sampled_from([promote, quarantine, roll_back]), st.sampled_from("abc")),
    max_size=15,
)


@given(changes=CHANGES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_after_any_changes_ledger_states_and_header_name_the_same_champion(
    dashboard: Connection, registrar: Connection, changes: list[tuple[Any, str]]
) -> None:
    with registrar.transaction(force_rollback=True):
        register(registrar, "a", "b", "c")
        for change, version in changes:
            arguments = [] if change is roll_back else [version]
            try:
                with registrar.transaction():
                    change(registrar, *arguments)
            except psycopg.Error as error:
                if error.sqlstate != "PT409":
                    raise

        serving = call(registrar, "serving_model")
        states = {model["version"]: model["state"] for model in call(registrar, "list_models")}
        events = call(registrar, "list_model_events")
        event = call(registrar, "serving_event", moment="infinity")

    champions = [version for version, state in states.items() if state == "champion"]
    assert champions == ([serving["version"]] if serving else [])
    assert (event["version"] if event else None) == serving.get("version")
    quarantined = {one["version"] for one in events if one["kind"] == "quarantined"}
    assert quarantined == {version for version, state in states.items() if state == "quarantined"}
    assert serving.get("version") not in quarantined
    served: list[str | None] = [None]
    for one in reversed(events):
        if one["kind"] in {"promoted", "rolled_back"}:
            assert one["replaced"] == served[-1] != one["version"]
            served.append(one["version"])


# Captures -----------------------------------------------------------------------------------

HEADERS = "select current_setting('response.headers', true)"
ACCIDENTS = (
    "alter table private.champion rename to lost",
    "revoke all on private.champion from prompt_maintainer",
    (
        "set session_replication_role = replica; delete from private.champion;"
        "set session_replication_role = origin"
    ),
    "select set_config('response.headers', 'no JSON', true)",
)


@pytest.mark.parametrize("accident", ACCIDENTS)
def test_a_capture_succeeds_whatever_happened_to_the_registry(
    server: Server, database: str, dashboard: Connection, accident: str
) -> None:
    with server.connect("supabase_admin", database, autocommit=False) as connection:
        connection.execute(accident.encode())
        connection.execute("set local role prompt_writer")
        insert(connection)


def test_a_capture_does_not_wait_for_the_registry(
    server: Server, database: str, dashboard: Connection
) -> None:
    locked = "lock table public.models, public.model_events, private.champion"
    with (
        server.connect("postgres", database, autocommit=False) as maintenance,
        connect_as(server, database, WRITER) as writer,
    ):
        maintenance.execute(locked.encode())
        writer.execute("set local statement_timeout = '5s'")
        for _ in range(2):
            insert(writer)
        assert writer.execute(HEADERS).fetchone() in {(None,), ("",)}


def test_a_header_that_the_project_sets_is_kept(server: Server, database: str) -> None:
    with server.connect("postgres", database) as dashboard:
        add_user(dashboard, ALICE)
    with connect_as(server, database, WRITER) as writer:
        own = json.dumps([{"X-Own": "1"}])
        writer.execute("select set_config('response.headers', %s, true)", [own])
        for _ in range(2):
            insert(writer)
        row = writer.execute(HEADERS).fetchone()
    assert row is not None
    assert json.loads(str(row[0])) == [{"X-Own": "1"}, {"X-Serving-Model": "{}"}]


# Erasure and retention ----------------------------------------------------------------------


def test_an_erasure_replaces_the_name_of_an_operator_by_a_pseudonym(
    dashboard: Connection, registrar: Connection
) -> None:
    register(registrar, "a", actor=str(ALICE).upper())
    register(registrar, "b", actor=str(BOB))
    promote(registrar, "a", str(ALICE))
    correct(dashboard, insert(dashboard), "help", str(ALICE))

    receipt = erase(dashboard, ALICE)

    assert receipt["counts_before"]["registry_entries"] == 3
    assert receipt["counts_after"]["registry_entries"] == 0
    (a, b) = read_actors(dashboard)
    pseudonym = str(a[1])
    assert pseudonym.startswith("erased-")
    assert a == ("a", pseudonym, [pseudonym, pseudonym])
    assert b == ("b", str(BOB), [str(BOB)])
    assert serving_version(registrar) == "a"


def test_the_deletion_of_an_account_replaces_the_name_of_an_operator(
    dashboard: Connection, registrar: Connection
) -> None:
    register(registrar, "a", actor=str(ALICE))

    dashboard.execute("delete from auth.users where id = %s", [ALICE])

    assert str(ALICE) not in str(read_actors(dashboard))


def test_an_operator_and_a_reviewer_who_are_one_person_get_one_pseudonym(
    dashboard: Connection, registrar: Connection
) -> None:
    add_user(dashboard, BOB)
    register(registrar, "a", actor=str(ALICE))
    correct(dashboard, insert(dashboard, user_id=BOB), "help", str(ALICE))

    erase(dashboard, ALICE)

    reviewers = dashboard.execute("select reviewer from public.correction_events").fetchall()
    assert reviewers == [(read_actors(dashboard)[0][1],)]


def mark_as_deleted(dashboard: Connection, user_id: UUID) -> None:
    """Mark an account as deleted, as Supabase does on request instead of deleting it."""
    dashboard.execute("update auth.users set deleted_at = now() where id = %s", [user_id])


@pytest.mark.parametrize("leave", [erase, mark_as_deleted])
def test_a_former_operator_decides_nothing(
    dashboard: Connection, registrar: Connection, leave: Callable[[Connection, UUID], object]
) -> None:
    register(registrar, "a")
    leave(dashboard, ALICE)
    for change in (promote, quarantine):
        with pytest.raises(psycopg.Error) as refused:
            change(registrar, "a", str(ALICE))
        assert refused.value.sqlstate == "PT403"
        assert str(ALICE) not in str(refused.value)


def test_the_dashboard_replaces_the_name_of_an_operator_that_is_no_user(
    dashboard: Connection, registrar: Connection
) -> None:
    register(registrar, "a", "b", actor="Grace")
    promote(registrar, "a", "grace")

    changed = dashboard.execute("select private.pseudonymise_operator('GRACE')").fetchone()

    assert changed == (5,)
    assert "race" not in str(read_actors(dashboard))


def test_an_operator_is_found_however_their_name_is_typed(
    dashboard: Connection, registrar: Connection
) -> None:
    register(registrar, "a", actor="J\u00fcrgen  Lee")

    changed = dashboard.execute(
        "select private.pseudonymise_operator(%s)", ["Ju\u0308rgen Lee"]
    ).fetchone()

    assert changed == (2,)


def test_retention_and_the_erasure_of_senders_leave_the_registry_as_it_is(
    dashboard: Connection, registrar: Connection
) -> None:
    register(registrar, "a", "b")
    promote(registrar, "b")
    log_id: UUID = insert(dashboard, model_version="b", created_at=LONG_AGO)
    before = call(registrar, "list_models"), call(registrar, "list_model_events")

    dashboard.execute("select private.delete_expired_rows()")
    dashboard.execute("select private.delete_expired_texts()")
    dashboard.execute("select private.delete_expired_exports()")
    erase(dashboard, ALICE)

    rows = dashboard.execute("select from public.nlu_prompt_logs where id = %s", [log_id])
    assert rows.rowcount == 0
    assert (call(registrar, "list_models"), call(registrar, "list_model_events")) == before


# Lists --------------------------------------------------------------------------------------


def test_lists_have_pages_of_a_bounded_size(registrar: Connection) -> None:
    versions = [f"m-{number}" for number in range(201)]
    register(registrar, *versions)

    first, second = (call(registrar, "list_models", before=before) for before in (None, "m-1"))
    assert [model["version"] for model in first] == versions[:0:-1]
    assert [model["version"] for model in second] == ["m-0"]
    events = call(registrar, "list_model_events")
    assert [event["version"] for event in events] == versions[:0:-1]
    older = call(registrar, "list_model_events", before=events[-1]["id"])
    assert [event["version"] for event in older] == ["m-0"]
    assert call(registrar, "list_model_events", version="m-0", before=events[-1]["id"]) == older
