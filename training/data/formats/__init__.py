"""Read and write labelled texts in the formats of other tools."""

import gzip
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from importlib import import_module
from pathlib import Path, PurePath
from types import ModuleType
from typing import Final, Protocol, cast
from uuid import uuid4

from prompt_capture.domain.text_files import replace_surrogates
from training.data.examples import Example, InvalidExamples, LocatedExample, Origin
from training.data.files import DataFile
from training.data.formats.reading import Reading
from training.data.locations import Location
from training.data.remarks import Remarks

_MODULES: Final = {
    "jsonl": "json_lines",
    "csv": "csv_files",
    "parquet": "parquet",
    "rasa": "rasa",
    "clu": "clu",
    "luis": "luis",
}
"""The module of each format, which may need packages that are not always installed."""

_READ_ONLY_MODULES: Final = {"fasttext": "fasttext", "review": "review", "text": "text_lines"}
"""The modules of the formats that are read and not written."""

_SUFFIXES: Final[Mapping[str, Set[str]]] = {
    ".csv": {"csv"},
    ".tsv": set(),
    ".parquet": {"parquet"},
    ".yml": {"rasa"},
    ".yaml": {"rasa"},
    ".jsonl": {"jsonl"},
    ".ndjson": {"jsonl"},
    ".json": {"jsonl", "clu", "luis"},
}
"""The formats in which a file of some name is written. Other names say nothing."""

_SPREADSHEETS: Final = frozenset({".xlsx", ".xlsm", ".xls", ".ods", ".numbers"})
_OTHER_COMPRESSION: Final = frozenset({".bz2", ".xz", ".zst", ".lz4", ".7z", ".zip"})

_UNWRITTEN_ORIGINS: Final[Set[Origin]] = {"audited", "near_duplicate", "predicted"}
_UNMARKED: Final = (
    "marks that a label is predicted, audited or that of a near-duplicate, without which it counts "
    "as written by a person"
)

_STANDARD_OUTPUT: Final = frozenset({"-", "/dev/stdout"})

FORMATS: Final = tuple(_MODULES)
READ_FORMATS: Final = (*FORMATS, *_READ_ONLY_MODULES)


class _ReadFormat(Protocol):
    """The function of every format's module."""

    def read(self, file: DataFile, reading: Reading) -> Iterator[LocatedExample]:
        """Yield the examples of a file; raise `InvalidExamples`."""


class _Format(_ReadFormat, Protocol):
    """The functions of the module of a format that is written, too."""

    def fit(self, examples: Sequence[LocatedExample], remarks: Remarks) -> Iterable[LocatedExample]:
        """Return the examples as the format can hold them; what it cannot goes to `remarks`."""

    def encode(self, examples: Sequence[LocatedExample]) -> bytes:
        """Return the content of a file."""


def read_file(file_format: str, file: DataFile, reading: Reading) -> Iterator[LocatedExample]:
    """Yield the examples of a file in one of `READ_FORMATS`; raise `InvalidExamples`."""
    module = _load({**_MODULES, **_READ_ONLY_MODULES}[file_format], file_format)
    return cast("_ReadFormat", module).read(file, reading)


def write_file(
    file_format: str, file: Path, examples: Sequence[LocatedExample], remarks: Remarks
) -> int:
    """Write a file in one of `FORMATS`, complete or not at all; raise `InvalidExamples`.

    Text, label and split are written, and in JSON lines all fields. A name that ends with `.gz` is
    compressed. What the format cannot hold
    goes to `remarks`. Return the number of texts in the file.
    """
    _check_name(file, file_format)
    for example, location in examples:
        if file_format != "jsonl" and example.secondary:
            remarks.leave_out("secondary intents", location, len(example.secondary))
        if file_format != "jsonl" and example.corrected:
            remarks.leave_out("marks that a label is corrected", location)
        if file_format != "jsonl" and example.origin in _UNWRITTEN_ORIGINS:
            remarks.leave_out(_UNMARKED, location)
    encoder = cast("_Format", _load(_MODULES[file_format], file_format))
    encodable = [_to_encodable(each, remarks) for each in examples]
    fitting = list(encoder.fit(encodable, remarks))
    try:
        _replace(file, _compress(file, encoder.encode(fitting)))
    except OSError as error:
        raise InvalidExamples(f"{file} cannot be written: {error.strerror}.") from None
    return len(fitting)


