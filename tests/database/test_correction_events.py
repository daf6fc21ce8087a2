"""Every correction is an event that is appended and never changed, and that counts as a vote."""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import errors
from psycopg.types.json import Jsonb

from .actors import BOB
from .rows import (
    COLUMNS,
    CORRECTION_COLUMNS,
    LONG_AGO,
    OUTCOME_COLUMNS,
    TIME_COLUMNS,
    add_user,
    build_row,
    complete_captures,
    correct,
    edit_queue_item,
    insert,
    read,
    update,
)
from .server import Connection

TEXT = "push my dentist thing to friday"


def read_events(dashboard: Connection, *columns: str) -> list[tuple[Any, ...]]:
    """Return columns of all events, oldest first."""
    query = f"select {', '.join(columns)} from public.correction_events order by id"
    return dashboard.execute(query.encode()).fetchall()


def read_labels(dashboard: Connection) -> dict[Any, Any]:
    """Return the label of each row's text, by the id of the row."""
    query = "select id, corrected_intent from public.labelled_prompts"
    return {log_id: label for log_id, label in dashboard.execute(query).fetchall()}  # noqa: C416


def test_each_channel_appends_an_event_with_reviewer_intents_and_notes(
    dashboard: Connection, log_id: UUID
) -> None:
    correct(dashboard, log_id, "help", "ann", "asks how")
    correct(dashboard, log_id, "search", "ann", channel="import")
    update(dashboard, log_id, corrected_intent="status")
    edit_queue_item(dashboard, TEXT, corrected_intent="status", reviewer="ann")
    assert read_events(
        dashboard, "log_id", "from_intent", "to_intent", "reviewer", "notes", "channel"
    ) == [
        (log_id, "reschedule", "help", "ann", "asks how", "api"),
        (log_id, "help", "search", "ann", None, "import"),
        (log_id, "search", "status", "dashboard", None, "dashboard"),
        (log_id, "status", "status", "ann", None, "dashboard"),
    ]
    assert read(dashboard, log_id, "corrected_intent") == ("status",)


def test_confirming_the_prediction_appends_an_event(dashboard: Connection, log_id: UUID) -> None:
    correct(dashboard, log_id, "reschedule")
    assert read_events(dashboard, "from_intent", "to_intent") == [("reschedule", "reschedule")]
    assert read(dashboard, log_id, "corrected_intent") == ("reschedule",)


def test_a_repeated_correction_appends_nothing(dashboard: Connection, log_id: UUID) -> None:
    assert [correct(dashboard, log_id, "help") for _ in range(3)] == [1, 0, 0]
    assert correct(dashboard, log_id, "help", notes="now with a reason") == 1


def test_a_correction_labels_every_copy_of_the_text_and_no_other_text(
    dashboard: Connection, log_id: UUID
) -> None:
    add_user(dashboard, BOB)
    copy = insert(dashboard, user_id=BOB, prompt="  PUSH my dentist\tthing to\u00a0Friday ")
    other = insert(dashboard, prompt="push my dentist thing to monday")
    correct(dashboard, log_id, "help")
    later = insert(dashboard, user_id=BOB, prompt=TEXT)
    assert read_labels(dashboard) == {log_id: "help", copy: "help", later: "help", other: None}


def test_the_corrections_of_one_reviewer_on_one_text_are_bounded(
    dashboard: Connection, backend: Connection
) -> None:
    """The erasure of the text deletes all of them."""
    log_id = insert(dashboard)
    with dashboard.transaction():
        for number in range(1000):
            name = ("mallory", "Mallory")[number % 2]  # one reviewer
            correct(dashboard, log_id, ("help", "status")[number % 2], name)

    record = "select public.record_correction(%s, %s, %s, null, 'api')"
    with pytest.raises(psycopg.Error) as refused:
        backend.execute(record, [log_id, "search", "mallory"])
    assert refused.value.sqlstate == "PT429"
    backend.execute(record, [log_id, "status", "Mallory"])  # a repetition
    backend.execute(record, [log_id, "search", "ann"])
    backend.execute(record, [insert(dashboard, prompt="another text"), "search", "mallory"])
    edit_queue_item(dashboard, TEXT, corrected_intent="greeting", reviewer="mallory")

    row = build_row()
    backend.execute(record, [row["id"], "reminder", "mallory"])
    insert(dashboard, **row)
    complete_captures(dashboard)
    assert dashboard.execute("select from private.deferred_changes").rowcount == 0


