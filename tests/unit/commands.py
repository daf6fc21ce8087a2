"""The commands of `prompt-capture`, as the documentation and the help text list them."""

from typing import Any

import typer

from cli.main import app


def top_level_commands() -> dict[str, Any]:
    """Return the commands and the groups of commands, by name."""
    group: Any = typer.main.get_command(app)
    return dict(group.commands)


def all_commands() -> dict[str, Any]:
    """Return every command by its full name: `export`, `migrations add`."""
    commands: dict[str, Any] = {}
    for name, command in top_level_commands().items():
        if hasattr(command, "commands"):
            commands |= {f"{name} {inner}": one for inner, one in command.commands.items()}
        else:
            commands[name] = command
    return commands
