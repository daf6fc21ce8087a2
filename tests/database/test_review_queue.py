"""The review queue: how it is filled and ordered, and the effects of a reviewer's edit."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg import errors

from prompt_capture.domain.text import canonical_text

from .actors import ALICE, BOB
from .rows import (
    FAILED_OUTCOME,
    LONG_AGO,
    add_user,
    complete_captures,
    correct,
    edit_queue_item,
    insert,
    read,
    refresh_queue,
    update_as_backend,
)
from .server import Connection, Server

TEXT = "push my dentist thing to friday"


def read_item(dashboard: Connection, *columns: str, text: str = TEXT) -> tuple[Any, ...]:
    """Return columns of the queue item of a text."""
    query = f"select {', '.join(columns)} from public.review_queue where text = %s"
    row = dashboard.execute(query.encode(), [text]).fetchone()
    assert row is not None, "the text is not in the queue"
    return row


def list_texts(dashboard: Connection) -> list[object]:
    """Return all texts in the order of the table editor, by the primary key."""
    rows = dashboard.execute("select text from public.review_queue order by rank, id").fetchall()
    return [text for (text,) in rows]


def audit_rows(dashboard: Connection, rate: float) -> None:
    """Set the probability with which each message is drawn for the audit."""
    dashboard.execute("update private.settings set audit_rate = %s", [rate])


def runner_up(confidence: float) -> dict[str, Any]:
    """Return the columns of a runner-up."""
    return {"runner_up_intent": "reminder", "runner_up_confidence": confidence}


def test_a_message_with_low_confidence_is_queued_with_its_details(dashboard: Connection) -> None:
    insert(dashboard, confidence=0.4, runner_up_intent="reminder", runner_up_confidence=0.3)
    assert read_item(
        dashboard, "predicted_intent", "runner_up_intent", "runner_up_confidence", "confidence",
        "reasons", "times_sent", "user_count", "days_waiting", "corrected_intent",
    ) == ("reschedule", "reminder", 0.3, 0.4, ["low_confidence"], 1, 1, 0, None)  # fmt: skip
    assert read_item(dashboard, "waiting_since is null", "decided_at") == (False, None)


def test_copies_of_a_text_are_one_item_however_many_users_sent_it(dashboard: Connection) -> None:
    add_user(dashboard, BOB)
    insert(dashboard)
    insert(dashboard, prompt=TEXT.upper())
    insert(dashboard, prompt=f"  {TEXT} ", user_id=BOB)
    assert read_item(dashboard, "times_sent", "user_count") == (3, 2)
    assert len(list_texts(dashboard)) == 1


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


def test_the_text_key_is_a_keyed_hash(dashboard: Connection) -> None:
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


def test_an_item_names_the_reason_for_review(dashboard: Connection) -> None:
    insert(dashboard, prompt="unclear", predicted_intent="unknown", confidence=0.69, scope=0.1)
    insert(
        dashboard, prompt="clearly unknown", predicted_intent="unknown", confidence=0.7, scope=0.1
    )
    failed = insert(dashboard, prompt="failed", confidence=0.99)
    insert(dashboard, prompt="low scope", confidence=0.99, scope=0.2)
    insert(dashboard, prompt="confident", confidence=0.99, scope=0.5)
    update_as_backend(dashboard, failed, **FAILED_OUTCOME)
    assert read_item(dashboard, "reasons", text="unclear") == (["low_confidence", "out_of_scope"],)
    assert read_item(dashboard, "reasons", text="failed") == (["failed_workflow"],)
    assert read_item(dashboard, "reasons", text="low scope") == (["out_of_scope"],)
    assert set(list_texts(dashboard)) == {"unclear", "failed", "low scope"}
    assert read(dashboard, failed, "has_review_reason", "is_audited") == (True, False)


def test_the_queue_holds_what_the_service_marked_whatever_its_own_threshold(
    dashboard: Connection,
) -> None:
    marked = insert(dashboard, prompt="marked", confidence=0.8, needs_review=True)
    insert(dashboard, prompt="marked and unsure", confidence=0.6, needs_review=True)
    insert(dashboard, prompt="marked, scope", confidence=0.9, scope=0.1, needs_review=True)
    insert(dashboard, prompt="not marked", confidence=0.8)
    assert read(dashboard, marked, "has_review_reason") == (True,)
    reasons = dashboard.execute("select text, reasons from public.review_queue").fetchall()
    assert {str(text): listed for text, listed in reasons} == {
        "marked": ["needs_review"],
        "marked and unsure": ["low_confidence"],
        "marked, scope": ["out_of_scope"],
    }


def test_a_marked_message_beyond_the_daily_cap_is_not_queued(dashboard: Connection) -> None:
    dashboard.execute("update private.settings set daily_cap = 1")
    insert(dashboard)
    insert(dashboard, prompt="second", confidence=0.9, needs_review=True)
    assert list_texts(dashboard) == [TEXT]


def test_one_user_cannot_fill_the_queue(dashboard: Connection) -> None:
    add_user(dashboard, BOB)
    dashboard.execute("update private.settings set daily_cap = 5")
    for number in range(9):
        insert(dashboard, prompt=f"spam {number}", confidence=0.1)
    insert(dashboard, prompt="from bob", confidence=0.1, user_id=BOB)
    assert len(list_texts(dashboard)) == 6
    assert "from bob" in list_texts(dashboard)
    beyond = dashboard.execute(
        """select distinct user_id, has_review_reason, is_audited, audit_probability
           from public.nlu_prompt_logs where not within_daily_cap"""
    )
    assert beyond.fetchall() == [(ALICE, False, False, None)]
    exportable = dashboard.execute("select from public.exportable_prompts")
    assert exportable.rowcount == 6


def test_a_failed_workflow_beyond_the_daily_cap_is_not_queued(dashboard: Connection) -> None:
    dashboard.execute("update private.settings set daily_cap = 1")
    insert(dashboard)
    update_as_backend(
        dashboard, insert(dashboard, prompt="second", confidence=0.9), **FAILED_OUTCOME
    )
    assert list_texts(dashboard) == [TEXT]


def test_repetitions_beyond_the_daily_cap_are_not_counted(dashboard: Connection) -> None:
    add_user(dashboard, BOB)
    dashboard.execute("update private.settings set daily_cap = 2")
    log_id = insert(dashboard, user_id=BOB)
    for _ in range(9):
        insert(dashboard)
    assert read_item(dashboard, "times_sent", "user_count") == (3, 2)
    refresh_queue(dashboard)
    assert read_item(dashboard, "times_sent", "user_count") == (3, 2)
    correct(dashboard, log_id, "help")
    dashboard.execute("delete from auth.users where id = %s", [BOB])
    assert read_item(dashboard, "times_sent", "user_count") == (2, 1)


def test_the_daily_cap_starts_again_every_day(dashboard: Connection) -> None:
    dashboard.execute("update private.settings set daily_cap = 1")
    insert(dashboard, prompt="yesterday", created_at="2026-01-01T23:59:59Z")
    insert(dashboard, prompt="today", created_at="2026-01-02T00:00:00Z")
    assert set(list_texts(dashboard)) == {"yesterday", "today"}


def test_the_rank_orders_items_by_reason_margin_and_times_sent(dashboard: Connection) -> None:
    add_user(dashboard, BOB)
    insert(dashboard, prompt="clear winner", confidence=0.5, **runner_up(0.05))
    insert(dashboard, prompt="close call", confidence=0.6, **runner_up(0.59))
    for _ in range(20):
        insert(dashboard, prompt="often sent", confidence=0.5, **runner_up(0.05))
    disputed = insert(dashboard, prompt="disputed", confidence=0.9)
    correct(dashboard, disputed, "help", "ann")
    correct(dashboard, disputed, "search", "bob")
    failed = insert(dashboard, prompt="failed", confidence=0.9)
    update_as_backend(dashboard, failed, **FAILED_OUTCOME)
    correct(dashboard, insert(dashboard, prompt="decided", confidence=0.1), "help")
    refresh_queue(dashboard)
    texts = list_texts(dashboard)
    assert texts == ["disputed", "close call", "failed", "often sent", "clear winner", "decided"]


def test_audits_come_first_after_disputes_and_the_oldest_of_them_before_the_others(
    dashboard: Connection,
) -> None:
    insert(dashboard, prompt="close call", confidence=0.5, **runner_up(0.5))
    audit_rows(dashboard, 1)
    for number in range(3):
        insert(dashboard, prompt=f"audit {number}", confidence=0.99 - number / 10)
    audit_rows(dashboard, 0)
    disputed = insert(dashboard, prompt="disputed", confidence=0.9)
    correct(dashboard, disputed, "help", "ann")
    correct(dashboard, disputed, "search", "bob")
    refresh_queue(dashboard)
    assert list_texts(dashboard) == ["disputed", "audit 0", "audit 1", "audit 2", "close call"]


def fill_queue(dashboard: Connection) -> int:
    """Run the job that takes random texts once, and return how many it took."""
    row = dashboard.execute("select private.fill_queue()").fetchone()
    return int(str(row[0])) if row else 0


def set_min_queue_items(dashboard: Connection, items: int) -> None:
    """Set the number of waiting items below which random texts enter the queue."""
    dashboard.execute("update private.settings set min_queue_items = %s", [items])


def test_random_texts_enter_the_queue_rather_than_that_it_runs_dry(dashboard: Connection) -> None:
    for number in range(9):
        insert(dashboard, prompt=f"sure {number}", confidence=0.99)
    insert(dashboard, prompt="close call", confidence=0.6)
    set_min_queue_items(dashboard, 4)
    assert fill_queue(dashboard) == 3
    assert fill_queue(dashboard) == 0
    refresh_queue(dashboard)
    texts = list_texts(dashboard)
    assert texts[0] == "close call", "random texts are the last ones"
    assert read_item(dashboard, "reasons", text=str(texts[1])) == (["random_fill"],)
    for text in texts:
        edit_queue_item(dashboard, str(text), corrected_intent="help", reviewer="ann")
    assert fill_queue(dashboard) == 4
    set_min_queue_items(dashboard, 100)
    assert fill_queue(dashboard) == 2
    assert len(list_texts(dashboard)) == 10, "every text is in the queue once"
    assert fill_queue(dashboard) == 0


def test_filling_the_queue_takes_random_texts_and_none_beyond_the_daily_cap(
    dashboard: Connection,
) -> None:
    dashboard.execute("update private.settings set daily_cap = 30")
    set_min_queue_items(dashboard, 10)
    samples = set()
    for _ in range(4):
        sender = uuid4()
        add_user(dashboard, sender)
        for number in range(40):
            insert(dashboard, prompt=f"sure {number:02}", confidence=0.99, user_id=sender)
        assert fill_queue(dashboard) == 10
        taken = list_texts(dashboard)
        assert max(map(str, taken)) < "sure 30"
        samples.add(str(taken))
        dashboard.execute("delete from auth.users")
    assert len(samples) > 1


def test_one_batch_bounds_the_cost_of_filling_the_queue(dashboard: Connection) -> None:
    dashboard.execute("update private.settings set retention_batch_rows = 5")
    for number in range(20):
        insert(dashboard, prompt=f"sure {number}", confidence=0.99)
    set_min_queue_items(dashboard, 20)
    assert fill_queue(dashboard) == 5


def test_senders_cannot_see_that_their_text_was_taken_at_random(dashboard: Connection) -> None:
    log_id = insert(dashboard, confidence=0.99)
    before = dashboard.execute("select to_jsonb(l) from public.nlu_prompt_logs l").fetchall()
    set_min_queue_items(dashboard, 1)
    assert fill_queue(dashboard) == 1
    assert (
        dashboard.execute("select to_jsonb(l) from public.nlu_prompt_logs l").fetchall() == before
    )
    edit_queue_item(dashboard, TEXT, corrected_intent="help", reviewer="ann")
    assert read(dashboard, log_id, "corrected_intent") == ("help",), "the row that was named"


def test_a_text_that_was_taken_at_random_is_in_the_next_review_export(
    dashboard: Connection,
) -> None:
    insert(dashboard, confidence=0.99)
    row = dashboard.execute("select private.complete_change_numbers()").fetchone()
    assert row is not None
    set_min_queue_items(dashboard, 1)
    assert read_reasons(dashboard, row[0]) is None
    fill_queue(dashboard)
    assert read_reasons(dashboard, row[0]) == [["random_fill"]]


def read_reasons(dashboard: Connection, since: object) -> Any:
    """Return the reasons of the rows in the window since a change, as an export reads them."""
    row = dashboard.execute(
        """select private.read_export(%s, private.complete_change_numbers(), '', 0,
             '00000000-0000-0000-0000-000000000000', false, 100, '', null, null) -> 15""",
        [since],
    ).fetchone()
    return row[0] if row else None


def test_setting_intent_and_reviewer_decides_the_text_and_all_copies(
    dashboard: Connection, log_id: UUID
) -> None:
    add_user(dashboard, BOB)
    copy = insert(dashboard, user_id=BOB)
    edit_queue_item(dashboard, TEXT, corrected_intent=" Help ", reviewer=" ann ")
    for row in (log_id, copy):
        assert read(dashboard, row, "corrected_intent") == ("help",)
    decided = read_item(dashboard, "corrected_intent", "reviewer", "waiting_since")
    assert decided == ("help", "ann", None)
    events = dashboard.execute("select reviewer, channel from public.correction_events")
    assert events.fetchall() == [("ann", "dashboard")]


@pytest.mark.parametrize(
    "order", [("reviewer", "corrected_intent"), ("corrected_intent", "reviewer")]
)
def test_intent_and_reviewer_can_be_saved_separately_in_either_order(
    dashboard: Connection, log_id: UUID, order: tuple[str, str]
) -> None:
    values = {"reviewer": "ann", "corrected_intent": "help"}
    for column in order:
        edit_queue_item(dashboard, TEXT, **{column: values[column]})
    assert read_item(dashboard, "corrected_intent", "reviewer") == ("help", "ann")
    assert read(dashboard, log_id, "corrected_intent", "is_disputed") == ("help", False)


@pytest.mark.parametrize("decision", ["help", "reschedule"])
def test_notes_that_were_typed_before_the_intent_stay_and_are_recorded_with_it(
    dashboard: Connection, log_id: UUID, decision: str
) -> None:
    edit_queue_item(dashboard, TEXT, notes="asks how")
    edit_queue_item(dashboard, TEXT, corrected_intent=decision)
    edit_queue_item(dashboard, TEXT, reviewer="ann")
    assert read_item(dashboard, "notes", "reviewer") == ("asks how", "ann")
    assert read(dashboard, log_id, "correction_notes") == ("asks how",)
    edit_queue_item(dashboard, TEXT, corrected_intent="search")
    assert read_item(dashboard, "notes") == (None,), "they explained another decision"


def test_an_edit_without_a_reviewer_is_signed_dashboard(
    dashboard: Connection, log_id: UUID
) -> None:
    edit_queue_item(dashboard, TEXT, corrected_intent="help")
    assert read_item(dashboard, "reviewer") == ("dashboard",)
    edit_queue_item(dashboard, TEXT, reviewer="ann")
    edit_queue_item(dashboard, TEXT, corrected_intent="search")
    events = dashboard.execute("select reviewer from public.correction_events order by id")
    assert [name for (name,) in events.fetchall()] == ["dashboard", "ann", "dashboard"]
    votes = dashboard.execute("select reviewer from public.reviewer_votes").fetchall()
    assert votes == [("ann",)]


def test_an_item_waits_again_after_its_correction_is_retracted(
    dashboard: Connection, log_id: UUID
) -> None:
    edit_queue_item(dashboard, TEXT, corrected_intent="help", reviewer="ann")
    edit_queue_item(dashboard, TEXT, corrected_intent=None)
    assert read_item(dashboard, "corrected_intent", "waiting_since is null") == (None, False)
    assert read(dashboard, log_id, "corrected_intent") == (None,)
    history = dashboard.execute("select to_intent from public.correction_events order by id")
    assert history.fetchall() == [("help",), (None,)]


@pytest.mark.parametrize(
    "change",
    [
        {"text": "other"}, {"predicted_intent": "help"}, {"confidence": 1}, {"reasons": []},
        {"times_sent": 99}, {"user_count": 9}, {"change_number": 5}, {"rank": 1},
        {"decided_at": "2026-01-01"}, {"days_waiting": 3}, {"runner_up_intent": "help"},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_an_edit_of_another_column_is_refused_with_a_hint(
    dashboard: Connection, log_id: UUID, change: dict[str, Any]
) -> None:
    with pytest.raises(errors.InsufficientPrivilege, match="can be edited here") as refused:
        edit_queue_item(dashboard, TEXT, corrected_intent="help", **change)
    assert "Undo" in str(refused.value.diag.message_hint)
    assert "dentist" not in str(refused.value)
    assert read(dashboard, log_id, "corrected_intent") == (None,)


@pytest.mark.parametrize("intent", ["sheduling", "retired"])
def test_an_unknown_or_retired_intent_is_refused_with_a_hint(
    dashboard: Connection, log_id: UUID, intent: str
) -> None:
    dashboard.execute(
        """insert into public.intent_catalogue (intent, domain, description, retired_at)
           values ('retired', 'x', 'x', now())"""
    )
    with pytest.raises(errors.ForeignKeyViolation, match="catalogue") as refused:
        edit_queue_item(dashboard, TEXT, corrected_intent=intent)
    assert "drop-down" in str(refused.value.diag.message_hint)


def add_intent(dashboard: Connection, intent: str) -> None:
    """Add an intent to the catalogue, as the table editor does."""
    dashboard.execute(
        "insert into public.intent_catalogue (intent, domain, description) values (%s, 'x', 'x')",
        [intent],
    )


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (" Pay Bill ", "Pay Bill"),
        ("Pay Bill\t\r\n", "Pay Bill"),
        ("\u00a0\u200bPay Bill\ufeff", "Pay Bill"),
        ("\u067e\u0631\u062f\u0627\u062e\u062a\u200c\u0647\u0627", None),
        ("love \u2764\ufe0f", None),
    ],
    ids=["spaces", "line_end", "invisible", "non_joiner_inside", "emoji"],
)
def test_an_intent_of_the_catalogue_can_be_chosen_however_it_was_written_there(
    dashboard: Connection, log_id: UUID, written: str, name: str | None
) -> None:
    add_intent(dashboard, written)
    chosen = name or written
    edit_queue_item(dashboard, TEXT, corrected_intent=chosen, reviewer="ann")
    assert read_item(dashboard, "corrected_intent") == (chosen,)
    assert read(dashboard, log_id, "corrected_intent") == (chosen,)


@pytest.mark.parametrize(
    "written", ["", " \u200b", "pay\nbill", "x" * 101], ids=["empty", "invisible", "lines", "long"]
)
def test_a_name_that_no_label_has_is_refused_in_the_catalogue(
    dashboard: Connection, written: str
) -> None:
    with pytest.raises(errors.CheckViolation, match="one line of 1 to 100") as refused:
        add_intent(dashboard, written)
    assert "model predicts" in str(refused.value.diag.message_hint)


def test_a_renamed_intent_is_written_like_a_new_one(dashboard: Connection) -> None:
    add_intent(dashboard, "pay")
    dashboard.execute(
        "update public.intent_catalogue set intent = ' Pay Bill ' where intent = 'pay'"
    )
    found = dashboard.execute("select 1 from public.intent_catalogue where intent = 'Pay Bill'")
    assert found.fetchone() is not None


def test_a_reviewer_who_withdraws_a_mistake_decides_again_without_a_dispute(
    dashboard: Connection, log_id: UUID
) -> None:
    edit_queue_item(dashboard, TEXT, corrected_intent="help", reviewer="ann")
    edit_queue_item(dashboard, TEXT, corrected_intent=None)
    edit_queue_item(dashboard, TEXT, corrected_intent="search", reviewer="ann")
    assert read_item(dashboard, "corrected_intent", "reviewer") == ("search", "ann")
    assert dashboard.execute("select text from public.disputed_texts").fetchall() == []
    votes = dashboard.execute("select reviewer, intent from public.reviewer_votes").fetchall()
    assert votes == [("ann", "search")]


def test_ranks_change_only_in_the_nightly_job(dashboard: Connection) -> None:
    insert(dashboard, prompt="first", confidence=0.1)
    insert(dashboard, prompt="last", confidence=0.6)
    (rank,) = read_item(dashboard, "rank", text="last")
    for _ in range(20):
        insert(dashboard, prompt="last", confidence=0.6)
    edit_queue_item(dashboard, "first", corrected_intent="help")
    edit_queue_item(dashboard, "first", reviewer="ann")
    assert read_item(dashboard, "rank", text="last") == (rank,)
    assert list_texts(dashboard) == ["first", "last"]
    refresh_queue(dashboard)
    (moved,) = read_item(dashboard, "rank", text="last")
    assert moved < rank, "a text that is sent more often has a lower rank"
    assert list_texts(dashboard) == ["last", "first"]
    assert read_item(dashboard, "rank", text="first") == (1_000_000,)


def test_an_edit_that_finds_no_row_is_refused_with_a_hint(
    dashboard: Connection, log_id: UUID
) -> None:
    with pytest.raises(errors.NoDataFound, match="Nothing was saved") as refused:
        edit_queue_item(dashboard, "a text that is not queued", corrected_intent="help")
    assert "Reload" in str(refused.value.diag.message_hint)


def test_a_retained_text_that_is_sent_again_is_queued_as_decided(dashboard: Connection) -> None:
    correct(dashboard, insert(dashboard, created_at=LONG_AGO), "help")
    dashboard.execute("select private.delete_expired_rows()")
    assert list_texts(dashboard) == []
    retained = dashboard.execute("select text, intent from public.labelled_texts").fetchall()
    assert retained == [(TEXT, "help")]
    for confidence in (0.2, 0.99):
        log_id = insert(dashboard, confidence=confidence)
        assert read(dashboard, log_id, "corrected_intent") == (None,)
    assert read_item(dashboard, "corrected_intent", "reviewer", "waiting_since") == (
        "help",
        "ann",
        None,
    )
    labels = dashboard.execute("select corrected_intent from public.exportable_prompts").fetchall()
    assert labels == [("help",)] * 2


def test_deleting_rows_updates_the_counts_and_deletes_an_item_without_rows(
    dashboard: Connection,
) -> None:
    add_user(dashboard, BOB)
    insert(dashboard)
    insert(dashboard, user_id=BOB)
    insert(dashboard, user_id=BOB)
    dashboard.execute("delete from auth.users where id = %s", [BOB])
    assert read_item(dashboard, "times_sent", "user_count") == (1, 1)
    dashboard.execute("delete from auth.users")
    assert list_texts(dashboard) == []


def test_a_capture_does_not_wait_for_an_item_that_is_being_decided(
    dashboard: Connection, server: Server, database: str
) -> None:
    insert(dashboard)
    with server.connect("postgres", database, autocommit=False) as other:
        other.execute("select from public.review_queue for update")
        dashboard.execute("set lock_timeout = '100ms'")
        insert(dashboard)
        assert read_item(dashboard, "times_sent") == (1,)
        other.rollback()
    assert complete_captures(dashboard) == 1
    assert read_item(dashboard, "times_sent") == (2,)


def test_the_nightly_job_updates_the_days_waiting(dashboard: Connection) -> None:
    insert(dashboard)
    with dashboard.transaction():
        dashboard.execute("alter table public.review_queue disable trigger user")
        dashboard.execute(
            "update public.review_queue set waiting_since = now() - interval '3 days 2 hours'"
        )
        dashboard.execute("alter table public.review_queue enable trigger user")
    refresh_queue(dashboard)
    assert read_item(dashboard, "days_waiting") == (3,)
