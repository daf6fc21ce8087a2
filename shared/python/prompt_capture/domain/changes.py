"""Outcomes and corrections: the changes of a prompt after its capture."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ValidationInfo, field_validator

from prompt_capture.domain.errors import RepeatedIntent, UnknownIntent
from prompt_capture.domain.predictions import MAX_SECONDARY_INTENTS
from prompt_capture.domain.text import canonical_text
from prompt_capture.domain.text_files import replace_surrogates
from prompt_capture.domain.types import (
    MAX_IDENTIFIER_LENGTH,
    ErrorText,
    FrozenModel,
    Identifier,
    Label,
    Note,
)

ANONYMOUS_REVIEWERS = frozenset({"dashboard", "legacy"})
"""The reviewers of unsigned corrections; the same list as `private.anonymous_reviewers`."""

ERASED_PREFIX = "erased-"
"""The prefix of the pseudonyms that replace the names of erased reviewers."""

_DASHES = re.compile("[\u02d7\u058a\u2010-\u2015\u2043\u2212\u2796]")
"""What looks like a hyphen; the same as in `private.is_reserved_reviewer`."""

ChangeStatus = Literal["recorded", "pending"]
"""The result of an outcome or a correction.

`pending`: the change is deferred until its row arrives.
"""

_NO_INTENT = frozenset({"n/a", "na", "nil", "no", "none", "nothing", "null", "no intent"})
"""What people write in place of a secondary intent where there is none."""

ReviewStatus = Literal["recorded", "changed", "absent"]
"""The result of a decision from a review file.

`changed`: the text has another decision than the reviewer saw. `absent`: the prompt was deleted.
"""

Channel = Literal["api", "import"]
"""How a correction arrives. Corrections from the dashboard do not pass through this package."""


class Outcome(FrozenModel):
    """How the workflow that acted on a prompt ended."""

    was_successful: bool
    workflow_type: Label
    execution_error: ErrorText | None = None


def validate_reviewer_name(name: str) -> str:
    """Return the name of a reviewer or an operator without surrounding white space.

    Raise `ValueError` for an empty or reserved name, and for one that cannot be stored. The
    database rejects these too.
    """
    canonical = canonical_text(name)
    if not canonical:
        raise ValueError("The name is empty")
    if canonical in ANONYMOUS_REVIEWERS or _DASHES.sub("-", canonical).startswith(ERASED_PREFIX):
        reserved = ", ".join(sorted(ANONYMOUS_REVIEWERS))
        raise ValueError(f"This name is reserved ({reserved}, {ERASED_PREFIX}...)")
    if len(name.strip()) > MAX_IDENTIFIER_LENGTH:
        raise ValueError(f"The name has more than {MAX_IDENTIFIER_LENGTH} characters")
    if replace_surrogates(name) != name:
        raise ValueError("The name is not valid UTF-8")
    return name.strip()


Reviewer = Annotated[Identifier, AfterValidator(validate_reviewer_name)]


class Decision(NamedTuple):
    """The intents of a prompt, as reviewers decided them.

    `secondary_intents` are in order. Empty: there are none. None: the reviewer did not say.
    """

    intent: str
    secondary_intents: tuple[str, ...] | None = None

    def __str__(self) -> str:
        if self.secondary_intents is None:
            return self.intent
        return f"{self.intent} (secondary: {', '.join(self.secondary_intents) or 'none'})"


MAX_NEAR_DUPLICATES = 10
"""How many near-duplicates one decision labels; the same as `private.max_near_duplicates`."""


class ReviewedItem(NamedTuple):
    """An item of the review queue, as its reviewer saw it.

    `seen` is the latest event about its text that the reviewer knew. `is_blind`: they saw no
    prediction. `near_duplicates` are the numbers of the items that are decided with it.
    """

    number: int
    seen: int
    is_blind: bool = False
    near_duplicates: tuple[int, ...] = ()


def _describe_repetition(intent: str | None, secondary_intents: Sequence[str]) -> str | None:
    """Return what is wrong with secondary intents that name an intent again."""
    if intent in secondary_intents:
        return "One is the primary intent. Remove it"
    if len(set(secondary_intents)) < len(secondary_intents):
        return "One is named twice. Name each once"
    return None


class DecisionModel(BaseModel):
    """The base of models with the fields of a decision.

    A subclass declares `corrected_intent` and, after it, `corrected_secondary_intents`, with the
    types that it accepts. They are as in a `Decision`: each is named once, and there are at most
    `MAX_SECONDARY_INTENTS` besides the primary intent.
    """

    if TYPE_CHECKING:
        corrected_intent: str
        corrected_secondary_intents: tuple[str, ...] | None

    @field_validator("corrected_secondary_intents", check_fields=False)
    @classmethod
    def _validate_secondary_intents(
        cls, intents: tuple[str, ...] | None, info: ValidationInfo
    ) -> tuple[str, ...] | None:
        """Raise `ValueError` for secondary intents that the database rejects, too."""
        stated = intents or ()
        if len(stated) > MAX_SECONDARY_INTENTS:
            raise ValueError(f"There are more than {MAX_SECONDARY_INTENTS}. Leave some out")
        if reason := _describe_repetition(info.data.get("corrected_intent"), stated):
            raise ValueError(reason)
        return intents

    @property
    def decision(self) -> Decision:
        """The intents that the reviewer decided."""
        return Decision(self.corrected_intent, self.corrected_secondary_intents)


class Correction(FrozenModel, DecisionModel):
    """A reviewer's intents for a prompt. To confirm the predicted intent is a correction too."""

    corrected_intent: Label
    corrected_secondary_intents: tuple[Label, ...] | None = None
    corrected_by: Reviewer
    notes: Note | None = None
    channel: Channel = "api"


