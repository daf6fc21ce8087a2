"""What is trained on, and what it may cost."""

from dataclasses import dataclass

GIGABYTE = 10**9


@dataclass(frozen=True)
class Case:
    """A number of rows and of intents; the goals are in seconds and in bytes."""

    rows: int
    intents: int
    max_seconds: float | None = None
    max_memory: float | None = None

    @property
    def name(self) -> str:
        """The name that `--cases` takes."""
        return f"{self.rows}x{self.intents}"


CASES = {
    case.name: case
    for case in (
        Case(10_000, 77, 60, 1 * GIGABYTE),
        Case(10_000, 1_000, 180),
        Case(100_000, 77, 480, 3 * GIGABYTE),
    )
}
QUICK = Case(400, 8)
