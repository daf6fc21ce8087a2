"""Decisions in fields of a review file that are not read.

People add columns of their own, and annotation programs write the decision into a field of theirs:
Prodigy into `accept`, Doccano into `label`, Argilla into `responses`, spaCy into `cats`.
"""

import re
from collections.abc import Collection, Iterator
from typing import Any

from prompt_capture.domain.changes import match_intent
from prompt_capture.domain.errors import InvalidFile
from prompt_capture.domain.text import strip_invisible
from prompt_capture.domain.text_files import parse_json

_FIELDS = frozenset(
    {
        *("accept", "annotation", "cats", "category", "choice", "choices", "class", "decision"),
        *("intent", "intents", "label", "labels", "response", "responses", "tag", "tags"),
    }
)
"""The fields in which programs write decisions, alone, in lists or deeper, in lower case."""

_CHOICES = "accept"
"""The field of Prodigy's choices, which are numbers where the ids of the options are."""

_SEPARATOR = re.compile(r"[,;|#/\r\n]")
"""What separates several labels in a cell; Doccano writes `reminder#email`."""

_MIN_SCORE = 0.5
"""The score from which on a label of spaCy's `cats` holds."""

_MAX_LEVELS = 8
"""How deep a decision may lie in lists and objects. Those of Argilla lie in five."""


def describe_decision(name: str, value: object, catalogue: Collection[str]) -> str | None:
    """Say which intents of the catalogue a field has that is not read; None: it has none."""
    only = value[0] if isinstance(value, list) and len(value) == 1 else value
    if isinstance(only, str) and (intent := _match(only, catalogue)) in catalogue:
        return f"{name} is the intent {intent}"
    if name.casefold() not in _FIELDS:
        return None
    intents = dict.fromkeys(_find_intents(value, catalogue, 0))
    if name.casefold() == _CHOICES and isinstance(value, list):
        intents |= dict.fromkeys(f"option {each}" for each in value if isinstance(each, int))
    return f"{name} has {', '.join(intents)}" if intents else None


def _match(text: str, catalogue: Collection[str]) -> str:
    return match_intent(strip_invisible(text), catalogue)


def _find_intents(value: Any, catalogue: Collection[str], level: int) -> Iterator[str]:
    """Yield the intents in a value; where a label has a score, it is one that holds."""
    if isinstance(value, str):
        yield from _read_text(value, catalogue, level)
    elif isinstance(value, list | dict) and level < _MAX_LEVELS:
        if isinstance(value, dict):
            scored = [name for name, score in value.items() if _holds(score)]
            value = [*scored, *value.values()]
        for each in value:
            yield from _find_intents(each, catalogue, level + 1)


def _holds(score: object) -> bool:
    return isinstance(score, int | float) and score >= _MIN_SCORE


def _read_text(text: str, catalogue: Collection[str], level: int) -> Iterator[str]:
    """Yield the intents of a cell that is an intent, a list of intents, or JSON with some."""
    names = [_match(text, catalogue)]
    if names[0] not in catalogue:
        names = [_match(part, catalogue) for part in _SEPARATOR.split(text) if part.strip()]
    if all(name in catalogue for name in names):
        yield from names
    elif text.lstrip().startswith(("[", "{")):
        try:
            yield from _find_intents(parse_json(text), catalogue, level + 1)
        except InvalidFile:
            return
