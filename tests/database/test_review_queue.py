"""The review queue: how it fills, in which order, and what a reviewer's edit does."""

from typing import Any
from uuid import UUID

import pytest
from psycopg import errors

from prompt_capture.domain.text import canonical_text

from .actors import ALICE, BOB
from .rows import FAILED_OUTCOME, LONG_AGO, add_user, update_as_backend, correct, edit_queue_item, insert, read
from .server import Connection, Server

TEXT = "push my dentist thing to friday"


def item(dashboard: Connection, *columns: str, text: str = TEXT) -> tuple[Any, ...]:
    """Read columns of one item."""
    query = f"select {', '.join(columns)} from public.review_queue where text = %s"
    row = dashboard.execute(query.encode(), [text]).fetchone()
    assert row is not None, "not queued"
    return row


def texts(dashboard: Connection) -> list[object]:
    """List the queue as the table editor shows it: by the primary key."""
    rows = dashboard.execute("select text from public.review_queue order by rank, id").fetchall()
    return [text for (text,) in rows]


def audit(dashboard: Connection, share: float) -> None:
    """Set how much of the confident traffic is drawn."""
    dashboard.execute("update private.settings set audit_rate = %s", [share])


def test_an_uncertain_message_waits_with_all_that_a_reviewer_needs(
    dashboard: Connection,
) -> None:
    insert(dashboard, confidence=0.4, runner_up_intent="reminder", runner_up_confidence=0.3)
    assert item(
        dashboard, "predicted_intent", "runner_up_intent", "runner_up_confidence", "confidence",
        "reasons", "times_sent", "user_count", "days_waiting", "sampling_probability",
        "corrected_intent",
    ) == ("reschedule", "reminder", 0.3, 0.4, ["low_confidence"], 1, 1, 0, 1, None)  # fmt: skip
    assert item(dashboard, "waiting_since is null", "decided_at") == (False, None)


def test_a_text_is_one_item_however_many_people_sent_it(dashboard: Connection) -> None:
    add_user(dashboard, BOB)
    insert(dashboard)
    insert(dashboard, prompt=TEXT.upper())
    insert(dashboard, prompt=f"  {TEXT} ", user_id=BOB)
    assert item(dashboard, "times_sent", "user_count") == (3, 2)
    assert len(texts(dashboard)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Move  IT", "\u00a0tab\tand\nline ", "\uff26\uff35\uff2c\uff2c width", "Ünï CÖDE",
        "zero\u200bwidth",
        "nul-like \x01 control \x85", "line\u2028end\u3000", "emoji 👩‍💻 ok", "İstanbul", "ﬁne",
    ],
)  # fmt: skip
def test_the_database_normalises_a_text_as_the_model_does(dashboard: Connection, text: str) -> None:
    row = dashboard.execute("select private.normalise_text(%s)", [text]).fetchone()
    assert row == (canonical_text(text),)


def test_texts_are_told_apart_by_a_keyed_hash(dashboard: Connection) -> None:
    insert(dashboard, prompt="yes")
    plain = dashboard.execute(
        """select from public.nlu_prompt_logs
           where encode(text_key, 'hex') like any (array[
             left(md5('yes'), 32), left(encode(sha256('yes'), 'hex'), 32)])"""
    )
    assert plain.rowcount == 0
    keyed = dashboard.execute(
        """select from public.nlu_prompt_logs, private.keys
           where nlu_prompt_logs.text_key
             = substring(extensions.hmac('yes', keys.text_key_secret, 'sha256') from 1 for 16)"""
    )
    assert keyed.rowcount == 1


def test_each_cause_is_named(dashboard: Connection) -> None:
    audit(dashboard, 0)
    insert(dashboard, prompt="unclear", predicted_intent="unknown", confidence=0.9)
    failed = insert(dashboard, prompt="broken", confidence=0.99)
    insert(dashboard, prompt="not ours", confidence=0.99, scope=0.2)
    insert(dashboard, prompt="fine", confidence=0.99, scope=0.5)
    update_as_backend(dashboard, failed, **FAILED_OUTCOME)
    assert item(dashboard, "reasons", text="unclear") == (["out_of_scope"],)
    assert item(dashboard, "reasons", text="broken") == (["failed_workflow"],)
    assert item(dashboard, "reasons", text="not ours") == (["out_of_scope"],)
    assert set(texts(dashboard)) == {"unclear", "broken", "not ours"}
    assert read(dashboard, failed, "sampling_probability") == (1,)


