"""The table, printed with colours and written as Markdown."""

from rich.markup import escape
from rich.table import Table

from benchmarks.grid import Cell, Grid

CAPTION = (
    "✓ a goal met, ✗ not met, and the distance to it. ± the standard error. Times were taken on "
    "one thread, tokenization included, the models taking turns message by message. Training goes "
    "from the file of labelled data to the loaded model."
)
FIRST_COLUMNS = ("measure", "goal")


def printed(table: Grid) -> Table:
    """Answer the table for a terminal."""
    result = Table(caption=CAPTION, caption_justify="left", header_style="bold")
    result.add_column(FIRST_COLUMNS[0])
    for column in (FIRST_COLUMNS[1], *table.columns):
        result.add_column(escape(column), justify="right")
    for section in table.sections:
        result.add_section()
        result.add_row(f"[bold]{escape(section.title)}[/bold]")
        for line in section.lines:
            cells = [_coloured(cell) for cell in line.cells]
            result.add_row(escape(line.title), f"[dim]{line.goals}[/dim]", *cells)
    return result


def markdown(table: Grid) -> str:
    """Answer the same table as Markdown, with what became of the goals below it."""
    columns = [*FIRST_COLUMNS, *table.columns]
    rows = [columns, ["---", *["---:"] * (len(columns) - 1)]]
    for section in table.sections:
        rows.append([f"**{section.title}**", *[""] * (len(columns) - 1)])
        for line in section.lines:
            goals = line.goals.replace("\n", "<br>")
            rows.append([line.title.strip(), goals, *(_plain(cell) for cell in line.cells)])
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([*lines, "", CAPTION, "", *verdicts(table), ""])


def verdicts(table: Grid) -> list[str]:
    """Say in a sentence for each model how many goals it meets."""
    return [
        f"{column}: {met} of {goals} goals met." for column, (met, goals) in table.verdicts.items()
    ]


def _coloured(cell: Cell) -> str:
    if cell.met is None:
        return cell.text
    colour = "green" if cell.met else "red"
    return f"{cell.text}\n[{colour}]{_mark(cell)}[/{colour}]"


def _plain(cell: Cell) -> str:
    return cell.text if cell.met is None else f"{cell.text} {_mark(cell)}"


def _mark(cell: Cell) -> str:
    return f"{'✓' if cell.met else '✗'} {cell.distance}"
