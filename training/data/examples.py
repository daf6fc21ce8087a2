"""Labelled texts: read from the export's JSON lines, or from a folder of text files."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from prompt_capture.domain.redaction import redact
from prompt_capture.domain.text import normalise
from prompt_capture.domain.types import Label, describe_first_error

TextT = TypeVar("TextT", bound="UnlabelledText")


class InvalidExamples(Exception):
    """A data file cannot be used; the message names the line and the fix."""


class UnlabelledText(BaseModel):
    """The text of a message, without an intent; further fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: str


class Example(UnlabelledText):
    """A text and its intent.

    `secondary` holds the other intents of the same text. `corrected` is true where the label comes
    from a correction.
    """

    label: Label
    secondary: tuple[Label, ...] = ()
    corrected: bool = False

    @property
    def intents(self) -> frozenset[str]:
        """All intents of the text."""
        return frozenset([self.label, *self.secondary])


def read_examples(sources: Iterable[Path]) -> list[Example]:
    """Read JSON lines files and folders of `<label>.txt`.

    Raises `InvalidExamples` for a file or a line that cannot be read, and where there are none.
    """
    examples = [example for source in sources for example in _read(source)]
    if not examples:
        raise InvalidExamples("The data contains no examples.")
    return examples


def read_texts(sources: Iterable[Path]) -> list[str]:
    """Read the texts of JSON lines files, labelled or not; raises `InvalidExamples`."""
    return [
        _validate_as(UnlabelledText, value, location).text
        for source in sources
        for value, location in _read_json_lines(source)
    ]


def resolve_conflicts(examples: Iterable[Example]) -> list[Example]:
    """Select one example per text: a corrected label before a predicted one, then the latest."""
    selected: dict[str, Example] = {}
    for example in examples:
        key = grouping_key(example.text)
        if key not in selected or example.corrected >= selected[key].corrected:
            selected[key] = example
    return list(selected.values())


def prepare_examples(examples: Iterable[Example]) -> list[Example]:
    """Redact the texts as service does, select one example per text, and sort by text and label."""
    redacted = [example.model_copy(update={"text": redact(example.text)}) for example in examples]
    return sorted(resolve_conflicts(redacted), key=lambda example: (example.text, example.label))


def grouping_key(text: str) -> str:
    """Return the form that copies of a text share: normalised and case folded."""
    return normalise(text).casefold()


def data_digest(examples: Sequence[Example]) -> str:
    """Return the SHA-256 of the sorted examples, in hex."""
    lines = sorted(json.dumps([example.text, example.label]) for example in examples)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _read(source: Path) -> list[Example]:
    if source.is_dir():
        files = sorted(source.glob("*.txt"))
        return [example for file in files for example in _read_text_file(file)]
    return [_validate(value, location) for value, location in _read_json_lines(source)]


def _read_json_lines(file: Path) -> Iterator[tuple[Any, str]]:
    """Yield the value of each JSON line of a file, and its location."""
    for number, line in enumerate(_read_lines(file), 1):
        if line.strip():
            location = f"{file}, line {number}"
            yield _parse(line, location), location


def _read_text_file(file: Path) -> list[Example]:
    values = [{"text": line, "label": file.stem} for line in _read_lines(file) if line.strip()]
    return [_validate(value, str(file)) for value in values]


def _read_lines(file: Path) -> list[str]:
    try:
        # Spreadsheets and some editors put a byte order mark first.
        return file.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidExamples(f"{file} cannot be read: {error}") from None


def _parse(line: str, location: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        raise InvalidExamples(
            f'{location} is not valid JSON. Write one {{"text": ..., "label": ...}} per line.'
        ) from None


def _validate(value: Any, location: str) -> Example:
    return _validate_as(Example, value, location)


def _validate_as(model: type[TextT], value: Any, location: str) -> TextT:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise InvalidExamples(f"{location}: {describe_first_error(error, 'line')}") from None