def test_a_fixed_share_of_the_confident_traffic_is_drawn_at_random(dashboard: Connection) -> None:
    dashboard.execute("update private.settings set daily_cap = 1000")
    dashboard.execute("select setseed(0.4)")
    audit(dashboard, 0.2)
    for number in range(300):
        insert(dashboard, prompt=f"message {number}", confidence=0.95)
    drawn = dashboard.execute(
        """select distinct reasons, sampling_probability from public.review_queue"""
    ).fetchall()
    assert drawn == [(["random_audit"], 0.2)]
    assert 30 < len(texts(dashboard)) < 95, "60 are to be expected"


def test_by_default_a_fiftieth_is_drawn(dashboard: Connection) -> None:
    row = dashboard.execute("select audit_rate from private.settings").fetchone()
    assert row == (0.02,)


def test_one_user_cannot_fill_it(dashboard: Connection) -> None:
    add_user(dashboard, BOB)
    dashboard.execute("update private.settings set daily_cap = 5")
    for number in range(9):
        insert(dashboard, prompt=f"spam {number}", confidence=0.1)
    insert(dashboard, prompt="bob asks", confidence=0.1, user_id=BOB)
    assert len(texts(dashboard)) == 6
    assert "bob asks" in texts(dashboard)
    beyond = dashboard.execute(
        """select distinct user_id, sampling_probability from public.nlu_prompt_logs
           where not within_daily_cap"""
    )
    assert beyond.fetchall() == [(ALICE, None)]
    exportable = dashboard.execute("select from public.exportable_prompts")
    assert exportable.rowcount == 6


def test_a_failure_beyond_the_cap_does_not_slip_in(dashboard: Connection) -> None:
    dashboard.execute("update private.settings set daily_cap = 1")
    insert(dashboard)
    update_as_backend(dashboard, insert(dashboard, prompt="second", confidence=0.9), **FAILED_OUTCOME)
    assert texts(dashboard) == [TEXT]


def test_what_one_user_repeats_beyond_the_cap_counts_for_nothing(dashboard: Connection) -> None:
    add_user(dashboard, BOB)
    dashboard.execute("update private.settings set daily_cap = 2")
    log_id = insert(dashboard, user_id=BOB)
    for _ in range(9):
        insert(dashboard)
    assert item(dashboard, "times_sent", "user_count") == (3, 2)
    dashboard.execute("select private.refresh_queue()")
    assert item(dashboard, "times_sent", "user_count") == (3, 2)
    correct(dashboard, log_id, "help")
    dashboard.execute("delete from auth.users where id = %s", [BOB])
    assert item(dashboard, "times_sent", "user_count") == (2, 1)


def test_a_new_day_is_a_new_cap(dashboard: Connection) -> None:
    dashboard.execute("update private.settings set daily_cap = 1")
    insert(dashboard, prompt="yesterday", created_at="2026-01-01T23:59:59Z")
    insert(dashboard, prompt="today", created_at="2026-01-02T00:00:00Z")
    assert set(texts(dashboard)) == {"yesterday", "today"}


def test_the_best_comes_first(dashboard: Connection) -> None:
    add_user(dashboard, BOB)
    audit(dashboard, 0)
    insert(dashboard, prompt="nearly sure", confidence=0.69)
    insert(dashboard, prompt="quite unsure", confidence=0.1)
    for _ in range(20):
        insert(dashboard, prompt="often said", confidence=0.69)
    disputed = insert(dashboard, prompt="disputed", confidence=0.9)
    correct(dashboard, disputed, "help", "ann")
    correct(dashboard, disputed, "search", "bob")
    failed = insert(dashboard, prompt="failed", confidence=0.9)
    update_as_backend(dashboard, failed, **FAILED_OUTCOME)
    correct(dashboard, insert(dashboard, prompt="decided", confidence=0.1), "help")
    dashboard.execute("select private.refresh_queue()")
    order = ["disputed", "failed", "quite unsure", "often said", "nearly sure", "decided"]
    found = texts(dashboard)
    assert found.index("disputed") == 0
    assert found.index("decided") == 5
    assert found.index("often said") < found.index("nearly sure")
    assert set(found) == set(order)


