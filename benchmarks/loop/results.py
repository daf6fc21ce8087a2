"""The results of the benchmark: written as JSON, and the input of the tables and the plot."""

from benchmarks.machine import MachineInfo
from benchmarks.model.results import ResultRecord


class Estimate(ResultRecord):
    """A mean over the runs, and its standard error."""

    value: float
    standard_error: float

    @property
    def is_below_zero(self) -> bool:
        """Whether the value is below 0 by more than one standard error."""
        return self.value < -self.standard_error


class RoundScores(ResultRecord):
    """The model after some reviews, averaged over the runs; rates in 0 to 1.

    - `people` and `predicted`: how many labels of each origin training received, besides the seeds.
    - `in_scope`: the share of the held-out messages in scope that were answered right.
    - `decisions`: that share of all held-out messages; None if all are in scope.
    - `gain`: the share of all held-out messages that were answered right, minus that of people's
      labels alone in the same order. None for these themselves, and where they were not run.
    - `confident`: the share of all held-out messages with a confidence above 0.85.
    - `confident_right`: the share of those that were answered right, over all runs together.
    - `ece`: the calibration error on the held-out messages of all runs together.
    - `overstatement`: the accuracy that the manifest states minus the share of all held-out
      messages that were answered right. None where some manifest states none.
    """

    reviews: int
    people: float
    predicted: float
    in_scope: Estimate
    decisions: Estimate | None
    gain: Estimate | None
    confident: float
    confident_right: float | None
    ece: float
    overstatement: float | None

    @property
    def accuracy(self) -> Estimate:
        """The share of the held-out messages that were answered right."""
        return self.decisions or self.in_scope


class Curve(ResultRecord):
    """The rounds of one order and policy, the first of which learned from the seeds alone.

    Of the `intervals` of live accuracy in all runs, `covering` contain the truth.
    """

    order: str
    policy: str
    rounds: tuple[RoundScores, ...]
    intervals: int
    covering: int

    @property
    def last(self) -> RoundScores:
        """The scores after all reviews."""
        return self.rounds[-1]


class StreamResult(ResultRecord):
    """All curves on one dataset. Counts are those of one run."""

    name: str
    runs: int
    intents: int
    seeds: int
    messages: int
    held_out: int
    curves: tuple[Curve, ...]


class LoopOptions(ResultRecord):
    """The options of a run: names of `ORDERS` and `POLICIES`. Final runs measure on test files."""

    orders: tuple[str, ...]
    policies: tuple[str, ...]
    is_final: bool


class LoopReport(ResultRecord):
    """The results of one run."""

    machine: MachineInfo
    options: LoopOptions
    streams: tuple[StreamResult, ...]
