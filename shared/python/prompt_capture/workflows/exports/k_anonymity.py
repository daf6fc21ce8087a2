"""Filter candidate lines by k-anonymity: enough users must have sent a similar text."""

import pickle
import tempfile
from array import array
from collections.abc import Iterator

import numpy as np

from prompt_capture.domain.datasets.lines import CandidateLine
from prompt_capture.domain.datasets.near_duplicates import lsh_bands, shingles


class KAnonymityFilter:
    """Holds candidates until the number of users who sent similar texts is known.

    The candidates wait in an anonymous temporary file. Memory grows by 24 bytes for each pair of
    an LSH band and a sender. `excluded` counts the candidates with fewer than `min_users` users.
    """

    def __init__(self, min_users: int) -> None:
        self._min_users = min_users
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        self._bands, self._senders, self._positions = array("q"), array("q"), array("q")
        self._count = 0
        self.excluded = 0

    def close(self) -> None:
        """Delete the temporary file."""
        self._file.close()

    def add(self, candidates: list[CandidateLine]) -> None:
        """Add candidates to the temporary file."""
        for candidate in candidates:
            for band in lsh_bands(shingles(candidate.text)):
                for sender in candidate.senders[: self._min_users]:
                    self._bands.append(band)
                    self._senders.append(hash(sender))
                    self._positions.append(self._count)
            self._count += 1
        pickle.dump([tuple(candidate) for candidate in candidates], self._file)

    def admitted(self) -> Iterator[list[CandidateLine]]:
        """Yield the candidates for which at least `min_users` users sent a similar text."""
        is_admitted = self._admission_mask()
        self._file.seek(0)
        position = 0
        while position < self._count:
            page = [CandidateLine._make(fields) for fields in pickle.load(self._file)]  # noqa: S301
            admitted = [
                candidate for number, candidate in enumerate(page, position) if is_admitted[number]
            ]
            self.excluded += len(page) - len(admitted)
            position += len(page)
            yield admitted

    def _admission_mask(self) -> np.ndarray:
        """Return for each candidate whether one of its bands has enough senders.

        The shape is [candidates], the type bool.
        """
        is_admitted = np.zeros(self._count, dtype=bool)
        if not self._bands:
            return is_admitted
        bands = np.frombuffer(self._bands, dtype=np.int64)
        pairs = np.unique(
            np.stack([bands, np.frombuffer(self._senders, dtype=np.int64)], axis=1), axis=0
        )
        distinct_bands, senders = np.unique(pairs[:, 0], return_counts=True)
        large_bands = distinct_bands[senders >= self._min_users]
        positions = np.frombuffer(self._positions, dtype=np.int64)
        is_admitted[positions[np.isin(bands, large_bands)]] = True
        return is_admitted