def test_a_reviewer_sets_two_fields_and_is_done(dashboard: Connection, log_id: UUID) -> None:
    add_user(dashboard, BOB)
    copy = insert(dashboard, user_id=BOB)
    edit_queue_item(dashboard, TEXT, corrected_intent=" Help ", reviewer=" ann ")
    for row in (log_id, copy):
        assert read(dashboard, row, "corrected_intent") == ("help",)
    decided = item(dashboard, "corrected_intent", "reviewer", "waiting_since")
    assert decided == ("help", "ann", None)
    appended = dashboard.execute(
        "select reviewer, channel from public.correction_events"
    ).fetchall()
    assert appended == [("ann", "dashboard")]


@pytest.mark.parametrize(
    "order", [("reviewer", "corrected_intent"), ("corrected_intent", "reviewer")]
)
def test_cell_by_cell_is_as_good_in_either_order(
    dashboard: Connection, log_id: UUID, order: tuple[str, str]
) -> None:
    values = {"reviewer": "ann", "corrected_intent": "help"}
    for column in order:
        edit_queue_item(dashboard, TEXT, **{column: values[column]})
    assert item(dashboard, "corrected_intent", "reviewer") == ("help", "ann")
    assert read(dashboard, log_id, "corrected_intent", "is_disputed") == ("help", False)


def test_an_edit_without_a_reviewer_is_the_dashboards(dashboard: Connection, log_id: UUID) -> None:
    edit_queue_item(dashboard, TEXT, corrected_intent="help")
    assert item(dashboard, "reviewer") == ("dashboard",)
    edit_queue_item(dashboard, TEXT, reviewer="ann")
    edit_queue_item(dashboard, TEXT, corrected_intent="search")
    signed = dashboard.execute("select reviewer from public.correction_events order by id")
    assert [name for (name,) in signed.fetchall()] == ["dashboard", "ann", "dashboard"]
    votes = dashboard.execute("select reviewer from public.reviewer_votes").fetchall()
    assert votes == [("ann",)]


def test_a_decision_taken_back_waits_again(dashboard: Connection, log_id: UUID) -> None:
    edit_queue_item(dashboard, TEXT, corrected_intent="help", reviewer="ann")
    edit_queue_item(dashboard, TEXT, corrected_intent=None)
    assert item(dashboard, "corrected_intent", "waiting_since is null") == (None, False)
    assert read(dashboard, log_id, "corrected_intent") == (None,)
    history = dashboard.execute("select to_intent from public.correction_events order by id")
    assert history.fetchall() == [("help",), (None,)]


