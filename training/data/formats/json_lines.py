"""JSON lines: one object with `text` and `label` per line, as `prompt-capture export` writes.

The output of `prompt-capture prompts --json` is read, too.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from prompt_capture.domain.errors import InvalidFile
from prompt_capture.domain.text_files import parse_json
from training.data.examples import EXPORTED_SOURCE, InvalidExamples, LocatedExample
from training.data.files import DataFile
from training.data.formats.reading import Reading
from training.data.locations import Location
from training.data.remarks import Remarks

_PROMPT_FIELDS = {"prompt", "predicted_intent"}
_FORM = 'Write one {"text": ..., "label": ...} per line'


def read(file: DataFile, reading: Reading) -> Iterator[LocatedExample]:
    """Yield the examples of a file. Raise `InvalidExamples`."""
    for values, location in read_values(file, reading.report):
        example = _to_example(values)
        if "text" not in example:
            raise InvalidExamples(f"{location} has no text. {_FORM}.")
        if located := reading.accept(example, location):
            yield located


def read_values(
    file: DataFile, report: Callable[[int], None]
) -> Iterator[tuple[dict[str, Any], Location]]:
    """Yield the object on each line that is not blank, and its location."""
    for number, line in file.lines(report):
        if line.strip():
            location = file.location("line", number)
            yield _parse(line, location), location


def fit(examples: Sequence[LocatedExample], remarks: Remarks) -> Sequence[LocatedExample]:
    """Return all examples: JSON holds every text."""
    return examples


def encode(examples: Sequence[LocatedExample]) -> bytes:
    """Return JSON lines with all fields of the examples that are set."""
    lines = (
        json.dumps(example.model_dump(exclude_defaults=True)) for example, _location in examples
    )
    return "".join(f"{line}\n" for line in lines).encode()


def _to_example(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fields of an example for a line of `prompt-capture prompts --json`."""
    if "text" in values or not values.keys() >= _PROMPT_FIELDS:
        return values
    is_corrected = values.get("corrected_intent") is not None
    return {
        **values,
        "text": values["prompt"],
        "corrected": is_corrected,
        "source": EXPORTED_SOURCE,
    }


def _parse(line: str, location: Location) -> dict[str, Any]:
    start = line.lstrip("\ufeff \t")
    if start.startswith("["):
        raise InvalidExamples(
            f"{location} begins a JSON array. {_FORM}, for example with "
            "`jq --compact-output '.[]' FILE`."
        )
    try:
        values = parse_json(line)
    except InvalidFile as error:
        if "same key" in str(error):
            raise InvalidExamples(f"{location}: {error}") from None
        hint = " without a comma at its end" if start.rstrip().endswith(",") else ""
        raise InvalidExamples(f"{location} is not valid JSON. {_FORM}{hint}.") from None
    if not isinstance(values, dict):
        raise InvalidExamples(f"{location} is not a JSON object. {_FORM}.")
    return values
