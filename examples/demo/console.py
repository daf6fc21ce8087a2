"""The demo's output: numbered steps, text, tables and progress bars."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.progress import progress_bars


class DemoConsole:
    """A console that numbers the steps of the demo."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._step = 0

    def start_step(self, title: str, description: str) -> None:
        """Print the title of the next step and what it shows."""
        self._step += 1
        self.console.print()
        self.console.rule(f"[bold]{self._step}. {title}[/bold]", align="left")
        self.print(description)

    def print(self, text: str) -> None:
        """Print text with Rich markup."""
        self.console.print(text, highlight=False)

    def print_unwrapped(self, text: str) -> None:
        """Print plain text on one line, so that it can be copied."""
        self.console.print(Text(text), soft_wrap=True)

    def print_excerpt(self, lines: Iterable[str]) -> None:
        """Print lines of a file, each cut to one line of the screen."""
        for line in lines:
            self.console.print(Text(f"  {line}", style="dim"), overflow="ellipsis", no_wrap=True)

    def print_table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print a table; numeric columns are right-aligned."""
        rows = [list(row) for row in rows]
        table = Table()
        for index, column in enumerate(columns):
            numeric = bool(rows) and isinstance(rows[0][index], int | float)
            table.add_column(column, justify="right" if numeric else "left")
        for row in rows:
            table.add_row(*(Text(_format_cell(cell)) for cell in row))
        self.console.print(table)

    @contextmanager
    def progress(self, description: str, total: int) -> Iterator["ProgressCounter"]:
        """Show a progress bar for the duration of the block."""
        with progress_bars(self.console) as progress:
            yield ProgressCounter(progress.step(description), total)


class ProgressCounter:
    """Advances a progress bar; call it after each item."""

    def __init__(self, update: Callable[[int, int], None], total: int) -> None:
        self._update = update
        self._done = 0
        self._total = total

    def __call__(self) -> None:
        """Advance by one."""
        self._done += 1
        self._update(self._done, self._total)


def shorten(text: str, max_length: int) -> str:
    """Cut a text to `max_length` characters, with an ellipsis if it is cut."""
    return text if len(text) <= max_length else text[: max_length - 1].rstrip() + "…"


def _format_cell(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:.1%}" if 0 <= cell <= 1 else f"{cell:.1f}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)
