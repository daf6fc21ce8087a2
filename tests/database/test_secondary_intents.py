"""Corrections of secondary intents: what they may name, which counts, and where it is kept."""

from typing import Any
from uuid import UUID

import pytest
from psycopg import errors

from prompt_capture.domain.predictions import MAX_SECONDARY_INTENTS

from .actors import BOB
from .rows import (
    LONG_AGO,
    add_user,
    build_row,
    complete_captures,
    correct,
    edit_queue_item,
    erase,
    insert,
    read,
    update,
)
from .server import Connection
from .test_correction_events import read_events
from .test_corrections import retire
from .test_deferred_changes import record_correction
from .test_retention import run_batch
from .test_review_queue import read_item

TEXT = "push my dentist thing to friday"
NOT_STATED: list[str] | None = None


def read_decision(dashboard: Connection, text: str = TEXT) -> tuple[Any, ...]:
    """Return the intents of a text, as the queue shows them."""
    return read_item(dashboard, "corrected_intent", "corrected_secondary_intents", text=text)


def many_intents(dashboard: Connection, count: int) -> list[str]:
    """Return some intents of the catalogue, without `help`."""
    rows = dashboard.execute(
        """select intent from public.intent_catalogue where intent <> 'help'
           order by intent limit %s""",
        [count],
    ).fetchall()
    return [str(intent) for (intent,) in rows]


def _edit(dashboard: Connection, log_id: UUID, place: str, changes: dict[str, Any]) -> None:
    """Edit the queue item or the captured row, as the dashboard does."""
    if place == "queue":
        edit_queue_item(dashboard, TEXT, **changes)
    else:
        update(dashboard, log_id, **changes)


# What a correction may name ------------------------------------------------------------------


@pytest.mark.parametrize("stated", [NOT_STATED, [], ["search"], ["search", "email"]])
def test_a_correction_states_secondary_intents_in_order_or_none_or_nothing(
    dashboard: Connection, log_id: UUID, stated: list[str] | None
) -> None:
    correct(dashboard, log_id, "help", secondary=stated)

    assert read_events(dashboard, "to_intent", "to_secondary_intents") == [("help", stated)]
    assert read_decision(dashboard) == ("help", stated)
    assert read(dashboard, log_id, "corrected_secondary_intents") == (stated,)
    labelled = "select corrected_secondary_intents from public.labelled_prompts"
    assert dashboard.execute(labelled).fetchall() == [(stated,)]
    exportable = "select corrected_secondary_intents from public.exportable_prompts"
    assert dashboard.execute(exportable).fetchall() == [(stated,)]


@pytest.mark.parametrize(
    ("secondary", "error", "match"),
    [
        (["help"], errors.CheckViolation, "contain the primary one"),
        (["search", "search"], errors.CheckViolation, "an intent twice"),
        (["search", ""], errors.CheckViolation, "is empty"),
        (["search", None], errors.CheckViolation, "is empty"),
        ([["search"], ["email"]], errors.CheckViolation, "not a list of at most 10"),
        (["serch"], errors.ForeignKeyViolation, "not in the catalogue"),
        (["Search"], errors.ForeignKeyViolation, "not in the catalogue"),
    ],
)
def test_a_correction_with_wrong_secondary_intents_is_refused_with_a_hint(
    dashboard: Connection, log_id: UUID, secondary: Any, error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match) as refused:
        correct(dashboard, log_id, "help", secondary=secondary)
    assert isinstance(refused.value, errors.DatabaseError)
    assert refused.value.diag.message_hint
    assert refused.value.diag.message_detail is None, "the detail would quote the row"
    assert read_events(dashboard, "id") == []


def test_the_number_of_secondary_intents_is_that_of_the_package(
    dashboard: Connection, log_id: UUID
) -> None:
    names = many_intents(dashboard, MAX_SECONDARY_INTENTS + 1)
    with pytest.raises(errors.CheckViolation, match=f"at most {MAX_SECONDARY_INTENTS}"):
        correct(dashboard, log_id, "help", secondary=names)
    assert correct(dashboard, log_id, "help", secondary=names[:MAX_SECONDARY_INTENTS]) == 1