def format_by_name(file: Path) -> str:
    """Return the one of `FORMATS` that the name of a file to write says.

    Raise `InvalidExamples` where it says none, or more than one.
    """
    _refuse_spreadsheet(file)
    formats = _SUFFIXES.get(_suffix(file))
    if formats and len(formats) == 1:
        return next(iter(formats))
    remedy = "" if formats else "End it with .jsonl, .csv, .parquet or .yml, or "
    *others, last = (each for each in FORMATS if not formats or each in formats)
    raise InvalidExamples(
        f"{file} cannot be written: its name does not say its format. {remedy}"
        f"{'name' if remedy else 'Name'} the format with --to: {', '.join(others)} or {last}."
    )


def _suffix(file: Path) -> str:
    return PurePath(file.name.casefold().removesuffix(".gz")).suffix


def _refuse_spreadsheet(file: Path) -> None:
    if file.suffix.casefold() in _SPREADSHEETS:
        raise InvalidExamples(
            f"{file} cannot be written: a spreadsheet is none of the formats. Write a .csv file, "
            "which spreadsheets open."
        )


def _check_name(file: Path, file_format: str) -> None:
    """Raise `InvalidExamples` where the name of a file states another format."""
    _refuse_spreadsheet(file)
    suffix = _suffix(file)
    if file_format not in _SUFFIXES.get(suffix, {file_format}):
        ending = next(each for each, formats in _SUFFIXES.items() if file_format in formats)
        raise InvalidExamples(
            f"{file} cannot be written: a file in the format {file_format} does not end with "
            f"{suffix}. End the name with {ending}, or choose another format."
        )


def _compress(file: Path, content: bytes) -> bytes:
    """Return the content as the end of the file's name says: with gzip, or as it is."""
    suffix = file.suffix.casefold()
    if suffix in _OTHER_COMPRESSION:
        raise InvalidExamples(
            f"{file} cannot be written: {suffix} is not supported. End the name with .gz, or "
            "compress the file afterwards."
        )
    return gzip.compress(content, mtime=0) if suffix == ".gz" else content


def read_as(file_format: str, file: Path, remarks: Remarks | None = None) -> list[Example]:
    """Read a file in one of `FORMATS`; raise `InvalidExamples`."""
    reading = Reading(remarks if remarks is not None else Remarks())
    located = read_file(file_format, DataFile.at_path(file), reading)
    return [example for example, _location in located]


def write_as(
    file_format: str, file: Path, examples: Sequence[Example], remarks: Remarks | None = None
) -> None:
    """Write examples in one of `FORMATS`; raise `InvalidExamples`."""
    located = [
        LocatedExample(example, Location(str(file), "example", number))
        for number, example in enumerate(examples, 1)
    ]
    write_file(file_format, file, located, remarks if remarks is not None else Remarks())


def _load(module: str, file_format: str) -> ModuleType:
    try:
        return import_module(f"{__name__}.{module}")
    except ModuleNotFoundError as error:
        raise InvalidExamples(
            f"The format {file_format} needs the package {error.name}: install the extra "
            "`formats` of this project."
        ) from None


def _to_encodable(located: LocatedExample, remarks: Remarks) -> LocatedExample:
    text = replace_surrogates(located.example.text)
    if text == located.example.text:
        return located
    remarks.change("unpaired surrogates become U+FFFD", located.location)
    return located._replace(example=located.example.model_copy(update={"text": text}))


def _replace(file: Path, content: bytes) -> None:
    """Write a file under another name, then rename it. Write to devices directly.

    What standard output is redirected to may have content already, which `>>` keeps.
    """
    if str(file) in _STANDARD_OUTPUT:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists() and not file.is_file():
        file.write_bytes(content)
        return
    target = file.resolve()
    partial = target.with_name(f".{target.name}.{uuid4().hex}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
