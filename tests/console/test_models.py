"""What operators see and decide about models."""

from typing import Any

import pytest

from infra.local.stack import Stack
from infra.local.users import User

from .browser import Console
from .conftest import Database, OpenConsole
from .models import register_models


@pytest.fixture
def operator(stack: Stack, database: Database) -> User:
    register_models(stack)
    return stack.create_operator(f"operator-{database.info.backend_pid}@example.com")


def decide(console: Console, action: str, reason: str, *, without_verdict: bool = False) -> str:
    """Confirm a decision with a reason; return what the confirmation says."""
    console.page.get_by_role("button", name=action).first.click()
    dialog = console.page.get_by_role("dialog")
    says = dialog.inner_text()
    dialog.get_by_label("Why?").fill(reason)
    if without_verdict:
        dialog.get_by_label("Promote it although no verdict supports it").check()
    dialog.locator("button[type=submit]").click()
    dialog.wait_for(state="detached")
    return says


def latest_event(database: Database) -> tuple[Any, ...]:
    """Return kind, version, replaced model, operator and reason of the latest event."""
    query = "select kind, version, replaced, actor, reason from public.model_events"
    row = database.execute(f"{query} order by id desc limit 1".encode()).fetchone()
    assert row is not None
    return row


def test_an_operator_promotes_and_rolls_back_after_reading_what_will_happen(
    open_page: OpenConsole, operator: User, database: Database
) -> None:
    console = open_page().sign_in(operator, "models")
    console.page.get_by_role("heading", name="serves assistant-second").wait_for()

    says = decide(console, "Promote", "Better on the audit.", without_verdict=True)

    assert "assistant-third becomes the champion, and assistant-second serves no more." in says
    console.page.get_by_role("heading", name="serves assistant-third").wait_for()
    assert latest_event(database) == (
        *("promoted", "assistant-third", "assistant-second", operator.id, "Better on the audit."),
    )
    says = decide(console, "Roll back", "Worse for e-mail.")
    assert "assistant-third serves no more, and assistant-second serves again." in says
    console.page.get_by_role("heading", name="serves assistant-second").wait_for()
    assert latest_event(database)[:3] == ("rolled_back", "assistant-second", "assistant-third")


def test_a_promotion_that_no_verdict_supports_is_refused_and_says_so(
    open_page: OpenConsole, operator: User, database: Database
) -> None:
    console = open_page().sign_in(operator, "models")
    console.expects_failed_requests = True
    console.page.get_by_role("heading", name="serves assistant-second").wait_for()
    before = latest_event(database)
    console.page.get_by_role("button", name="Promote").first.click()
    dialog = console.page.get_by_role("dialog")
    dialog.get_by_label("Why?").fill("It seems better.")

    dialog.locator("button[type=submit]").click()

    dialog.get_by_text("no verdict supports the promotion").wait_for()
    assert latest_event(database) == before


def test_a_quarantine_says_that_it_is_final(
    open_page: OpenConsole, operator: User, database: Database
) -> None:
    console = open_page().sign_in(operator, "models")
    console.page.get_by_role("heading", name="candidate assistant-third").wait_for()

    says = decide(console, "Quarantine", "It learnt from wrong labels.")

    assert "A quarantine is final." in says
    assert "It is rolled back in the same step" in says
    console.page.get_by_role("heading", name="quarantined assistant-second").wait_for()
    query = "select kind, version from public.model_events order by id desc limit 2"
    assert set(database.execute(query).fetchall()) == {
        ("quarantined", "assistant-second"),
        ("rolled_back", None),
    }


def test_the_ledger_is_a_timeline_with_what_each_decision_rests_on(
    open_page: OpenConsole, operator: User
) -> None:
    console = open_page().sign_in(operator, "models")
    timeline = console.page.locator(".timeline")
    timeline.wait_for()

    sentences = [line.inner_text() for line in timeline.locator("strong").all()]

    assert sentences == [
        "assistant-first was quarantined",
        "assistant-second replaced assistant-first",
        "assistant-first replaced the packaged model",
        "assistant-third was registered",
        "assistant-second was registered",
        "assistant-first was registered",
    ]
    registration = timeline.get_by_role("listitem").filter(
        has_text="assistant-third was registered"
    )
    registration.get_by_text("What it rests on").click()
    evidence = timeline.locator("details[open]").inner_text()
    for shown in ("0.012", "0.003 to 0.021", "search", "no intent is worse"):
        assert shown in evidence


def test_whoever_is_no_operator_any_more_decides_nothing(
    open_page: OpenConsole, operator: User, database: Database
) -> None:
    console = open_page().sign_in(operator, "models")
    console.expects_failed_requests = True
    console.page.get_by_role("heading", name="serves assistant-second").wait_for()
    before = latest_event(database)
    database.execute(
        """update auth.users set raw_app_meta_data = '{"role": "reviewer"}' where id = %s""",
        [operator.id],
    )

    decide(console, "Promote", "Too late.")

    console.page.get_by_role("heading", name="Models", exact=True).wait_for(state="detached")
    assert latest_event(database) == before
    assert console.page.get_by_role("link", name="Models").count() == 0
