"""Progress of long work: bars on a terminal, lines elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

from training.config import ProgressLines


class ProgressBars:
    """Shows a bar for each step, or its name and how far it is.

    It implements `training.config.Progress`.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lines = ProgressLines(lambda line: progress.console.print(line, highlight=False))

    def step(self, name: str) -> Callable[[int, int], None]:
        """Show a step. Return a function to call with the completed and the total amount."""
        if self._progress.disable:
            return self._lines.step(name)
        task = self._progress.add_task(name, total=None)
        return lambda completed, total: self._progress.update(
            task, completed=completed, total=total
        )


def progress_columns() -> tuple[ProgressColumn, ...]:
    """Return the columns of a bar, the same for all commands."""
    return (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )


@contextmanager
def progress_bars(console: Console) -> Iterator[ProgressBars]:
    """Show steps for as long as the block lasts, then remove them from a terminal."""
    hidden = not console.is_terminal
    with Progress(*progress_columns(), console=console, transient=True, disable=hidden) as progress:
        yield ProgressBars(progress)
