"""`prompt-capture convert`: labelled texts from one file format to another."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.error_handling import exit_on_error


class DataFormat(StrEnum):
    """The file formats of labelled texts."""

    jsonl = "jsonl"
    csv = "csv"
    parquet = "parquet"
    rasa = "rasa"
    clu = "clu"
    luis = "luis"


def convert(
    source: Annotated[Path, typer.Argument(help="The file to read.")],
    target: Annotated[Path, typer.Argument(help="The file to write.")],
    source_format: Annotated[DataFormat, typer.Option("--from", help="Format of the source.")],
    target_format: Annotated[DataFormat, typer.Option("--to", help="Format of the target.")],
) -> None:
    """Convert labelled texts between file formats.

    Formats: jsonl (JSON lines), csv, parquet, rasa (Rasa NLU YAML),
    clu (Azure CLU JSON) and luis (LUIS JSON).
    Converts texts and intents.
    Drops entities and settings of other tools.

    [bold]Examples[/bold]
      prompt-capture convert nlu.yml data.jsonl --from rasa --to jsonl
      prompt-capture convert data.jsonl data.parquet --from jsonl --to parquet
    """
    from training.data.formats import read_as, write_as

    with exit_on_error():
        examples = read_as(source_format.value, source)
        write_as(target_format.value, target, examples)
    typer.echo(f"Wrote {len(examples):,} texts to {target}")
