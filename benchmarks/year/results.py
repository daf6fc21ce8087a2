"""What a year leaves: the figures of its months, and whether its promises were kept."""

from collections.abc import Sequence

from pydantic import BaseModel

from benchmarks.machine import MachineInfo

LAST_MONTHS = 3
"""The accuracy at the end is that of so many months, since one month has few messages."""


class MonthResult(BaseModel):
    """The figures of one month.

    `frozen` and `loop` are how many of the `messages` the first model and the model of the moment
    answered correctly. `labels` were spent. `verdicts` are those of the ledger, in order.
    `served` are the versions that answered.
    """

    month: int
    events: tuple[str, ...]
    messages: int
    frozen: int
    loop: int
    labels: int
    verdicts: tuple[str, ...]
    promotions: tuple[str, ...]
    rollbacks: int
    served: tuple[str, ...]
    remarks: tuple[str, ...] = ()


class YearResult(BaseModel):
    """The months of a year. `worse` and `bad_batch` are versions that must never serve."""

    seed: int
    months: tuple[MonthResult, ...]
    worse: tuple[str, ...]
    bad_batch: tuple[str, ...]

    @property
    def gain(self) -> float:
        """The accuracy of the loop at the end less that of the first model: 0.03 for 3 points."""
        last = self.months[-LAST_MONTHS:]
        messages = sum(month.messages for month in last)
        return sum(month.loop - month.frozen for month in last) / messages

    @property
    def most_labels(self) -> int:
        """The labels of the most expensive month."""
        return max(month.labels for month in self.months)

    @property
    def promotions(self) -> int:
        """How often another model began to serve."""
        return sum(len(month.promotions) for month in self.months)

    @property
    def served(self) -> frozenset[str]:
        """The versions that answered a message or were promoted."""
        return frozenset(
            version for month in self.months for version in (*month.served, *month.promotions)
        )


class YearReport(BaseModel):
    """All years of a run, and the machine on which they were played."""

    title: str
    machine: MachineInfo
    years: tuple[YearResult, ...]


def shares(results: Sequence[YearResult], month: int) -> tuple[float, float]:
    """Return the accuracy of the first model and of the loop in a month (from 0) of all years."""
    months = [result.months[month] for result in results]
    messages = sum(each.messages for each in months)
    return (
        sum(each.frozen for each in months) / messages,
        sum(each.loop for each in months) / messages,
    )
