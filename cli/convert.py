"""`prompt-capture convert`: labelled texts from one file format to another."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.error_handling import error_console, exit_on_error


class DataFormat(StrEnum):
    """The file formats of labelled texts."""

    jsonl = "jsonl"
    csv = "csv"
    parquet = "parquet"
    rasa = "rasa"
    clu = "clu"
    luis = "luis"


def convert(
    source: Annotated[
        Path, typer.Argument(help="The file to read, or the folder of an exported dataset.")
    ],
    target: Annotated[Path, typer.Argument(help="The file to write.")],
    source_format: Annotated[DataFormat, typer.Option("--from", help="Format of the source.")],
    target_format: Annotated[DataFormat, typer.Option("--to", help="Format of the target.")],
) -> None:
    """Convert labelled texts between file formats.

    Formats: jsonl (JSON lines), csv, parquet, rasa (Rasa NLU YAML),
    clu (Azure CLU JSON) and luis (LUIS JSON).
    Converts texts, intents and splits.
    Drops entities and settings of other tools.
    Reports what it leaves out or changes, with the first lines.

    [bold]Examples[/bold]
      prompt-capture convert nlu.yml data.jsonl --from rasa --to jsonl
      prompt-capture convert data.jsonl data.parquet --from jsonl --to parquet
    """
    from cli.labelled_data import print_warnings
    from training.data.diagnosis import describe_conflicts, describe_splits
    from training.data.files import DataFile
    from training.data.formats import read_file, write_file
    from training.data.formats.reading import Reading
    from training.data.reading import read_sources
    from training.data.remarks import Remarks
    from training.data.sources import DataSource

    remarks = Remarks()
    with exit_on_error():
        with error_console.status(f"Reading {source}"):
            if source.is_dir() and source_format is DataFormat.jsonl:
                examples = read_sources([DataSource(source)], remarks)
            else:
                file = DataFile.at_path(source)
                examples = list(read_file(source_format.value, file, Reading(remarks)))
        with error_console.status(f"Writing {target}"):
            written = write_file(target_format.value, target, examples, remarks)
    print_warnings(remarks)
    print_warnings(describe_splits(examples))
    print_warnings(describe_conflicts(examples))
    typer.echo(f"Wrote {written:,} texts to {target}")
