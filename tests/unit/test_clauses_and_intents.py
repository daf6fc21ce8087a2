import time

import pytest

from prompt_capture.domain.changes import suggest_intents
from prompt_capture.domain.text import split_clauses

CATALOGUE = ["adjust_plan", "calendar_event", "email", "reminder", "task_management", "thanks"]


@pytest.mark.parametrize(
    ("message", "clauses"),
    [
        ("finish the report and block an hour", ["finish the report", "block an hour"]),
        ("add milk to my list. remind me at 5", ["add milk to my list", "remind me at 5"]),
        ("email john then move my dentist", ["email john", "move my dentist"]),
        ("move it to 5 oh and tell anna", ["move it to 5", "tell anna"]),
        ("clear my day, add a nap at noon", ["clear my day", "add a nap at noon"]),
    ],
)
def test_a_message_is_split_where_a_second_request_begins(message: str, clauses: list[str]) -> None:
    assert split_clauses(message) == clauses


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
    assert split_clauses(message) == [message]


@pytest.mark.parametrize("filling", [" ", "\t", "\n", "?", ", ", "? ", " and", "and ", ",a b"])
def test_splitting_does_not_backtrack_catastrophically(filling: str) -> None:
    """Backtracking on these texts can take minutes. Without it, they take about a millisecond."""
    text = f"move it{filling * 4_000}x"[:4_000]

    started = time.process_time()
    split_clauses(text)

    assert time.process_time() - started < 1


def test_there_are_at_most_three_clauses() -> None:
    assert len(split_clauses(". ".join(["add milk today"] * 50))) == 3


@pytest.mark.parametrize(
    ("intent", "first"),
    [
        ("remindr", "reminder"),
        ("Task Management", "task_management"),
        ("calender-event", "calendar_event"),
        ("task", "task_management"),
    ],
)
def test_a_misspelt_intent_has_a_suggestion(intent: str, first: str) -> None:
    assert suggest_intents(intent, CATALOGUE)[0] == first


def test_an_intent_without_similar_ones_has_no_suggestions() -> None:
    assert suggest_intents("zzzzzz", CATALOGUE) == []


@pytest.mark.parametrize("intent", ["get-weather", "WEATHER", "get weathr"])
def test_intents_with_capitals_are_suggested(intent: str) -> None:
    assert suggest_intents(intent, ["Book_Flight", "GET_Weather"])[0] == "GET_Weather"
