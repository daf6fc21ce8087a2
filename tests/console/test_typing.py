"""Keyboards of other languages, number pads, input methods, and names in any case."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.users import User
from tests.database_reset import DELETE_ALL_ROWS

from .browser import Console
from .conftest import Capture, Database, OpenConsole, events


@pytest.fixture
def console(open_page: OpenConsole, reviewer: User, capture: Capture) -> Console:
    """The console with a message that waits."""
    capture("a message on any keyboard")
    opened = open_page().sign_in(reviewer)
    opened.wait_for_message("a message on any keyboard")
    return opened


def press_as(console: Console, key: str, code: str, **details: Any) -> None:
    """Press a key as another keyboard or an input method reports it."""
    console.page.evaluate(
        "(init) => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', init))",
        {"key": key, "code": code, "bubbles": True, "cancelable": True, **details},
    )


def test_a_slash_above_a_digit_opens_the_search(console: Console) -> None:
    press_as(console, "/", "Digit7", shiftKey=True)

    console.page.locator("#search:focus").wait_for()
    assert console.page.locator(".chip").count() == 0


def test_a_digit_with_another_sign_on_its_key_decides(console: Console, database: Database) -> None:
    press_as(console, "\u00e0", "Digit0")
    console.page.get_by_text("no further intents").wait_for()

    press_as(console, "\u00e9", "Digit2")

    console.wait_until_recorded()
    recorded = events(database, "to_intent", "to_secondary_intents")
    assert recorded == [("scheduling", [])]


def test_a_number_pad_that_moves_the_page_decides_nothing(
    console: Console, database: Database
) -> None:
    press_as(console, "End", "Numpad1")
    press_as(console, "2", "Numpad2")

    console.wait_until_recorded()
    assert events(database, "to_intent") == [("scheduling",)]


def test_letters_are_known_on_a_keyboard_of_another_script(console: Console) -> None:
    press_as(console, "\u0442", "KeyN")
    console.page.locator("#note:focus").wait_for()
    console.press("Escape")

    press_as(console, "S", "KeyS")
    press_as(console, "\u00e9", "Digit2")

    console.page.get_by_text("Skipped.").wait_for()


def test_enter_for_an_input_method_decides_nothing(console: Console, database: Database) -> None:
    console.press("/")
    console.page.keyboard.type("remind")

    press_as(console, "Enter", "Enter", isComposing=True)
    console.wait_for_message("a message on any keyboard")
    console.press("Enter")

    console.wait_until_recorded()
    assert events(database, "to_intent") == [("reminder",)]


@pytest.fixture
def capital_intent(database: Database) -> Iterator[str]:
    """An intent and a domain with capitals."""
    database.execute(
        "insert into public.intent_catalogue values ('BookFlight', 'Travel', 'Flies.')"
    )
    yield "BookFlight"
    database.execute(DELETE_ALL_ROWS)
    database.execute("delete from public.intent_catalogue where intent = 'BookFlight'")


def test_an_intent_with_capitals_is_found(
    capital_intent: str, console: Console, database: Database
) -> None:
    for typed in ("bookfl", "BookFlight", "travel", "FLIES"):
        console.page.get_by_label("Search the catalogue").fill(typed)
        assert console.page.locator("#found strong").all_inner_texts() == [capital_intent]

    console.press("Enter")

    console.wait_until_recorded()
    assert events(database, "to_intent") == [(capital_intent,)]
