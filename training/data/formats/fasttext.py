"""Files of fastText: one text per line, behind its label: `__label__greet hello`."""

import re
from collections.abc import Iterator

from training.data.examples import InvalidExamples, LocatedExample
from training.data.files import DataFile
from training.data.formats.odd_values import LABEL_PREFIX
from training.data.formats.reading import Reading

_LINE = re.compile(rf"\s*(?={LABEL_PREFIX})(.*)", re.DOTALL)
_LABEL = re.compile(rf"(?<!\S){LABEL_PREFIX}(\S*)\s*")
"""A label, which fastText finds anywhere in a line."""

_DELIMITER = re.compile(r"\A,\s")
"""What some programs write between the label and the text."""

_COMMA = re.compile("[,\uff0c]")
"""Commas of any script."""


def read(file: DataFile, reading: Reading) -> Iterator[LocatedExample]:
    """Yield the examples of a file. Raise `InvalidExamples`."""
    for number, line in file.lines(reading.report):
        if not line.strip():
            continue
        location = file.location("line", number)
        found = _LINE.fullmatch(line)
        if not found:
            raise InvalidExamples(
                f"{location} has no label of fastText. Write {LABEL_PREFIX} and the label at its "
                "beginning, or delete the line."
            )
        labels = _LABEL.findall(found[1])
        if reading.needs_labels and len(labels) > 1:
            raise InvalidExamples(
                f"{location} has several labels. Write JSON lines: the intent as `label`, and the "
                "further ones as the list `secondary`."
            )
        if _COMMA.search(labels[0]):
            raise InvalidExamples(
                f"{location} has a comma in its label. Write a space behind the label instead."
            )
        text = _DELIMITER.sub("", _LABEL.sub("", found[1]))
        if located := reading.accept({"text": text, "label": labels[0]}, location):
            yield located
