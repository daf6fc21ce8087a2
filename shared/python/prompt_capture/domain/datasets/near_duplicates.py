"""Which texts are nearly the same: MinHash over runs of four letters."""

from collections.abc import Iterable
from typing import Final

from rensa import RMinHash, RMinHashLSH

from prompt_capture.domain.text import shared_text

NEAR: Final = 0.8
"""From this share of common runs of letters on, two texts are nearly the same."""

_LETTERS: Final = 4
_HASHES: Final = 60
_BANDS: Final = 10
_MARGIN: Final = 0.15
"""By how much a sketch may say too little: three standard errors."""

_SEED: Final = 20261124


def runs(text: str) -> frozenset[str]:
    """Answer the runs of letters of a text, as its copies have them."""
    padded = f" {shared_text(text)} "
    found = map("".join, zip(*(padded[at:] for at in range(_LETTERS)), strict=False))
    return frozenset(found) or frozenset([padded])


def sketch(of_runs: frozenset[str]) -> RMinHash:
    """Answer the MinHash of a text's runs."""
    made = RMinHash(num_perm=_HASHES, seed=_SEED)
    made.update(list(of_runs))
    return made


def bands(of_runs: frozenset[str]) -> list[int]:
    """Answer numbers of which texts that are nearly the same share at least one, most likely."""
    digest = sketch(of_runs).digest()
    width = len(digest) // _BANDS
    return [hash((at, *digest[at : at + width])) for at in range(0, len(digest), width)]


class NearDuplicateIndex:
    """Answers whether a text is nearly one of those it was given."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._index = RMinHashLSH(threshold=NEAR, num_perm=_HASHES, num_bands=_BANDS)
        self._texts: list[tuple[RMinHash, frozenset[str]]] = []
        for text in texts:
            self.add(text)

    def add(self, text: str) -> None:
        """Take a text up."""
        of_text = runs(text)
        of_sketch = sketch(of_text)
        self._index.insert(len(self._texts), of_sketch)
        self._texts.append((of_sketch, of_text))

    def has_one_near(self, text: str) -> bool:
        """Whether a text shares at least `NEAR` of its runs of letters with one of them."""
        if not self._texts:
            return False
        of_text = runs(text)
        of_sketch = sketch(of_text)
        for found in self._index.query(of_sketch):
            other_sketch, other = self._texts[found]
            is_likely = of_sketch.jaccard(other_sketch) >= NEAR - _MARGIN
            if is_likely and _likeness(of_text, other) >= NEAR:
                return True
        return False


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)
