"""Lost connections, ended sessions and changed roles: no decision is lost, and none is forced."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Route

from infra.local.stack import Stack
from infra.local.users import User

from .conftest import Capture, Database, OpenConsole, events


@pytest.fixture
def expired_tokens(stack: Stack) -> Iterator[None]:
    """Access tokens have expired when they are issued, though their responses say otherwise.

    PostgREST accepts them for a few seconds more than the function that records decisions does.
    """
    stack.auth.token_seconds = -20
    yield
    stack.auth.token_seconds = 3600


def set_role(database: Database, user: User, role: str | None) -> None:
    """Change the role of an account, as an administrator does."""
    database.execute(
        "update auth.users set raw_app_meta_data = jsonb_build_object('role', %s::text)"
        " where id = %s",
        [role, user.id],
    )


def test_decisions_made_without_a_connection_are_recorded_when_it_is_back(
    open_page: OpenConsole, reviewer: User, database: Database, capture: Capture
) -> None:
    for number in range(4):
        capture(f"offline message {number}")
    console = open_page().sign_in(reviewer)
    console.expects_failed_requests = True
    console.wait_for_message("offline message 0")
    console.page.context.set_offline(True)

    console.press("1")
    console.wait_for_message("offline message 1")
    console.press("2")
    console.wait_for_message("offline message 2")
    console.press("2", "u")
    console.page.get_by_text("2 not recorded yet").wait_for()
    assert events(database, "to_intent") == []
    console.page.context.set_offline(False)
    console.wait_until_recorded()

    assert events(database, "to_intent") == [("reschedule",), ("scheduling",)]
    console.wait_for_message("offline message 2")


def test_an_expired_token_is_renewed_without_a_question(
    open_page: OpenConsole,
    reviewer: User,
    database: Database,
    capture: Capture,
    stack: Stack,
    expired_tokens: None,
) -> None:
    capture("a message after an hour")
    console = open_page().sign_in(reviewer)
    console.expects_failed_requests = True
    console.wait_for_message("a message after an hour")
    stack.auth.token_seconds = 3600

    console.press("1")

    console.wait_until_recorded()
    assert events(database, "to_intent") == [("reschedule",)]


def test_a_decision_after_the_end_of_the_session_is_recorded_after_the_next_sign_in(
    open_page: OpenConsole,
    reviewer: User,
    database: Database,
    capture: Capture,
    stack: Stack,
    expired_tokens: None,
) -> None:
    capture("decided too late")
    capture("decided in time")
    console = open_page().sign_in(reviewer)
    console.expects_failed_requests = True
    console.wait_for_message("decided too late")
    stack.auth.token_seconds = 3600
    stack.auth.end_sessions()

    console.press("1")

    dialog = console.page.get_by_role("dialog", name="Your session has ended")
    dialog.wait_for()
    assert events(database, "to_intent") == []
    dialog.get_by_label("Password").fill(reviewer.password)
    dialog.get_by_role("button", name="Sign in").click()
    dialog.wait_for(state="detached")
    console.wait_until_recorded()
    assert events(database, "to_intent", "reviewer") == [("reschedule", reviewer.id)]
    console.wait_for_message("decided in time")


def test_a_reviewer_who_is_demoted_records_nothing_more_and_reads_no_text(
    open_page: OpenConsole, reviewer: User, database: Database, capture: Capture
) -> None:
    capture("the last one as a reviewer")
    capture("the first one without a role")
    console = open_page().sign_in(reviewer)
    console.expects_failed_requests = True
    console.wait_for_message("the last one as a reviewer")
    set_role(database, reviewer, "viewer")

    console.press("1")

    console.page.get_by_role("heading", name="Health").wait_for()
    assert events(database, "to_intent") == []
    assert console.page.get_by_text("without a role").count() == 0
    assert console.page.get_by_role("link", name="Review").count() == 0
    set_role(database, reviewer, None)
    console.page.reload()
    console.fill_sign_in(reviewer)
    console.page.get_by_role("heading", name="This account has no role").wait_for()


def test_decisions_survive_a_reload_and_are_never_sent_as_somebody_else(
    open_page: OpenConsole,
    create_reviewer: Callable[[], User],
    database: Database,
    capture: Capture,
) -> None:
    capture("decided before the reload")
    first, second = create_reviewer(), create_reviewer()
    console = open_page().sign_in(first)
    console.expects_failed_requests = True
    console.wait_for_message("decided before the reload")
    console.page.route("**/v1/reviews", lambda route: route.abort())
    console.press("2")
    console.page.get_by_text("1 not recorded yet").wait_for()
    console.page.on("dialog", lambda dialog: dialog.accept())
    console.page.reload()
    console.page.unroute("**/v1/reviews")

    console.fill_sign_in(second)
    console.wait_for_message("decided before the reload")
    console.page.get_by_role("button", name="Sign out").click()
    assert events(database, "reviewer") == []
    console.fill_sign_in(first)
    console.wait_until_recorded()

    assert events(database, "to_intent", "reviewer") == [("scheduling", first.id)]


def test_a_decision_that_somebody_else_preceded_comes_back_after_a_reload(
    open_page: OpenConsole,
    create_reviewer: Callable[[], User],
    database: Database,
    capture: Capture,
) -> None:
    capture("decided by two")
    capture("the next message")
    slow, quick = create_reviewer(), create_reviewer()
    console = open_page().sign_in(slow)
    console.expects_failed_requests = True
    console.wait_for_message("decided by two")
    console.page.route("**/v1/reviews", lambda route: route.abort())
    console.press("n")
    console.page.keyboard.type("my reason")
    console.press("Escape", "0", "2")
    console.page.get_by_text("1 not recorded yet").wait_for()
    other = open_page().sign_in(quick)
    other.wait_for_message("decided by two")
    other.press("1")
    other.wait_until_recorded()
    console.page.on("dialog", lambda dialog: dialog.accept())
    console.page.reload()
    console.page.unroute("**/v1/reviews")

    console.fill_sign_in(slow)
    console.wait_until_recorded()
    console.wait_for_message("the next message")
    console.press("1")

    console.wait_for_message("decided by two")
    assert console.page.get_by_label("Note").input_value() == "my reason"
    console.page.get_by_text("no further intents").wait_for()
    console.press("2")
    console.wait_until_recorded()
    recorded = events(database, "to_intent", "to_secondary_intents", "reviewer")
    assert recorded[0] == ("reschedule", None, quick.id)
    assert ("scheduling", [], slow.id) in recorded


def test_a_decision_that_the_server_fails_to_record_holds_up_no_other_and_is_not_lost(
    open_page: OpenConsole, reviewer: User, database: Database, capture: Capture
) -> None:
    for number in range(3):
        capture(f"message of a bad moment {number}")
    console = open_page().sign_in(reviewer)
    console.expects_failed_requests = True
    console.wait_for_message("message of a bad moment 0")
    row = database.execute(
        "select id from public.review_queue where text = 'message of a bad moment 0'"
    ).fetchone()
    assert row is not None

    def fail_one(route: Route) -> None:
        body = route.request.post_data_json
        if body is not None and body["item"] == row[0]:
            route.fulfill(status=503, json={"error": {"message": "The database is busy."}})
        else:
            route.continue_()

    console.page.route("**/v1/reviews", fail_one)

    console.press("1")
    console.wait_for_message("message of a bad moment 1")
    console.press("2")
    console.wait_for_message("message of a bad moment 2")
    console.press("2")
    console.page.locator(".outgoing", has_text="the server does not take 1").wait_for()
    console.page.locator(".outgoing[data-waiting='1']").wait_for()
    assert events(database, "to_intent") == [("scheduling",), ("scheduling",)]
    console.page.unroute("**/v1/reviews")

    console.wait_until_recorded()
    assert events(database, "to_intent")[2:] == [("reschedule",)]


def test_a_decision_whose_response_was_lost_is_taken_back_with_its_event(
    open_page: OpenConsole, reviewer: User, database: Database, capture: Capture
) -> None:
    capture("recorded without a response")
    console = open_page().sign_in(reviewer)
    console.expects_failed_requests = True
    console.wait_for_message("recorded without a response")

    def lose_response(route: Route) -> None:
        route.fetch()
        route.abort()

    console.page.route("**/v1/reviews", lose_response, times=1)
    console.press("1")
    console.page.get_by_text("1 not recorded yet").wait_for()
    console.press("u")
    console.wait_until_recorded()

    assert events(database, "to_intent") == [("reschedule",), (None,)]
    console.wait_for_message("recorded without a response")


@pytest.mark.parametrize("body", ["", "<html>Sign in to the network</html>"])
def test_a_response_without_a_result_stops_nothing(
    open_page: OpenConsole, reviewer: User, database: Database, capture: Capture, body: str
) -> None:
    capture("a response that broke off")
    capture("the one after it")
    console = open_page().sign_in(reviewer)
    console.wait_for_message("a response that broke off")
    console.page.route("**/v1/reviews", lambda route: route.fulfill(status=200, body=body), times=1)

    console.press("1")
    console.wait_for_message("the one after it")
    console.press("2")

    console.page.get_by_text("2 decided").wait_for()
    console.wait_until_recorded()
    assert sorted(events(database, "to_intent")) == [("reschedule",), ("scheduling",)]