def test_a_correction_is_not_shown_on_copies_that_were_not_chosen_for_review(
    dashboard: Connection, log_id: UUID
) -> None:
    add_user(dashboard, BOB)
    confident = insert(dashboard, user_id=BOB, confidence=0.99)
    correct(dashboard, log_id, "help")
    later = insert(dashboard, user_id=BOB)
    assert read(dashboard, log_id, "corrected_intent") == ("help",)
    columns = ("corrected_intent", "correction_notes", "corrected_at", "is_disputed")
    for copy in (confident, later):
        assert read(dashboard, copy, *columns) == (None, None, None, False)
    correct(dashboard, log_id, "search", "bob")
    assert read(dashboard, insert(dashboard, user_id=BOB), *columns) == (None, None, None, False)


def test_a_copy_is_captured_and_labelled_after_its_intent_was_retired(
    dashboard: Connection, log_id: UUID
) -> None:
    correct(dashboard, log_id, "help")
    dashboard.execute("update public.intent_catalogue set retired_at = now() where intent = 'help'")
    copy = insert(dashboard)
    assert read_labels(dashboard)[copy] == "help"


def test_two_reviewers_who_disagree_cause_a_dispute_that_a_third_settles(
    dashboard: Connection, log_id: UUID
) -> None:
    correct(dashboard, log_id, "help", "ann")
    correct(dashboard, log_id, "search", "bob")
    assert read(dashboard, log_id, "corrected_intent", "is_disputed") == ("search", True)
    items = "select corrected_intent, reasons, waiting_since is null from public.review_queue"
    assert dashboard.execute(items).fetchall() == [
        (None, ["disagreement", "low_confidence"], False)
    ]
    correct(dashboard, log_id, "search", "cy")
    assert read(dashboard, log_id, "corrected_intent", "is_disputed") == ("search", False)
    assert dashboard.execute(items).fetchall() == [("search", ["low_confidence"], True)]
    assert len(read_events(dashboard, "id")) == 3


def test_the_row_shows_the_latest_correction_which_is_disputed_if_outvoted(
    dashboard: Connection, log_id: UUID
) -> None:
    for reviewer in ("ann", "bob"):
        correct(dashboard, log_id, "help", reviewer)
    correct(dashboard, log_id, "search", "cy")
    assert read(dashboard, log_id, "corrected_intent", "is_disputed") == ("search", True)


def test_a_reviewer_who_changes_their_vote_ends_the_dispute(
    dashboard: Connection, log_id: UUID
) -> None:
    correct(dashboard, log_id, "help", "ann")
    correct(dashboard, log_id, "search", "bob")
    correct(dashboard, log_id, "search", "ann")
    assert read(dashboard, log_id, "corrected_intent", "is_disputed") == ("search", False)


def read_item(dashboard: Connection) -> tuple[Any, ...] | None:
    """Return label, reviewer, whether it waits and the reasons of the only queue item."""
    return dashboard.execute(
        """select corrected_intent, reviewer, waiting_since is not null, reasons
           from public.review_queue"""
    ).fetchone()


def retract_by_the_api(dashboard: Connection, log_id: UUID, reviewer: str) -> None:
    """Withdraw a vote as the backend does."""
    correct(dashboard, log_id, None, reviewer)


def retract_in_the_queue(dashboard: Connection, _log_id: UUID, reviewer: str) -> None:
    """Withdraw a vote by an edit of the queue item that names the reviewer."""
    edit_queue_item(dashboard, TEXT, corrected_intent=None, reviewer=reviewer)


