"""The console's functions: who may call them, what they show, and what they record."""

from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import errors

from .actors import ALICE, STRANGER
from .console import GRACE, ITEM_FIELDS, ConsoleUser, add_account
from .registry import call, connect_registrar, register
from .rows import add_user, correct, erase, insert, read, refresh_queue
from .server import Connection, Server

VIC = UUID("71c00000-0000-4000-8000-000000000006")

CALLS: dict[str, dict[str, Any]] = {
    "console_items": {},
    "console_decide": {"item": 1, "seen": 0, "intent": "help"},
    "console_undo": {"item": 1, "event": 1},
    "console_skip": {"item": 1, "reason": "unsure"},
    "console_progress": {},
    "console_accuracy": {},
    "console_models": {},
    "console_verdict": {"verdict": 1},
}
ALLOWED = {
    "reviewer": {*CALLS} - {"console_models", "console_verdict"},
    "operator": {*CALLS},
    "viewer": {"console_progress", "console_accuracy"},
    "admin": set(),
    None: set(),
}


def capture(dashboard: Connection, prompt: str = "move it to friday", **columns: Any) -> UUID:
    """Capture a message that waits for review."""
    return insert(dashboard, prompt=prompt, **{"confidence": 0.3, **columns})


def events(dashboard: Connection, *columns: str) -> list[tuple[Any, ...]]:
    query = f"select {', '.join(columns)} from public.correction_events order by id"
    return dashboard.execute(query.encode()).fetchall()


# Roles ------------------------------------------------------------------------------------


def test_a_token_that_names_a_role_gives_nothing(server: Server, populated: str) -> None:
    """The account of this user has no role, whatever the token says."""
    mallory = ConsoleUser(server, populated, ALICE, role_in_token="reviewer")
    assert mallory.call("console_role") is None
    for function, arguments in CALLS.items():
        with pytest.raises(psycopg.Error, match="does not have a role"):
            mallory.call(function, **arguments)


@pytest.mark.parametrize("role", ALLOWED)
def test_each_role_calls_exactly_its_functions(
    server: Server, database: str, dashboard: Connection, role: str | None
) -> None:
    add_account(dashboard, VIC, role)
    user = ConsoleUser(server, database, VIC)
    refusals = {}
    for function, arguments in CALLS.items():
        try:
            user.call(function, **arguments)
        except psycopg.Error as error:
            refusals[function] = error.sqlstate
    assert refusals == dict.fromkeys(set(CALLS) - ALLOWED[role], "PT403")
    assert user.call("console_role") == (role if ALLOWED[role] else None)


@pytest.mark.parametrize(
    "change",
    [
        "update auth.users set raw_app_meta_data = '{}' where id = %s",
        "update auth.users set raw_app_meta_data = null where id = %s",
        "update auth.users set banned_until = now() + interval '1 day' where id = %s",
        "update auth.users set deleted_at = now() where id = %s",
        "delete from auth.users where id = %s",
    ],
)
def test_a_change_of_the_account_takes_effect_at_once(
    dashboard: Connection, grace: ConsoleUser, change: str
) -> None:
    capture(dashboard)
    [item] = grace.items()
    dashboard.execute(change.encode(), [GRACE])

    with pytest.raises(psycopg.Error) as refused:
        grace.decide(item, "help")

    assert refused.value.sqlstate == "PT403"
    assert events(dashboard, "id") == []


