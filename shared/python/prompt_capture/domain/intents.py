"""The names of intents, and which of them a misspelt one may have meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def close_intents(wanted: str, catalogue: Iterable[str], most: int = 5) -> list[str]:
    """Answer the catalogue's intents that `wanted` may stand for, best first.

    First those with a word in common, then those that resemble it (Ratcliff and Obershelp's
    gestalt ratio).
    """
    names = sorted(catalogue)
    folded = wanted.casefold().strip().replace(" ", "_").replace("-", "_")
    words = set(folded.split("_"))
    sharing = [name for name in names if words & set(name.split("_"))]
    resembling = get_close_matches(folded, names, n=most, cutoff=0.5)
    return list(dict.fromkeys(sharing + resembling))[:most]
