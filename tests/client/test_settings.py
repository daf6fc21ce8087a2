"""Values with which no request can succeed are refused, and no error contains one."""

import copy
import pickle
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from prompt_capture.client import (
    AsyncCaptureClient,
    CaptureClient,
    CaptureError,
    NoResponse,
    RequestRejected,
    Service,
)

from .conftest import Connect
from .echo_service import run_echo_service, write_certificate
from .scripted_service import ScriptedService

KEY = "pc_0123456789abcdef"
URL = "https://classify.example"


def everything_in(error: BaseException) -> str:
    """Return what a log of an error could contain: its chain, attributes and arguments."""
    texts = traceback.format_exception(error)
    seen: BaseException | None = error
    while seen is not None:
        texts.append(repr((seen, seen.args, vars(seen), getattr(seen, "object", None))))
        seen = seen.__cause__ or seen.__context__
    return "".join(texts)


@pytest.mark.parametrize("space", ["", "\n", "\r\n", "  ", "\u00a0", "\ufeff"], ids=ascii)
async def test_white_space_around_values_is_removed(
    connect: Connect, scripted: ScriptedService, service: Service, space: str
) -> None:
    spaced = Service.from_env(
        {
            "CLASSIFY_URL": space + service.classify_url + space,
            "OUTCOMES_URL": service.outcomes_url + space,
            "CORRECTIONS_URL": service.corrections_url + space,
            "API_KEY": space + KEY + space,
        }
    )
    assert spaced == replace(service, api_key=KEY)
    client = connect(spaced)
    assert (await client.classify("hm", user_id="u")).captured == "stored"
    assert (await client.classify("hm", token=f"{space}t{space}")).captured == "stored"
    assert scripted.requests[0].headers["x-api-key"] == KEY
    assert scripted.requests[1].headers["x-user-token"] == "t"


UNREACHABLE = [
    ("", "is empty"),
    (" ", "is empty"),
    ("classify.example", "is no URL"),
    (f'"{URL}"', "is no URL"),
    ("ftp://x.example", "is no URL"),
    ("https://", "is no URL"),
    ("https:///v1/classify", "is no URL"),
    ("https:/classify.example", "is no URL"),
    (r"https:\\classify.example", "is no URL"),
    (f"{URL}\nX-Api-Key: {KEY}", "white space"),
    (f"https://ada:{KEY}@classify.example", "a user name or a password"),
    (f"https://{KEY}@classify.example/v1/classify", "a user name or a password"),
    ("https://@classify.example", "a user name or a password"),
    (f"{URL}/?key={KEY}", "a query or a fragment"),
    (f"{URL}?", "a query or a fragment"),
    (f"{URL}/v1/classify#{KEY}", "a query or a fragment"),
    (f"{URL}/v1 /classify", "white space"),
    (f"{URL}/v1/classify, {URL}", "white space"),
    (f"{URL}/v1\t/classify", "white space"),
    (f"{URL}/v1\u200b/classify", "white space"),
    (f"{URL}/v1/classify\u201d", "character that the path"),
    (f"{URL}/{{stage}}/v1/classify", "placeholders"),
    (f"{URL}/<stage>/v1/classify", "placeholders"),
    (f"{URL}:99999/", "port"),
    (f"{URL}:0", "port"),
    (f"{URL}:", "port"),
    (f"{URL}:-1", "port"),
    (f"{URL}:p/", "port"),
    (f"{URL}:\uff18\uff10", "port"),
    (f"{URL}: 80", "white space"),
    (f"{URL}:443:443", "port"),
    ("https://a..b", "host name"),
    ("https://.classify.example", "host name"),
    ("https://-classify.example", "host name"),
    ("https://classify example/", "white space"),
    ("https://classify.example /", "white space"),
    ("https://classify\u00a0example/", "white space"),
    ("https://{id}.lambda-url.eu-west-1.on.aws/", "host name"),
    ("https://<id>.lambda-url.eu-west-1.on.aws/", "host name"),
    ("https://classify%2eexample", "host name"),
    (r"https://classify.example\v1\classify", "host name"),
    ("https://xn--", "host name"),
    ("https://xn--e28h.example", "host name"),
    (f"https://{'a' * 64}.example", "host name"),
    (f"https://{'a.' * 130}example", "host name"),
    ("https://999.1.1.1", "host name"),
    ("https://[::1", "host name"),
    ("https://[classify.example]", "host name"),
]


