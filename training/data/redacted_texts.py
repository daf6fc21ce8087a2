"""Texts with their redacted forms: what redaction is trained and measured with."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from prompt_capture.domain.entity_types import EntityType
from prompt_capture.domain.redaction import PLACEHOLDER, PLACEHOLDERS
from prompt_capture.domain.searchable_text import fold

REDACTED_TEXTS = Path("training/data/redaction")

_PLACEHOLDER = re.compile(f"({PLACEHOLDER.pattern})")
_TYPES = {placeholder: entity_type for entity_type, placeholder in PLACEHOLDERS.items()}


@dataclass(frozen=True)
class RedactedText:
    """A text, and what redaction should make of it."""

    text: str
    redacted: str

    def entities(self) -> list[tuple[EntityType, str]]:
        """Return the entities of the text, in order, each with its type.

        A placeholder that the text itself has is none. Raise `ValueError` if the redacted form does
        not belong to the text.
        """
        pieces = _PLACEHOLDER.split(self.redacted)
        pattern = "".join(
            "(.+?)" if number % 2 else re.escape(piece) for number, piece in enumerate(pieces)
        )
        match = re.fullmatch(pattern, self.text, re.DOTALL)
        if match is None:
            raise ValueError("A redacted form does not belong to its text.")
        found = zip((_TYPES[name] for name in pieces[1::2]), match.groups(), strict=True)
        return [(entity_type, entity) for entity_type, entity in found if entity not in _TYPES]

    def searched_entities(self, searched: str) -> Iterator[tuple[EntityType, int, int]]:
        """Return where the entities are in the searched form of the text, each with its type."""
        position = 0
        for entity_type, entity in self.entities():
            form = fold(entity)
            start = searched.find(form, position)
            if start >= 0:
                position = start + len(form)
                yield entity_type, start, position


def read_redacted_texts(files: Sequence[Path]) -> list[RedactedText]:
    """Read files of JSON lines with `text` and `redacted`."""
    lines = [line for file in files for line in file.read_text("utf-8").splitlines()]
    return [RedactedText(**json.loads(line)) for line in lines]
