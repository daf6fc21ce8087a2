"""No command takes an empty value: an empty path would name the current folder."""

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.unit.commands import all_commands


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
