"""Text files with one text per line; the file's name is the label."""

import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from prompt_capture.domain.types import Label, describe_first_error
from training.data.examples import InvalidExamples, LocatedExample
from training.data.files import DataFile, is_hidden
from training.data.formats.reading import Reading

_SUFFIX = re.compile(r"(?:\.txt)?(?:\.gz)?\Z", re.IGNORECASE)
_LABEL_FILE = re.compile(r".+\.txt(?:\.gz)?", re.IGNORECASE)


def is_label_file(path: Path) -> bool:
    """Return whether a file has the name `<label>.txt`, in any case, compressed or not."""
    return bool(_LABEL_FILE.fullmatch(path.name))


def find_label_files(folder: Path) -> list[Path]:
    """Return the label files below a folder, without hidden ones."""
    return sorted(
        path
        for path in folder.rglob("*")
        if is_label_file(path) and not path.is_dir() and not is_hidden(path, folder)
    )


def read(file: DataFile, reading: Reading) -> Iterator[LocatedExample]:
    """Yield the texts of `<label>.txt`. Raise `InvalidExamples`."""
    label = _SUFFIX.sub("", file.path.name)
    if reading.needs_labels:
        _check_label(file, label)
    for number, line in file.lines(reading.report):
        if line.strip():
            values = {"text": line, "label": label}
            if located := reading.accept(values, file.location("line", number)):
                yield located


def _check_label(file: DataFile, label: str) -> None:
    try:
        TypeAdapter(Label).validate_python(label)
    except ValidationError as error:
        raise InvalidExamples(f"{file.name}: {describe_first_error(error, 'label')}") from None
