"""Settings with which no client can be created end a command with a message that names them."""

import re
from pathlib import Path

import boto3
import pytest
from typer.testing import CliRunner

from cli.main import app
from prompt_capture.adapters.aws.client_settings import create_aws_client
from prompt_capture.domain.errors import InvalidSettings
from prompt_capture.settings.supabase import SupabaseSettings

PROJECT = {"SUPABASE_URL": "http://127.0.0.1:9", "SUPABASE_SECRET_KEY": "sb_secret_x"}
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
TOO_LONG = "a" * 64


def _run(*arguments: str, **environment: str) -> str:
    """Run a command that cannot begin, and return what it says."""
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "300", **environment})
    assert result.exit_code
    assert isinstance(result.exception, SystemExit)
    return result.output


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"AWS_PROFILE": "nope"}, r"The config profile \(nope\) could not be found"),
        ({"AWS_ENDPOINT_URL": "secret"}, "an endpoint or a proxy is no URL"),
        ({"AWS_CONFIG_FILE": __file__}, "Unable to parse config file"),
    ],
    ids=["profile", "endpoint", "configuration file"],
)
@pytest.mark.parametrize(
    "command",
    [
        "redrive",
        "export --mode review",
        "train --data s3://bucket/data.csv --out build/next",
        "doctor --stage dev",
    ],
)
def test_unusable_settings_of_aws_clients_are_named(
    command: str, environment: dict[str, str], reason: str
) -> None:
    where = {"AWS_DEFAULT_REGION": "eu-west-1", "EXPORT_BUCKET": "b", "SPOOL_QUEUE_URL": "http://q"}

    output = _run(*command.split(), **PROJECT, **CREDENTIALS, **where, **environment)

    assert re.search(reason, output)
    assert "secret" not in output


@pytest.mark.parametrize(
    ("profile", "reason"),
    [
        ("credential_process = /nonexistent/aws-vault", "/nonexistent/aws-vault cannot be used"),
        ("credential_process = /bin/echo hello", "the output of credential_process is no JSON"),
        (
            "role_arn = arn:aws:iam::1:role/x\nweb_identity_token_file = /nonexistent/token",
            "/nonexistent/token cannot be used",
        ),
        ("retry_mode = standard\nmax_attempts = zero", "a number such as AWS_MAX_ATTEMPTS is none"),
    ],
    ids=["no program", "no JSON", "no token", "no number"],
)
@pytest.mark.parametrize("options", [(), ("--stage", "dev")], ids=["variables", "stage"])
def test_doctor_names_the_source_of_credentials_that_is_missing(
    options: tuple[str, ...], profile: str, reason: str, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text(f"[default]\nregion = eu-west-1\n{profile}\n")
    where = {"AWS_CONFIG_FILE": str(config), "SUPABASE_SIGNING_KEY_PARAMETER": "/x"}

    output = _run("doctor", *options, **PROJECT, **where, EXPORT_BUCKET="b")

    assert reason in output
    assert "files that `aws configure` writes" in output


def test_the_region_is_that_of_aws_region(monkeypatch: pytest.MonkeyPatch) -> None:
    # As in the AWS CLI. boto3 alone reads AWS_DEFAULT_REGION.
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    assert create_aws_client("sqs").meta.region_name == "eu-west-3"


def test_a_missing_region_is_named() -> None:
    output = _run("redrive", SPOOL_QUEUE_URL="http://q", **CREDENTIALS)

    assert "You must specify a region. Check the settings of AWS clients" in output


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"HTTP_PROXY": "http://[::1"}, "InvalidURL"),
        ({"HTTP_PROXY": "foo://u:secret@p"}, "ValueError"),
        ({"ALL_PROXY": "socks5://u:secret@p:1080"}, "ImportError"),
        ({"NO_PROXY": "localhost,fd00::/8"}, "InvalidURL"),
    ],
    ids=["no URL", "another scheme", "SOCKS", "exceptions"],
)
@pytest.mark.parametrize("command", ["doctor", "health", "prompts --failed"])
def test_an_unusable_proxy_is_named(command: str, environment: dict[str, str], reason: str) -> None:
    output = _run(*command.split(), **PROJECT, **environment)

    assert f"No HTTP client can be created ({reason})" in output
    assert all(name in output for name in environment)
    assert "secret" not in output


@pytest.mark.parametrize(
    "environment",
    [
        {"AWS_ENDPOINT_URL": "http://u:secret@127.0.0.1:9"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "HTTP_PROXY": "socks5://u:secret@127.0.0.1:9"},
    ],
    ids=["endpoint", "proxy"],
)
def test_a_download_that_cannot_connect_shows_no_password(environment: dict[str, str]) -> None:
    output = _run(
        *("train", "--data", "s3://b/x.csv", "--out", "build/next"),
        **CREDENTIALS,
        **environment,
        AWS_DEFAULT_REGION="eu-west-1",
        AWS_MAX_ATTEMPTS="1",
        NO_PROXY="",
    )

    assert "Cannot download s3://b/x.csv: the bucket did not respond" in output
    assert "secret" not in output


@pytest.mark.parametrize("host", [".supabase.co", "a..supabase.co", f"{TOO_LONG}.supabase.co"])
def test_a_host_that_no_request_can_name_is_refused(host: str) -> None:
    """As in `https://$REF.supabase.co` where REF is not set."""
    with pytest.raises(InvalidSettings, match="a part of the host's name is empty or too long"):
        SupabaseSettings.from_env({"SUPABASE_URL": f"https://{host}"})


@pytest.mark.parametrize("host", ["[::1]:54321", "127.0.0.1", "db.local.", "bücher.example"])
def test_other_hosts_are_taken(host: str) -> None:
    assert SupabaseSettings.from_env({"SUPABASE_URL": f"http://{host}"}).rest_url


@pytest.mark.parametrize("command", ["doctor", "migrations add --to ."])
def test_a_database_at_such_a_host_is_unreachable(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "supabase").mkdir()
    monkeypatch.chdir(tmp_path)

    output = _run(*command.split(), DATABASE_URL=f"postgres://u:secret@{TOO_LONG}.example/x")

    assert "DATABASE_URL" in output
    assert "secret" not in output
