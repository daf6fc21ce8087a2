"""Lost connections, ended sessions and changed roles: no decision is lost, and none is forced."""

from collections.abc import Callable, Iterator

import pytest

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
