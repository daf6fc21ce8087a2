"""Which texts an encoder was tuned to: calibrating on those would make it too sure of itself.

Kept as hashes so short that one text in eight matches by chance: enough to choose what is held
back, too little to tell what somebody wrote.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from training.examples import grouping_key

FILE = "seen.npy"
BITS_BESIDE = 3


@dataclass(frozen=True)
class SeenTexts:
    """Sorted hashes uint32 [texts], the first of them the number of bits of all others."""

    hashes: NDArray[np.uint32]

    @classmethod
    def none(cls) -> Self:
        """Of an encoder that was tuned to nothing."""
        return cls(np.zeros(1, np.uint32))

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """Of an encoder that was tuned to these texts."""
        keys = {grouping_key(text) for text in texts}
        bits = min(32, max(len(keys), 1).bit_length() + BITS_BESIDE)
        hashes = np.unique([_hash(key, bits) for key in keys])
        return cls(np.concatenate([[bits], hashes]).astype(np.uint32))

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read what a model says of its encoders; nothing where it says nothing."""
        file = folder / FILE
        return cls(np.load(file)) if file.is_file() else cls.none()

    def write(self, folder: Path) -> Path:
        """Write the hashes beside a model, and answer the file."""
        np.save(folder / FILE, self.hashes)
        return folder / FILE

    def among(self, texts: Iterable[str]) -> NDArray[np.bool_]:
        """Answer for each text whether the encoder was tuned to it, or seems to have been."""
        bits, known = int(self.hashes[0]), self.hashes[1:]
        if not len(known):
            return np.zeros(len(list(texts)), bool)
        hashes = [_hash(grouping_key(text), bits) for text in texts]
        return np.isin(np.array(hashes, np.uint32), known)


def _hash(key: str, bits: int) -> int:
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:4], "big") >> (32 - bits)
