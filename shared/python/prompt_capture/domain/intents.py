"""The names of intents, and which of them a misspelt one may have meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def close_intents(wanted: str, catalogue: Iterable[str], most: int = 5) -> list[str]:
    """Answer the catalogue's intents that resemble `wanted`, best first.

    Resemblance is Ratcliff and Obershelp's gestalt ratio, or a word in common.
    """
    names = sorted(catalogue)
    folded = wanted.casefold().strip().replace(" ", "_").replace("-", "_")
    close = get_close_matches(folded, names, n=most, cutoff=0.5)
    words = set(folded.split("_"))
    sharing = [name for name in names if name not in close and words & set(name.split("_"))]
    return (close + sharing)[:most]
