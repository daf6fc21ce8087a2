"""How the demo speaks: acts, sentences, tables and progress."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.progress import bars


class Stage:
    """A console that numbers its acts."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._act = 0

    def act(self, title: str, why: str) -> None:
        """Begin an act: its title, and in a sentence what it shows."""
        self._act += 1
        self.console.print()
        self.console.rule(f"[bold]{self._act}. {title}[/bold]", align="left")
        self.say(why)

    def say(self, sentence: str) -> None:
        """Say something."""
        self.console.print(sentence, highlight=False)

    def line(self, text: str) -> None:
        """Show a line that people may want to copy: never broken."""
        self.console.print(Text(text), soft_wrap=True)

    def quote(self, lines: Iterable[str]) -> None:
        """Show lines of a file, as they are, one line of the screen each."""
        for line in lines:
            self.console.print(Text(f"  {line}", style="dim"), overflow="ellipsis", no_wrap=True)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Show a table; numbers stand to the right."""
        rows = [list(row) for row in rows]
        table = Table()
        for index, column in enumerate(columns):
            numeric = bool(rows) and isinstance(rows[0][index], int | float)
            table.add_column(column, justify="right" if numeric else "left")
        for row in rows:
            table.add_row(*(Text(_written(cell)) for cell in row))
        self.console.print(table)

    @contextmanager
    def progress(self, description: str, total: int) -> Iterator["Step"]:
        """Show a bar for as long as the block lasts."""
        with bars(self.console) as progress:
            yield Step(progress.step(description), total)


class Step:
    """One bar; call it after each piece of work."""

    def __init__(self, show: Callable[[int, int], None], total: int) -> None:
        self._show = show
        self._done = 0
        self._total = total

    def __call__(self) -> None:
        """Advance by one."""
        self._done += 1
        self._show(self._done, self._total)


def shorten(text: str, most: int) -> str:
    """Cut a text to `most` characters, and say that it was cut."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _written(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:.1%}" if 0 <= cell <= 1 else f"{cell:.1f}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)
