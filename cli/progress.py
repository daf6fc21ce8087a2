"""Progress of long work: bars on a terminal, lines elsewhere."""

import time
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

SECONDS_BETWEEN_LINES = 30
"""Without a terminal, a long step prints a line this often."""


class ProgressBars:
    """Shows a bar for each step, or its name and how far it is.

    It implements `training.config.Progress`.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._named: set[str] = set()

    def step(self, name: str) -> Callable[[int, int], None]:
        """Show a step. Return a function to call with the completed and the total amount."""
        if self._progress.disable:
            return self._print_step(name)
        task = self._progress.add_task(name, total=None)
        return lambda completed, total: self._progress.update(
            task, completed=completed, total=total
        )

    def _print_step(self, name: str) -> Callable[[int, int], None]:
        if name not in self._named:
            self._progress.console.print(f"{name} ...")
        self._named.add(name)
        printed_at = time.monotonic()

        def report(completed: int, total: int) -> None:
            nonlocal printed_at
            if time.monotonic() - printed_at >= SECONDS_BETWEEN_LINES:
                printed_at = time.monotonic()
                line = f"{name}: {completed:,} of {total:,}"
                self._progress.console.print(line, highlight=False)

        return report


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
