"""`make bench NAME=console`: bytes, and times in a real browser, at a million rows."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

import psycopg
from playwright.sync_api import ViewportSize, sync_playwright

from infra.local.paths import FUNCTIONS
from infra.local.stack import Stack
from infra.local.users import User
from prompt_capture.api.console_page import ConsolePage, PageSettings
from tests.database.bench import FILL
from tests.database.rows import count_days

from .browser import DESKTOP, Console, launch, open_console

ROUNDS = 7
NEXT_ITEMS = 30

# The time from the key to the frame that shows the next message, measured in the page.
TIME_TO_NEXT = """() => new Promise((resolve) => {
  const message = document.querySelector(".card .message");
  const before = message.textContent;
  const start = performance.now();
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "1", code: "Digit1", bubbles: true }));
  const look = () => {
    const shown = document.querySelector(".card .message")?.textContent;
    if (shown && shown !== before) resolve(performance.now() - start);
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})"""


def milliseconds(action: Callable[[], object]) -> float:
    """Return how long an action takes."""
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1000


@contextmanager
def open_page(stack: Stack) -> Iterator[Callable[[], Console]]:
    """Yield a function that opens the console in a browser without a cache."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        size = ViewportSize(width=DESKTOP[0], height=DESKTOP[1])
        yield lambda: open_console(browser.new_context(viewport=size), stack.console_url)
        browser.close()


def measure_first_screens(new_page: Callable[[], Console], user: User) -> tuple[float, float]:
    """Return the medians from the address to the form, and from the sign-in to the message."""
    forms, messages = [], []
    for _ in range(ROUNDS):
        console = new_page()
        form = console.page.get_by_label("Password")

        def open_form(console: Console = console) -> None:
            console.open()
            console.page.get_by_label("Password").wait_for()

        def open_message(console: Console = console) -> None:
            console.fill_sign_in(user)
            console.page.locator(".card .message").wait_for()

        forms.append(milliseconds(open_form))
        assert form.is_visible()
        messages.append(milliseconds(open_message))
        console.page.context.close()
    return median(forms), median(messages)


def measure_first_charts(new_page: Callable[[], Console], user: User) -> float:
    """Return the median from the sign-in to the first chart."""
    charts = []
    for _ in range(ROUNDS):
        console = new_page().open("#health")
        console.page.get_by_label("Password").wait_for()

        def open_chart(console: Console = console) -> None:
            console.fill_sign_in(user)
            console.page.locator(".chart svg").first.wait_for()

        charts.append(milliseconds(open_chart))
        console.page.context.close()
    return median(charts)


def measure_next_items(new_page: Callable[[], Console], user: User) -> list[float]:
    """Return the times from a key to the next message."""
    console = new_page().sign_in(user)
    console.page.locator(".card .message").wait_for()
    times = [console.page.evaluate(TIME_TO_NEXT) for _ in range(NEXT_ITEMS)]
    console.wait_until_recorded()
    console.page.context.close()
    return sorted(times)


def main() -> None:
    """Measure and print."""
    page = ConsolePage(
        FUNCTIONS / "console" / "page",
        PageSettings("https://p.supabase.co", "sb_publishable_", True),
    )
    print(f"page, compressed: {page.compressed_bytes / 1000:.1f} kB")
    with Stack("bench-console") as stack, open_page(stack) as new_page:
        stack.warm()
        print("Filling the tables ...", file=sys.stderr)
        with psycopg.connect(stack.postgres_admin_dsn, autocommit=True) as connection:
            connection.execute(FILL.encode())
            count_days(connection)
            connection.execute("vacuum analyze")
        user = stack.create_reviewer("bench@example.com")
        form, message = measure_first_screens(new_page, user)
        print(f"address to sign-in form: {form:.0f} ms (median of {ROUNDS}, nothing cached)")
        print(f"sign-in to first message: {message:.0f} ms, password check included")
        chart = measure_first_charts(new_page, stack.create_viewer("viewer@example.com"))
        print(f"sign-in to first chart of the health: {chart:.0f} ms, password check included")
        times = measure_next_items(new_page, user)
        print(f"key to next message: {median(times):.0f} ms, at most {times[-1]:.0f} ms")


if __name__ == "__main__":
    main()
