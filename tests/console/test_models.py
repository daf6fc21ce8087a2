"""What operators see and decide about models."""

from typing import Any

import pytest

from infra.local.stack import Stack
from infra.local.users import User
from tests.database.registry import roll_back

from .browser import Console
from .charts import chart, open_numbers, read_table
from .conftest import Database, OpenConsole
from .models import HOSTILE, plant_outcomes, record_verdict, register_models, start_split


@pytest.fixture
def operator(stack: Stack, database: Database) -> User:
    register_models(stack)
    return stack.create_operator(f"operator-{database.info.backend_pid}@example.com")


def decide(
    console: Console,
    action: str,
    reason: str,
    *,
    without_verdict: bool = False,
    share: str | None = None,
) -> str:
    """Confirm a decision with a reason; return what the confirmation says."""
    console.page.get_by_role("button", name=action).first.click()
    dialog = console.page.get_by_role("dialog")
    if share is not None:
        dialog.get_by_label("Share of the users").fill(share)
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


def test_a_promotion_that_no_verdict_supports_waits_for_a_reason_and_the_tick(
    open_page: OpenConsole, operator: User
) -> None:
    console = open_page().sign_in(operator, "models")
    console.page.get_by_role("button", name="Promote").first.click()
    dialog = console.page.get_by_role("dialog")
    button = dialog.locator("button[type=submit]")
    dialog.get_by_text("Say why.").wait_for()
    assert button.is_disabled()

    dialog.get_by_label("Why?").fill("It seems better.")

    dialog.get_by_text("Say why.").wait_for(state="detached")
    assert "No verdict supports it" in dialog.locator("#decision-lacks").inner_text()
    assert button.is_disabled()
    dialog.get_by_label("Promote it although no verdict supports it").check()
    console.page.locator("dialog button[type=submit]:enabled").wait_for()


def test_a_supported_promotion_needs_no_tick_and_is_refused_where_the_verdict_is_spent(
    open_page: OpenConsole, operator: User, stack: Stack, database: Database
) -> None:
    record_verdict(stack)
    console = open_page().sign_in(operator, "models")
    console.expects_failed_requests = True
    console.page.get_by_role("button", name="Promote").first.click()
    dialog = console.page.get_by_role("dialog")
    dialog.get_by_label("Why?").fill("The verdict says so.")
    console.page.locator("dialog button[type=submit]:enabled").wait_for()
    roll_back(database)
    before = latest_event(database)

    dialog.locator("button[type=submit]").click()

    dialog.get_by_text("no verdict supports the promotion").wait_for()
    assert latest_event(database) == before


def test_a_share_that_is_none_cannot_be_sent(open_page: OpenConsole, operator: User) -> None:
    console = open_page().sign_in(operator, "models")
    console.page.get_by_role("button", name="Start a split").first.click()
    dialog = console.page.get_by_role("dialog")
    dialog.get_by_label("Why?").fill("As good on the gold texts.")
    console.page.locator("dialog button[type=submit]:enabled").wait_for()

    dialog.get_by_label("Share of the users").fill("0")

    dialog.get_by_text("Enter a share from 0.1 to 99.9 %.").wait_for()
    assert dialog.locator("button[type=submit]").is_disabled()


def test_figures_have_plain_names_and_a_forced_promotion_says_so(
    open_page: OpenConsole, operator: User
) -> None:
    console = open_page().sign_in(operator, "models")
    console.page.get_by_text("macro F1, 0 to 1").first.wait_for()
    decide(console, "Promote", "Better on the audit.", without_verdict=True)
    event = console.page.locator(".timeline").get_by_role("listitem").first
    event.get_by_text("assistant-third replaced assistant-second").wait_for()

    event.get_by_text("What it rests on").click()

    event.get_by_text("Forced by the operator").wait_for()


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
    for shown in ("0.012", "0.003 to 0.021", "no intent is worse"):
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

    decide(console, "Promote", "Too late.", without_verdict=True)

    console.page.get_by_role("heading", name="Models", exact=True).wait_for(state="detached")
    assert latest_event(database) == before
    assert console.page.get_by_role("link", name="Models").count() == 0