@pytest.mark.parametrize("retract", [retract_by_the_api, retract_in_the_queue])
@pytest.mark.parametrize("reviewer", ["ann", "cy", "CY", "dan"])
def test_a_retraction_withdraws_only_the_vote_of_its_reviewer(
    dashboard: Connection,
    log_id: UUID,
    retract: Callable[[Connection, UUID, str], None],
    reviewer: str,
) -> None:
    for name in ("ann", "bob", "cy"):
        correct(dashboard, log_id, "search", name)

    retract(dashboard, log_id, reviewer)

    shown = "bob" if reviewer.lower() == "cy" else "cy"
    assert read_item(dashboard) == ("search", shown, False, ["low_confidence"])
    assert read(dashboard, log_id, "corrected_intent", "corrected_by") == ("search", shown)
    votes = dashboard.execute("select reviewer from public.reviewer_votes").fetchall()
    assert {name for (name,) in votes} == {"ann", "bob", "cy"} - {reviewer.lower()}


def test_a_retraction_that_leaves_no_vote_removes_the_label(
    dashboard: Connection, log_id: UUID
) -> None:
    correct(dashboard, log_id, "search", "ann")
    correct(dashboard, log_id, "search", "bob")
    correct(dashboard, log_id, None, "ann")
    correct(dashboard, log_id, None, "bob")
    assert read_item(dashboard) == (None, None, True, ["low_confidence"])
    assert read(dashboard, log_id, "corrected_intent", "corrected_by") == (None, None)


def test_a_retraction_ends_or_begins_a_dispute_as_the_remaining_votes_do(
    dashboard: Connection, log_id: UUID
) -> None:
    correct(dashboard, log_id, "help", "ann")
    correct(dashboard, log_id, "search", "bob")
    correct(dashboard, log_id, None, "bob")
    assert read_item(dashboard) == ("help", "ann", False, ["low_confidence"])
    correct(dashboard, log_id, "search", "bob")
    correct(dashboard, log_id, "search", "cy")
    correct(dashboard, log_id, None, "bob")
    assert read_item(dashboard) == (None, None, True, ["disagreement", "low_confidence"])
    assert read(dashboard, log_id, "corrected_intent", "is_disputed") == ("search", True)


@pytest.mark.parametrize("place", ["queue", "row"])
def test_clearing_the_intent_withdraws_the_vote_of_the_reviewer_whose_decision_is_shown(
    dashboard: Connection, log_id: UUID, place: str
) -> None:
    correct(dashboard, log_id, "search", "ann", "her reasons")
    correct(dashboard, log_id, "search", "bob")

    def clear() -> None:
        if place == "queue":
            edit_queue_item(dashboard, TEXT, corrected_intent=None)
        else:
            update(dashboard, log_id, corrected_intent=None)

    clear()
    assert read_item(dashboard) == ("search", "ann", False, ["low_confidence"])
    shown = read(dashboard, log_id, "corrected_intent", "corrected_by", "correction_notes")
    assert shown == ("search", "ann", "her reasons")
    clear()
    assert read_item(dashboard) == (None, None, True, ["low_confidence"])
    assert read_events(dashboard, "from_intent", "to_intent", "reviewer", "channel")[2:] == [
        ("search", None, "bob", "dashboard"),
        ("search", None, "ann", "dashboard"),
    ]


def test_the_decision_of_an_erased_reviewer_can_be_withdrawn(
    dashboard: Connection, log_id: UUID
) -> None:
    correct(dashboard, log_id, "help", "ann")
    dashboard.execute("select private.pseudonymise_reviewer('ann')")
    edit_queue_item(dashboard, TEXT, corrected_intent=None)
    assert read_item(dashboard) == (None, None, True, ["low_confidence"])


