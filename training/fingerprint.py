"""Which texts an encoder was tuned to: calibrating on those would make it too sure of itself.

Kept as hashes so short that one text in eight matches by chance: enough to choose what is held
back, too little to tell what somebody wrote.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.examples import grouping_key

FILE = "seen.npy"
BITS_BESIDE = 3


@dataclass(frozen=True)
class _Hashes:
    """Sorted hashes uint32 [texts] of so many bits."""

    bits: int
    hashes: NDArray[np.uint32]

    def among(self, keys: Iterable[str]) -> NDArray[np.bool_]:
        """Answer which keys are among them, or seem to be."""
        return np.isin(np.array([_hash(key, self.bits) for key in keys], np.uint32), self.hashes)


@dataclass(frozen=True)
class TrainingFingerprint:
    """The texts of each time that an encoder was tuned, one tuning after the other."""

    tunings: tuple[_Hashes, ...] = ()

    def with_texts(self, texts: Iterable[str]) -> "TrainingFingerprint":
        """Answer these and those of one more tuning."""
        keys = {grouping_key(text) for text in texts}
        bits = min(32, max(len(keys), 1).bit_length() + BITS_BESIDE)
        hashes = np.unique(np.array([_hash(key, bits) for key in keys], np.uint32))
        return TrainingFingerprint((*self.tunings, _Hashes(bits, hashes)))

    @classmethod
    def read(cls, folder: Path) -> "TrainingFingerprint":
        """Read what a model says of its encoders; nothing where it says nothing."""
        file = folder / FILE
        left = np.load(file) if file.is_file() else np.zeros(0, np.uint32)
        tunings = []
        while len(left):
            bits, count = left[:2].tolist()
            tunings.append(_Hashes(bits, left[2 : 2 + count]))
            left = left[2 + count :]
        return cls(tuple(tunings))

    def write(self, folder: Path) -> Path:
        """Write each tuning's bits, count and hashes beside a model, and answer the file."""
        parts = [np.concatenate([[one.bits, len(one.hashes)], one.hashes]) for one in self.tunings]
        np.save(folder / FILE, np.concatenate([np.zeros(0), *parts]).astype(np.uint32))
        return folder / FILE

    def among(self, texts: Iterable[str]) -> NDArray[np.bool_]:
        """Answer for each text whether the encoder was tuned to it, or seems to have been."""
        keys = [grouping_key(text) for text in texts]
        found = np.zeros(len(keys), bool)
        for tuning in self.tunings:
            found |= tuning.among(keys)
        return found


def _hash(key: str, bits: int) -> int:
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:4], "big") >> (32 - bits)
