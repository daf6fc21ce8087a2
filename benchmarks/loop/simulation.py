"""One run of the loop: messages are answered and captured, some reviewed, and a model learns."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import numpy as np

from benchmarks.loop.orders import Order, Week
from benchmarks.loop.policies import Policy
from benchmarks.loop.service import Answers, ServedClassifier, train_service
from benchmarks.loop.store import LoopStore, StoreServer
from benchmarks.loop.streams import Stream, StreamScenario
from training.data.examples import Example
from training.fit.encoders import BaseEncoders


@dataclass(frozen=True)
class RoundOutcome:
    """A model after some reviews, and its answers to the held-out messages.

    `people` and `predicted` are how many labels of each origin training received, besides the
    seeds. `reported` is the accuracy that the model's manifest states.
    """

    reviews: int
    people: int
    predicted: int
    reported: float | None
    answers: Answers


@dataclass(frozen=True)
class RunOutcome:
    """The models of a run, the first of which learned from the seeds alone.

    `intervals` is how many intervals the view `live_accuracy` has, and `covering` how many of them
    contain the share of right answers among all messages that the model version answered.
    """

    rounds: Sequence[RoundOutcome]
    intervals: int
    covering: int


class LoopRun:
    """The loop on one project, week after week."""

    def __init__(self, store: LoopStore, order: Order, policy: Policy) -> None:
        self._store, self._order, self._policy = store, order, policy
        self._labels: dict[UUID, str] = {}
        self._correct: dict[str, list[bool]] = {}
        self.reviewed = 0

    def capture(self, service: ServedClassifier, messages: Sequence[Example]) -> None:
        """Answer and capture the messages of a week."""
        texts = [message.text for message in messages]
        predictions = service.answer(texts)
        ids = self._store.capture(texts, predictions)
        self._labels |= dict(zip(ids, [message.label for message in messages], strict=True))
        self._correct.setdefault(service.version, []).extend(
            prediction.intent == message.label
            for prediction, message in zip(predictions, messages, strict=True)
        )

    def review(self, reviews: int) -> None:
        """Decide as many texts, or all that the order offers."""
        remaining = reviews
        while remaining and (ids := self._store.next_to_review(self._order, remaining)):
            for log_id in ids:
                self._store.correct(log_id, self._labels[log_id])
            remaining -= len(ids)
        self.reviewed += reviews - remaining

    def export(self) -> list[Example]:
        """Return what training receives under the policy."""
        with tempfile.TemporaryDirectory() as folder:
            self._store.export(self._policy.request, Path(folder))
            return self._policy.read(Path(folder))

    def measure(
        self, learned: Sequence[Example], service: ServedClassifier, held_out: Sequence[Example]
    ) -> RoundOutcome:
        """Measure the model that learned from these examples."""
        people = sum(example.corrected for example in learned)
        answers = service.measure(held_out)
        return RoundOutcome(self.reviewed, people, len(learned) - people, service.reported, answers)

    def count_intervals(self) -> tuple[int, int]:
        """Return the number of intervals, and how many of them contain the truth."""
        figures = self._store.live_accuracy()
        covering = [
            each.lower <= float(np.mean(self._correct[each.model_version])) <= each.upper
            for each in figures
        ]
        return len(figures), sum(covering)


class LoopSpec(NamedTuple):
    """Which loop to run, under a name for reports; `seed` is that of the audit."""

    name: str
    order: Order
    policy: Policy
    seed: int


@dataclass(frozen=True)
class Simulator:
    """Runs the loop on one server, with one encoder. `report` is called before each training."""

    server: StoreServer
    base: BaseEncoders
    report: Callable[[str], None]

    def train_first(self, stream: Stream, name: str) -> ServedClassifier:
        """Train the model that the assistant starts with."""
        return self._train(stream.seeds, f"{name}: first model")

    def run(
        self, stream: Stream, scenario: StreamScenario, first: ServedClassifier, spec: LoopSpec
    ) -> RunOutcome:
        """Run the loop once, and measure the model of each week on the held-out messages."""
        week = Week(
            messages=-(-len(stream.messages) // scenario.rounds),
            reviews=-(-scenario.reviews // scenario.rounds),
            audits=scenario.audits,
        )
        rate = spec.order.audit_rate(week)
        service = first
        rounds = [RoundOutcome(0, 0, 0, first.reported, first.measure(stream.held_out))]
        with self.server.create_project(stream.labels, rate, spec.seed) as store:
            loop = LoopRun(store, spec.order, spec.policy)
            for start in range(0, len(stream.messages), week.messages):
                loop.capture(service, stream.messages[start : start + week.messages])
                loop.review(min(week.reviews, scenario.reviews - loop.reviewed))
                learned = loop.export()
                service = self._train(
                    [*stream.seeds, *learned], f"{spec.name}: {loop.reviewed:,} reviews"
                )
                rounds.append(loop.measure(learned, service, stream.held_out))
            return RunOutcome(rounds, *loop.count_intervals())

    def _train(self, examples: Sequence[Example], title: str) -> ServedClassifier:
        self.report(title)
        with tempfile.TemporaryDirectory() as folder:
            return train_service(examples, self.base, Path(folder))
