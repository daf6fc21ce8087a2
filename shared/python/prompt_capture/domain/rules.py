"""Rules: messages whose intent needs no model. A TOML file defines them."""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationError

from prompt_capture.domain.errors import InvalidRules
from prompt_capture.domain.predictions import Prediction
from prompt_capture.domain.types import FrozenModel, Label, Probability, describe_first_error

_CLOSING_PUNCTUATION = " .!?…,"


def _validate_pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return pattern


Pattern = Annotated[str, AfterValidator(_validate_pattern)]


def simplify(message: str) -> str:
    """Fold case, collapse white space, and remove closing punctuation."""
    return " ".join(message.casefold().split()).rstrip(_CLOSING_PUNCTUATION)


class Rule(FrozenModel):
    """One intent, and the messages that mean it. Messages are compared in simplified form."""

    intent: Label
    exact: tuple[str, ...] = ()
    patterns: tuple[Pattern, ...] = ()


class RulesFile(FrozenModel):
    """The content of a rules file. Exact messages precede patterns, earlier rules later ones."""

    version: Label
    confidence: Probability
    rules: tuple[Rule, ...] = Field(min_length=1)


class RuleSet:
    """Classifies the messages that a rule covers."""

    def __init__(self, file: RulesFile) -> None:
        self.version = f"rules-{file.version}"
        self.intents = frozenset(rule.intent for rule in file.rules)
        self._confidence = file.confidence
        self._exact: dict[str, str] = {}
        for rule in file.rules:
            for message in rule.exact:
                self._exact.setdefault(simplify(message), rule.intent)
        self._patterns = [
            (re.compile(pattern), rule.intent) for rule in file.rules for pattern in rule.patterns
        ]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a TOML rules file. Raise `InvalidRules`, whose message locates the error."""
        try:
            return cls(RulesFile.model_validate(tomllib.loads(path.read_text("utf-8"))))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise InvalidRules(f"{path.name} cannot be read: {error}") from None
        except ValidationError as error:
            raise InvalidRules(f"{path.name}, {describe_first_error(error, 'the file')}") from None

    def match(self, message: str) -> Prediction | None:
        """Return the prediction of the first matching rule, or None where no rule matches."""
        text = simplify(message)
        intent = self._exact.get(text) or next(
            (intent for pattern, intent in self._patterns if pattern.fullmatch(text)), None
        )
        if intent is None:
            return None
        return Prediction(
            intent=intent, confidence=self._confidence, source="rule", model_version=self.version
        )
