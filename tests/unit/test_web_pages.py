"""Web pages may call the functions only where CORS_ALLOW_ORIGINS names their origin."""

from collections.abc import Mapping

import pytest
from fastapi.testclient import TestClient

from prompt_capture.api.tokens import TokenVerifier
from prompt_capture.bootstrap.access import environment
from prompt_capture.bootstrap.callers import allowed_origins
from prompt_capture.domain.errors import InvalidSettings
from prompt_capture.settings.web_pages import WebSettings
from tests.unit.conftest import ApiFixture, make_apps
from tests.unit.tokens import SUPABASE_URL

ORIGIN, OTHER = "https://app.example.com", "https://evil.example"
PATH = "/v1/classify"
BODY = {"message": "move it", "capture": False}


def read_origins(value: str) -> tuple[str, ...]:
    return WebSettings.from_env({"CORS_ALLOW_ORIGINS": value}).cors_allow_origins


def preflight(origin: str, headers: str = "authorization,content-type") -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": headers,
    }


def cors_headers(headers: Mapping[str, str]) -> set[str]:
    return {name for name in headers if name.startswith("access-control")}


@pytest.fixture
def pages(api: ApiFixture) -> TestClient:
    """The app classify-and-log, open to one origin."""
    apps = make_apps(api.store, TokenVerifier(SUPABASE_URL), origins=read_origins(ORIGIN))
    return TestClient(apps["classify"])


def test_by_default_no_page_may_call(api: ApiFixture) -> None:
    asked = api.classify.options(PATH, headers=preflight(ORIGIN))
    answered = api.classify.post(PATH, json=BODY, headers=api.token() | {"Origin": ORIGIN})

    assert asked.status_code == 405
    assert asked.json()["error"]["code"] == "method_not_allowed"
    assert answered.status_code == 200
    assert not cors_headers(asked.headers) | cors_headers(answered.headers)


@pytest.mark.parametrize("path", [PATH, f"{PATH}/"])
def test_a_page_of_an_allowed_origin_may_call_with_a_token(
    api: ApiFixture, pages: TestClient, path: str
) -> None:
    headers = "authorization,content-type,x-user-token,idempotency-key,x-correlation-id"
    asked = pages.options(path, headers=preflight(ORIGIN, headers))
    answered = pages.post(path, json=BODY, headers=api.token() | {"Origin": ORIGIN})

    assert asked.status_code == 200
    assert answered.status_code == 200
    for response in (asked, answered):
        assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert "Access-Control-Allow-Credentials" not in response.headers
        assert response.headers["Vary"].startswith("Origin")
    assert "X-Request-Id" in answered.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize(
    ("body", "status"), [({"message": 1}, 422), ({"message": "x" * 300_000}, 413), (BODY, 401)]
)
def test_a_page_can_read_errors(
    api: ApiFixture, pages: TestClient, body: dict[str, object], status: int
) -> None:
    headers = {"Origin": ORIGIN} | (api.token() if status != 401 else {})

    response = pages.post(PATH, json=body, headers=headers)

    assert response.status_code == status
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_a_page_can_read_an_internal_error(
    api: ApiFixture, pages: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prompt_capture.api.classify.remaining_seconds", lambda scope: 1 / 0)

    response = pages.post(PATH, json=BODY, headers=api.token() | {"Origin": ORIGIN})

    assert response.status_code == 500
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.parametrize("origin", [OTHER, "null", "http://app.example.com", f"{ORIGIN}.evil.test"])
def test_a_page_of_another_origin_may_not_call(
    api: ApiFixture, pages: TestClient, origin: str
) -> None:
    asked = pages.options(PATH, headers=preflight(origin))
    answered = pages.post(PATH, json=BODY, headers=api.token() | {"Origin": origin})

    assert asked.status_code == 400
    for response in (asked, answered):
        assert "Access-Control-Allow-Origin" not in response.headers


def test_no_page_may_send_the_key_of_a_backend(pages: TestClient) -> None:
    assert pages.options(PATH, headers=preflight(ORIGIN, "x-api-key")).status_code == 400


@pytest.mark.parametrize(
    ("value", "origins"),
    [
        ("", ()),
        ("*", ("*",)),
        (ORIGIN, (ORIGIN,)),
        (f"{ORIGIN}/, http://localhost:3000", (ORIGIN, "http://localhost:3000")),
        ("HTTPS://App.Example.com", (ORIGIN,)),
        (f"{ORIGIN}:443, http://localhost:80/", (ORIGIN, "http://localhost")),
        (f"{ORIGIN}:80", (f"{ORIGIN}:80",)),
        ("http://[::1]:3000", ("http://[::1]:3000",)),
        ("https://xn--mnchen-3ya.example", ("https://xn--mnchen-3ya.example",)),
        (f'"{ORIGIN}"', (ORIGIN,)),
        (f"'{ORIGIN}', \"http://localhost:3000/\"", (ORIGIN, "http://localhost:3000")),
        (f'"{ORIGIN}","http://localhost:3000"', (ORIGIN, "http://localhost:3000")),
        (f"'{ORIGIN}', 'http://localhost:3000/',", (ORIGIN, "http://localhost:3000")),
        (f'"{ORIGIN}, http://localhost:3000"', (ORIGIN, "http://localhost:3000")),
        (f'\'"{ORIGIN}","http://localhost:3000"\'', (ORIGIN, "http://localhost:3000")),
        (f"{ORIGIN},", (ORIGIN,)),
        (f'"{ORIGIN}, "', (ORIGIN,)),
        ("'*'", ("*",)),
        (f"{ORIGIN}:65535", (f"{ORIGIN}:65535",)),
    ],
)
def test_origins_are_separated_by_commas_and_read_as_browsers_send_them(
    value: str, origins: tuple[str, ...]
) -> None:
    assert read_origins(value) == origins


def test_the_origins_can_be_read_where_a_parameter_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPABASE_URL_PARAMETER", "/prompt-capture/dev/supabase-url")
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.setenv("CORS_ALLOW_ORIGINS", ORIGIN)

    with pytest.raises(InvalidSettings, match="AWS_REGION"):
        environment()
    assert allowed_origins() == (ORIGIN,)


@pytest.mark.parametrize(
    "value",
    [
        "app.example.com",
        f"{ORIGIN}/page",
        f"{ORIGIN}?",
        "ftp://x",
        "https://",
        "null",
        f"{ORIGIN},,",
        f"{ORIGIN},,http://localhost",
        ",",
        f"{ORIGIN} {ORIGIN}",
        f"{ORIGIN};{ORIGIN}",
        "https://*.example.com",
        "https://*",
        "https://user@example.com",
        "https://example.com:x",
        "https://example.com:",
        "https://example.com:65536",
        "app://localhost:99999",
        "app://",
        "app://localhost/index.html",
        "app://*",
        "app://user@localhost",
        "app:localhost",
        "1app://localhost",
        "file://localhost",
        "httsp://app.example.com",
        "hhtps://app.example.com",
        "htpts://app.example.com",
        "hhttp://app.example.com",
        "localhost://3000",
        "data://text",
        "javascript://x",
        "blob://x",
        "blob:https://example.com",
        "about://blank",
        "wss://example.com",
        "htps://example.com",
        "ttps://example.com",
        "httpss://example.com",
        "https://münchen.example",
        "https://a..b",
    ],
)
def test_a_malformed_origin_is_refused(value: str) -> None:
    with pytest.raises(InvalidSettings, match=r"CORS_ALLOW_ORIGINS.*https://app\.example\.com"):
        read_origins(value)