def match_intent(name: str, catalogue: Collection[str]) -> str:
    """Return the intent of the catalogue that a person means: the same one, or one in another case.

    Letters may be composed in another way, as macOS does. Where there is none, or several, return
    the name as it is.
    """
    if name in catalogue:
        return name
    folded = _fold(name)
    matching = [intent for intent in catalogue if _fold(intent) == folded]
    return matching[0] if len(matching) == 1 else name


def match_secondary_intent(name: str, catalogue: Collection[str]) -> str:
    """Return the intent of the catalogue that a person means by a secondary intent.

    Words such as `none` state that there is no intent, so they are no intent in another case.
    """
    return name if means_none(name) else match_intent(name, catalogue)


def means_none(name: str) -> bool:
    """Return whether a word in place of an intent says that there is none."""
    word = name.casefold().strip()
    return word in _NO_INTENT or not any(map(str.isalnum, word))


def match_decision(decision: Decision, catalogue: Collection[str]) -> Decision:
    """Return a decision with the intents of the catalogue that a person means.

    Raise `RepeatedIntent` where two names mean the same intent.
    """
    intent = match_intent(decision.intent, catalogue)
    if decision.secondary_intents is None:
        return Decision(intent)
    named = (match_secondary_intent(each, catalogue) for each in decision.secondary_intents)
    meant = Decision(intent, tuple(named))
    if reason := _describe_repetition(intent, meant.secondary_intents or ()):
        raise RepeatedIntent(reason)
    return meant


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def find_unknown_intent(decision: Decision, catalogue: Collection[str]) -> UnknownIntent | None:
    """Return the error for the first intent of a decision that the catalogue lacks."""
    if decision.intent not in catalogue:
        return UnknownIntent(suggest_intents(decision.intent, catalogue))
    for intent in decision.secondary_intents or ():
        if intent not in catalogue:
            suggestions = suggest_intents(intent, catalogue)
            return UnknownIntent(suggestions, "corrected_secondary_intents")
    return None


def suggest_intents(intent: str, catalogue: Iterable[str], max_suggestions: int = 5) -> list[str]:
    """Return the catalogue's intents that a correction to `intent` may mean, best first.

    Intents with a word in common come first, then those with a similar spelling (Ratcliff and
    Obershelp's gestalt ratio).
    """
    names = {name: _join_words(name) for name in sorted(catalogue)}
    joined = _join_words(intent)
    words = set(joined.split("_"))
    with_common_word = [name for name, each in names.items() if words & set(each.split("_"))]
    close = get_close_matches(joined, set(names.values()), n=max_suggestions, cutoff=0.5)
    similar = [name for each in close for name in names if names[name] == each]
    return list(dict.fromkeys(with_common_word + similar))[:max_suggestions]


def _join_words(name: str) -> str:
    return re.sub(r"[ -]", "_", name.casefold().strip())
