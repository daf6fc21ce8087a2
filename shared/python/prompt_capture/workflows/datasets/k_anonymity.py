"""Which texts enough different people sent, or sent something nearly like."""

import pickle
import tempfile
from array import array
from collections.abc import Iterator

import numpy as np

from prompt_capture.domain.datasets.candidate_lines import CandidateLine
from prompt_capture.domain.datasets.near_duplicates import bands, runs


class KAnonymityFilter:
    """Lays drafts aside until it is known how many people sent something of their kind.

    They wait in a file without a name; memory holds eight bytes a band and sender.
    """

    def __init__(self, fewest: int) -> None:
        self._fewest = fewest
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        self._bands, self._senders, self._drafts = array("q"), array("q"), array("q")
        self._count = 0
        self.excluded = 0

    def close(self) -> None:
        """Forget what was laid aside."""
        self._file.close()

    def add(self, drafts: list[CandidateLine]) -> None:
        """Lay drafts aside."""
        for draft in drafts:
            for band in bands(runs(draft.text)):
                for sender in draft.senders[: self._fewest]:
                    self._bands.append(band)
                    self._senders.append(hash(sender))
                    self._drafts.append(self._count)
            self._count += 1
        pickle.dump([tuple(draft) for draft in drafts], self._file)

    def large_enough(self) -> Iterator[list[CandidateLine]]:
        """Answer the drafts whose kind at least so many people sent; count the others."""
        allowed = self._allowed()
        self._file.seek(0)
        at = 0
        while at < self._count:
            drafts = [CandidateLine._make(draft) for draft in pickle.load(self._file)]  # noqa: S301
            kept = [draft for number, draft in enumerate(drafts, at) if allowed[number]]
            self.excluded += len(drafts) - len(kept)
            at += len(drafts)
            yield kept

    def _allowed(self) -> np.ndarray:
        """Answer for each draft whether one of its bands has enough senders."""
        allowed = np.zeros(self._count, dtype=bool)
        if not self._bands:
            return allowed
        by_band = np.frombuffer(self._bands, dtype=np.int64)
        pairs = np.unique(
            np.stack([by_band, np.frombuffer(self._senders, dtype=np.int64)], axis=1), axis=0
        )
        found, senders = np.unique(pairs[:, 0], return_counts=True)
        crowded = found[senders >= self._fewest]
        of_drafts = np.frombuffer(self._drafts, dtype=np.int64)
        allowed[of_drafts[np.isin(by_band, crowded)]] = True
        return allowed
