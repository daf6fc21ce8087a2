"""The screens: accessible by axe-core, in light and dark, on a desk and on a phone.

The same runs take the pictures of the guides: `UPDATE_PICTURES=1 pytest tests/console` writes them.
"""

import os
import re

import pytest
from playwright.sync_api import Page

from infra.local.paths import ROOT
from infra.local.stack import Stack

from .browser import DESKTOP, PHONE, Console
from .conftest import Capture, Database, OpenConsole
from .disagreements import draw
from .health import open_alert, plant_audits, plant_month
from .models import plant_outcomes, record_verdict, register_models, start_split

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = ROOT / "docs" / "console"
GUIDES = "".join(
    (ROOT / "docs/how-to" / page).read_text("utf-8")
    for page in ("review.md", "operate.md", "models.md")
)
PICTURES_OF_THE_GUIDES = set(re.findall(r"\]\(\.\./console/([\w-]+\.png)\)", GUIDES))
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
VARIANTS = {
    "light": (DESKTOP, "light"),
    "dark": (DESKTOP, "dark"),
    "phone": (PHONE, "light"),
}


def find_violations(page: Page) -> list[str]:
    """Return the rules that the page breaks, with the elements that do.

    While a modal dialog is open, nothing else can be reached, so it is checked alone.
    """
    page.evaluate(AXE.read_text("utf-8"))
    results = page.evaluate(
        """rules => axe.run(document.querySelector("dialog[open]") ?? document,
             { runOnly: rules })""",
        RULES,
    )
    return [
        f"{violation['id']}: {node['html']} {node['failureSummary']}"
        for violation in results["violations"]
        for node in violation["nodes"]
    ]


def check(console: Console, name: str, variant: str) -> None:
    """Check the screen, and take its picture if asked to."""
    console.page.mouse.move(0, 0)
    assert find_violations(console.page) == []
    widths = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    scrolled, visible = console.page.evaluate(widths)
    assert scrolled <= visible, "The page scrolls sideways."
    take_picture(console, name, variant)


def take_picture(console: Console, name: str, variant: str) -> None:
    """Take a picture of the guides, if asked to."""
    if os.environ.get("UPDATE_PICTURES") and f"{name}-{variant}.png" in PICTURES_OF_THE_GUIDES:
        console.page.screenshot(path=PICTURES / f"{name}-{variant}.png")


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_screen_is_accessible(
    stack: Stack,
    open_page: OpenConsole,
    capture: Capture,
    variant: str,
) -> None:
    size, scheme = VARIANTS[variant]
    operator = stack.create_operator(f"operator-{variant}@example.com")
    capture("plan my week around the exam on thursday", conversation_id="c", message_index=0)
    capture("3pm", conversation_id="c", message_index=1, confidence=0.01)
    capture("the thing with the numbers, or when is it")
    for words in ("to friday", "on friday", "to monday"):
        capture(f"please move the meeting with ann {words}")
    draw(stack, capture("remind ann about the numbers"))
    console = open_page(size, color_scheme=scheme).open()
    check(console, "sign-in", variant)

    console.fill_sign_in(operator)
    console.wait_for_message("3pm")
    check(console, "review", variant)
    console.press("/")
    console.page.keyboard.type("day")
    check(console, "search", variant)
    console.press("Escape", "Shift+Digit2", "s")
    console.page.get_by_role("dialog").wait_for()
    check(console, "skip", variant)
    console.press("Escape", "?")
    check(console, "keys", variant)
    console.press("Escape", "1", "1", "1")
    console.wait_for_message("please move the meeting with ann to friday")
    console.press("d")
    check(console, "near-duplicates", variant)
    console.press("b")
    console.wait_for_message("remind ann about the numbers")
    check(console, "blind", variant)
    console.press("u", "l")
    console.page.get_by_role("heading", name="What waits").wait_for()
    console.page.get_by_text("remind ann about the numbers").wait_for()
    check(console, "list", variant)
    console.page.get_by_role("link", name="Figures").click()
    console.page.get_by_text("Why messages wait").wait_for()
    check(console, "figures", variant)


@pytest.mark.parametrize("variant", VARIANTS)
def test_models_are_accessible(
    stack: Stack, database: Database, open_page: OpenConsole, variant: str
) -> None:
    size, scheme = VARIANTS[variant]
    register_models(stack)
    record_verdict(stack)
    start_split(stack)
    plant_outcomes(stack)
    operator = stack.create_operator(f"operator-of-models-{variant}@example.com")
    console = open_page(size, color_scheme=scheme).sign_in(operator, "models")
    page = console.page
    page.get_by_role("heading", name="answers 40.0 % of the users").wait_for()
    check(console, "models", variant)

    page.get_by_text("By intent and confidence").first.click()
    page.get_by_role("heading", name="Confusion matrix").wait_for()
    page.get_by_text("By intent and confidence").first.evaluate(
        "element => element.scrollIntoView()"
    )
    take_picture(console, "verdict", variant)
    for title in ("Reliability", "Confusion matrix"):
        page.get_by_label(f"Numbers: {title}").click()
    page.get_by_role("group", name="Table: Reliability").wait_for()
    check(console, "verdict-numbers", variant)
    page.get_by_role("button", name="Change the share").click()
    page.get_by_role("dialog").wait_for()
    check(console, "split", variant)
    console.press("Escape")
    page.get_by_role("button", name="Promote").first.click()
    page.get_by_role("dialog").wait_for()
    check(console, "promote", variant)


@pytest.mark.parametrize("variant", VARIANTS)
def test_health_is_accessible(
    stack: Stack, database: Database, open_page: OpenConsole, capture: Capture, variant: str
) -> None:
    size, scheme = VARIANTS[variant]
    plant_audits(database, capture, audited_day=29)
    plant_month(database)
    register_models(stack)
    open_alert(database, "workflows_fail", "search")
    operator = stack.create_operator(f"operator-of-health-{variant}@example.com")
    console = open_page(size, color_scheme=scheme).sign_in(operator, "health")
    console.page.get_by_role("heading", name="Messages by source").wait_for()
    console.page.get_by_role("button", name="Acknowledge").wait_for()
    check(console, "health", variant)

    # One table of each kind: axe-core takes seconds for all of their cells.
    console.page.get_by_text("What to do").click()
    for title in ("Live accuracy", "Calibration by version"):
        console.page.get_by_label(f"Numbers: {title}").click()
        console.page.get_by_role("group", name=f"Table: {title}").wait_for()
    check(console, "health-numbers", variant)


def test_a_screen_that_is_not_accessible_is_noticed(open_page: OpenConsole) -> None:
    console = open_page().open()
    console.page.get_by_label("Password").wait_for()

    console.page.evaluate("document.querySelector('main').append(document.createElement('img'))")

    assert any(violation.startswith("image-alt") for violation in find_violations(console.page))


def test_the_guides_have_pictures_and_no_other_is_kept() -> None:
    assert {picture.name for picture in PICTURES.iterdir()} == PICTURES_OF_THE_GUIDES != set()
