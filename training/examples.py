"""Labelled texts: read from the export's JSON lines or from a folder of text files."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from prompt_capture.domain.faults import first_fault
from prompt_capture.domain.redaction import redact
from prompt_capture.domain.text import normalise
from prompt_capture.domain.types import Label

Read = TypeVar("Read", bound="Text")


class InvalidExamples(Exception):
    """A data file cannot be used; says which line is wrong and what to do."""


class Text(BaseModel):
    """A message whose intent nobody has said."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: str


class Example(Text):
    """A text and its intent; `corrected` says that a person decided.

    `secondary` holds what the same text asks for beside it. Further fields, as an export writes
    them, are ignored.
    """

    label: Label
    secondary: tuple[Label, ...] = ()
    corrected: bool = False

    @property
    def intents(self) -> frozenset[str]:
        """All that the text asks for."""
        return frozenset([self.label, *self.secondary])


def read_examples(sources: Iterable[Path]) -> list[Example]:
    """Read JSON lines files and folders of `<label>.txt`; raises `InvalidExamples`."""
    examples = [example for source in sources for example in _read(source)]
    if not examples:
        raise InvalidExamples("There are no examples in the data.")
    return examples


def read_texts(sources: Iterable[Path]) -> list[str]:
    """Read the texts of JSON lines files, labelled or not; raises `InvalidExamples`."""
    return [
        _read_as(Text, value, place).text for source in sources for value, place in _values(source)
    ]


def without_conflicts(examples: Iterable[Example]) -> list[Example]:
    """Keep one example of each text: a person's label before a predicted one, then the latest."""
    kept: dict[str, Example] = {}
    for example in examples:
        key = grouping_key(example.text)
        if key not in kept or example.corrected >= kept[key].corrected:
            kept[key] = example
    return list(kept.values())


def prepared(examples: Iterable[Example]) -> list[Example]:
    """Answer the examples as service would see them, one of each text, in one order."""
    seen = [example.model_copy(update={"text": redact(example.text)}) for example in examples]
    return sorted(without_conflicts(seen), key=lambda example: (example.text, example.label))


def grouping_key(text: str) -> str:
    """Answer what copies of a text have in common: its normalised form, case folded."""
    return normalise(text).casefold()


def data_digest(examples: Sequence[Example]) -> str:
    """Answer the SHA-256 of the sorted examples, in hex."""
    lines = sorted(json.dumps([example.text, example.label]) for example in examples)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _read(source: Path) -> list[Example]:
    if source.is_dir():
        return [example for file in sorted(source.glob("*.txt")) for example in _read_text(file)]
    return [_validate(value, place) for value, place in _values(source)]


def _values(file: Path) -> Iterator[tuple[Any, str]]:
    """Answer each JSON line of a file, and where it stands."""
    for number, line in enumerate(_lines(file), 1):
        if line.strip():
            place = f"{file}, line {number}"
            yield _parse(line, place), place


def _read_text(file: Path) -> list[Example]:
    values = [{"text": line, "label": file.stem} for line in _lines(file) if line.strip()]
    return [_validate(value, str(file)) for value in values]


def _lines(file: Path) -> list[str]:
    try:
        # Spreadsheets and some editors put a byte order mark first.
        return file.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidExamples(f"{file} cannot be read: {error}") from None


def _parse(line: str, place: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        raise InvalidExamples(
            f'{place} is not JSON. Write one {{"text": ..., "label": ...}} a line.'
        ) from None


def _validate(value: Any, place: str) -> Example:
    return _read_as(Example, value, place)


def _read_as(kind: type[Read], value: Any, place: str) -> Read:
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise InvalidExamples(f"{place}: {first_fault(error, 'line')}") from None
