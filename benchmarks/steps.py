"""The progress of a benchmark that takes long: its steps, one after another."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import Progress

from cli.error_handling import error_console
from cli.progress import progress_columns


@contextmanager
def report_steps(total: int, completed: int = 0) -> Iterator[Callable[[str], None]]:
    """Show a progress bar, or a line for each step where there is no terminal.

    Yields a function to call before each step, with its description.
    """
    with Progress(*progress_columns(), console=error_console, transient=True) as progress:
        is_terminal = error_console.is_terminal
        task = progress.add_task("", total=total, completed=completed, visible=is_terminal)

        def report(description: str) -> None:
            progress.update(task, description=description, advance=1)
            if not error_console.is_terminal:
                error_console.print(description, highlight=False)

        yield report