@pytest.mark.parametrize(
    "change",
    [
        {"text": "other"}, {"predicted_intent": "help"}, {"confidence": 1}, {"reasons": []},
        {"times_sent": 99}, {"user_count": 9}, {"sampling_probability": 0.5}, {"rank": 1},
        {"decided_at": "2026-01-01"}, {"days_waiting": 3}, {"runner_up_intent": "help"},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_tampering_is_refused_with_a_message_that_says_what_to_do(
    dashboard: Connection, log_id: UUID, change: dict[str, Any]
) -> None:
    with pytest.raises(errors.InsufficientPrivilege, match="can be edited here") as refused:
        edit_queue_item(dashboard, TEXT, corrected_intent="help", **change)
    assert "Undo" in str(refused.value.diag.message_hint)
    assert "dentist" not in str(refused.value)
    assert read(dashboard, log_id, "corrected_intent") == (None,)


@pytest.mark.parametrize("intent", ["sheduling", "retired"])
def test_an_intent_that_is_not_in_use_is_refused_with_what_to_choose(
    dashboard: Connection, log_id: UUID, intent: str
) -> None:
    dashboard.execute(
        """insert into public.intent_catalogue (intent, domain, description, retired_at)
           values ('retired', 'x', 'x', now())"""
    )
    with pytest.raises(errors.ForeignKeyViolation, match="catalogue") as refused:
        edit_queue_item(dashboard, TEXT, corrected_intent=intent)
    assert "drop-down" in str(refused.value.diag.message_hint)


def test_a_row_stays_where_the_reviewer_saw_it_until_the_night(dashboard: Connection) -> None:
    insert(dashboard, prompt="first", confidence=0.1)
    insert(dashboard, prompt="last", confidence=0.6)
    (rank,) = item(dashboard, "rank", text="last")
    for _ in range(20):
        insert(dashboard, prompt="last", confidence=0.6)
    edit_queue_item(dashboard, "first", corrected_intent="help")
    edit_queue_item(dashboard, "first", reviewer="ann")
    assert item(dashboard, "rank", text="last") == (rank,)
    assert texts(dashboard) == ["first", "last"]
    dashboard.execute("select private.refresh_queue()")
    (moved,) = item(dashboard, "rank", text="last")
    assert moved < rank, "often said, so sooner asked"
    assert texts(dashboard) == ["last", "first"]
    assert item(dashboard, "rank", text="first") == (1_000_000,)


def test_an_edit_that_finds_no_row_says_so(dashboard: Connection, log_id: UUID) -> None:
    with pytest.raises(errors.NoDataFound, match="Nothing was saved") as refused:
        edit_queue_item(dashboard, "as it was before", corrected_intent="help")
    assert "Reload" in str(refused.value.diag.message_hint)


def test_a_text_that_was_decided_before_its_rows_went_comes_back_decided(
    dashboard: Connection,
) -> None:
    correct(dashboard, insert(dashboard, created_at=LONG_AGO), "help")
    dashboard.execute("select private.delete_expired_rows()")
    assert texts(dashboard) == []
    exportable = "select text, intent from public.exportable_texts"
    assert dashboard.execute(exportable).fetchall() == [(TEXT, "help")]
    for confidence in (0.2, 0.99):
        log_id = insert(dashboard, confidence=confidence)
        assert read(dashboard, log_id, "corrected_intent") == (None,)
    assert item(dashboard, "corrected_intent", "reviewer", "waiting_since") == ("help", "ann", None)
    labels = dashboard.execute("select corrected_intent from public.exportable_prompts").fetchall()
    assert labels == [("help",)] * 2
    assert dashboard.execute(exportable).rowcount == 0, "its rows tell it now"


def test_an_item_goes_with_the_last_copy_and_counts_what_is_left(dashboard: Connection) -> None:
    add_user(dashboard, BOB)
    insert(dashboard)
    insert(dashboard, user_id=BOB)
    insert(dashboard, user_id=BOB)
    dashboard.execute("delete from auth.users where id = %s", [BOB])
    assert item(dashboard, "times_sent", "user_count") == (1, 1)
    dashboard.execute("delete from auth.users")
    assert texts(dashboard) == []


def test_a_capture_does_not_wait_for_an_item_that_is_being_decided(
    dashboard: Connection, server: Server, database: str
) -> None:
    insert(dashboard)
    with server.connect("postgres", database, autocommit=False) as other:
        other.execute("select from public.review_queue for update")
        dashboard.execute("set lock_timeout = '100ms'")
        insert(dashboard)
        assert item(dashboard, "times_sent") == (1,)
    dashboard.execute("select private.refresh_queue()")
    assert item(dashboard, "times_sent") == (2,)


def test_the_night_counts_the_days(dashboard: Connection) -> None:
    insert(dashboard)
    with dashboard.transaction():
        dashboard.execute("alter table public.review_queue disable trigger user")
        dashboard.execute(
            "update public.review_queue set waiting_since = now() - interval '3 days 2 hours'"
        )
        dashboard.execute("alter table public.review_queue enable trigger user")
    dashboard.execute("select private.refresh_queue()")
    assert item(dashboard, "days_waiting") == (3,)
