"""Where an example comes from."""

from typing import NamedTuple


class Location(NamedTuple):
    """A place in a file: the line, row or entry `number` from 1, or 0 for the whole file.

    `source` is the file's name as its user knows it.
    """

    source: str
    unit: str = ""
    number: int = 0

    def __str__(self) -> str:
        return f"{self.source}, {self.unit} {self.number}" if self.number else self.source