CHANGES = [
    ["email", "86", "62", "84", "+25.6"],
    ["scheduling", "85", "73", "82", "+10.6"],
    ["search", "49", "45", "44", "-2.0"],
    ["help", "40", "40", "40", "0.0"],
]
CONFUSIONS = [
    ["search", "email", "assistant-third", "5"],
    ["scheduling", "help", "assistant-third", "3"],
    ["email", "search", "assistant-third", "2"],
    ["email", "search", "assistant-second", "24"],
    ["scheduling", "help", "assistant-second", "12"],
    ["search", "scheduling", "assistant-second", "4"],
]
MATRIX = {
    "candidate": [
        ["Right", "email", "search", "help", "scheduling", "another"],
        ["email", "84", "2", "", "", ""],
        ["search", "5", "44", "", "", ""],
        ["help", "", "", "40", "", ""],
        ["scheduling", "", "", "3", "82", ""],
    ],
    "champion": [
        ["Right", "search", "email", "scheduling", "help", "another"],
        ["search", "45", "", "4", "", ""],
        ["email", "24", "62", "", "", ""],
        ["scheduling", "", "", "73", "12", ""],
        ["help", "", "", "", "40", ""],
    ],
}


def test_a_verdict_says_what_decided_and_which_intents_change(
    open_page: OpenConsole, operator: User, stack: Stack
) -> None:
    record_verdict(stack)
    console = open_page().sign_in(operator, "models")
    verdict = console.page.get_by_role("region", name="The latest verdict on assistant-third")
    verdict.get_by_text("Promote, compared with assistant-second").wait_for()

    assert "is shown to be better than" in verdict.get_by_role("list").first.inner_text()
    tile = verdict.locator("dl > div", has_text="difference in accuracy")
    assert tile.inner_text().split("\n")[1].startswith("+11.5 points +")
    assert tile.locator("svg.interval .zero").count() == 1

    verdict.get_by_text("By intent and confidence").click()
    changes = verdict.get_by_role("region", name="Changes by intent").get_by_role("table")
    changes.wait_for()
    rows = read_table(changes)[1:]
    assert [row[:5] for row in rows] == CHANGES
    assert all(" to " in row[5] for row in rows)
    assert changes.locator("svg.interval").count() == 4
    assert open_numbers(console, "Reliability")[1:4] == [
        ["assistant-third", "50 % to 60 %", "40", "26", "65.0 %"],
        ["assistant-third", "70 % to 80 %", "60", "51", "85.0 %"],
        ["assistant-third", "90 % to 100 %", "160", "156", "97.5 %"],
    ]
    assert chart(console, "Reliability").locator("circle").count() == 6
    moves = verdict.get_by_role("region", name="Captured texts by intent").get_by_role("table")
    assert [row[:5] for row in read_table(moves)[1:]] == [
        ["email", "640", "700", "80", "20"],
        ["search", "560", "500", "10", "70"],
    ]
    compared = verdict.get_by_role("region", name="What was compared").inner_text()
    assert "disagreements\n120" in compared
    assert open_numbers(console, "Confusion matrix")[1:] == CONFUSIONS


@pytest.mark.parametrize("model", MATRIX)
def test_the_confusion_matrix_shows_each_model(
    open_page: OpenConsole, operator: User, stack: Stack, model: str
) -> None:
    record_verdict(stack)
    console = open_page().sign_in(operator, "models")
    verdict = console.page.get_by_role("region", name="The latest verdict on assistant-third")
    verdict.get_by_text("By intent and confidence").click()
    matrix = chart(console, "Confusion matrix")

    if model == "champion":
        matrix.get_by_label("Of the champion").check()

    version = {"candidate": "assistant-third", "champion": "assistant-second"}[model]
    table = matrix.get_by_role("group", name=f"Table: Confusions of {version}")
    table.wait_for()
    assert read_table(table.get_by_role("table")) == MATRIX[model]


def test_a_verdict_of_another_form_and_a_hostile_reason_are_shown_as_text(
    open_page: OpenConsole, operator: User, stack: Stack, database: Database
) -> None:
    record_verdict(stack, reason=HOSTILE)
    database.execute("set session_replication_role = replica")
    database.execute(
        """update public.model_events set evidence = '{"verdict": "<b>bold</b>"}'
           where kind = 'verdict'"""
    )
    page = open_page().sign_in(operator, "models").page

    event = page.locator(".timeline").get_by_role("listitem").first
    event.get_by_text("What it rests on").click()

    assert event.locator(".reason").inner_text() == HOSTILE
    assert event.get_by_text("<b>bold</b>").is_visible()
    assert page.locator("main img, main b").count() == 0


