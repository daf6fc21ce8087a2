"""Long work as people see it: bars on a terminal, each step's name once elsewhere."""

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


class Bars:
    """Shows a bar for each step; meets `training.progress.Progress`."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._named: set[str] = set()

    def step(self, name: str) -> Callable[[int, int], None]:
        """Show a step; what is answered is called with how much is done, of how much."""
        if self._progress.disable and name not in self._named:
            self._progress.console.print(f"{name} ...")
        self._named.add(name)
        task = self._progress.add_task(name, total=None)
        return lambda done, total: self._progress.update(task, completed=done, total=total)


def columns() -> tuple[ProgressColumn, ...]:
    """Lay out a bar as all commands have it."""
    return (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )


@contextmanager
def bars(console: Console) -> Iterator[Bars]:
    """Show steps for as long as the block lasts, then leave no trace of them on a terminal."""
    hidden = not console.is_terminal
    with Progress(*columns(), console=console, transient=True, disable=hidden) as progress:
        yield Bars(progress)
