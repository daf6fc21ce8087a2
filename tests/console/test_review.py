"""Reviewing with keys alone: what is pressed, and what the database holds afterwards."""

from collections.abc import Callable
from typing import Any

import psycopg

from infra.local.stack import Stack
from infra.local.users import User

from .browser import PHONE
from .conftest import Capture, Database, OpenConsole, events


def waiting(database: Database) -> list[str]:
    """Return the texts that wait, best first."""
    query = "select text from public.review_queue where waiting_since is not null order by rank, id"
    return [text for (text,) in database.execute(query).fetchall()]


def test_twenty_messages_are_reviewed_with_keys_alone(
    open_page: OpenConsole, reviewer: User, database: Database, capture: Capture
) -> None:
    log_ids = [capture(f"message number {number} of this test") for number in range(20)]
    console = open_page().open()
    console.page.locator("#email:focus").wait_for()
    console.page.keyboard.type(reviewer.email)
    console.press("Tab")
    console.page.keyboard.type(reviewer.password)
    console.press("Enter")
    for number in range(20):
        console.wait_for_message(f"message number {number} of this test")
        match number:
            case 3:  # a correction by searching
                console.press("/")
                console.page.keyboard.type("remind")
                console.press("Enter")
            case 7:  # with a further intent and a note
                console.press("Shift+Digit2", "n")
                console.page.keyboard.type("Two things at once.")
                console.press("Escape", "1")
                console.page.get_by_text("Recorded as reschedule and scheduling.").wait_for()
            case 11:
                console.press("0", "1")
            case 15:
                console.press("s", "1")
            case _:
                console.press("2" if number % 2 else "1")
    console.page.get_by_role("heading", name="Nothing waits for you").wait_for()
    console.page.get_by_text("What you skipped").wait_for()
    console.wait_until_recorded()

    expected: list[tuple[Any, ...]] = [
        (log_id, "scheduling" if number % 2 else "reschedule", None, None, reviewer.id, "api")
        for number, log_id in enumerate(log_ids)
    ]
    expected[3] = (log_ids[3], "reminder", None, None, reviewer.id, "api")
    expected[7] = (
        *(log_ids[7], "reschedule", ["scheduling"], "Two things at once.", reviewer.id, "api"),
    )
    expected[11] = (log_ids[11], "reschedule", [], None, reviewer.id, "api")
    del expected[15]
    columns = ("log_id", "to_intent", "to_secondary_intents", "notes", "reviewer", "channel")
    assert events(database, *columns) == expected
    assert waiting(database) == ["message number 15 of this test"]
    labels = database.execute(
        "select id, corrected_intent from public.nlu_prompt_logs where corrected_intent is not null"
    ).fetchall()
    assert dict(labels) == {log_id: intent for log_id, intent, *_ in expected}
    skips = database.execute("select reviewer::text, reason from private.review_skips").fetchall()
    assert skips == [(reviewer.id, "unsure")]


def test_a_decision_is_undone_with_its_event_and_the_message_is_shown_again(
    open_page: OpenConsole, reviewer: User, database: Database, capture: Capture
) -> None:
    capture("the first message")
    capture("the second message")
    capture("the third message")
    console = open_page().sign_in(reviewer)
    console.wait_for_message("the first message")
    console.press("1")
    console.wait_for_message("the second message")
    console.press("s", "2")
    console.wait_for_message("the third message")
    console.wait_until_recorded()

    console.press("u")
    console.wait_for_message("the second message")
    console.press("Control+z")
    console.wait_for_message("the first message")
    console.wait_until_recorded()

    assert events(database, "to_intent") == [("reschedule",), (None,)]
    assert waiting(database) == ["the first message", "the second message", "the third message"]
    assert database.execute("select from private.review_skips").rowcount == 0
    console.press("2")
    console.wait_for_message("the second message")
    console.wait_until_recorded()
    assert events(database, "to_intent")[2:] == [("scheduling",)]