@pytest.mark.parametrize(
    ("url", "problem"), UNREACHABLE, ids=[ascii(url) for url, _ in UNREACHABLE]
)
@pytest.mark.parametrize("name", ["CLASSIFY_URL", "OUTCOMES_URL", "CORRECTIONS_URL"])
def test_a_url_that_no_request_can_reach_is_refused_without_repeating_it(
    name: str, url: str, problem: str
) -> None:
    environment = dict.fromkeys(("CLASSIFY_URL", "OUTCOMES_URL", "CORRECTIONS_URL"), URL)
    with pytest.raises(ValueError, match=rf"{name}\) .*{problem}") as raised:
        Service.from_env(environment | {name: url})
    assert KEY not in everything_in(raised.value)
    assert (raised.value.__cause__, raised.value.__context__) == (None, None)


@pytest.mark.parametrize(
    "url",
    [
        "https://classify.example/",
        "HTTPS://Classify.Example:443/v1/classify/",
        "http://localhost:8080",
        "http://prompt_capture:8080/base/v1/classify",
        "http://127.0.0.1:1/v1/classify",
        "http://[::1]:65535/v1/classify",
        "https://classify.example./v1/classify",
        "https://b\u00fccher.example/v1/classify",
        "https://classify.example/a%20b/~x/@y;z=1,2/(3)",
    ],
    ids=ascii,
)
def test_a_url_that_a_request_can_reach_stays_as_it_is(url: str) -> None:
    assert Service(url, url, url).classify_url == url


@pytest.mark.parametrize("end", ["", "/", "//"])
async def test_a_url_without_a_path_is_that_of_the_function(
    connect: Connect, scripted: ScriptedService, service: Service, end: str
) -> None:
    """A deployment prints Function URLs without their paths."""
    url = service.classify_url.removesuffix("/classify") + end
    client = connect(Service(url, url, url, KEY))
    await client.classify("hm", user_id="u")
    await client.record_outcome("l", True, "w")
    await client.correct("l", "reminder", reviewer="grace")
    assert [request.path for request in scripted.requests] == [
        "/v1/classify",
        "/v1/outcomes",
        "/v1/corrections",
    ]


@pytest.mark.parametrize("value", [b"https://classify.example", 7, Path("/v1"), SecretStr(KEY)])
@pytest.mark.parametrize("name", ["classify_url", "outcomes_url", "corrections_url", "api_key"])
def test_a_setting_that_is_no_text_is_refused(name: str, value: object) -> None:
    settings: dict[str, Any] = dict.fromkeys(
        ("classify_url", "outcomes_url", "corrections_url"), URL
    )
    with pytest.raises(
        ValueError, match=rf"^{name}.* of the type {type(value).__name__}"
    ) as raised:
        Service(**settings | {name: value})
    assert KEY not in everything_in(raised.value)


@pytest.mark.parametrize("kind", [CaptureClient, AsyncCaptureClient])
def test_settings_of_another_type_are_refused_at_once(kind: Callable[..., object]) -> None:
    """As where the seconds of a time limit are passed, as to other libraries."""
    with pytest.raises(TypeError, match="Pass a Timeouts, not a int"):
        kind(Service(URL, URL, URL), timeouts=10)
    with pytest.raises(TypeError, match="Pass a Service, not a str"):
        kind(URL)


def test_a_missing_url_is_named() -> None:
    with pytest.raises(ValueError, match=r"OUTCOMES_URL\) is empty\. Set it to the URL"):
        Service.from_env({"CLASSIFY_URL": URL, "API_KEY": KEY})


