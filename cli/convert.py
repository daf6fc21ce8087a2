"""`prompt-capture convert`: labelled texts from one tool's format to another's."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.failures import explained


class Form(StrEnum):
    """Whose format."""

    jsonl = "jsonl"
    csv = "csv"
    parquet = "parquet"
    rasa = "rasa"
    clu = "clu"
    luis = "luis"


def convert(
    source: Annotated[Path, typer.Argument(help="The file to read.")],
    target: Annotated[Path, typer.Argument(help="The file to write.")],
    source_form: Annotated[Form, typer.Option("--from", help="What it is.")],
    target_form: Annotated[Form, typer.Option("--to", help="What it becomes.")],
) -> None:
    """Convert labelled texts: JSON lines, CSV, Parquet, Rasa NLU YAML, CLU or LUIS JSON.

    Texts and intents survive; entities and settings of other tools are left out.

    [bold]Example[/bold]  prompt-capture convert nlu.yml data.jsonl --from rasa --to jsonl
    """
    from training.formats import read_as, write_as

    with explained():
        examples = read_as(source_form.value, source)
        write_as(target_form.value, target, examples)
    typer.echo(f"{len(examples):,} texts in {target}")