def test_two_reviewers_never_overwrite_each_other(
    open_page: OpenConsole,
    create_reviewer: Callable[[], User],
    database: Database,
    capture: Capture,
) -> None:
    capture("who decides this one")
    capture("and the next one")
    first, second = create_reviewer(), create_reviewer()
    one, other = open_page().sign_in(first), open_page().sign_in(second)
    one.wait_for_message("who decides this one")
    other.wait_for_message("who decides this one")
    one.press("1")
    one.wait_until_recorded()

    other.press("2")

    other.page.get_by_text("Yours was not recorded").wait_for()
    assert events(database, "to_intent", "reviewer") == [("reschedule", first.id)]
    other.wait_for_message("and the next one")
    other.press("1")
    other.wait_for_message("who decides this one")
    assert "scheduling, was not recorded" in other.page.locator(".notice").inner_text()
    other.press("2")
    other.page.get_by_role("heading", name="Nothing waits for you").wait_for()
    other.wait_until_recorded()
    query = """
        select events.reviewer, to_intent from public.correction_events events
        join public.review_queue using (text_key) where text = 'who decides this one' order by 1"""
    assert database.execute(query).fetchall() == sorted(
        [(first.id, "reschedule"), (second.id, "scheduling")]
    )
    assert waiting(database) == ["who decides this one"]


def test_a_disputed_text_shows_every_vote_and_a_third_reviewer_settles_it(
    open_page: OpenConsole,
    create_reviewer: Callable[[], User],
    database: Database,
    capture: Capture,
    stack: Stack,
) -> None:
    log_id = capture("a text to argue about")
    with psycopg.connect(stack.postgres_admin_dsn, autocommit=True) as connection:
        connection.execute("set role service_role")
        for reviewer, intent in (("ann", "search"), ("bob", "email")):
            connection.execute(
                "select public.record_correction(%s, %s, %s, %s, 'api')",
                [log_id, intent, reviewer, f"The note of {reviewer}."],
            )
    console = open_page().sign_in(create_reviewer())

    console.wait_for_message("a text to argue about")

    votes = console.page.get_by_label("Votes", exact=True).inner_text()
    for shown in ("Another reviewer: search", "Another reviewer: email", "The note of ann."):
        assert shown in votes
    console.page.get_by_role("button", name="search chosen by a reviewer").click()
    console.page.get_by_role("heading", name="Nothing waits for you").wait_for()
    console.wait_until_recorded()
    assert waiting(database) == []


def test_a_message_is_opened_from_the_list(
    open_page: OpenConsole, reviewer: User, database: Database, capture: Capture
) -> None:
    capture("the best one")
    capture("the failed one", was_successful=False, workflow_type="move", execution_error="x")
    console = open_page().sign_in(reviewer, "list")
    console.page.get_by_label("Reason").select_option("failed_workflow")
    console.page.get_by_text("the best one").wait_for(state="detached")
    console.page.get_by_role("button", name="the failed one").click()
    console.wait_for_message("the failed one")

    console.press("1")

    console.page.get_by_text("No message waits for this reason.").wait_for()
    console.wait_until_recorded()
    assert waiting(database) == ["the best one"]


def test_messages_that_cannot_be_read_are_read_with_look_again(
    open_page: OpenConsole, reviewer: User, capture: Capture
) -> None:
    capture("a message behind a bad connection")
    console = open_page()
    console.expects_failed_requests = True
    console.page.route("**/rpc/console_items", lambda route: route.abort())
    console.sign_in(reviewer)
    console.page.get_by_role("heading", name="The messages could not be read").wait_for()
    console.page.unroute("**/rpc/console_items")

    console.page.get_by_role("button", name="Look again").click()

    console.wait_for_message("a message behind a bad connection")


def test_notes_are_redacted_as_the_api_redacts_them(
    open_page: OpenConsole, reviewer: User, database: Database, capture: Capture
) -> None:
    capture("a message with a note")
    console = open_page().sign_in(reviewer)
    console.wait_for_message("a message with a note")
    console.press("n")
    console.page.keyboard.type("ask ada@example.com about it")
    console.press("Escape", "1")
    console.page.get_by_role("heading", name="Nothing waits for you").wait_for()
    console.wait_until_recorded()

    assert events(database, "notes") == [("ask <EMAIL> about it",)]


def test_an_undo_restores_what_was_prepared_for_the_message(
    open_page: OpenConsole, reviewer: User, capture: Capture
) -> None:
    capture("please plan the standup with the team")
    capture("plan the standup with the team please")
    capture("something else altogether")
    console = open_page().sign_in(reviewer)
    page = console.page
    console.wait_for_message("please plan the standup with the team")
    for press in (["1"], ["s", "1"]):
        console.press("Shift+Digit2", "d", "n")
        page.get_by_label("Note").fill("Two things at once.")
        console.press("Escape", *press, "u")
        console.wait_for_message("please plan the standup with the team")

        assert page.get_by_label("Note").input_value() == "Two things at once."
        assert page.get_by_role("button", name="Remove scheduling").is_visible()
        assert page.locator(".near input").is_checked()

        page.get_by_label("Note").fill("")
        console.press("Escape", "Shift+Digit2", "d")
    console.wait_until_recorded()


