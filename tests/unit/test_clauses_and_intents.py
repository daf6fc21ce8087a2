import time

import pytest

from prompt_capture.domain.clauses import clauses
from prompt_capture.domain.intents import close_intents

CATALOGUE = ["adjust_plan", "calendar_event", "email", "reminder", "task_management", "thanks"]


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        ("finish the report and block an hour", ["finish the report", "block an hour"]),
        ("add milk to my list. remind me at 5", ["add milk to my list", "remind me at 5"]),
        ("email john then move my dentist", ["email john", "move my dentist"]),
        ("move it to 5 oh and tell anna", ["move it to 5", "tell anna"]),
        ("clear my day, add a nap at noon", ["clear my day", "add a nap at noon"]),
    ],
)
def test_a_message_is_cut_where_a_second_request_begins(message: str, parts: list[str]) -> None:
    assert clauses(message) == parts


@pytest.mark.parametrize(
    "message",
    [
        "",
        " ",
        "lunch with anna and bob",
        "bread, milk",
        "and",
        "move my dentist to friday",
        "…",
        "a and b",
    ],
)
def test_names_lists_and_short_messages_stay_whole(message: str) -> None:
    assert clauses(message) == [message]


@pytest.mark.parametrize("filling", [" ", "\t", "\n", "?", ", ", "? ", " and", "and ", ",a b"])
def test_no_text_takes_long(filling: str) -> None:
    """Backtracking on these once took minutes; a second is a thousand times what it takes now."""
    text = f"move it{filling * 4_000}x"[:4_000]

    started = time.process_time()
    clauses(text)

    assert time.process_time() - started < 1


def test_there_are_at_most_three_clauses() -> None:
    assert len(clauses(". ".join(["add milk today"] * 50))) == 3


@pytest.mark.parametrize(
    ("wanted", "first"),
    [
        ("remindr", "reminder"),
        ("Task Management", "task_management"),
        ("calender-event", "calendar_event"),
        ("task", "task_management"),
    ],
)
def test_a_misspelt_intent_is_recognised(wanted: str, first: str) -> None:
    assert close_intents(wanted, CATALOGUE)[0] == first


def test_what_resembles_nothing_has_no_close_intents() -> None:
    assert close_intents("zzzzzz", CATALOGUE) == []
