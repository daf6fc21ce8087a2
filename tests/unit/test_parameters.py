"""Settings from the Parameter Store, with a local substitute for it."""

from collections.abc import Iterator
from typing import Any

import boto3
import httpx
import pytest
from moto.server import ThreadedMotoServer

from prompt_capture.adapters.aws import parameter_store
from prompt_capture.adapters.aws.parameter_store import read_parameters
from prompt_capture.bootstrap.access import environment
from prompt_capture.domain.errors import InvalidSettings, ParametersUnavailable
from prompt_capture.settings.parameters import ParameterStoreSettings, parameter_names

CREDENTIALS = {
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "access-key",
    "AWS_SECRET_ACCESS_KEY": "secret",
}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "ssm",
        region_name="eu-west-1",
        endpoint_url=url,
        aws_access_key_id="access-key",
        aws_secret_access_key="secret",
    )
    for name, value in {"url": "https://project.supabase.co", "key": "sb_secret_x"}.items():
        client.put_parameter(Name=f"/test/{name}", Value=value, Type="SecureString")
    yield url
    server.stop()


def settings(endpoint: str) -> ParameterStoreSettings:
    return ParameterStoreSettings.from_env(CREDENTIALS | {"AWS_ENDPOINT_URL_SSM": endpoint})


def test_a_setting_is_the_decrypted_value_of_its_parameter(endpoint: str) -> None:
    names = {"SUPABASE_URL": "/test/url", "SUPABASE_SECRET_KEY": "/test/key"}

    assert read_parameters(names, settings(endpoint)) == {
        "SUPABASE_URL": "https://project.supabase.co",
        "SUPABASE_SECRET_KEY": "sb_secret_x",
    }


def test_a_missing_parameter_is_named(endpoint: str) -> None:
    with pytest.raises(InvalidSettings, match="has no /test/missing") as raised:
        read_parameters({"X": "/test/missing", "Y": "/test/key"}, settings(endpoint))

    assert "sb_secret_x" not in str(raised.value)


def test_a_proxy_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://u:password@p:1080")

    with pytest.raises(InvalidSettings, match="ALL_PROXY") as raised:
        read_parameters({"X": "/test/url"}, settings("http://127.0.0.1:9"))

    assert "password" not in str(raised.value)


def test_an_unreachable_parameter_store_raises_its_own_error() -> None:
    with pytest.raises(ParametersUnavailable, match="ConnectError"):
        read_parameters({"X": "/test/key"}, settings("http://127.0.0.1:9"))


def test_settings_come_from_variables_and_parameters(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = CREDENTIALS | {
        "AWS_ENDPOINT_URL_SSM": endpoint,
        "SUPABASE_URL": "https://another.supabase.co",
        "SUPABASE_SECRET_KEY_PARAMETER": "/test/key",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert environment()["SUPABASE_SECRET_KEY"] == "sb_secret_x"
    assert environment()["SUPABASE_URL"] == "https://another.supabase.co"


def test_an_empty_parameter_name_is_ignored() -> None:
    assert parameter_names({"A_PARAMETER": "", "B_PARAMETER": "/b", "C": "c"}) == {"B": "/b"}


ARN = "arn:aws:ssm:eu-west-1:123456789012:parameter/test/key"


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the Parameter Store answers: a status and a body. The pauses are short."""
    answer: dict[str, Any] = {"status": 200, "body": {}}

    def respond(client: httpx.Client, request: httpx.Request) -> httpx.Response:
        return httpx.Response(answer["status"], json=answer["body"])

    monkeypatch.setattr(httpx.Client, "send", respond)
    monkeypatch.setattr(parameter_store, "_RETRY_DELAYS_SECONDS", ())
    return answer


@pytest.mark.parametrize(
    ("name", "selector"),
    [("/test/key:3", ":3"), ("/test/key:live", ":live"), (ARN, None), (f"{ARN}:3", ":3")],
)
def test_a_parameter_may_be_named_with_its_version_or_by_its_arn(
    answer: dict[str, Any], name: str, selector: str | None
) -> None:
    found = {"Name": "/test/key", "ARN": ARN, "Value": "sb_secret_x"}
    answer["body"] = {"Parameters": [found | ({"Selector": selector} if selector else {})]}

    assert read_parameters({"X": name}, settings("http://ssm.test")) == {"X": "sb_secret_x"}


def test_two_versions_of_a_parameter_are_apart(answer: dict[str, Any]) -> None:
    answer["body"] = {
        "Parameters": [
            {"Name": "/test/key", "ARN": ARN, "Selector": f":{version}", "Value": f"v{version}"}
            for version in (1, 2)
        ]
    }
    names = {"X": "/test/key:1", "Y": "/test/key:2"}

    assert read_parameters(names, settings("http://ssm.test")) == {"X": "v1", "Y": "v2"}


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("AccessDeniedException", " AccessDeniedException"),
        ("com.amazonaws.ssm#ValidationException", " ValidationException"),
        ("sb_secret_x and more", ""),
        (None, ""),
    ],
)
def test_a_refusal_of_the_parameter_store_is_named(
    answer: dict[str, Any], kind: str | None, named: str
) -> None:
    answer |= {"status": 400, "body": {"__type": kind, "message": "sb_secret_x"}}

    with pytest.raises(ParametersUnavailable) as raised:
        read_parameters({"X": "/test/key"}, settings("http://ssm.test"))

    assert str(raised.value) == (f"The Parameter Store returned no parameters (status 400{named}).")