def test_the_functions_cannot_be_bypassed(
    server: Server, database: str, grace: ConsoleUser
) -> None:
    with server.connect("authenticator", database) as connection:
        connection.execute("set role authenticated")
        for statement in (
            "select private.list_console_items(null, null, null, 10)",
            "select * from private.review_skips",
            "select * from public.review_queue",
            "select private.console_caller()",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(statement)


# What is shown ----------------------------------------------------------------------------


def test_an_item_shows_the_listed_fields_and_no_other(
    dashboard: Connection, grace: ConsoleUser
) -> None:
    log_id = capture(dashboard, conversation_id="conversation-9", message_index=3)
    [item] = grace.items()

    assert set(item) == ITEM_FIELDS
    key = read(dashboard, log_id, "text_key")[0].hex()
    for hidden in (str(ALICE), str(log_id), "conversation-9", key):
        assert hidden not in str(item)


def test_items_come_best_first_in_pages_without_those_that_were_voted_on_or_skipped(
    dashboard: Connection, grace: ConsoleUser, olga: ConsoleUser
) -> None:
    for number in range(6):
        capture(dashboard, f"text {number}", confidence=0.1 + number / 10)
    first = grace.items(max_items=4)
    assert [item["text"] for item in first] == ["text 0", "text 1", "text 2", "text 3"]
    rest = grace.items(after_rank=first[-1]["rank"], after_item=first[-1]["item"])
    assert [item["text"] for item in rest] == ["text 4", "text 5"]

    grace.decide(first[0], "help")
    grace.call("console_skip", item=first[1]["item"], reason="unsure")
    dashboard.execute("select private.refresh_queue_items('')")

    assert [item["text"] for item in grace.items()] == ["text 2", "text 3", "text 4", "text 5"]
    assert [item["text"] for item in olga.items()][:2] == ["text 1", "text 2"]


def test_items_of_one_reason_can_be_listed(dashboard: Connection, grace: ConsoleUser) -> None:
    capture(dashboard, "unsure")
    capture(
        *(dashboard, "failed"), was_successful=False, workflow_type="move", execution_error="gone"
    )

    assert [item["text"] for item in grace.items(reason="failed_workflow")] == ["failed"]


def test_the_two_earlier_messages_of_the_conversation_are_shown(
    dashboard: Connection, grace: ConsoleUser
) -> None:
    def say(prompt: str, index: int, conversation: str = "c", sender: UUID = ALICE) -> None:
        insert(
            dashboard, prompt=prompt, user_id=sender, conversation_id=conversation,
            message_index=index, confidence=0.99,
        )  # fmt: skip

    add_user(dashboard, STRANGER)
    say("the oldest", 0)
    say("of another conversation", 1, "d")
    say("of another user", 1, "c", STRANGER)
    say("book the dentist", 1)
    say("which day and when", 2)
    capture(dashboard, "3pm", conversation_id="c", message_index=3)
    say("later", 4)

    [item] = grace.items()
    assert item["context"] == ["book the dentist", "which day and when"]
    dashboard.execute("update private.settings set context_messages = 1")
    assert grace.items()[0]["context"] == ["which day and when"]
    dashboard.execute("update private.settings set context_messages = 0")
    assert grace.items()[0]["context"] == []


def test_a_message_without_a_conversation_has_no_context(
    dashboard: Connection, grace: ConsoleUser
) -> None:
    insert(dashboard, prompt="before", confidence=0.99)
    capture(dashboard, "after")

    assert grace.items()[0]["context"] == []


def test_votes_are_hidden_until_reviewers_disagree_and_then_shown_without_names(
    dashboard: Connection, grace: ConsoleUser, olga: ConsoleUser
) -> None:
    log_id = capture(dashboard)
    correct(dashboard, log_id, "search", "ann", "the note of ann")
    assert olga.items() == []
    correct(dashboard, log_id, "email", "bob")

    [item] = olga.items()

    assert item["reasons"][0] == "disagreement"
    assert [(vote["intent"], vote["notes"], vote["is_own"]) for vote in item["votes"]] == [
        ("search", "the note of ann", False),
        ("email", None, False),
    ]
    assert {"ann", "bob"} & set(str(item).replace("'", " ").split()) == {"ann"}  # in the note


def test_a_second_reviewer_decides_a_share_of_the_texts_without_knowing(
    dashboard: Connection, grace: ConsoleUser, olga: ConsoleUser
) -> None:
    dashboard.execute("update private.settings set second_opinion_rate = 1")
    capture(dashboard, "decided by grace")
    capture(dashboard, "waiting")
    [waiting_item] = [item for item in grace.items() if item["text"] == "decided by grace"]
    grace.decide(waiting_item, "help")

    opinion, waiting_item = olga.items()

    assert (opinion["text"], opinion["votes"]) == ("decided by grace", [])
    assert waiting_item["text"] == "waiting"
    assert [item["text"] for item in grace.items()] == ["waiting"]
    assert olga.items(reason="low_confidence") == [waiting_item]
    assert olga.decide(opinion, "search")["is_disputed"] is True
    assert [item["text"] for item in grace.items()] == ["waiting"]


def test_a_text_with_two_votes_or_a_skip_needs_no_further_opinion(
    dashboard: Connection, grace: ConsoleUser, olga: ConsoleUser
) -> None:
    dashboard.execute("update private.settings set second_opinion_rate = 1")
    twice, once = capture(dashboard, "twice"), capture(dashboard, "once")
    for log_id, reviewer in ((twice, "ann"), (twice, "bob"), (once, "ann")):
        correct(dashboard, log_id, "help", reviewer)
    assert [item["text"] for item in olga.items()] == ["once"]

    olga.call("console_skip", item=olga.items()[0]["item"], reason="unsure")

    assert olga.items() == []
    dashboard.execute("update private.settings set second_opinion_rate = 0")
    assert grace.items() == []


def test_the_share_of_second_opinions_is_that_of_the_setting(
    server: Server, database: str, dashboard: Connection
) -> None:
    dashboard.execute("update private.settings set second_opinion_rate = 0.2")
    query = """
        select avg(private.wants_second_opinion(decode(md5(n::text), 'hex'))::integer)::float
        from generate_series(1, 5000) as n"""
    with server.connect("supabase_admin", database) as admin:
        row = admin.execute(query).fetchone()
    assert row is not None
    assert float(str(row[0])) == pytest.approx(0.2, abs=0.03)


# What is recorded -------------------------------------------------------------------------


def test_a_decision_leaves_the_trace_of_a_correction_through_the_api(
    dashboard: Connection, grace: ConsoleUser
) -> None:
    columns = (
        "log_id", "from_intent", "to_intent", "to_secondary_intents", "notes", "channel",
    )  # fmt: skip
    corrected = capture(dashboard, "through the api")
    correct(dashboard, corrected, "help", "ann", "a note", secondary=["email"])
    decided = capture(dashboard, "through the console")

    result = grace.decide(grace.items()[0], "help", secondary_intents=["email"], notes="a note")

    one, other = events(dashboard, *columns)
    assert other == (decided, *one[1:])
    assert events(dashboard, "id", "reviewer")[1] == (result["event"], str(GRACE))
    shown = ("corrected_intent", "corrected_secondary_intents", "correction_notes", "is_disputed")
    assert read(dashboard, decided, *shown) == read(dashboard, corrected, *shown)
    assert read(dashboard, decided, "corrected_by") == (str(GRACE),)
    queue = "select corrected_intent, notes, waiting_since from public.review_queue"
    assert set(dashboard.execute(queue).fetchall()) == {("help", "a note", None)}


def test_a_repeated_decision_is_recorded_once(dashboard: Connection, grace: ConsoleUser) -> None:
    capture(dashboard)
    [item] = grace.items()

    assert grace.decide(item, "help") == grace.decide(item, "help")
    assert len(events(dashboard, "id")) == 1


def test_a_decision_about_an_outdated_item_is_not_recorded(
    dashboard: Connection, grace: ConsoleUser, olga: ConsoleUser
) -> None:
    capture(dashboard)
    [item] = grace.items()
    olga.decide(item, "email", notes="about mail")

    result = grace.decide(item, "search")

    assert result["state"] == "changed"
    assert [vote["intent"] for vote in result["votes"]] == ["email"]
    assert events(dashboard, "to_intent") == [("email",)]
    again = grace.decide(result["item"], "search")
    assert (again["state"], again["is_disputed"]) == ("recorded", True)
    assert events(dashboard, "to_intent") == [("email",), ("search",)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"intent": "no such intent"}, "not in the catalogue"),
        ({"intent": None}, "needs an intent"),
        ({"intent": "help", "secondary_intents": ["help"]}, "contain the primary one"),
        ({"intent": "help", "secondary_intents": ["nonsense"]}, "secondary intent is not"),
        ({"intent": "help", "notes": "x" * 2001}, "at most"),
    ],
)
def test_an_invalid_decision_is_refused_with_a_reason(
    dashboard: Connection, grace: ConsoleUser, arguments: dict[str, Any], message: str
) -> None:
    capture(dashboard)
    [item] = grace.items()

    with pytest.raises(psycopg.Error, match=message):
        grace.call("console_decide", item=item["item"], seen=item["seen"], **arguments)

    assert events(dashboard, "id") == []


