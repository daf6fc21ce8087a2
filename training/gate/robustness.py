"""Whether a verdict rests on any one person."""

from collections.abc import Callable

import numpy as np

from prompt_capture.domain.types import FrozenModel
from training.gate.evidence import NOBODY, Mask, PairedEvidence


class Robustness(FrozenModel):
    """How many reviewers, and how many senders, the promotion depends on.

    Without the decisions of such a reviewer, or the texts of such a sender, the evidence does not
    show at the significance of a single look what promotes the candidate, or a veto fires.
    """

    reviewers: int
    senders: int

    @property
    def holds(self) -> bool:
        """Whether the promotion depends on no one reviewer and on no one sender."""
        return not (self.reviewers or self.senders)


def count_indispensable(
    evidence: PairedEvidence, promotes: Callable[[PairedEvidence], bool]
) -> Robustness:
    """Count those without whom the evidence does not promote.

    A sender on whose texts the models do not differ changes nothing and is not tried.
    """
    reviewers = np.setdiff1d(evidence.reviewers, [NOBODY])
    senders = np.setdiff1d(evidence.senders[_differ(evidence)], [NOBODY])
    return Robustness(
        reviewers=sum(
            not promotes(evidence.select(~(evidence.reviewers == one).any(axis=1)))
            for one in reviewers.tolist()
        ),
        senders=sum(
            not promotes(evidence.select(evidence.senders != one)) for one in senders.tolist()
        ),
    )


def _differ(evidence: PairedEvidence) -> Mask:
    one, other = evidence.candidate, evidence.champion
    differs: Mask = (
        (one.is_correct != other.is_correct)
        | (one.is_out_of_scope != other.is_out_of_scope)
        | (one.is_accepted != other.is_accepted)
    )
    return differs
