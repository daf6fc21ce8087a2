"""The training fingerprint: which texts an encoder was fine-tuned on.

Calibration on those texts would make the model overconfident. They are stored as hashes so short
that up to one other text in eight matches by chance: enough to choose what to hold out, and too
little to reveal what a user wrote.
"""

import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prompt_capture.adapters.onnx.model_artifact import FINGERPRINT_FILE, FileName
from training.data.examples import grouping_key

EXTRA_BITS = 3
"""Hash bits beyond those that number the texts: with 3, at most 1 other text in 8 matches."""


@dataclass(frozen=True)
class _FineTuningRun:
    """The texts of one fine-tuning run: sorted `hashes` uint32 [texts] of `bits` bits each."""

    bits: int
    hashes: NDArray[np.uint32]

    def contains(self, keys: Iterable[str]) -> NDArray[np.bool_]:
        """Return which keys match: all that are contained, and others by chance."""
        return np.isin(np.array([_hash(key, self.bits) for key in keys], np.uint32), self.hashes)


@dataclass(frozen=True)
class TrainingFingerprint:
    """The texts of every fine-tuning run of an encoder, in order."""

    runs: tuple[_FineTuningRun, ...] = ()

    def with_texts(self, texts: Iterable[str]) -> "TrainingFingerprint":
        """Return this fingerprint with the texts of one more run."""
        keys = {grouping_key(text) for text in texts}
        bits = min(32, max(len(keys), 1).bit_length() + EXTRA_BITS)
        hashes = np.unique(np.array([_hash(key, bits) for key in keys], np.uint32))
        return TrainingFingerprint((*self.runs, _FineTuningRun(bits, hashes)))

    @classmethod
    def read(cls, folder: Path) -> "TrainingFingerprint":
        """Read the fingerprint of a model; it is empty where the model has no such file."""
        file = folder / FINGERPRINT_FILE
        rest = np.load(file) if file.is_file() else np.zeros(0, np.uint32)
        runs = []
        while len(rest):
            bits, count = rest[:2].tolist()
            runs.append(_FineTuningRun(bits, rest[2 : 2 + count]))
            rest = rest[2 + count :]
        return cls(tuple(runs))

    def write(self, folder: Path) -> FileName:
        """Write the bits, the count and the hashes of each run; return the name of the file."""
        parts = [np.concatenate([[run.bits, len(run.hashes)], run.hashes]) for run in self.runs]
        content = io.BytesIO()  # np.save names no reason where it cannot write to a file
        np.save(content, np.concatenate([np.zeros(0), *parts]).astype(np.uint32))
        (folder / FINGERPRINT_FILE).write_bytes(content.getvalue())
        return FINGERPRINT_FILE

    def contains(self, texts: Iterable[str]) -> NDArray[np.bool_]:
        """Return for each text whether the encoder was (or seems to have been) tuned on it."""
        keys = [grouping_key(text) for text in texts]
        matches = np.zeros(len(keys), bool)
        for run in self.runs:
            matches |= run.contains(keys)
        return matches


def _hash(key: str, bits: int) -> int:
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:4], "big") >> (32 - bits)