def test_a_decision_about_a_deleted_text_says_so(dashboard: Connection, grace: ConsoleUser) -> None:
    capture(dashboard)
    [item] = grace.items()
    erase(dashboard, ALICE)

    assert grace.decide(item, "help") == {"state": "gone"}
    assert grace.call("console_undo", item=item["item"], event=1) == {"state": "gone"}
    assert grace.call("console_skip", item=item["item"], reason="unsure") == {"state": "gone"}


def test_an_undo_restores_the_vote_before_and_repeats_without_effect(
    dashboard: Connection, grace: ConsoleUser
) -> None:
    log_id = capture(dashboard)
    [item] = grace.items()
    first = grace.decide(item, "help", secondary_intents=["email"], notes="first")
    changed = {"item": item["item"], "seen": first["event"]}
    second = grace.decide(changed, "search")

    for _ in range(2):
        result = grace.call("console_undo", item=item["item"], event=second["event"])
        assert result["state"] == "recorded"
    assert read(dashboard, log_id, "corrected_intent", "correction_notes") == ("help", "first")
    restored = events(dashboard, "id")[-1][0]
    grace.call("console_undo", item=item["item"], event=restored)

    assert events(dashboard, "to_intent", "to_secondary_intents", "notes") == [
        ("help", ["email"], "first"),
        ("search", None, None),
        ("help", ["email"], "first"),
        ("search", None, None),
    ]


