"""The screen of health before there is much to show."""

from datetime import UTC, datetime, time, timedelta

from infra.local.stack import Stack

from .charts import chart, open_numbers
from .conftest import Database, OpenConsole
from .health import NONE, days_ago, open_health


def test_a_backlog_of_hours_has_an_axis_in_hours_and_a_chart_without_data_says_so(
    open_page: OpenConsole, stack: Stack, database: Database
) -> None:
    day = days_ago(1)
    noon = datetime.combine(day, time(12), UTC)
    database.execute(
        """insert into public.daily_backlogs (day, waiting, audits_waiting, oldest_waiting_since)
           values (%s, 1, 0, %s)
           on conflict (day) do update set oldest_waiting_since = excluded.oldest_waiting_since""",
        [day, noon],
    )
    console = open_health(open_page(), stack.create_viewer("viewer-of-little@example.com"))

    age = chart(console, "Age of the backlog")

    labels = [text.strip() for text in age.locator("svg text[text-anchor=end]").all_text_contents()]
    assert labels
    assert all(label.endswith(" h") for label in labels)
    assert len(set(labels)) == len(labels)
    ages = {name: value for name, value, *_ in open_numbers(console, "Age of the backlog")[1:]}
    assert ages[day.isoformat()] == "12 h"
    assert ages[(day - timedelta(days=1)).isoformat()] == NONE
    assert age.get_by_text("No data yet.").count() == 0
    assert chart(console, "Failed workflows").get_by_text("No data yet.").is_visible()