# The split ----------------------------------------------------------------------------------


def read_split_events(database: Database) -> list[tuple[Any, ...]]:
    """Return kind, version, share, operator and reason of the events of splits, in order."""
    query = """select kind, version, evidence ->> 'share', actor, reason from public.model_events
               where kind like 'split%' order by id"""
    return database.execute(query.encode()).fetchall()


def test_an_operator_starts_changes_and_stops_a_split_after_reading_what_will_happen(
    open_page: OpenConsole, operator: User, database: Database
) -> None:
    console = open_page().sign_in(operator, "models")
    page = console.page
    page.get_by_text("There was none.").wait_for()

    says = decide(console, "Start a split", "As good on the gold texts.")

    assert "assistant-third answers 10.0 % of the users, and assistant-second the others." in says
    assert "it is never promoted by that" in says
    page.get_by_text("assistant-third answers 10.0 % of the users").wait_for()
    page.get_by_role("heading", name="challenger assistant-third").wait_for()
    assert page.get_by_role("button", name="Start a split").count() == 0

    says = decide(console, "Change the share", "Nobody complained.", share="25")
    assert "assistant-third answers 25.0 % of the users instead of 10.0 %." in says
    assert "Some users move from assistant-second to assistant-third" in says
    page.get_by_text("assistant-third answers 25.0 % of the users").wait_for()

    says = decide(console, "Stop the split", HOSTILE)
    assert "assistant-second answers all users again" in says
    page.get_by_role("heading", name="ended assistant-third was compared").wait_for()
    assert page.get_by_label("The latest split").get_by_text(HOSTILE).is_visible()

    assert read_split_events(database) == [
        ("split_started", "assistant-third", "0.1", operator.id, "As good on the gold texts."),
        ("split_changed", "assistant-third", "0.25", operator.id, "Nobody complained."),
        ("split_stopped", "assistant-third", None, operator.id, HOSTILE),
    ]
    latest = page.locator(".timeline strong").all_inner_texts()[:3]
    assert latest == [
        "The split with assistant-third ended",
        "The split with assistant-third changed",
        "A split with assistant-third began",
    ]


def test_a_split_shows_the_planted_outcomes_and_the_bound(
    open_page: OpenConsole, operator: User, stack: Stack
) -> None:
    start_split(stack)
    plant_outcomes(stack)
    page = open_page().sign_in(operator, "models").page
    split = page.get_by_role("article", name="The latest split")
    split.get_by_role("heading", name="answers 40.0 % of the users").wait_for()

    arms = read_table(split.get_by_role("table"))[1:]

    assert [row[:4] for row in arms] == [
        ["champion", "400", "400", "82.0 %"],
        ["challenger", "400", "400", "81.0 %"],
    ]
    tile = split.locator("dl > div", has_text="difference")
    assert tile.inner_text().split("\n")[1].startswith("-1.0 points at most +")
    assert tile.locator("svg.interval .zero").count() == 1
    assert "The champion answered 10.0 % of the challenger's messages" in split.inner_text()


def test_a_promotion_says_that_it_ends_the_split(
    open_page: OpenConsole, operator: User, stack: Stack
) -> None:
    start_split(stack)
    console = open_page().sign_in(operator, "models")
    console.page.get_by_role("heading", name="challenger assistant-third").wait_for()

    says = decide(console, "Promote", "It does no harm.", without_verdict=True)

    assert "The split with assistant-third ends." in says
    console.page.get_by_role("heading", name="ended assistant-third was compared").wait_for()


def test_a_split_that_cannot_be_read_leaves_the_rest_of_the_screen(
    open_page: OpenConsole, operator: User
) -> None:
    console = open_page()
    console.expects_failed_requests = True
    console.page.route("**/v1/models/split", lambda route: route.abort())
    console.sign_in(operator, "models")

    console.page.get_by_text("The split cannot be read: No connection.").wait_for()
    console.page.get_by_role("heading", name="serves assistant-second").wait_for()
