"""Reviewing with keys alone: what is pressed, and what the database holds afterwards."""

from collections.abc import Callable

from infra.local.users import User

from .conftest import OpenConsole, events


def test_a_key_decides_the_message_as_the_api_would(
    open_page: OpenConsole, reviewer: User, database, capture: Callable[..., object]
) -> None:
    log_id = capture("the thing with the numbers")
    capture("or when is it")
    console = open_page().sign_in(reviewer)
    console.wait_for_message("the thing with the numbers")

    console.press("2")

    console.wait_for_message("or when is it")
    console.wait_until_recorded()
    columns = ("log_id", "from_intent", "to_intent", "to_secondary_intents", "reviewer", "channel")
    assert events(database, *columns) == [
        (log_id, "reschedule", "scheduling", None, reviewer.id, "api")
    ]
    assert console.page.get_by_text("1 decided").is_visible()