def test_what_was_prepared_stays_while_another_screen_is_shown(
    open_page: OpenConsole, reviewer: User, database: Database, capture: Capture
) -> None:
    capture("first look at the figures")
    console = open_page().sign_in(reviewer)
    console.wait_for_message("first look at the figures")
    console.press("Shift+Digit2", "n")
    console.page.get_by_label("Note").fill("Two things at once.")
    console.page.get_by_role("link", name="Figures").click()
    console.page.get_by_role("heading", name="Why messages wait").wait_for()

    console.page.get_by_role("link", name="Review").click()
    console.wait_for_message("first look at the figures")
    console.press("1")

    console.wait_until_recorded()
    recorded = events(database, "to_secondary_intents", "notes")
    assert recorded == [(["scheduling"], "Two things at once.")]


def test_what_was_prepared_comes_back_with_a_message_that_somebody_else_decided(
    open_page: OpenConsole,
    create_reviewer: Callable[[], User],
    database: Database,
    capture: Capture,
) -> None:
    capture("both decide this")
    capture("and this later")
    one = open_page().sign_in(create_reviewer())
    other = open_page().sign_in(create_reviewer())
    one.wait_for_message("both decide this")
    other.wait_for_message("both decide this")
    one.press("1")
    one.wait_until_recorded()
    other.page.get_by_label("Note").fill("A long reason.")
    other.press("Escape", "2")
    other.page.get_by_text("Yours was not recorded").wait_for()

    other.press("1")
    other.wait_for_message("both decide this")

    assert other.page.get_by_label("Note").input_value() == "A long reason."


def test_names_of_intents_break_between_words_alone(
    open_page: OpenConsole, reviewer: User, capture: Capture
) -> None:
    further = [{"intent": name, "confidence": 0.04} for name in ("task_management", "reminder")]
    capture("two things", secondary_intents=further)
    console = open_page().sign_in(reviewer)
    console.wait_for_message("two things")

    lines = console.page.locator(".choice .intent").evaluate_all(
        """names => names.map(name => {
             const range = document.createRange();
             return [name.textContent, [...name.childNodes].filter(node => node.data).map(node => {
               range.selectNodeContents(node);
               return range.getClientRects().length;
             })];
           })"""
    )

    assert {"task_management", "reminder"} < {name for name, _ in lines}
    assert all(count == 1 for _, counts in lines for count in counts)


def test_enter_in_an_empty_search_decides_nothing_and_a_search_without_hits_says_so(
    open_page: OpenConsole, reviewer: User, database: Database, capture: Capture
) -> None:
    capture("what is searched for")
    console = open_page().sign_in(reviewer)
    console.wait_for_message("what is searched for")
    console.press("/", "Enter")
    console.page.get_by_label("Search the catalogue").fill("qqqq")
    console.page.get_by_text("No intent matches.").wait_for()
    console.press("Enter", "Escape")

    console.wait_for_message("what is searched for")
    assert events(database, "to_intent") == []


def test_keys_help_on_the_list_and_lead_back(
    open_page: OpenConsole, reviewer: User, capture: Capture
) -> None:
    capture("a message to go back to")
    console = open_page().sign_in(reviewer)
    console.wait_for_message("a message to go back to")
    assert console.page.get_by_title("below the threshold for review").is_visible()
    help_dialog = console.page.get_by_role("dialog", name="Keys")
    console.press("b")
    console.page.get_by_text("No disagreements wait.").wait_for()
    console.press("s")
    console.page.get_by_role("dialog").get_by_text("It needs a new intent").wait_for()
    console.press("Escape", "l")
    console.page.get_by_role("heading", name="What waits").wait_for()
    console.press("?")
    help_dialog.get_by_role("button", name="Close").wait_for()
    assert help_dialog.locator("button:focus").inner_text().startswith("Close")
    console.press("?")
    help_dialog.wait_for(state="detached")
    console.press("Escape")
    console.wait_for_message("a message to go back to")


def test_the_help_shows_its_keys_on_a_phone(open_page: OpenConsole, reviewer: User) -> None:
    console = open_page(PHONE).sign_in(reviewer)
    console.page.get_by_role("button", name="Keys").click()

    keys = console.page.get_by_role("dialog").locator("dt kbd")

    keys.first.wait_for()
    assert all(key.is_visible() for key in keys.all())