def test_an_undone_decision_waits_again_for_everybody(
    dashboard: Connection, grace: ConsoleUser, olga: ConsoleUser
) -> None:
    log_id = capture(dashboard)
    [item] = grace.items()
    event = grace.decide(item, "help")["event"]

    result = grace.call("console_undo", item=item["item"], event=event)

    assert read(dashboard, log_id, "corrected_intent") == (None,)
    assert grace.items() == [result["item"]]
    assert [waiting["item"] for waiting in olga.items()] == [item["item"]]


def test_an_undo_takes_back_nothing_but_ones_own_latest_vote(
    dashboard: Connection, grace: ConsoleUser, olga: ConsoleUser
) -> None:
    capture(dashboard)
    [item] = grace.items()
    event = grace.decide(item, "help")["event"]

    assert olga.call("console_undo", item=item["item"], event=event)["state"] == "recorded"
    assert len(events(dashboard, "id")) == 1
    other = olga.decide({"item": item["item"], "seen": event}, "email")["event"]
    later = grace.decide({"item": item["item"], "seen": other}, "search")
    assert grace.call("console_undo", item=item["item"], event=event)["state"] == "changed"

    assert events(dashboard, "id") == [(event,), (other,), (later["event"],)]


def test_a_skip_hides_an_item_from_its_reviewer_until_it_is_taken_back_or_decided(
    dashboard: Connection, grace: ConsoleUser, olga: ConsoleUser
) -> None:
    capture(dashboard)
    [item] = grace.items()
    for reason in ("unsure", "needs_context"):
        grace.call("console_skip", item=item["item"], reason=reason)
    assert (grace.items(), len(olga.items())) == ([], 1)
    assert grace.call("console_progress")["own_skipped"] == 1
    with pytest.raises(errors.CheckViolation):
        grace.call("console_skip", item=item["item"], reason="free text")
    grace.call("console_skip", item=item["item"])
    assert len(grace.items()) == 1

    grace.call("console_skip", item=item["item"], reason="unsure")
    grace.decide(item, "help")

    assert dashboard.execute("select from private.review_skips").rowcount == 0


