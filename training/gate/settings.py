"""The settings of the gate."""

from pydantic import Field

from prompt_capture.domain.types import FrozenModel


class GateSettings(FrozenModel):
    """How much evidence a promotion needs, and how much worse a candidate may be.

    `significance` is the probability that a candidate which is no better than the champion is ever
    promoted, over all `max_looks` looks. `relevant_difference` is the difference in accuracy whose
    power a verdict states, and that the number of missing labels refers to.

    A candidate that is smaller, faster or needed may be less accurate by less than
    `non_inferiority_margin`. It is smaller or faster if it needs at most `saving_ratio` of the
    champion's bytes or time.

    A veto fires where a candidate is shown to be worse by more than a margin, with an error of at
    most `veto_significance` in each family of measures: a recall, the recall of out-of-scope
    messages, the share of them that is accepted with confidence, or the excess calibration error.
    `max_size_ratio` and `max_latency_ratio` bound its bytes and its time per message, relative to
    the champion's.

    `disagreements` is the number of disagreements to draw for review.
    """

    significance: float = Field(0.05, gt=0, lt=0.5)
    max_looks: int = Field(12, ge=1)
    relevant_difference: float = Field(0.02, gt=0, lt=1)
    non_inferiority_margin: float = Field(0.01, gt=0, lt=1)
    saving_ratio: float = Field(0.8, gt=0, lt=1)
    veto_significance: float = Field(0.05, gt=0, lt=0.5)
    recall_margin: float = Field(0.05, ge=0, lt=1)
    out_of_scope_margin: float = Field(0.05, ge=0, lt=1)
    calibration_margin: float = Field(0.02, ge=0, lt=1)
    max_size_ratio: float = Field(1.5, ge=1)
    max_latency_ratio: float = Field(1.5, ge=1)
    disagreements: int = Field(250, ge=1, le=1_000)
