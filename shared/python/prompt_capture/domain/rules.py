"""Rules: messages whose intent needs no model, read from a file that people edit."""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationError

from prompt_capture.domain.errors import InvalidRules
from prompt_capture.domain.faults import first_fault
from prompt_capture.domain.predictions import Prediction
from prompt_capture.domain.types import FrozenModel, Label, Probability

_CLOSING_PUNCTUATION = " .!?…,"


def _compilable(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return pattern


Pattern = Annotated[str, AfterValidator(_compilable)]


def plain(message: str) -> str:
    """Fold case, collapse white space and drop closing punctuation."""
    return " ".join(message.casefold().split()).rstrip(_CLOSING_PUNCTUATION)


class Rule(FrozenModel):
    """One intent and the messages that mean it, compared in their `plain` form."""

    intent: Label
    exact: tuple[str, ...] = ()
    patterns: tuple[Pattern, ...] = ()


class RulesFile(FrozenModel):
    """The file as written; the first rule that matches wins, exact messages before patterns."""

    version: Label
    confidence: Probability
    rules: tuple[Rule, ...] = Field(min_length=1)


class RuleSet:
    """Answers the messages that a rule covers, and no others."""

    def __init__(self, file: RulesFile) -> None:
        self.version = f"rules-{file.version}"
        self.intents = frozenset(rule.intent for rule in file.rules)
        self._confidence = file.confidence
        self._exact: dict[str, str] = {}
        for rule in file.rules:
            for message in rule.exact:
                self._exact.setdefault(plain(message), rule.intent)
        self._patterns = [
            (re.compile(pattern), rule.intent) for rule in file.rules for pattern in rule.patterns
        ]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a TOML rules file; raises `InvalidRules`, which says where the file is wrong."""
        try:
            return cls(RulesFile.model_validate(tomllib.loads(path.read_text("utf-8"))))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise InvalidRules(f"{path.name} cannot be read: {error}") from None
        except ValidationError as error:
            raise InvalidRules(f"{path.name}, {first_fault(error, 'the file')}") from None

    def match(self, message: str) -> Prediction | None:
        """Answer the rule's intent for the message, or None where no rule covers it."""
        text = plain(message)
        intent = self._exact.get(text) or next(
            (intent for pattern, intent in self._patterns if pattern.fullmatch(text)), None
        )
        if intent is None:
            return None
        return Prediction(
            intent=intent, confidence=self._confidence, source="rule", model_version=self.version
        )