def test_nothing_of_an_erased_reviewer_remains(dashboard: Connection, grace: ConsoleUser) -> None:
    for number in range(2):
        capture(dashboard, f"text {number}")
    one, other = grace.items()
    grace.decide(one, "help")
    grace.call("console_skip", item=other["item"], reason="unsure")

    erase(dashboard, GRACE)

    assert dashboard.execute("select from private.review_skips").rowcount == 0
    assert str(events(dashboard, "reviewer")[0][0]).startswith("erased-")
    with pytest.raises(psycopg.Error, match="account of this reviewer was deleted"):
        grace.call("console_skip", item=other["item"], reason="unsure")


# Figures ----------------------------------------------------------------------------------


def test_progress_counts_what_waits_and_what_was_decided(
    dashboard: Connection, grace: ConsoleUser
) -> None:
    capture(dashboard, "one")
    capture(dashboard, "two", scope=0.1)
    capture(dashboard, "three")
    grace.decide(grace.items()[0], "help")

    progress = grace.call("console_progress")

    assert progress["waiting"] == 2
    assert progress["reasons"] == {"low_confidence": 2, "out_of_scope": 1}
    assert (progress["decided_today"], progress["own_today"]) == (1, 1)
    assert progress["audit"] == {"messages": 0, "decided": 0, "complete_before": None}
    assert progress["champion"] is None


def test_the_audit_is_part_of_the_progress(dashboard: Connection, grace: ConsoleUser) -> None:
    dashboard.execute("update private.settings set audit_rate = 1")
    capture(dashboard, "one")
    capture(dashboard, "two")
    grace.decide(grace.items()[0], "help")

    audit = grace.call("console_progress")["audit"]

    assert (audit["messages"], audit["decided"]) == (2, 1)
    assert audit["complete_before"] is not None


def test_no_figure_contains_a_text_or_a_name(
    server: Server, database: str, dashboard: Connection, grace: ConsoleUser
) -> None:
    capture(dashboard, "a secret appointment")
    grace.decide(grace.items()[0], "help", notes="about the appointment")
    refresh_queue(dashboard)
    add_account(dashboard, VIC, "viewer")
    vic = ConsoleUser(server, database, VIC)

    figures = str([vic.call("console_progress"), vic.call("console_accuracy")])

    assert "appointment" not in figures
    assert not {str(GRACE), str(ALICE)} & set(figures.replace("'", " ").split())


def test_an_operator_reads_the_registry(dashboard: Connection, olga: ConsoleUser) -> None:
    assert olga.call("console_models") == {"champion": None, "models": [], "events": []}


def test_the_registry_leaves_the_backtests_out_and_an_operator_reads_each_verdict(
    server: Server, database: str, olga: ConsoleUser
) -> None:
    backtest = {"gold": 40, "changes": [{"intent": "email", "won": 3}]}
    with connect_registrar(server, database) as registrar:
        register(registrar, "assistant-2")
        verdict = call(
            registrar, "record_verdict", version="assistant-2", champion=None, decision="hold",
            looks_before=0, actor="ann", reason="evidence",
            evidence={"verdict": {"labels": 40}, "backtest": backtest},
        )  # fmt: skip

    latest, registered = olga.call("console_models")["events"]

    assert (latest["id"], latest["kind"], registered["kind"]) == (
        verdict["id"], "verdict", "registered",
    )  # fmt: skip
    assert latest["evidence"]["verdict"] == {"labels": 40}
    assert "backtest" not in latest["evidence"]
    assert olga.call("console_verdict", verdict=verdict["id"]) == verdict
    assert verdict["evidence"]["backtest"] == backtest
    assert olga.call("console_verdict", verdict=registered["id"]) is None


def test_an_unknown_item_is_gone(grace: ConsoleUser) -> None:
    unknown = {"item": 10**12, "seen": 0}
    assert grace.decide(unknown, "help") == {"state": "gone"}
