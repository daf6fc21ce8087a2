"""What all commands require of their arguments."""

from typing import Any

from typer.core import TyperCommand


class Command(TyperCommand):
    """Refuses empty values: an empty path would name the current folder.

    They usually come from a variable of the shell that is not set.
    """

    def parse_args(self, context: Any, arguments: list[str]) -> list[str]:
        for position, argument in enumerate(arguments):
            is_empty = not argument.strip()
            if is_empty or (argument.startswith("--") and argument.endswith("=")):
                before = arguments[position - 1] if position else ""
                option = before if is_empty else argument.removesuffix("=")
                subject = f"The value of {option}" if option.startswith("--") else "An argument"
                context.fail(f"{subject} is empty. Is a variable of the shell not set?")
        return super().parse_args(context, arguments)
