"""Find near-duplicate texts by the MinHash of their character 4-grams."""

from collections.abc import Iterable
from typing import Final

from rensa import RMinHash, RMinHashLSH

from prompt_capture.domain.text import canonical_text

MIN_SIMILARITY: Final = 0.8
"""Texts are near-duplicates from this Jaccard similarity of their shingles on."""

_SHINGLE_LENGTH: Final = 4
_HASHES: Final = 60
_BANDS: Final = 10
_MARGIN: Final = 0.15
"""How far a MinHash may underestimate the similarity: three standard errors."""

_SEED: Final = 20261124


def shingles(text: str) -> frozenset[str]:
    """Return the character 4-grams of a text. All copies of the text have the same."""
    padded = f" {canonical_text(text)} "
    offsets = (padded[start:] for start in range(_SHINGLE_LENGTH))
    grams = map("".join, zip(*offsets, strict=False))
    return frozenset(grams) or frozenset([padded])


def minhash(text_shingles: frozenset[str]) -> RMinHash:
    """Return the MinHash of a text's shingles."""
    signature = RMinHash(num_perm=_HASHES, seed=_SEED)
    signature.update(list(text_shingles))
    return signature


def lsh_bands(text_shingles: frozenset[str]) -> list[int]:
    """Return the LSH bands of a text. Near-duplicates most likely share at least one."""
    digest = minhash(text_shingles).digest()
    width = len(digest) // _BANDS
    return [hash((start, *digest[start : start + width])) for start in range(0, len(digest), width)]


class NearDuplicateIndex:
    """An index of texts that can be searched for near-duplicates.

    It takes about a kilobyte for each text. Shingles would take ten: they are computed again for
    the few texts that a search comes upon.
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._index = RMinHashLSH(threshold=MIN_SIMILARITY, num_perm=_HASHES, num_bands=_BANDS)
        self._texts: list[tuple[RMinHash, str]] = []
        for text in texts:
            self.add(text)

    def add(self, text: str) -> None:
        """Add a text to the index."""
        signature = minhash(shingles(text))
        self._index.insert(len(self._texts), signature)
        self._texts.append((signature, text))

    def has_near_duplicate(self, text: str) -> bool:
        """Return whether an indexed text has at least `MIN_SIMILARITY` to this text."""
        if not self._texts:
            return False
        text_shingles = shingles(text)
        signature = minhash(text_shingles)
        for position in self._index.query(signature):
            other_signature, other = self._texts[position]
            if signature.jaccard(other_signature) < MIN_SIMILARITY - _MARGIN:
                continue
            if _jaccard_similarity(text_shingles, shingles(other)) >= MIN_SIMILARITY:
                return True
        return False


def _jaccard_similarity(first: frozenset[str], second: frozenset[str]) -> float:
    return len(first & second) / len(first | second)
