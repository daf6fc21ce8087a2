"""Play one year: its months one after another, on one stack."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.year.assistant import AnsweredMessage, YearAssistant, start_assistant
from benchmarks.year.data import YearData
from benchmarks.year.desk import DAYS_OF_A_MONTH, DeskItem, LedgerEvent
from benchmarks.year.results import MonthResult, YearResult
from benchmarks.year.reviewers import AGENCY, Panel, least_agreeing, next_intent
from benchmarks.year.scenario import YearScenario, draw_months
from training.data.examples import Example, grouping_key
from training.fit.encoders import BaseEncoders

STEPS = 7
"""The steps of a month. The start of a year is one more."""

MIXED_UP_EVERY = 3
"""The worse candidate learnt seeds of which one in so many has the label of another."""

Report = Callable[[str], None]


def play_year(
    data: YearData, scenario: YearScenario, seed: int, base: BaseEncoders, report: Report
) -> Iterator[YearResult]:
    """Play a year, and yield what happened so far after each month.

    `report` is called before each step.
    """
    months = draw_months(data, scenario, seed)
    report(f"seed {seed}: the first model")
    with (
        tempfile.TemporaryDirectory(prefix="year-") as folder,
        start_assistant(data, base, Path(folder), scenario.disagreements) as assistant,
    ):
        year = _Year(data, scenario, seed, assistant, report)
        results: list[MonthResult] = []
        for month, messages in enumerate(months, 1):
            results.append(year.play_month(month, messages))
            yield YearResult(
                seed=seed,
                months=tuple(results),
                worse=tuple(year.worse),
                bad_batch=tuple(year.bad_batch),
            )


class _Year:
    """A year under way."""

    def __init__(
        self,
        data: YearData,
        scenario: YearScenario,
        seed: int,
        assistant: YearAssistant,
        report: Report,
    ) -> None:
        self._data, self._scenario, self._seed = data, scenario, seed
        self._assistant, self._desk = assistant, assistant.desk
        self._report = report
        self._panel = Panel(np.random.default_rng((seed, 1)), scenario.malicious)
        self._truth: dict[str, str] = {}
        self._labels = 0
        self._remarks: list[str] = []
        self.worse: list[str] = []
        self.bad_batch: list[str] = []
        self._catalogue = [intent for intent in data.labels if intent != data.late_intent]
        self._desk.set_catalogue(self._catalogue)

    def play_month(self, month: int, messages: Sequence[Example]) -> MonthResult:
        """Play a month, and let it pass."""
        self._labels, self._remarks = 0, []
        self._truth |= {grouping_key(one.text): one.label for one in messages}
        half = len(messages) // 2
        title = f"seed {self._seed}, month {month}"
        self._report(f"{title}: messages")
        sent = self._assistant.send(messages[:half])
        self._report(f"{title}: reviews")
        self._desk.run_nightly_jobs()
        self._meet_late_intent(month)
        self._review(month)
        self._report(f"{title}: messages")
        sent += self._assistant.send(messages[half:])
        self._report(f"{title}: retraining")
        self._assistant.export()
        first = self._retrain("month", month)
        self._report(f"{title}: disagreements")
        self._decide_disagreements(month)
        self._report(f"{title}: another look")
        if first["outcome"] == "held":
            self._retrain("day", month)
        self._report(f"{title}: the operator")
        if month == self._scenario.worse_candidate:
            self._offer_worse_candidate(month)
        self._compare_reviewers()
        result = self._result(month, messages, sent)
        self._desk.let_a_month_pass()
        self._desk.run_nightly_jobs()
        return result

    def _meet_late_intent(self, month: int) -> None:
        """Add the unforeseen intent to the catalogue, once reviewers have met it."""
        if month == self._scenario.late_intent:
            self._catalogue = self._data.labels
            self._desk.add_intents([self._data.late_intent])

    def _review(self, month: int) -> None:
        """Decide texts of the queue, and let others decide some of them again."""
        scenario = self._scenario
        queue, checks = scenario.queue, scenario.second_opinions
        if month == scenario.bad_batch:
            for item in self._desk.waiting(scenario.batch):
                self._decide(item, AGENCY, month)
            queue //= 2
        for item in self._desk.waiting(queue):
            self._decide(item, self._panel.next_reviewer(), month)
        decided = self._desk.decided()
        of_batch = [item for item in decided if item.reviewer == AGENCY][: checks // 2]
        others = [item for item in decided if item.reviewer != AGENCY]
        for item in [*of_batch, *_spread(others, checks - len(of_batch))]:
            self._decide(item, self._panel.next_reviewer([item.reviewer or ""]), month)

    def _decide(self, item: DeskItem, reviewer: str, month: int) -> None:
        self._desk.decide(item, reviewer, self._intent_of(item, reviewer, month))
        self._labels += 1

    def _intent_of(self, item: DeskItem, reviewer: str, month: int) -> str:
        truth = self._truth[grouping_key(item.text)]
        return self._panel.decide(reviewer, truth, self._catalogue, month)

    def _decide_disagreements(self, month: int) -> None:
        left = max(0, self._scenario.labels - self._labels)
        for item in self._desk.disagreements(left):
            reviewer = self._panel.next_reviewer()
            self._desk.decide_blind(item, reviewer, self._intent_of(item, reviewer, month))
            self._labels += 1

    def _retrain(self, occasion: str, month: int) -> dict[str, Any]:
        report = self._assistant.retrain(occasion)
        self._remarks += [f"{occasion}: {report['outcome']}", *report["messages"]]
        if month == self._scenario.bad_batch and report["candidate"]:
            self.bad_batch = sorted({*self.bad_batch, report["candidate"]})
        return report

    def _offer_worse_candidate(self, month: int) -> None:
        """Publish a model whose training data was mixed up, and try to promote it."""
        labels = sorted({one.label for one in self._data.seeds})
        mixed_up = [
            one.model_copy(update={"label": next_intent(one.label, labels)})
            if index % MIXED_UP_EVERY == 0
            else one
            for index, one in enumerate(self._data.seeds)
        ]
        version = self._assistant.publish(mixed_up, "worse")
        self.worse.append(version)
        self._assistant.backtest(version)
        self._decide_disagreements(month)
        self._assistant.backtest(version)
        refused = self._assistant.run("promote", version, "--reason=It is newer.")
        if refused.returncode:
            self._remarks.append("The promotion of the worse candidate is refused.")

    def _compare_reviewers(self) -> None:
        """Withdraw the decisions of a reviewer who disagrees too often with the others."""
        name = least_agreeing(self._desk.agreements(DAYS_OF_A_MONTH))
        if name is not None:
            self._panel.dismiss(name)
            withdrawn = self._desk.withdraw(name, DAYS_OF_A_MONTH)
            self._remarks.append(f"The operator withdraws {withdrawn} decisions of {name}.")

    def _result(
        self, month: int, messages: Sequence[Example], sent: Sequence[AnsweredMessage]
    ) -> MonthResult:
        events = self._desk.new_events()
        return MonthResult(
            month=month,
            events=tuple(self._scenario.events(month)),
            messages=len(sent),
            frozen=self._assistant.count_frozen(messages),
            loop=sum(one.is_correct for one in sent),
            labels=self._labels,
            verdicts=tuple(each.decision for each in events if each.decision),
            promotions=tuple(_versions(events, "promoted")),
            rollbacks=sum(each.kind == "rolled_back" for each in events),
            served=tuple(sorted({str(one.answer.model_version) for one in sent})),
            remarks=tuple(self._remarks),
        )


def _versions(events: Sequence[LedgerEvent], kind: str) -> Iterator[str]:
    for event in events:
        if event.kind == kind and event.version:
            yield event.version


def _spread(items: Sequence[DeskItem], count: int) -> list[DeskItem]:
    """Return as many items, about as many of each reviewer."""
    by_reviewer: dict[str | None, list[DeskItem]] = {}
    for item in items:
        by_reviewer.setdefault(item.reviewer, []).append(item)
    deals = (
        group[position]
        for position in range(len(items))
        for group in by_reviewer.values()
        if position < len(group)
    )
    return list(islice(deals, count))
