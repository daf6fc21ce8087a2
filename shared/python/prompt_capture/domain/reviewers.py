"""The names under which reviewers sign corrections."""

from typing import Annotated

from pydantic import AfterValidator

from prompt_capture.domain.text import canonical_text
from prompt_capture.domain.types import Identifier

ANONYMOUS_REVIEWERS = frozenset({"dashboard", "legacy"})
"""The reviewers of unsigned corrections; the same list as `private.anonymous_reviewers`."""

ERASED_PREFIX = "erased-"
"""The prefix of the pseudonyms that replace the names of erased reviewers."""


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
