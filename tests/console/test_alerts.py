"""The screen of health without messages, and alerts that people handle there."""

from itertools import count

from infra.local.stack import Stack
from infra.local.users import User

from .charts import open_numbers
from .conftest import Database, OpenConsole
from .health import NONE, open_alert, open_health

_numbers = count(1)


def test_a_deployment_without_messages_has_empty_charts(
    open_page: OpenConsole, stack: Stack, database: Database
) -> None:
    viewer = stack.create_viewer(f"viewer-{next(_numbers)}@example.com")
    console = open_health(open_page(), viewer)

    days = [tuple(row[1:]) for row in open_numbers(console, "Messages by source")[1:]]
    assert (len(days), set(days)) == (30, {("0", "0", "")})
    accuracy = {tuple(row[1:]) for row in open_numbers(console, "Live accuracy")[1:]}
    assert accuracy == {(*[NONE] * 5, "")}
    console.page.get_by_text("No alert is open.").wait_for()
    assert console.page.get_by_text("None in this period.").count() == 2


def test_an_operator_acknowledges_and_mutes_an_alert(
    open_page: OpenConsole, stack: Stack, database: Database
) -> None:
    open_alert(database, "no_messages", "")
    operator = stack.create_operator(f"handler-{next(_numbers)}@example.com")
    alert = open_health(open_page(), operator).page.get_by_role("article", name="Alert 1")

    alert.get_by_role("button", name="Acknowledge").click()
    alert.get_by_text("by you").wait_for()
    alert.get_by_role("button", name="Mute for a week").click()
    alert.get_by_role("button", name="Unmute").wait_for()

    query = "select acknowledged_by, muted_by, muted_until > now() from public.alerts"
    assert database.execute(query).fetchall() == [(operator.id, operator.id, True)]
    alert.get_by_role("button", name="Unmute").click()
    alert.get_by_role("heading", name="acknowledged no messages").wait_for()


def test_an_alert_that_was_resolved_meanwhile_is_said_to_be(
    open_page: OpenConsole, reviewer: User, database: Database
) -> None:
    open_alert(database, "no_messages", "")
    console = open_health(open_page(), reviewer)
    console.expects_failed_requests = True
    acknowledge = console.page.get_by_role("button", name="Acknowledge")
    acknowledge.wait_for()
    database.execute("select private.record_alerts('[]', array['no_messages'])")

    acknowledge.click()

    console.page.get_by_text("The alert is resolved.").wait_for()
    console.page.get_by_text("No alert is open.").wait_for()