def test_a_retained_text_keeps_its_label_until_the_last_vote_is_withdrawn(
    dashboard: Connection,
) -> None:
    old = insert(dashboard, created_at=LONG_AGO)
    correct(dashboard, old, "help", "ann")
    correct(dashboard, old, "help", "bob")
    dashboard.execute("select private.delete_expired_rows()")
    log_id = insert(dashboard)
    retained = "select intent from public.labelled_texts"
    correct(dashboard, log_id, None, "bob")
    assert dashboard.execute(retained).fetchall() == [("help",)]
    assert read_item(dashboard) == ("help", "ann", False, ["low_confidence"])
    correct(dashboard, log_id, None, "ann")
    assert dashboard.execute(retained).fetchall() == []


@pytest.mark.parametrize("variant", ["Grace", "gra\u200bce", "GRACE  "])
def test_variants_of_a_name_have_one_vote(
    dashboard: Connection, log_id: UUID, variant: str
) -> None:
    correct(dashboard, log_id, "help", "grace")
    correct(dashboard, log_id, "search", "ann")
    correct(dashboard, log_id, "help", variant)
    disputed = dashboard.execute("select is_disputed from public.nlu_prompt_logs").fetchone()
    assert disputed == (True,)


def test_an_edit_without_a_reviewer_is_not_a_vote(dashboard: Connection, log_id: UUID) -> None:
    edit_queue_item(dashboard, "push my dentist thing to friday", corrected_intent="help")
    correct(dashboard, log_id, "search", "ann")
    correct(dashboard, log_id, "help", "bob")
    correct(dashboard, log_id, "help", "cy")
    assert read(dashboard, log_id, "corrected_intent", "is_disputed") == ("help", False)


def test_a_copy_of_a_disputed_text_is_disputed_and_not_exportable(
    dashboard: Connection, log_id: UUID
) -> None:
    correct(dashboard, log_id, "help", "ann")
    correct(dashboard, log_id, "search", "bob")
    copy = insert(dashboard)
    disputed = "select is_disputed, corrected_intent from public.labelled_prompts where id = %s"
    assert dashboard.execute(disputed, [copy]).fetchone() == (True, None)
    assert dashboard.execute("select from public.exportable_prompts").rowcount == 0


def test_notes_are_shown_only_on_the_corrected_row(dashboard: Connection, log_id: UUID) -> None:
    add_user(dashboard, BOB)
    earlier = insert(dashboard, user_id=BOB)
    correct(dashboard, log_id, "help", "ann", notes="she moved house")
    columns = ("corrected_intent", "correction_notes")
    assert read(dashboard, log_id, *columns) == ("help", "she moved house")
    assert read(dashboard, earlier, *columns) == ("help", None)


def test_an_unknown_prompt_and_an_unknown_intent_raise_different_errors(
    dashboard: Connection, log_id: UUID
) -> None:
    with pytest.raises(errors.DatabaseError) as refused:
        correct(dashboard, uuid4(), "help")
    assert refused.value.sqlstate == "PT404"
    with pytest.raises(errors.ForeignKeyViolation):
        correct(dashboard, log_id, "nonsense")


def test_the_backend_cannot_use_the_channel_dashboard(dashboard: Connection, log_id: UUID) -> None:
    with pytest.raises(errors.CheckViolation, match="channel"):
        correct(dashboard, log_id, "help", channel="dashboard")


@pytest.mark.parametrize(
    "statement",
    [
        "update public.correction_events set to_intent = 'search'",
        "update public.correction_events set reviewer = 'bob'",
        "update public.correction_events set log_id = null",
        "update public.correction_events set corrected_at = now() - interval '1 year'",
        "delete from public.correction_events",
        "truncate public.correction_events",
    ],
)
def test_the_history_is_immutable_even_to_the_owner_of_the_table(
    dashboard: Connection, log_id: UUID, statement: str
) -> None:
    correct(dashboard, log_id, "help")
    before = read_events(dashboard, "*")
    with pytest.raises(errors.InsufficientPrivilege):
        dashboard.execute(statement.encode())
    assert read_events(dashboard, "*") == before


