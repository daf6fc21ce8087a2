"""What all commands do: refuse an empty value and a URL as a path, and say where a disk is full."""

import contextlib
import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.unit.commands import all_commands

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("value", ["", " "])
@pytest.mark.parametrize("command", all_commands())
def test_every_command_refuses_an_empty_argument(command: str, value: str) -> None:
    result = CliRunner().invoke(app, [*command.split(), value], env={"COLUMNS": "200"})

    assert result.exit_code == 2
    assert "An argument is empty. Is a variable of the shell not set?" in result.stderr


@pytest.mark.parametrize("option", [["--data", ""], ["--data="]])
@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_the_option_with_the_empty_value_is_named(command: str, option: list[str]) -> None:
    result = CliRunner().invoke(app, [command, *option], env={"COLUMNS": "200"})

    assert result.exit_code == 2
    assert "The value of --data is empty." in result.stderr


@pytest.mark.parametrize("mode", ["retraining", "gold", "labelled"])
def test_a_format_of_review_files_is_refused_for_other_datasets(mode: str, tmp_path: Path) -> None:
    arguments = ["export", "--mode", mode, "--format", "csv", "--out", str(tmp_path / "out")]

    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})

    assert result.exit_code == 2
    assert f"Datasets of the mode {mode} are JSON lines. To have another format," in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["export", "--mode", "gold", "--out", "s3://bucket/data"],
        ["train", "--data", "s3://bucket/data", "--out", "s3://bucket/model"],
        ["evaluate", "--model", "S3://bucket/model", "--data", "x"],
        ["evaluate", "--model", "x", "--data", "x", "--card", "gs://bucket/card.html"],
        ["predict", "hello", "--model", "https://example.org/model"],
        ["convert", "a.csv", "s3://bucket/a.csv", "--from", "csv", "--to", "csv"],
        ["convert", "s3://bucket/a.csv", "a.csv", "--from", "csv", "--to", "csv"],
        ["import-review", "s3://bucket/review.csv", "--reviewer", "ann"],
    ],
)
def test_a_url_is_no_path(arguments: list[str], tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        result = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})

    assert result.exit_code == 2
    assert "is a URL. Name a file or a folder of this machine." in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["convert", "{long}", "b.jsonl"],
        ["convert", "{long}", "b.jsonl", "--from", "csv"],
        ["import-review", "{long}", "--reviewer", "grace"],
        ["predict", "--data", "{long}"],
        ["evaluate", "--model", "m", "--data", "d", "--card", "{long}"],
        ["train", "--data", "{long}", "--out", "out"],
        ["train", "--data", "d", "--out", "{long}"],
        ["train", "--data", "d", "--out", "out", "--base", "{long}"],
    ],
)
def test_a_path_that_the_system_does_not_look_up_is_explained(
    arguments: list[str], tmp_path: Path
) -> None:
    """Such as a name that is too long, or one below a folder that the user may not read."""
    long = str(tmp_path / ("x" * 300))

    result = CliRunner().invoke(app, [each.format(long=long) for each in arguments])

    assert result.exit_code == 1
    assert f"{long} cannot be used: File name too long." in result.stderr


def test_a_folder_that_cannot_be_written_is_refused_before_the_training(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    out = str(tmp_path / "file" / "out")

    result = CliRunner().invoke(app, ["train", "--data", "d", "--out", out], env={"COLUMNS": "300"})

    assert result.exit_code == 2
    assert f"Invalid value for --out: Cannot write {out}." in result.stderr


@pytest.mark.parametrize(
    "arguments", [["predict", "hi", "--json"], ["predict", "hi"], ["models", "list", "--json"]]
)
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_an_output_on_a_full_disk_ends_a_command_with_a_message(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], error: int
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr("cli.predict._read_settings", fail)
    monkeypatch.setattr("prompt_capture.bootstrap.registry.manage_models", fail)

    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})

    assert result.exit_code == 1
    assert result.stderr == (
        f"The output cannot be written: {os.strerror(error)}. Free some space, and run the command "
        "again.\n"
    )


def test_a_full_device_in_place_of_standard_output_is_named() -> None:
    command = [sys.executable, "-c", "from cli.main import main; main()", "predict", "hi", "--json"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False
        )

    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert done.stderr.startswith("The output cannot be written: No space left on device.")
