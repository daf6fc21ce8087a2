"""Near-duplicates of the shown message are decided with it, and one undo takes all back."""

from infra.local.users import User

from .conftest import Capture, Database, OpenConsole, events

MESSAGE = "move the dentist to next friday"
NEAR = ("to next friday, move the dentist!", "move the dentist to next monday")


def labelled(database: Database) -> list[str]:
    """Return the texts that are labelled as near-duplicates."""
    query = """
        select text from private.near_duplicate_labels join public.review_queue using (text_key)
        where ended_at is null order by text"""
    return [text for (text,) in database.execute(query).fetchall()]


def test_near_duplicates_are_decided_with_the_message_and_undone_with_it(
    open_page: OpenConsole, reviewer: User, database: Database, capture: Capture
) -> None:
    for text in (MESSAGE, *NEAR, "something else"):
        capture(text)
    console = open_page().sign_in(reviewer)
    console.wait_for_message(MESSAGE)
    boxes = console.page.get_by_role("checkbox")
    assert [box.is_checked() for box in boxes.all()] == [False, False]

    console.press("d", "1")
    console.wait_for_message("something else")
    console.wait_until_recorded()
    assert labelled(database) == sorted(NEAR)
    assert events(database, "to_intent") == [("reschedule",)]

    console.press("u")
    console.wait_for_message(MESSAGE)
    console.wait_until_recorded()
    assert labelled(database) == []
    assert [box.is_checked() for box in boxes.all()] == [True, True]
    console.page.get_by_label(NEAR[0]).uncheck()
    console.press("2")
    console.wait_for_message(NEAR[0])
    console.wait_until_recorded()
    assert labelled(database) == [NEAR[1]]
    assert console.page.get_by_role("checkbox").count() == 0
    console.press("1")
    console.wait_for_message("something else")
    console.wait_until_recorded()
    waiting = database.execute(
        "select text from public.review_queue where waiting_since is not null and rank < 1000000"
    )
    assert waiting.fetchall() == [("something else",)]