def test_every_captured_and_derived_column_is_protected(dashboard: Connection) -> None:
    """A column that the trigger does not list can be changed by the owner of the table."""
    row = dashboard.execute(
        "select pg_get_triggerdef(oid) from pg_trigger"
        " where tgname = 'before_20_refuse_captured_changes'"
    ).fetchone()
    assert row is not None
    changeable = {*OUTCOME_COLUMNS, *CORRECTION_COLUMNS, *TIME_COLUMNS, "change_number"}
    protected = set(re.findall(r"new\.(\w+) IS DISTINCT FROM old\.\1", str(row[0])))
    assert protected == (set(COLUMNS) - changeable) | {"created_at"}
    actual = dashboard.execute("select * from public.nlu_prompt_logs limit 0").description
    assert {column.name for column in actual or ()} == set(COLUMNS)


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "other"}, {"predicted_intent": "help"}, {"confidence": 1},
        {"model_version": "test-2"}, {"user_id": BOB}, {"source": "rule"},
        {"conversation_id": "c"}, {"message_index": 1}, {"scope": 0.5}, {"text_key": b"x"},
        {"within_daily_cap": False}, {"has_review_reason": False}, {"is_audited": True},
        {"audit_probability": 0.5}, {"is_disputed": True},
        {"id": uuid4()}, {"created_at": "2026-01-01"},
        {"runner_up_intent": "help", "runner_up_confidence": 0.1},
        {"secondary_intents": Jsonb([{"intent": "help"}])}, {"needs_review": True},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_captured_columns_are_immutable_even_to_the_owner_of_the_table(
    dashboard: Connection, log_id: UUID, change: dict[str, Any]
) -> None:
    add_user(dashboard, BOB)
    before = read(dashboard, log_id, "prompt", "user_id", "confidence")
    with pytest.raises(errors.InsufficientPrivilege, match="cannot be changed") as refused:
        update(dashboard, log_id, **change)
    assert "dentist" not in str(refused.value)
    assert read(dashboard, log_id, "prompt", "user_id", "confidence") == before


def test_deleting_a_user_deletes_the_history_of_texts_that_only_they_sent(
    dashboard: Connection, log_id: UUID
) -> None:
    add_user(dashboard, BOB)
    insert(dashboard, user_id=BOB)
    insert(dashboard, user_id=BOB, prompt="only bob sends this")
    correct(dashboard, log_id, "help")
    correct(dashboard, insert(dashboard, user_id=BOB, prompt="only bob sends this"), "search")
    dashboard.execute("delete from auth.users where id = %s", [BOB])
    assert read_events(dashboard, "to_intent", "log_id") == [("help", log_id)]
    dashboard.execute("delete from auth.users")
    assert read_events(dashboard, "id") == []


def test_the_history_outlives_the_corrected_row_while_a_copy_remains(
    dashboard: Connection, log_id: UUID
) -> None:
    add_user(dashboard, BOB)
    corrected = insert(dashboard, user_id=BOB)
    correct(dashboard, corrected, "help", notes="bob wrote this")
    dashboard.execute("delete from auth.users where id = %s", [BOB])
    assert read_events(dashboard, "to_intent", "log_id", "notes") == [("help", None, None)]
    assert read(dashboard, log_id, "corrected_intent") == ("help",)


def test_the_name_of_a_deleted_reviewer_becomes_a_pseudonym(
    dashboard: Connection, log_id: UUID
) -> None:
    add_user(dashboard, BOB)
    correct(dashboard, log_id, "help", str(BOB))
    correct(dashboard, insert(dashboard, prompt="another"), "search", str(BOB))
    dashboard.execute("delete from auth.users where id = %s", [BOB])
    names = {reviewer for (reviewer,) in read_events(dashboard, "reviewer")}
    assert len(names) == 1
    (name,) = names
    assert str(name).startswith("erased-")
    assert str(BOB)[:8] not in str(name)
    queue = dashboard.execute("select distinct reviewer from public.review_queue").fetchall()
    assert queue == [(name,)]