def test_a_retracted_correction_has_no_secondary_intents(
    dashboard: Connection, log_id: UUID
) -> None:
    correct(dashboard, log_id, "help", secondary=["search"])
    with pytest.raises(errors.CheckViolation, match="need a primary one"):
        correct(dashboard, log_id, None, secondary=["search"])
    correct(dashboard, log_id, None)
    assert read_decision(dashboard) == (None, None)
    assert read(dashboard, log_id, "corrected_secondary_intents") == (None,)


def test_a_retired_intent_is_refused_unless_the_correction_before_named_it(
    dashboard: Connection, log_id: UUID
) -> None:
    correct(dashboard, log_id, "help", secondary=["search"])
    retire(dashboard, "search")
    retire(dashboard, "email")
    assert correct(dashboard, log_id, "help", notes="still right", secondary=["search"]) == 1
    with pytest.raises(errors.ForeignKeyViolation, match="retired"):
        correct(dashboard, log_id, "help", secondary=["search", "email"])


@pytest.mark.parametrize(
    "statement",
    [
        "delete from public.intent_catalogue where intent = 'search'",
        "update public.intent_catalogue set intent = 'find' where intent = 'search'",
    ],
)
def test_an_intent_that_a_correction_names_as_secondary_stays_in_the_catalogue(
    dashboard: Connection, log_id: UUID, statement: str
) -> None:
    correct(dashboard, log_id, "help", secondary=["search"])
    with pytest.raises(errors.ForeignKeyViolation, match="secondary") as refused:
        dashboard.execute(statement.encode())
    assert "retired_at" in str(refused.value.diag.message_hint)
    with dashboard.transaction(force_rollback=True):
        dashboard.execute("delete from public.intent_catalogue where intent = 'email'")
        dashboard.execute("update public.intent_catalogue set domain = 'x' where intent = 'search'")


# Which correction counts -----------------------------------------------------------------------


def test_a_repetition_with_other_secondary_intents_is_a_correction(
    dashboard: Connection, log_id: UUID
) -> None:
    stated: list[list[str] | None] = [["search"], ["search"], [], [], NOT_STATED, ["search"]]
    appended = [correct(dashboard, log_id, "help", secondary=one) for one in stated]
    assert appended == [1, 0, 1, 0, 1, 1]


def test_the_latest_correction_decides_the_secondary_intents_and_causes_no_dispute(
    dashboard: Connection, log_id: UUID
) -> None:
    correct(dashboard, log_id, "help", "ann", secondary=["search"])
    correct(dashboard, log_id, "help", "bob", secondary=["email", "reminder"])
    assert read_decision(dashboard) == ("help", ["email", "reminder"])
    correct(dashboard, log_id, "help", "cy")
    assert read_decision(dashboard) == ("help", None)


def test_a_disputed_text_has_no_secondary_intents_until_the_dispute_is_settled(
    dashboard: Connection, log_id: UUID
) -> None:
    correct(dashboard, log_id, "help", "ann", secondary=["email"])
    correct(dashboard, log_id, "search", "bob", secondary=["reminder"])
    assert read_decision(dashboard) == (None, None)
    columns = ("is_disputed", "corrected_secondary_intents")
    assert read(dashboard, log_id, *columns) == (True, ["reminder"])
    correct(dashboard, log_id, "search", "cy", secondary=["email"])
    assert read_decision(dashboard) == ("search", ["email"])


def test_a_copy_shows_secondary_intents_only_where_it_shows_the_correction(
    dashboard: Connection, log_id: UUID
) -> None:
    add_user(dashboard, BOB)
    dashboard.execute("update private.settings set audit_rate = 0")
    chosen = insert(dashboard, user_id=BOB)
    confident = insert(dashboard, user_id=BOB, confidence=0.99)
    correct(dashboard, log_id, "help", secondary=["search"])
    shown = [read(dashboard, one, "corrected_secondary_intents")[0] for one in (chosen, confident)]
    assert shown == [["search"], None]
    correct(dashboard, log_id, "help", secondary=[])
    assert read(dashboard, chosen, "corrected_secondary_intents") == ([],)