@pytest.mark.parametrize("key", [f'"{KEY}"', f"'{KEY}'\r\n", f'\ufeff"{KEY}\n"'])
def test_quotation_marks_around_the_key_are_removed(key: str) -> None:
    assert Service(URL, URL, URL, key).api_key == KEY


@pytest.mark.parametrize("key", [f'"{KEY}', f"{KEY}'", f"\"{KEY}'", '"'])
def test_a_quotation_mark_at_one_end_is_part_of_the_key(key: str) -> None:
    assert Service(URL, URL, URL, key).api_key == key


@pytest.mark.parametrize(
    "key", [f"\u201c{KEY}\u201d", f"{KEY} {KEY}", f"{KEY}\nX: y", f"ключ{KEY}"]
)
def test_a_key_that_no_header_can_hold_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(ValueError, match="API_KEY") as raised:
        Service(URL, URL, URL, key)
    assert KEY not in everything_in(raised.value)


@pytest.mark.parametrize(
    "key", ["${API_KEY}", "$API_KEY", "{{ api_key }}", "<your key>", "%API_KEY%", "__API_KEY__"]
)
def test_a_variable_that_nothing_replaced_is_no_key(key: str) -> None:
    with pytest.raises(ValueError, match=r"API_KEY\) is a variable or a placeholder") as raised:
        Service(URL, URL, URL, key)
    assert key not in str(raised.value)


@pytest.mark.parametrize("key", [None, "", " \n"])
def test_an_empty_key_is_none(key: str | None) -> None:
    assert Service(URL, URL, URL, key).api_key is None


@pytest.mark.parametrize("token", [f"\u201c{KEY}\u201d", f"{KEY}\r\nX: y", "", f"{KEY}\ud83d"])
async def test_a_token_that_no_header_can_hold_is_refused_before_it_is_sent(
    connect: Connect, scripted: ScriptedService, token: str
) -> None:
    assert (await connect().classify("hm", token=token)).error_code == "token_invalid"
    assert await connect().correct("id", "help", token=token) == "failed"
    with pytest.raises(RequestRejected) as raised:
        await connect(raise_errors=True).classify("hm", token=token)
    assert raised.value.status is None
    assert KEY not in everything_in(raised.value)
    assert scripted.requests == []


@pytest.mark.parametrize("token", ["a.b.c", "Bearer a.b.c", "bearer  a.b.c\n", " Bearer a.b.c"])
async def test_a_token_may_have_its_scheme(
    connect: Connect, scripted: ScriptedService, token: str
) -> None:
    await connect().classify("hm", token=token)

    assert scripted.requests[0].headers["x-user-token"] == "a.b.c"


class Unprintable:
    """A value that JSON cannot hold, in an error that contains the message."""

    def __repr__(self) -> str:
        return KEY


async def test_an_error_of_another_library_is_raised_as_an_error_of_the_client(
    connect: Connect,
) -> None:
    client = connect(raise_errors=True)
    calls = [
        client.classify("hm", user_id="u", message_index={Unprintable(): 1}),
        client.correct(Unprintable(), "help", reviewer="grace"),
        client.record_outcome(Unprintable(), True, "greet"),
    ]
    for call in calls:
        with pytest.raises(NoResponse) as raised:
            await call
        assert raised.value.code == "TypeError"
        assert (raised.value.__cause__, raised.value.__context__) == (None, None)
        assert KEY not in everything_in(raised.value)


