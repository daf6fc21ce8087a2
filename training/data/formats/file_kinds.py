"""How a kind of file that is not read is described."""

from collections.abc import Callable
from typing import Any, NamedTuple


class FileKind(NamedTuple):
    """A kind of file: how it is known, what it is, how jq converts it, and what else is to do."""

    matches: Callable[[Any], bool]
    description: str
    filter: str | Callable[[Any], str]
    remark: str | Callable[[Any], str] = ""
    option: str = ""

    def describe(self, value: Any) -> str:
        """Say what a file with this value is, and how to convert it."""
        script = self.filter if isinstance(self.filter, str) else self.filter(value)
        if not script:
            return f"It is {self.description}."
        remark = self.remark if isinstance(self.remark, str) else self.remark(value)
        return (
            f"It is {self.description}. Convert it to JSON lines{remark}: "
            f"jq -c {self.option}'{script}' FILE > texts.jsonl"
        )