# Edits in the dashboard ------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["queue", "row"])
def test_a_reviewer_edits_secondary_intents_with_the_primary_one_or_alone(
    dashboard: Connection, log_id: UUID, place: str
) -> None:
    reviewer = "reviewer" if place == "queue" else "corrected_by"

    def edit(**changes: Any) -> None:
        _edit(dashboard, log_id, place, changes)

    edit(corrected_intent="help", corrected_secondary_intents=["email"], **{reviewer: "ann"})
    edit(corrected_secondary_intents=["search", "email"], **{reviewer: "bob"})
    edit(corrected_secondary_intents=[])
    edit(corrected_secondary_intents=None)

    assert read_events(
        dashboard, "from_intent", "to_intent", "to_secondary_intents", "reviewer", "channel"
    ) == [
        ("reschedule", "help", ["email"], "ann", "dashboard"),
        ("help", "help", ["search", "email"], "bob", "dashboard"),
        ("help", "help", [], "dashboard", "dashboard"),
        ("help", "help", None, "dashboard", "dashboard"),
    ]
    assert read(dashboard, log_id, "corrected_secondary_intents") == (None,)


@pytest.mark.parametrize("place", ["queue", "row"])
def test_the_dashboard_finds_an_intent_without_case_and_white_space(
    dashboard: Connection, log_id: UUID, place: str
) -> None:
    typed = {
        "corrected_intent": "help",
        "corrected_secondary_intents": ["\n SEARCH\t", "\u00a0Email\r\n"],
    }
    _edit(dashboard, log_id, place, typed)
    assert read_decision(dashboard) == ("help", ["search", "email"])
    assert read(dashboard, log_id, "corrected_secondary_intents") == (["search", "email"],)


@pytest.mark.parametrize("place", ["queue", "row"])
@pytest.mark.parametrize(
    ("secondary", "match"),
    [
        (["Help "], "contain the primary one"),
        (["search", "Search"], "an intent twice"),
        (["search", " "], "is empty"),
        (["search, email"], "not in the catalogue"),
    ],
)
def test_a_wrong_edit_is_refused_with_a_hint(
    dashboard: Connection, log_id: UUID, place: str, secondary: list[str], match: str
) -> None:
    edit = {"corrected_intent": "help", "corrected_secondary_intents": secondary}
    with pytest.raises(errors.IntegrityError, match=match) as refused:
        _edit(dashboard, log_id, place, edit)
    assert refused.value.diag.message_hint
    assert refused.value.diag.message_detail is None
    assert read_decision(dashboard) == (None, None)


@pytest.mark.parametrize("place", ["queue", "row"])
def test_another_primary_intent_alone_leaves_the_secondary_ones_open(
    dashboard: Connection, log_id: UUID, place: str
) -> None:
    edit_queue_item(
        dashboard, TEXT, corrected_intent="help", corrected_secondary_intents=["search"]
    )
    _edit(dashboard, log_id, place, {"corrected_intent": "search"})
    assert read_decision(dashboard) == ("search", None)
    assert read_events(dashboard, "to_secondary_intents") == [(["search"],), (None,)]


@pytest.mark.parametrize("place", ["queue", "row"])
def test_an_edit_that_retracts_the_intent_retracts_the_secondary_ones(
    dashboard: Connection, log_id: UUID, place: str
) -> None:
    correct(dashboard, log_id, "help", "ann", secondary=["search"])
    edit = {"corrected_intent": None, "corrected_secondary_intents": ["email"]}
    _edit(dashboard, log_id, place, edit)
    assert read_decision(dashboard) == (None, None)
    assert read(dashboard, log_id, "corrected_intent", "corrected_secondary_intents") == (
        None,
        None,
    )


def test_secondary_intents_that_are_typed_first_are_recorded_with_the_intent(
    dashboard: Connection, log_id: UUID
) -> None:
    edit_queue_item(dashboard, TEXT, corrected_secondary_intents=["Search"])
    assert read_decision(dashboard) == (None, ["search"])
    assert read_events(dashboard, "id") == []
    labelled = "select corrected_secondary_intents from public.labelled_prompts"
    assert dashboard.execute(labelled).fetchall() == [(None,)]
    edit_queue_item(dashboard, TEXT, corrected_intent="help", reviewer="ann")
    assert read_events(dashboard, "to_intent", "to_secondary_intents", "reviewer") == [
        ("help", ["search"], "ann")
    ]


def test_secondary_intents_of_a_row_without_an_intent_are_refused(
    dashboard: Connection, log_id: UUID
) -> None:
    with pytest.raises(errors.CheckViolation, match="needs an intent"):
        update(dashboard, log_id, corrected_secondary_intents=["search"])
    with pytest.raises(errors.CheckViolation, match="needs an intent"):
        insert(dashboard, corrected_secondary_intents=["search"])