@pytest.mark.parametrize("kind", [CaptureClient, AsyncCaptureClient])
@pytest.mark.parametrize("proxy", [f"foo://u:{KEY}@p", f'"http://u:{KEY}@p:1"', "http://p:1\n"])
def test_an_unusable_proxy_is_refused_at_once_without_its_password(
    kind: type, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(ValueError, match="HTTPS_PROXY") as raised:
        kind(Service(URL, URL, URL))
    assert KEY not in everything_in(raised.value)


PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@pytest.mark.parametrize("kind", [CaptureClient, AsyncCaptureClient])
@pytest.mark.parametrize("name", PROXIES)
@pytest.mark.parametrize(
    "proxy",
    [
        *("http://", "http://:3128", "//p:1", "http:/p:1", "http//p:1"),
        *(
            "http://p:99999",
            "http://p:0",
            "http://p:",
            "http://p:-1",
            "p:port",
            "http://u:p@p:99999",
        ),
        *("http://a proxy:1", "a proxy:1", "http://a..b:1", "http://-a:1", "http://%zz:1"),
        *("none", "None", "false", "0", "off", "direct", "localhost"),
        *("http://{host}:3128", "http://<host>:3128", "http://u:p@:3128"),
    ],
)
def test_a_proxy_without_a_valid_host_or_port_is_refused_at_once(
    kind: type, name: str, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, proxy)
    with pytest.raises(ValueError, match=name):
        kind(Service(URL, URL, URL))


@pytest.mark.parametrize("kind", [CaptureClient, AsyncCaptureClient])
@pytest.mark.parametrize(
    "proxy",
    [
        *("http://proxy:3128", "http://proxy", "http://proxy.example.org:80/", "https://proxy:443"),
        *("proxy:3128", "proxy.example.org", "127.0.0.1:8888", "http://[::1]:3128", "HTTP://P:1"),
        *(
            "http://u:p%40ss@proxy:3128",
            "u:p@proxy:3128",
            "http://my_proxy:1",
            "http://pr\u00f6xy:1",
        ),
    ],
)
def test_a_proxy_with_a_host_is_taken(
    kind: type, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in PROXIES:
        monkeypatch.setenv(name, proxy)
    assert kind(Service(URL, URL, URL))


@pytest.mark.parametrize("proxy", ["", " ", "   "], ids=ascii)
async def test_a_blank_proxy_counts_as_not_set(
    connect: Connect, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*PROXIES, "NO_PROXY"):
        monkeypatch.setenv(name, proxy)
    with run_echo_service() as echo:
        client = connect(Service(echo.url, echo.url, echo.url), raise_errors=True)
        assert (await client.classify("hm", token="t")).captured


@pytest.mark.parametrize("kind", [CaptureClient, AsyncCaptureClient])
@pytest.mark.parametrize("exceptions", ["[::1]", "localhost,fd00::/8"])
def test_an_unusable_exception_from_the_proxy_is_refused_at_once(
    kind: type, exceptions: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", exceptions)
    with pytest.raises(ValueError, match="NO_PROXY"):
        kind(Service(URL, URL, URL))


@pytest.mark.parametrize("kind", [CaptureClient, AsyncCaptureClient])
@pytest.mark.parametrize("content", [None, "no certificate"])
def test_unusable_certificates_are_refused_at_once(
    kind: type, content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "certificates.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(ValueError, match="SSL_CERT_FILE") as raised:
        kind(Service(URL, URL, URL))
    assert raised.value.__context__ is None


@pytest.mark.parametrize("kind", [CaptureClient, AsyncCaptureClient])
@pytest.mark.parametrize("copy_client", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_client_is_not_copied(kind: type, copy_client: Callable[[object], object]) -> None:
    with pytest.raises(TypeError, match="Create one in each process") as raised:
        copy_client(kind(Service(URL, URL, URL, KEY)))
    assert KEY not in everything_in(raised.value)


async def test_an_untrusted_certificate_is_named_and_not_tried_again(
    connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    certificate = tmp_path / "certificate.pem"
    write_certificate(certificate)
    with run_echo_service(certificate) as echo:
        service = Service(echo.url, echo.url, echo.url)
        with pytest.raises(CaptureError) as raised:
            await connect(service, raise_errors=True).classify("hm", token="t")
    assert raised.value.code == "certificate_invalid"
