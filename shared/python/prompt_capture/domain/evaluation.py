"""What a comparison of two models reads and leaves behind: texts, evidence, verdicts, and runs.

The evidence about two models are texts with an intent that people decided and that neither model
learnt. It has two parts: the gold set, and the disagreements, which are texts that two models
classified differently, drawn at random into a pool and decided blind.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal, NamedTuple
from uuid import UUID

from pydantic import Field, StringConstraints

from prompt_capture.domain.models import Version
from prompt_capture.domain.types import FrozenModel, Label, Probability

MAX_CAPTURED_TEXTS: Final = 20_000
"""The most texts that a backtest classifies, and the most waiting texts that are scored again."""

MAX_DISAGREEMENTS: Final = 1_000
"""The most disagreements in one draw. Reviewers decide a few hundred."""

SCHEDULE_ACTOR: Final = "retraining"
"""The operator in whose name a schedule decides. The registry refuses to force anything for it."""

VerdictDecision = Literal["promote", "hold", "reject"]
"""What evidence says about a candidate. `hold`: it does not decide yet."""

Tick = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9:._+-]{0,99}$")]
"""The name of an occasion to retrain, such as the time of a schedule. It runs once."""


class CapturedText(NamedTuple):
    """A distinct text that users sent.

    `log_id` is one of its messages, and `text_id` the keyed hash that its copies share, in hex.
    `may_be_drawn`: nobody has voted on the text, and it is not in the pool of disagreements.
    """

    log_id: UUID
    text_id: str
    text: str
    may_be_drawn: bool


class Disagreement(NamedTuple):
    """A captured text that two models classified differently."""

    log_id: UUID
    candidate_intent: str
    champion_intent: str


class Draw(FrozenModel):
    """A random sample of the disagreements of a candidate and a champion.

    `champion` is a version, that of the packaged model included. Each disagreement that may be
    drawn had the same `probability` to be in the sample.
    """

    candidate: Version
    champion: Version
    probability: Probability = Field(gt=0)
    disagreements: tuple[Disagreement, ...] = Field(max_length=MAX_DISAGREEMENTS)


class DrawProgress(NamedTuple):
    """How many disagreements of a candidate and a champion are in the pool, and how many decided.

    A disagreement leaves the pool when its text is erased.
    """

    drawn: int
    decided: int


class DecidedText(NamedTuple):
    """A text with the intent that reviewers decided, and on whom that rests.

    Reviewers and senders are numbers from 0 on, which are valid in one `Evidence` only.
    `reviewers` are those without any one of whom the text would have no intent, or be disputed;
    empty: it does not rest on one. `sender` is the only user who sent the text; None: several did.
    """

    text_id: str
    text: str
    intent: str
    reviewers: tuple[int, ...]
    sender: int | None


class DecidedDisagreement(NamedTuple):
    """A decided text of the pool, the models that it was drawn for, and how likely it was."""

    decided: DecidedText
    candidate: str
    champion: str
    probability: float


class Evidence(NamedTuple):
    """The decided disagreements, and those of the requested gold texts that are still decided."""

    disagreements: tuple[DecidedDisagreement, ...]
    gold: tuple[DecidedText, ...]


class NewVerdict(FrozenModel):
    """A verdict to record.

    `champion` is the model that the candidate was compared with: a registered version, or None for
    the packaged model. `looks_before` is the number of verdicts on the candidate that this one
    knows. `evidence` holds no text and no name.
    """

    version: Version
    champion: Version | None
    decision: VerdictDecision
    looks_before: int = Field(ge=0)
    evidence: Mapping[str, object]


class RetrainingRun(FrozenModel):
    """A run of the retraining. `progress` is what it saved, for whoever continues it: no text.

    `outcome` is None while the run has not ended.
    """

    tick: Tick
    started_at: datetime
    finished_at: datetime | None
    outcome: Label | None
    progress: Mapping[str, object]


class Claim(FrozenModel):
    """The right to carry out a run, until `expires_at` or until somebody takes it over after that.

    `run` holds the progress of those who held the claim before.
    """

    token: UUID
    expires_at: datetime
    run: RetrainingRun


class WaitingText(NamedTuple):
    """A text of the review queue that nobody has decided. `text_id` is as in a `CapturedText`."""

    text_id: str
    text: str


class QueueScore(NamedTuple):
    """How sure a model is of a waiting text.

    `margin` is the confidence in the best intent less that in the second-best one.
    """

    text_id: str
    confidence: float
    margin: float