def test_a_row_that_is_inserted_with_a_correction_states_its_secondary_intents(
    dashboard: Connection,
) -> None:
    insert(dashboard, corrected_intent="help", corrected_secondary_intents=["Search"])
    assert read_events(dashboard, "to_intent", "to_secondary_intents") == [("help", ["search"])]


def test_the_queue_shows_the_predicted_secondary_intents(dashboard: Connection) -> None:
    insert(
        dashboard,
        secondary_intents=[{"intent": "email", "confidence": 0.8}, {"intent": "search"}, "?"],
    )
    insert(dashboard, prompt="without")
    columns = ("predicted_secondary_intents",)
    assert read_item(dashboard, *columns) == (["email", "search"],)
    assert read_item(dashboard, *columns, text="without") == ([],)


# Deferred corrections, retention and erasure ---------------------------------------------------


@pytest.mark.parametrize("stated", [NOT_STATED, [], ["search", "email"]])
def test_a_deferred_correction_states_its_secondary_intents(
    dashboard: Connection, backend: Connection, stated: list[str] | None
) -> None:
    row = build_row()
    assert record_correction(backend, row["id"], "help", "ann", None, secondary=stated) == "pending"
    insert(dashboard, **row)
    complete_captures(dashboard)
    assert read_decision(dashboard) == ("help", stated)


def test_deferred_corrections_with_other_secondary_intents_are_no_repetitions(
    dashboard: Connection, backend: Connection
) -> None:
    row = build_row()
    for secondary in (["search"], ["search"], [], NOT_STATED):
        record_correction(backend, row["id"], "help", "ann", None, secondary=secondary)
    insert(dashboard, **row)
    complete_captures(dashboard)
    assert read_events(dashboard, "to_secondary_intents") == [(["search"],), ([],), (None,)]


@pytest.mark.parametrize(
    ("secondary", "error"),
    [(["nonsense"], errors.ForeignKeyViolation), (["help"], errors.CheckViolation)],
)
def test_a_correction_with_wrong_secondary_intents_is_not_deferred(
    backend: Connection, secondary: list[str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        record_correction(backend, build_row()["id"], "help", "ann", None, secondary=secondary)


def test_a_deferred_correction_with_an_intent_that_was_retired_does_not_block_the_row(
    dashboard: Connection, backend: Connection
) -> None:
    row = build_row()
    record_correction(backend, row["id"], "help", "ann", None, secondary=["search"])
    retire(dashboard, "search")
    insert(dashboard, **row)
    complete_captures(dashboard)
    assert read_events(dashboard, "id") == []


RETAINED = "select intent, secondary_intents from public.labelled_texts"


def test_a_retained_text_keeps_its_secondary_intents_and_comes_back_with_them(
    dashboard: Connection,
) -> None:
    correct(dashboard, insert(dashboard, created_at=LONG_AGO), "help", secondary=["search"])
    run_batch(dashboard)
    assert dashboard.execute(RETAINED).fetchall() == [("help", ["search"])]

    log_id = insert(dashboard)
    assert read_decision(dashboard) == ("help", ["search"])
    correct(dashboard, log_id, "help", secondary=[])
    assert dashboard.execute(RETAINED).fetchall() == [("help", [])]

    correct(dashboard, insert(dashboard, created_at=LONG_AGO), "help", secondary=["email"])
    run_batch(dashboard)
    assert dashboard.execute(RETAINED).fetchall() == [("help", ["email"])]


def test_erasing_the_only_sender_deletes_the_secondary_intents_with_the_history(
    dashboard: Connection,
) -> None:
    add_user(dashboard, BOB)
    correct(dashboard, insert(dashboard, user_id=BOB), "help", secondary=["search"])
    erase(dashboard, BOB)
    assert read_events(dashboard, "id") == []
    assert dashboard.execute("select from public.review_queue").rowcount == 0


def test_erasing_a_reviewer_keeps_the_secondary_intents(
    dashboard: Connection, log_id: UUID
) -> None:
    add_user(dashboard, BOB)
    correct(dashboard, log_id, "help", str(BOB), secondary=["search"])
    erase(dashboard, BOB)
    assert read_decision(dashboard) == ("help", ["search"])
