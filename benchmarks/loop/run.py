"""Run the loop on one dataset, with every order and policy."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from benchmarks.loop.orders import ORDERS
from benchmarks.loop.policies import POLICIES, WITHOUT_UNKNOWN
from benchmarks.loop.results import LoopOptions, StreamResult
from benchmarks.loop.service import load_encoder
from benchmarks.loop.simulation import LoopSpec, RunOutcome, Simulator
from benchmarks.loop.store import start_server
from benchmarks.loop.streams import Stream, StreamScenario, draw_stream
from benchmarks.loop.summary import summarise
from benchmarks.model.data import Dataset
from prompt_capture.domain.predictions import UNKNOWN_INTENT
from prompt_capture.domain.text import split_clauses


@dataclass(frozen=True)
class RunPlan:
    """What to run on one dataset: a stream for each run, and each order with each policy."""

    name: str
    scenario: StreamScenario
    streams: Sequence[Stream]
    cells: Sequence[tuple[str, str]]

    @classmethod
    def make(cls, data: Dataset, scenario: StreamScenario, options: LoopOptions) -> "RunPlan":
        """Draw the streams of a dataset. Raise `UnusableDataset` where it is too small."""
        streams = [
            draw_stream(data, scenario, run, options.is_final) for run in range(scenario.runs)
        ]
        policies = [
            policy
            for policy in options.policies
            if policy != WITHOUT_UNKNOWN or UNKNOWN_INTENT in streams[0].labels
        ]
        return cls(data.name, scenario, streams, list(product(options.orders, policies)))

    @property
    def trainings(self) -> int:
        """How many models are trained."""
        return len(self.streams) * (1 + len(self.cells) * self.scenario.rounds)


def run_plan(
    plan: RunPlan, base_model: Path, report: Callable[[str], None]
) -> Iterator[StreamResult]:
    """Run the loop, and yield the results so far after each run.

    `report` is called before each training.
    """
    outcomes: dict[tuple[str, str], list[RunOutcome]] = {cell: [] for cell in plan.cells}
    with (
        tempfile.TemporaryDirectory(prefix="bench-loop-") as folder,
        start_server(Path(folder)) as server,
    ):
        base = load_encoder(base_model)
        base.last_encoder.embed(_all_texts(plan.streams))
        simulator = Simulator(server, base, report)
        for run, stream in enumerate(plan.streams):
            name = f"{plan.name}, run {run + 1} of {len(plan.streams)}"
            first = simulator.train_first(stream, name)
            for (order, policy), runs in outcomes.items():
                loop = LoopSpec(f"{name}, {order}, {policy}", ORDERS[order], POLICIES[policy], run)
                runs.append(simulator.run(stream, plan.scenario, first, loop))
            yield _summarise_plan(plan, outcomes)


def _summarise_plan(
    plan: RunPlan, outcomes: Mapping[tuple[str, str], Sequence[RunOutcome]]
) -> StreamResult:
    one = plan.streams[0]
    return StreamResult(
        name=plan.name,
        runs=max(map(len, outcomes.values())),
        intents=len(set(one.labels) - {UNKNOWN_INTENT}),
        seeds=len(one.seeds),
        messages=len(one.messages),
        held_out=len(one.held_out),
        curves=summarise(outcomes, one.is_redrawn),
    )


def _all_texts(streams: Sequence[Stream]) -> list[str]:
    """Return all texts and their clauses: what the encoder sees, in one piece."""
    texts = {
        example.text
        for stream in streams
        for example in (*stream.seeds, *stream.messages, *stream.held_out)
    }
    return sorted(texts | {clause for text in texts for clause in split_clauses(text)})
