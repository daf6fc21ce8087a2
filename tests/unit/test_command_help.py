"""The help text of every command is readable in a terminal of 80 columns."""

import inspect
import re
from importlib.metadata import version

import pytest
from rich.text import Text
from typer.testing import CliRunner

from cli.main import app
from tests.unit.commands import all_commands, top_level_commands

COMMANDS = {**top_level_commands(), **all_commands()}
GROUPS = {
    "Run": ["serve"],
    "Review": ["prompts", "import-review"],
    "Data": ["export", "convert"],
    "Model": ["train", "evaluate", "predict", "models"],
    "Operate": ["doctor", "health", "erase", "redrive", "alerts", "migrations"],
}
COLUMNS = 80
NEXT_SENTENCE = re.compile(r"[.!?] +[A-Z]")


def help_lines(*command: str) -> list[str]:
    """Return the lines of a help text, as a terminal shows them."""
    words = [word for name in command for word in name.split()]
    result = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": str(COLUMNS)})
    assert result.exit_code == 0
    return [line.rstrip() for line in Text.from_ansi(result.output).plain.splitlines()]


def plain_description(command: str) -> list[str]:
    """Return the lines of a command's description, without markup."""
    text = inspect.cleandoc(COMMANDS[command].help)
    return [Text.from_markup(line).plain for line in text.splitlines()]


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_a_help_text_fits_into_80_columns(command: tuple[str, ...]) -> None:
    assert max(map(len, help_lines(*command))) <= COLUMNS


@pytest.mark.parametrize("command", COMMANDS)
def test_a_description_is_shown_with_its_own_line_breaks(command: str) -> None:
    shown = help_lines(command)

    assert [line for line in plain_description(command) if f" {line}".rstrip() not in shown] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_each_sentence_of_a_help_text_begins_on_a_new_line(command: str) -> None:
    options = [one.help.split("\n\n") for one in COMMANDS[command].params if one.help]
    lines = [*plain_description(command), *(line for lines in options for line in lines)]

    assert [line for line in lines if NEXT_SENTENCE.search(line)] == []


def test_the_version_is_that_of_the_installed_package() -> None:
    result = CliRunner().invoke(app, ["--version"])

    assert (result.exit_code, result.output) == (0, f"prompt-capture {version('prompt-capture')}\n")


def test_the_commands_are_listed_in_groups_with_one_line_each() -> None:
    groups: dict[str, list[str]] = {}
    for line in help_lines():
        if title := re.match(r"╭─ (\w+) ─", line):
            rows = groups.setdefault(title[1], [])
        elif line.startswith("│"):
            rows.append(line.strip("│ "))

    assert list(groups) == ["Options", *GROUPS]
    for group, names in GROUPS.items():
        expected = [(name, plain_description(name)[0]) for name in names]
        assert [tuple(row.split(maxsplit=1)) for row in groups[group]] == expected
