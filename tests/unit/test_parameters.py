"""Settings from the Parameter Store, against a stand-in that speaks its protocol."""

from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from prompt_capture import bootstrap
from prompt_capture.adapters.ssm_parameters import read_parameters
from prompt_capture.domain.errors import InvalidSettings, ParametersUnavailable
from prompt_capture.settings import ParameterStoreSettings, parameter_names

CREDENTIALS = {
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nothing",
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
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",
    )
    for name, value in {"url": "https://project.supabase.co", "key": "sb_secret_x"}.items():
        client.put_parameter(Name=f"/test/{name}", Value=value, Type="SecureString")
    yield url
    server.stop()


def settings(endpoint: str) -> ParameterStoreSettings:
    return ParameterStoreSettings.from_env(CREDENTIALS | {"AWS_ENDPOINT_URL_SSM": endpoint})


def test_a_setting_is_what_its_parameter_holds_decrypted(endpoint: str) -> None:
    names = {"SUPABASE_URL": "/test/url", "SUPABASE_SECRET_KEY": "/test/key"}

    assert read_parameters(names, settings(endpoint)) == {
        "SUPABASE_URL": "https://project.supabase.co",
        "SUPABASE_SECRET_KEY": "sb_secret_x",
    }


def test_a_parameter_that_is_not_there_is_named(endpoint: str) -> None:
    with pytest.raises(InvalidSettings, match="has no /test/gone") as refusal:
        read_parameters({"X": "/test/gone", "Y": "/test/key"}, settings(endpoint))

    assert "sb_secret_x" not in str(refusal.value)


def test_a_store_that_does_not_answer_is_an_error_of_its_own() -> None:
    with pytest.raises(ParametersUnavailable, match="ConnectError"):
        read_parameters({"X": "/test/key"}, settings("http://127.0.0.1:9"))


def test_the_variables_and_the_parameters_are_one_environment(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = CREDENTIALS | {
        "AWS_ENDPOINT_URL_SSM": endpoint,
        "SUPABASE_URL": "https://another.supabase.co",
        "SUPABASE_SECRET_KEY_PARAMETER": "/test/key",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    assert bootstrap.environment()["SUPABASE_SECRET_KEY"] == "sb_secret_x"
    assert bootstrap.environment()["SUPABASE_URL"] == "https://another.supabase.co"


def test_an_empty_name_of_a_parameter_counts_as_none() -> None:
    assert parameter_names({"A_PARAMETER": "", "B_PARAMETER": "/b", "C": "c"}) == {"B": "/b"}
