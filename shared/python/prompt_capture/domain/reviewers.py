"""Who can sign a correction."""

from typing import Annotated

from pydantic import AfterValidator

from prompt_capture.domain.text import shared_text
from prompt_capture.domain.types import Identifier

UNSIGNED = frozenset({"dashboard", "legacy"})
"""What stands for a reviewer where nobody signed; the database's list is `private.unsigned`."""

PSEUDONYM = "erased-"
"""How the names of reviewers begin who were erased."""


def own_name(name: str) -> str:
    """Answer a reviewer's name without white space around it.

    Raises `ValueError` for a name that nobody can sign with; the database refuses it too.
    """
    plain = shared_text(name)
    if not plain:
        raise ValueError("A reviewer has a name")
    if plain in UNSIGNED or plain.startswith(PSEUDONYM):
        kept = ", ".join(sorted(UNSIGNED))
        raise ValueError(f"Nobody can review under this name (kept: {kept}, {PSEUDONYM}...)")
    return name.strip()


Reviewer = Annotated[Identifier, AfterValidator(own_name)]
