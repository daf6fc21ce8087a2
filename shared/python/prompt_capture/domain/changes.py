"""Outcomes and corrections: the changes of a prompt after its capture."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated, Literal

from pydantic import AfterValidator

from prompt_capture.domain.text import canonical_text
from prompt_capture.domain.types import ErrorText, FrozenModel, Identifier, Label, Note

ANONYMOUS_REVIEWERS = frozenset({"dashboard", "legacy"})
"""The reviewers of unsigned corrections; the same list as `private.anonymous_reviewers`."""

ERASED_PREFIX = "erased-"
"""The prefix of the pseudonyms that replace the names of erased reviewers."""

ChangeStatus = Literal["recorded", "pending"]
"""The result of an outcome or a correction.

`pending`: the change is deferred until its row arrives.
"""

ReviewStatus = Literal["recorded", "changed", "absent"]
"""The result of a decision from a review file.

`changed`: the text has another label than the reviewer saw. `absent`: the prompt was deleted.
"""

Channel = Literal["api", "import"]
"""How a correction arrives. Corrections from the dashboard do not pass through this package."""


class Outcome(FrozenModel):
    """How the workflow that acted on a prompt ended."""

    was_successful: bool
    workflow_type: Label
    execution_error: ErrorText | None = None


def validate_reviewer_name(name: str) -> str:
    """Return a reviewer's name without surrounding white space.

    Raise `ValueError` for an empty or reserved name. The database rejects these too.
    """
    canonical = canonical_text(name)
    if not canonical:
        raise ValueError("The reviewer name is empty")
    if canonical in ANONYMOUS_REVIEWERS or canonical.startswith(ERASED_PREFIX):
        reserved = ", ".join(sorted(ANONYMOUS_REVIEWERS))
        raise ValueError(f"This reviewer name is reserved ({reserved}, {ERASED_PREFIX}...)")
    return name.strip()


Reviewer = Annotated[Identifier, AfterValidator(validate_reviewer_name)]


class Correction(FrozenModel):
    """A reviewer's intent for a prompt. To confirm the predicted intent is a correction too."""

    corrected_intent: Label
    corrected_by: Reviewer
    notes: Note | None = None
    channel: Channel = "api"


def suggest_intents(intent: str, catalogue: Iterable[str], max_suggestions: int = 5) -> list[str]:
    """Return the catalogue's intents that a correction to `intent` may mean, best first.

    Intents with a word in common come first, then those with a similar spelling (Ratcliff and
    Obershelp's gestalt ratio).
    """
    names = sorted(catalogue)
    folded = intent.casefold().strip().replace(" ", "_").replace("-", "_")
    words = set(folded.split("_"))
    with_common_word = [name for name in names if words & set(name.split("_"))]
    similar = get_close_matches(folded, names, n=max_suggestions, cutoff=0.5)
    return list(dict.fromkeys(with_common_word + similar))[:max_suggestions]
