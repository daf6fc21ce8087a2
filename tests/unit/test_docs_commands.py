"""The calls of `prompt-capture` in the documentation have arguments and options that it takes."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.commands import all_commands
from tests.unit.test_docs_links import PAGES, ROOT

BLOCK = re.compile(r"```(?:sh|bash)?\n(.*?)```", re.DOTALL)
CALL = re.compile(r"(?:^|[;&|(])[ ]*(?:\S*/)?prompt-capture ([^|;&>\n)]*)", re.MULTILINE)
COMMANDS = all_commands()


def calls(page: Path) -> Iterator[list[str]]:
    """Yield the arguments of each call in the code blocks of a page."""
    for block in BLOCK.findall(page.read_text("utf-8").replace("\\\n", " ")):
        for arguments in CALL.findall(block):
            yield shlex.split(arguments, comments=True)


CALLS = [(page, call) for page in PAGES for call in calls(page)]


@pytest.mark.parametrize(
    ("page", "call"), CALLS, ids=[f"{page.relative_to(ROOT)}: {' '.join(c)}" for page, c in CALLS]
)
def test_a_call_in_the_documentation_is_taken(page: Path, call: list[str]) -> None:
    length = 1 if call[0] in COMMANDS else 2
    command: Any = COMMANDS[" ".join(call[:length])]
    context = command.context_class(command, info_name=command.name)

    values, surplus, _order = command.make_parser(context).parse_args(call[length:])

    assert surplus == []
    for parameter in command.params:
        assert not parameter.required or values.get(parameter.name), f"{parameter.name} is missing"


def test_the_pages_have_calls() -> None:
    assert len(CALLS) > 30
