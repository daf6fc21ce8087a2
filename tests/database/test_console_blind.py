"""Disagreements of models in the console: what reviewers see, and what their decisions leave."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from .actors import BOB
from .console import GRACE, ConsoleUser
from .registry import call, connect_registrar, register
from .rows import add_user, correct, insert
from .server import Connection, Server
from .test_evaluation import CANDIDATE, CHAMPION, MARK, draw_text

TRACE = "log_id, from_intent, to_intent, to_secondary_intents, notes"
POOL = "corrected_intent, corrected_secondary_intents, notes, decided_at is not null"


@pytest.fixture
def registrar(server: Server, database: str, dashboard: Connection) -> Iterator[Connection]:
    """The registrar's connection, with a registered candidate."""
    add_user(dashboard, BOB)
    with connect_registrar(server, database) as connection:
        register(connection, CANDIDATE, CHAMPION)
        yield connection


def blind_items(user: ConsoleUser, **arguments: Any) -> list[dict[str, Any]]:
    """Return the disagreements that wait for this user."""
    return user.items(reason="model_disagreement", **arguments)


def rows(dashboard: Connection, columns: str, table: str, order: str = "1") -> list[Any]:
    return dashboard.execute(f"select {columns} from {table} order by {order}".encode()).fetchall()


def pool(dashboard: Connection) -> tuple[Any, ...]:
    """Return what the pool shows of its one text."""
    (row,) = rows(dashboard, POOL, "public.model_disagreements")
    return tuple(row)


def test_a_disagreement_shows_both_intents_and_nothing_that_tells_the_models_apart(
    dashboard: Connection, registrar: Connection, grace: ConsoleUser
) -> None:
    draw_text(dashboard, registrar, confidence=0.123456)

    [item] = blind_items(grace)

    assert set(item) == {"item", "rank", "text", "intents", "context", "seen"}
    stored = rows(dashboard, "first_intent, second_intent", "public.model_disagreements")
    assert tuple(item["intents"]) == stored[0]
    for hidden in (CANDIDATE, CHAMPION, "reschedule", "0.123456", "test-1"):
        assert hidden not in json.dumps(item)


def test_no_call_shows_the_prediction_of_a_disagreement(
    dashboard: Connection, registrar: Connection, grace: ConsoleUser, olga: ConsoleUser
) -> None:
    dashboard.execute("update private.settings set second_opinion_rate = 1")
    draw_text(dashboard, registrar, confidence=0.123456)
    [item] = blind_items(grace)
    number = item["item"]

    answers = [
        grace.call("console_skip", item=number, reason="unsure"),
        grace.call("console_skip", item=number),
        grace.decide(item, "email", is_blind=True),
        olga.decide(item, "search", is_blind=True),
    ]
    answers += [
        olga.call("console_undo", item=number, event=10**9),
        grace.call("console_undo", item=number, event=answers[2]["event"]),
        olga.items(),
        olga.call("console_progress"),
    ]

    assert answers[3]["state"] == "changed"
    assert answers[3]["votes"] == []
    for hidden in ("reschedule", "0.123456", CANDIDATE, CHAMPION, "predicted"):
        assert hidden not in json.dumps(answers)


def test_disagreements_come_in_pages_in_the_order_of_the_pool(
    dashboard: Connection, registrar: Connection, grace: ConsoleUser
) -> None:
    for number in range(5):
        draw_text(dashboard, registrar, f"text {number}")
    in_order = [text for (text,) in rows(dashboard, "text", "model_disagreements", "rank, id")]

    first = blind_items(grace, max_items=3)
    rest = blind_items(grace, after_rank=first[-1]["rank"], after_item=first[-1]["item"])
    grace.call("console_skip", item=first[0]["item"], reason="unsure")
    grace.decide(first[1], "email", is_blind=True)

    assert [item["text"] for item in (*first, *rest)] == in_order
    assert [item["text"] for item in blind_items(grace)] == in_order[2:]
    assert grace.items() == []
    assert grace.call("console_progress")["reasons"] == {"model_disagreement": 4}


