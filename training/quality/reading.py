"""The project's own utterances, each with the place where it stands."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from prompt_capture.domain.faults import first_fault
from prompt_capture.domain.types import Label
from training.examples import Example, InvalidExamples, grouping_key

TWO_INTENTS = "two intents"
"""The group of messages that carry more than one intent."""

_APOSTROPHES = re.compile("['\u2019]")
_WORD = re.compile(r"\w+")


class _Line(Example):
    secondary: tuple[Label, ...] = ()


@dataclass(frozen=True)
class Utterance:
    """A message that somebody wrote, its intents (the first is the primary), and its place."""

    text: str
    intents: tuple[str, ...]
    held_out: bool = False
    file: Path = Path()
    line: int = 0

    @property
    def group(self) -> str:
        """The intent, or `TWO_INTENTS`."""
        return self.intents[0] if len(self.intents) == 1 else TWO_INTENTS

    @property
    def part(self) -> str:
        """`training` or `held-out`: the part of the data it belongs to."""
        return "held-out" if self.held_out else "training"

    @property
    def place(self) -> str:
        """File and line, as editors take them."""
        return f"{self.file}:{self.line}"

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Its words, case folded, without apostrophes; a message without words is one word."""
        folded = grouping_key(self.text)
        return tuple(_WORD.findall(_APOSTROPHES.sub("", folded))) or (folded,)

    @cached_property
    def bag(self) -> str:
        """Its words in the order of the alphabet: alike for copies in another order."""
        return " ".join(sorted(self.words))


def read_utterances(folder: Path) -> list[Utterance]:
    """Read `train/<label>.txt`, `heldout/<label>.txt` and `*.jsonl`; raises `InvalidExamples`.

    A file of JSON lines is held out when its name says `heldout`.
    """
    files = [*sorted(folder.glob("*/*.txt")), *sorted(folder.glob("*.jsonl"))]
    if not files:
        raise InvalidExamples(f"There are no utterances in {folder}.")
    return [utterance for file in files for utterance in _read(file)]


def in_training(utterances: Iterable[Utterance]) -> list[Utterance]:
    """Answer those of the training part."""
    return [utterance for utterance in utterances if not utterance.held_out]


def in_held_out(utterances: Iterable[Utterance]) -> list[Utterance]:
    """Answer those of the held-out part."""
    return [utterance for utterance in utterances if utterance.held_out]


def _read(file: Path) -> Iterator[Utterance]:
    try:
        content = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidExamples(f"{file} cannot be read: {error}") from None
    held_out = "heldout" in (file.parent.name if file.suffix == ".txt" else file.stem)
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        try:
            if file.suffix == ".txt":
                value = _Line(text=line.strip(), label=file.stem)
            else:
                value = _Line.model_validate_json(line)
        except ValidationError as error:
            raise InvalidExamples(f"{file}, line {number}: {first_fault(error, 'line')}") from None
        yield Utterance(value.text, (value.label, *value.secondary), held_out, file, number)
