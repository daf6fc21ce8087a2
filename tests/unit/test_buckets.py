"""A bucket is understood as people copy it, and nothing else is taken for one, or for a folder."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.checks.interface import DoctorSettings
from cli.main import app
from prompt_capture.domain.errors import InvalidSettings
from prompt_capture.settings.base import Settings
from prompt_capture.settings.exports import ExportSettings
from prompt_capture.settings.models import ModelBucketSettings, ModelSettings, PublishingSettings
from prompt_capture.settings.retraining import RetrainingSettings

CREDENTIALS = {"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
SETTINGS: list[tuple[type[Settings], str]] = [
    (ExportSettings, "EXPORT_BUCKET"),
    (PublishingSettings, "MODELS_BUCKET"),
    (ModelSettings, "MODELS_BUCKET"),
    (ModelBucketSettings, "MODELS_BUCKET"),
    (DoctorSettings, "EXPORT_BUCKET"),
    (DoctorSettings, "MODELS_BUCKET"),
]
IDS = [f"{settings.__name__} {name}" for settings, name in SETTINGS]
NO_BUCKETS = [
    "s3://prompt-exports/exports",
    "s3://prompt-exports/exports/",
    "s3://",
    "s3:/prompt-exports",
    "s3a://prompt-exports",
    "prompt-exports/",
    "prompt-exports/exports",
    "arn:aws:s3:::prompt-exports/*",
    "arn:aws:s3:::prompt-exports/exports",
    "arn:aws:s3:eu-west-1:123456789012:accesspoint/exports",
    "arn:aws:sqs:eu-west-1:123456789012:prompt-exports",
    "https://prompt-exports.s3.eu-west-1.amazonaws.com",
    "https://s3.console.aws.amazon.com/s3/buckets/prompt-exports",
    "file:///srv/exports",
    "~/exports",
    "prompt exports",
    "prompt-exports,other",
    "bücket",
    "a" * 256,
]


def read(settings: type[Settings], name: str, value: str) -> str:
    return str(getattr(settings.from_env({**CREDENTIALS, name: value}), name.lower()))


@pytest.mark.parametrize(("settings", "name"), SETTINGS, ids=IDS)
@pytest.mark.parametrize(
    "value",
    [
        "prompt-exports",
        "s3://prompt-exports",
        "s3://prompt-exports/",
        "S3://prompt-exports",
        "arn:aws:s3:::prompt-exports",
        "arn:aws-us-gov:s3:::prompt-exports",
        ' "prompt-exports"\n',
        "\ufeffs3://prompt-exports",
    ],
    ids=ascii,
)
def test_a_bucket_is_understood_as_people_copy_it(
    settings: type[Settings], name: str, value: str
) -> None:
    assert read(settings, name, value) == "prompt-exports"


@pytest.mark.parametrize("bucket", ["b", "my.exports.example.org", "Old_Bucket", "1-2-3"])
def test_the_names_of_buckets_stay_as_they_are(bucket: str) -> None:
    assert read(ExportSettings, "EXPORT_BUCKET", bucket) == bucket
    assert read(ExportSettings, "EXPORT_BUCKET", f"s3://{bucket}") == bucket


@pytest.mark.parametrize(("settings", "name"), SETTINGS, ids=IDS)
@pytest.mark.parametrize("value", NO_BUCKETS, ids=ascii)
def test_what_is_no_bucket_is_refused_with_the_remedy(
    settings: type[Settings], name: str, value: str
) -> None:
    with pytest.raises(InvalidSettings, match=rf"{name}: .*Write its name alone") as raised:
        read(settings, name, value)
    assert value not in str(raised.value).replace("s3://prompt-exports or", "")


@pytest.mark.parametrize("folder", ["/srv/exports", "./exports", "../exports", "/", "/srv/s3:/b"])
def test_a_folder_is_one_of_the_machine_that_runs_a_command(folder: str) -> None:
    assert read(ExportSettings, "EXPORT_BUCKET", folder) == folder
    assert read(PublishingSettings, "MODELS_BUCKET", folder) == folder
    with pytest.raises(InvalidSettings, match=r"MODELS_BUCKET: .*Write its name alone"):
        read(ModelBucketSettings, "MODELS_BUCKET", folder)


@pytest.mark.parametrize("bucket", ["s3://prompt-exports/a", "https://example.org/prompt-exports"])
@pytest.mark.parametrize("command", ["export --mode review", "doctor"])
def test_a_command_names_the_variable_and_writes_nothing(
    command: str, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    environment = {
        **CREDENTIALS,
        "SUPABASE_URL": "http://127.0.0.1:9",
        "SUPABASE_SECRET_KEY": "sb_secret_x",
        "EXPORT_BUCKET": bucket,
        "MODELS_BUCKET": bucket,
        "COLUMNS": "400",
    }
    result = CliRunner().invoke(app, command.split(), env=environment)

    assert result.exit_code
    assert "_BUCKET: " in result.output
    assert "Write its name alone" in result.output
    assert not list(tmp_path.iterdir())


PREFIXES: list[tuple[type[Settings], str]] = [
    (ExportSettings, "EXPORT_PREFIX"),
    (ExportSettings, "EXPORT_RETAINED_PREFIX"),
    (RetrainingSettings, "RETRAIN_SEEDS"),
]
REQUIRED = {"EXPORT_BUCKET": "prompt-exports", "MODEL_DIR": "/opt/model"}


@pytest.mark.parametrize(("settings", "name"), PREFIXES, ids=str)
@pytest.mark.parametrize(
    "value", ["team/data", "team/data/", "/team/data", "/team/data/", '"team/data"', " team/data\n"]
)
def test_a_prefix_is_understood_with_slashes_and_quotation_marks_around_it(
    settings: type[Settings], name: str, value: str
) -> None:
    found = settings.from_env({**REQUIRED, name: value})
    assert getattr(found, name.lower()) == "team/data"


@pytest.mark.parametrize(("settings", "name"), PREFIXES, ids=str)
@pytest.mark.parametrize(
    "value", ["s3://prompt-exports/exports", "team//data", "../exports", "exports/..", "./a", "/"]
)
def test_what_is_no_prefix_is_refused_with_the_remedy(
    settings: type[Settings], name: str, value: str
) -> None:
    with pytest.raises(InvalidSettings, match=f"{name}.*such as exports or team/exports") as raised:
        settings.from_env({**REQUIRED, name: value})
    assert value == "/" or value not in str(raised.value)
