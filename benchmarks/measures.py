"""The lines of the table: what is shown of each model, and the goals that stand beside it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from benchmarks import goals
from benchmarks.goals import ENCODER, Goals
from benchmarks.results import DatasetResult, Latency, Measured, Scores

Value = Callable[[Measured], float | None]

SIZES = {
    "10": "10 labels an intent",
    "20": "20 labels an intent",
    "2000": "2,000 labels in all",
    "full": "all labels",
    "full+oos": "all labels and out-of-scope examples",
}


@dataclass(frozen=True)
class Measure:
    """A line of the table.

    `places` is how many decimals are shown, `error` the standard error where there is one, and
    `tokenizer` the figure of the tokenizer alone.
    """

    title: str
    value: Value
    places: int
    goals: Goals = field(default_factory=dict)
    error: Value | None = None
    tokenizer: float | None = None


def measures(data: DatasetResult) -> Iterator[Measure]:
    """Answer the lines for a data set, in order; shares are in percent."""
    for size, title in SIZES.items():
        yield _accuracy(data, size, f"accuracy %, {title}")
    copies = data.test - data.unseen
    without = f"{SIZES[data.served]}, without the {copies} test texts that training has too"
    yield Measure(
        f"accuracy %, {without}", _percent(data.served, lambda scores: scores.accuracy_unseen), 1
    )
    for size in dict.fromkeys((data.served, "full+oos")):
        yield from _honesty(size)
    yield from _time(data)
    yield Measure("what serving loads, MB", lambda model: model.megabytes, 1, goals.MEGABYTES)
    memory = "peak memory of a process that serves, MB"
    yield Measure(memory, lambda model: model.memory_megabytes, 0, goals.MEMORY)
    for size in dict.fromkeys(("2000", data.served)):
        seconds = _score(size, lambda scores: scores.seconds)
        yield Measure(f"seconds to train, {SIZES[size]}", seconds, 1, goals.SECONDS)


def _accuracy(data: DatasetResult, size: str, title: str) -> Measure:
    return Measure(
        title,
        _percent(size, lambda scores: scores.accuracy),
        1,
        goals.accuracy(data.name, size),
        _percent(size, lambda scores: scores.standard_error),
    )


def _honesty(size: str) -> Iterator[Measure]:
    """Calibration and scope in one setting."""
    yield Measure(
        f"calibration error (ECE), {SIZES[size]}",
        _score(size, lambda scores: scores.ece),
        3,
        goals.CALIBRATION,
    )
    yield Measure(
        f"out of scope found at 95% kept %, {SIZES[size]}",
        _percent(size, lambda scores: scores.oos_found),
        1,
        goals.OOS_FOUND,
    )
    yield Measure(
        f"out of scope answered above 0.85 %, {SIZES[size]}",
        _percent(size, lambda scores: scores.oos_confident),
        1,
        goals.OOS_CONFIDENT,
    )


def _time(data: DatasetResult) -> Iterator[Measure]:
    """One message on one thread, against the clock and against others in the same run."""
    yield _milliseconds(data, "p50", lambda latency: latency.p50)
    yield _milliseconds(data, "p99", lambda latency: latency.p99)
    yield _milliseconds(data, "mean", lambda latency: latency.mean, goals.MEAN)
    yield Measure(
        "p50 in times microresolve with 20 labels an intent",
        _times(data.peer_at_20, lambda latency: latency.p50),
        1,
        goals.TIMES_PEER,
    )
    yield Measure(
        "p50 in times the tokenizer alone",
        _times(data.tokenizer, lambda latency: latency.p50),
        1,
        goals.TIMES_TOKENIZER,
    )
    encoder = data.models.get(ENCODER)
    yield Measure(
        "p99 in times MiniLM in int8",
        _times(encoder.latency if encoder else None, lambda latency: latency.p99),
        2,
        goals.TIMES_ENCODER_P99,
    )


def _milliseconds(
    data: DatasetResult, title: str, pick: Callable[[Latency], float], held_to: Goals | None = None
) -> Measure:
    return Measure(
        f"one message, ms, {title}",
        lambda model: pick(model.latency),
        3,
        held_to or {},
        tokenizer=pick(data.tokenizer),
    )


def _score(size: str, pick: Callable[[Scores], float | None]) -> Value:
    return lambda model: pick(model.scores[size]) if size in model.scores else None


def _percent(size: str, pick: Callable[[Scores], float | None]) -> Value:
    share = _score(size, pick)

    def percent(model: Measured) -> float | None:
        value = share(model)
        return None if value is None else 100 * value

    return percent


def _times(other: Latency | None, pick: Callable[[Latency], float]) -> Value:
    return lambda model: None if other is None else pick(model.latency) / pick(other)
