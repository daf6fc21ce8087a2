"""What a person reads from charts: their numbers, which are a table."""

from playwright.sync_api import Locator

from .browser import Console


def read_table(table: Locator) -> list[list[str]]:
    """Return the cells of each row, the header first."""
    cells = "rows => rows.map(row => [...row.cells].map(cell => cell.innerText.trim()))"
    rows: list[list[str]] = table.locator("tr").evaluate_all(cells)
    return rows


def chart(console: Console, title: str) -> Locator:
    """Return a chart."""
    return console.page.locator("figure", has=console.page.get_by_role("heading", name=title))


def open_numbers(console: Console, title: str) -> list[list[str]]:
    """Open the numbers of a chart with the keyboard, if they are closed, and return its table."""
    figure = chart(console, title)
    table = figure.get_by_role("group", name=f"Table: {title}").get_by_role("table")
    if not table.is_visible():
        figure.locator("summary").focus()
        console.press("Enter")
        table.wait_for()
    return read_table(table)
