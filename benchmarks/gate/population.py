"""Messages with the answers of two models, from which evidence about a made-up candidate is drawn.

A message keeps both of its real answers, with their confidences. Which model gave which answer is
drawn: so the candidate is as good as the champion in every measure, or better or worse by exactly
as much as a trial asks for.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.gate.evidence import CapturedCounts, Mask, ModelAnswers, PairedEvidence

SENDERS, REVIEWERS = 25, 4
"""Who sends the messages of a trial, and who decides them: each as many as anybody else."""


class Truth(NamedTuple):
    """A candidate: its accuracy less the champion's, and the share that one alone answers right."""

    difference: float
    discordance: float


@dataclass(frozen=True)
class Population:
    """`evidence` with the answers of two real models, whose predicted intents are [n] numbers.

    The numbers are those of `intents`.
    """

    evidence: PairedEvidence
    intents: tuple[str, ...]
    candidate_intents: NDArray[np.intp]
    champion_intents: NDArray[np.intp]

    @property
    def disagrees(self) -> Mask:
        """On which messages the models give different intents: [n]."""
        differs: Mask = self.candidate_intents != self.champion_intents
        return differs

    def draw_messages(self, n: int, truth: Truth, random: np.random.Generator) -> PairedEvidence:
        """Draw n messages, as a plain test set or a gold set has them."""
        return self._draw(n, truth, random, np.ones(len(self.evidence)))

    def draw_disagreements(
        self, n: int, captured: int, truth: Truth, random: np.random.Generator
    ) -> PairedEvidence:
        """Draw n of the disagreements among `captured` messages."""
        shares = self._shares(truth)
        share = float(shares[self.disagrees].sum())
        agreed = np.bincount(
            self.champion_intents, np.where(self.disagrees, 0, shares), len(self.intents)
        )
        counts = random.multinomial(captured, [*agreed, share])
        by_intent = dict(zip(self.intents, counts[:-1].tolist(), strict=True))
        drawn = self._draw(n, truth, random, self.disagrees.astype(float))
        return replace(
            drawn,
            is_gold=np.zeros(n, bool),
            captured=CapturedCounts(captured, int(counts[-1]), by_intent),
        )

    def _shares(self, truth: Truth) -> NDArray[np.floating]:
        """Return the probability of each message, so that the discordance is that of the truth."""
        discordant = self.evidence.won | self.evidence.lost
        return np.where(
            discordant,
            truth.discordance / discordant.sum(),
            (1 - truth.discordance) / (~discordant).sum(),
        )

    def _draw(
        self,
        n: int,
        truth: Truth,
        random: np.random.Generator,
        selection: NDArray[np.floating],
    ) -> PairedEvidence:
        shares = self._shares(truth) * selection
        rows = random.choice(len(shares), n, p=shares / shares.sum())
        drawn = self.evidence.select(rows)
        discordant = drawn.won | drawn.lost
        share_won = (1 + truth.difference / truth.discordance) / 2
        wins = random.random(n) < share_won
        swapped = np.where(discordant, drawn.won != wins, random.random(n) < 0.5)
        return replace(
            drawn,
            candidate=_choose(swapped, drawn.champion, drawn.candidate),
            champion=_choose(swapped, drawn.candidate, drawn.champion),
            senders=random.integers(0, SENDERS, n),
            reviewers=random.integers(0, REVIEWERS, (n, 1)),
        )


def _choose(rows: Mask, one: ModelAnswers, other: ModelAnswers) -> ModelAnswers:
    """Return the answers of `one` in the rows, and those of the other model elsewhere."""
    return ModelAnswers(
        np.where(rows, one.is_correct, other.is_correct),
        np.where(rows, one.confidences, other.confidences),
        np.where(rows, one.is_out_of_scope, other.is_out_of_scope),
        np.where(rows, one.is_accepted, other.is_accepted),
    )
