"""What browsers may keep of the console's page, and where it may send requests."""

from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from prompt_capture.api.console_page import ConsolePage, PageSettings, page_router


def open_page(folder: Path, supabase_url: str = "https://project.supabase.co") -> TestClient:
    (folder / "index.html").write_text("<script src=page/{{version}}/app.js></script>{{modules}}")
    (folder / "app.js").write_text("export default 1;")
    app = FastAPI()
    page = ConsolePage(folder, PageSettings(supabase_url, "sb_publishable_x", has_models=True))
    app.include_router(page_router(page))
    return TestClient(app)


def test_browsers_keep_a_file_only_under_its_own_version(tmp_path: Path) -> None:
    browser = open_page(tmp_path)
    version = browser.get("/").headers["etag"].strip('"')

    own = browser.get(f"/page/{version}/app.js")
    other = browser.get("/page/0123456789abcdef/app.js")

    assert "immutable" in own.headers["cache-control"]
    assert other.text == own.text
    assert other.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("supabase_url", "source"),
    [
        ("https://project.supabase.co", "https://project.supabase.co"),
        ("http://127.0.0.1:54321", "http://127.0.0.1:54321"),
        ("https://example.com/supabase", "https://example.com"),
        ("https://example.com:8443/a;b/c", "https://example.com:8443"),
    ],
)
def test_the_page_may_call_the_project_behind_a_path_too(
    tmp_path: Path, supabase_url: str, source: str
) -> None:
    policy = open_page(tmp_path, supabase_url).get("/").headers["content-security-policy"]

    assert policy.endswith(f"connect-src 'self' {source}")
