"""`prompt-capture convert`: labelled texts from one file format to another."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.error_handling import error_console, exit_on_error
from cli.printable import count_of

if TYPE_CHECKING:
    from training.data.examples import LocatedExample
    from training.data.files import DataFile
    from training.data.remarks import Remarks


class DataFormat(StrEnum):
    """The file formats of labelled texts."""

    jsonl = "jsonl"
    csv = "csv"
    parquet = "parquet"
    rasa = "rasa"
    clu = "clu"
    luis = "luis"


class SourceFormat(StrEnum):
    """The file formats that are read: those of `DataFormat`, and others."""

    jsonl = "jsonl"
    csv = "csv"
    parquet = "parquet"
    rasa = "rasa"
    clu = "clu"
    luis = "luis"
    fasttext = "fasttext"
    review = "review"
    text = "text"


_FOLDERS = frozenset({SourceFormat.jsonl, SourceFormat.text})
"""The formats of folders: exported datasets, and a file for each label."""


def convert(
    source: Annotated[
        Path,
        typer.Argument(
            help="The file to read (-: standard input), or the folder of an exported dataset or of "
            "LABEL.txt files."
        ),
    ],
    target: Annotated[Path, typer.Argument(help="The file to write (-: standard output).")],
    source_format: Annotated[
        SourceFormat | None,
        typer.Option(
            "--from",
            help="Format of the source.",
            show_default="as its name and beginning say",
        ),
    ] = None,
    target_format: Annotated[
        DataFormat | None,
        typer.Option("--to", help="Format of the target.", show_default="as its name says"),
    ] = None,
) -> None:
    """Convert labelled texts between file formats.

    Formats: jsonl (JSON lines), csv, parquet, rasa (Rasa NLU YAML),
    clu (Azure CLU JSON) and luis (LUIS JSON).
    Also reads fasttext, review (completed review files)
    and text (LABEL.txt files).
    Converts texts, intents and splits.
    Drops entities and settings of other tools.
    Reports what it leaves out or changes, with the first lines.
    Compresses a target whose name ends with .gz.

    [bold]Examples[/bold]
      prompt-capture convert nlu.yml data.jsonl
      prompt-capture convert data.csv clu.json --to clu
    """
    from cli.labelled_data import print_warnings
    from training.data.diagnosis import describe_conflicts, describe_splits
    from training.data.formats import format_by_name, write_file
    from training.data.remarks import Remarks

    remarks = Remarks()
    with exit_on_error():
        written_format = target_format.value if target_format else format_by_name(target)
        with error_console.status(f"Reading {source}"):
            examples = (
                _read_as(source, source_format, remarks)
                if source_format
                else _read(source, remarks)
            )
        with error_console.status(f"Writing {target}"):
            written = write_file(written_format, target, examples, remarks)
    print_warnings(remarks)
    print_warnings(describe_splits(examples))
    print_warnings(describe_conflicts(examples))
    typer.echo(f"Wrote {count_of(written, 'text')} to {target}", err=True)


def _read(source: Path, remarks: "Remarks") -> "list[LocatedExample]":
    """Read a file, or the files of a folder, as `train` does; raise `InvalidExamples`."""
    from cli.sources import local_sources
    from training.config import NoProgress
    from training.data.reading import read_sources

    with local_sources([str(source)], NoProgress()) as sources:
        return read_sources(sources, remarks)


def _read_as(
    source: Path, source_format: SourceFormat, remarks: "Remarks"
) -> "list[LocatedExample]":
    """Read a file in a format, or the files of a folder; raise `InvalidExamples`."""
    from cli.sources import local_sources
    from training.config import NoProgress
    from training.data.examples import InvalidExamples
    from training.data.exported_datasets import has_dataset
    from training.data.files import DataFile
    from training.data.reading import read_sources

    with local_sources([str(source)], NoProgress()) as (local,):
        if not local.path.is_dir():
            return _read_file_as(DataFile(local.path, local.given_name), source_format, remarks)
        if source_format not in _FOLDERS and not has_dataset(source):
            raise InvalidExamples(
                f"{source} is a folder, and --from {source_format.value} reads a file. Name one."
            )
        return read_sources([local], remarks)


def _read_file_as(
    file: "DataFile", source_format: SourceFormat, remarks: "Remarks"
) -> "list[LocatedExample]":
    """Read a file; where that fails, say which format it seems to be. Raise `InvalidExamples`."""
    from training.data.examples import InvalidExamples
    from training.data.formats import read_file
    from training.data.formats.detection import detect_format
    from training.data.formats.platforms import OtherPlatform
    from training.data.formats.reading import Reading

    try:
        if source_format is SourceFormat.text and detect_format(file) != source_format.value:
            raise InvalidExamples(f"{file.name} has more than one text per line.")
        return list(read_file(source_format.value, file, Reading(remarks)))
    except InvalidExamples as error:
        detected = detect_format(file)
        if detected == source_format.value or {detected, source_format.value} == {"clu", "luis"}:
            raise
        try:
            list(read_file(detected, file, Reading()))
        except InvalidExamples as detailed:
            # JSON lines is what detection returns for a file that it does not know.
            is_unknown = detected == "jsonl" and not isinstance(detailed, OtherPlatform)
            raise (error if is_unknown else detailed) from None
        reason = str(error).removesuffix(".")
        raise InvalidExamples(f"{reason}. It seems to be a file for --from {detected}.") from None
