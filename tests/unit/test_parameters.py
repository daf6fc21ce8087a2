"""Settings from the Parameter Store, with a local substitute for it."""

from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

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