def test_a_blind_decision_leaves_the_trace_of_one_in_the_dashboard(
    dashboard: Connection, registrar: Connection, grace: ConsoleUser
) -> None:
    edited = draw_text(dashboard, registrar, "in the dashboard", confidence=0.1)
    decided = draw_text(dashboard, registrar, "in the console", confidence=0.1)
    dashboard.execute(
        """update public.model_disagreements set corrected_intent = 'email', notes = 'a note',
             corrected_secondary_intents = '{help}', reviewer = 'ben'
           where text = 'in the dashboard'"""
    )
    [item] = blind_items(grace)

    result = grace.decide(item, "email", secondary_intents=["help"], notes="a note", is_blind=True)

    one, other = rows(dashboard, f"id, {TRACE}", "public.correction_events")
    assert (one[1], other[:2]) == (edited, (result["event"], decided))
    assert one[2:] == other[2:]
    assert rows(dashboard, "reviewer, channel", "public.correction_events", "id") == [
        ("ben", "dashboard"),
        (str(GRACE), "api"),
    ]
    assert len(set(map(str, rows(dashboard, POOL, "public.model_disagreements")))) == 1
    queue = "corrected_intent, corrected_secondary_intents, notes, waiting_since"
    assert rows(dashboard, f"distinct {queue}", "public.review_queue") == [
        ("email", ["help"], "a note", None)
    ]


def test_a_blind_decision_is_evidence_with_the_probability_of_its_draw(
    dashboard: Connection, registrar: Connection, grace: ConsoleUser
) -> None:
    draw_text(dashboard, registrar)  # with a probability of 0.5
    [item] = blind_items(grace)
    grace.decide(item, "help", is_blind=True)

    [evidence] = call(
        registrar, "read_decided_disagreements", after_id=0, page_size=10, salt="salt"
    )

    assert (evidence[2], evidence[3]) == (MARK, "help")
    assert len(evidence[4]["reviewers"]) == 1
    assert evidence[5:] == [CANDIDATE, CHAMPION, 0.5]


def test_whoever_saw_a_prediction_does_not_decide_a_disagreement(
    dashboard: Connection, registrar: Connection, grace: ConsoleUser
) -> None:
    log_id = insert(dashboard, prompt=MARK, confidence=0.1)
    [seen] = grace.items()
    disagreement = {
        "log_id": str(log_id), "candidate_intent": "search", "champion_intent": "email"
    }  # fmt: skip
    call(
        registrar, "draw_disagreements", candidate=CANDIDATE, champion=CHAMPION,
        probability=1, disagreements=json.dumps([disagreement]),
    )  # fmt: skip

    assert grace.decide(seen, "email") == {"state": "blind"}
    assert rows(dashboard, "id", "public.correction_events") == []
    assert pool(dashboard) == (None, None, None, False)


def test_a_repeated_blind_decision_is_recorded_once(
    dashboard: Connection, registrar: Connection, grace: ConsoleUser
) -> None:
    draw_text(dashboard, registrar)
    [item] = blind_items(grace)

    first, second = (grace.decide(item, "help", is_blind=True) for _ in range(2))

    assert first == second
    assert len(rows(dashboard, "id", "public.correction_events")) == 1
    assert pool(dashboard) == ("help", None, None, True)


def test_two_reviewers_who_disagree_leave_the_disagreement_to_a_third(
    dashboard: Connection, registrar: Connection, grace: ConsoleUser, olga: ConsoleUser
) -> None:
    log_id = draw_text(dashboard, registrar)
    [item] = blind_items(grace)
    grace.decide(item, "email", is_blind=True)
    correct(dashboard, log_id, "search", "ann")

    [again] = blind_items(olga)

    assert set(again) == set(item)
    assert blind_items(grace) == []
    result = olga.decide(again, "email", is_blind=True)
    assert result["is_disputed"] is False
    assert pool(dashboard) == ("email", None, None, True)


def test_an_undone_blind_decision_waits_again_even_if_others_voted_for_the_same_intent(
    dashboard: Connection, registrar: Connection, grace: ConsoleUser, olga: ConsoleUser
) -> None:
    log_id = draw_text(dashboard, registrar)
    [item] = blind_items(grace)
    event = grace.decide(item, "email", notes="a note", is_blind=True)["event"]
    correct(dashboard, log_id, "email", "ann")
    assert pool(dashboard)[3] is True

    result = grace.call("console_undo", item=item["item"], event=event)

    assert result["state"] == "recorded"
    assert result["item"]["intents"] == item["intents"]
    assert pool(dashboard) == (None, None, None, False)
    assert [waiting["item"] for waiting in blind_items(olga)] == [item["item"]]


def test_an_unknown_intent_is_refused_before_the_pool_changes(
    dashboard: Connection, registrar: Connection, grace: ConsoleUser
) -> None:
    draw_text(dashboard, registrar)
    [item] = blind_items(grace)

    with pytest.raises(psycopg.Error, match="not in the catalogue"):
        grace.decide(item, "no such intent", is_blind=True)

    assert pool(dashboard) == (None, None, None, False)
