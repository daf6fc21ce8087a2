"""The project's own utterances, each with its location."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from prompt_capture.domain.types import Label, describe_first_error
from training.data.examples import Example, InvalidExamples, grouping_key

TWO_INTENTS = "two intents"
"""The group of the messages that have more than one intent."""

_APOSTROPHES = re.compile("['\u2019]")
_WORD = re.compile(r"\w+")


class _UtteranceLine(Example):
    secondary: tuple[Label, ...] = ()


@dataclass(frozen=True)
class Utterance:
    """A message written for this project, its intents (the primary one first), and its location."""

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
    def author(self) -> str:
        """The author, by the name of their folder."""
        return self.file.parent.name

    @property
    def split(self) -> str:
        """The split of the data: `training` or `held-out`."""
        return "held-out" if self.held_out else "training"

    @property
    def location(self) -> str:
        """File and line, in the form that editors open."""
        return f"{self.file}:{self.line}"

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words, case folded and without apostrophes; a text without words is one word."""
        folded = grouping_key(self.text)
        return tuple(_WORD.findall(_APOSTROPHES.sub("", folded))) or (folded,)

    @cached_property
    def sorted_words(self) -> str:
        """The words in alphabetical order: the same for copies in another word order."""
        return " ".join(sorted(self.words))


def read_utterances(folder: Path) -> list[Utterance]:
    """Read `<split>/<author>/<label>.txt` and `<split>/<author>/*.jsonl`.

    The split is `train` or `heldout`. Raises `InvalidExamples`.
    """
    files = [
        (file, split == "heldout")
        for split in ("train", "heldout")
        for suffix in ("txt", "jsonl")
        for file in sorted((folder / split).glob(f"*/*.{suffix}"))
    ]
    if not files:
        raise InvalidExamples(f"There are no utterances in {folder}.")
    return [utterance for file, held_out in files for utterance in _read(file, held_out)]


def training_split(utterances: Iterable[Utterance]) -> list[Utterance]:
    """Return the utterances of the training split."""
    return [utterance for utterance in utterances if not utterance.held_out]


def held_out_split(utterances: Iterable[Utterance]) -> list[Utterance]:
    """Return the utterances of the held-out split."""
    return [utterance for utterance in utterances if utterance.held_out]


def _read(file: Path, held_out: bool) -> Iterator[Utterance]:
    try:
        content = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidExamples(f"{file} cannot be read: {error}") from None
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        try:
            if file.suffix == ".txt":
                parsed = _UtteranceLine(text=line.strip(), label=file.stem)
            else:
                parsed = _UtteranceLine.model_validate_json(line)
        except ValidationError as error:
            raise InvalidExamples(
                f"{file}, line {number}: {describe_first_error(error, 'line')}"
            ) from None
        yield Utterance(parsed.text, (parsed.label, *parsed.secondary), held_out, file, number)
