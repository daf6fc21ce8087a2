"""Suggest intents of the catalogue for a misspelt one."""

from collections.abc import Iterable
from difflib import get_close_matches


def suggest_intents(intent: str, catalogue: Iterable[str], max_suggestions: int = 5) -> list[str]:
    """Return the catalogue's intents that `intent` may mean, best first.

    Intents with a word in common come first, then those with a similar spelling (Ratcliff and
    Obershelp's gestalt ratio).
    """
    names = sorted(catalogue)
    folded = intent.casefold().strip().replace(" ", "_").replace("-", "_")
    words = set(folded.split("_"))
    with_common_word = [name for name in names if words & set(name.split("_"))]
    similar = get_close_matches(folded, names, n=max_suggestions, cutoff=0.5)
    return list(dict.fromkeys(with_common_word + similar))[:max_suggestions]
