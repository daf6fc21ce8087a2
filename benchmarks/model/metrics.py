"""The metrics of the table: the value for each model, and the goals to compare it with."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from benchmarks.model import goals
from benchmarks.model.goals import ENCODER, Goals
from benchmarks.model.results import DatasetResult, LatencyStats, ModelResult, ModelScores

ModelValue = Callable[[ModelResult], float | None]
ScoreValue = Callable[[ModelScores], float | None]
LatencyValue = Callable[[LatencyStats], float]

SIZE_TITLES = {
    "10": "10 labels per intent",
    "20": "20 labels per intent",
    "2000": "2,000 labels in total",
    "full": "all labels",
    "full+oos": "all labels and out-of-scope examples",
    "near": "20 labels per intent, a quarter of the intents out of scope",
}


@dataclass(frozen=True)
class Metric:
    """A row of the table.

    `decimals` is the number of decimals shown, `error` the standard error if there is one, and
    `tokenizer` the value for the tokenizer only.
    """

    title: str
    value: ModelValue
    decimals: int
    goals: Goals = field(default_factory=dict)
    error: ModelValue | None = None
    tokenizer: float | None = None


def build_metrics(data: DatasetResult) -> Iterator[Metric]:
    """Yield the metrics of a dataset, in order; rates are in percent."""
    for size, title in SIZE_TITLES.items():
        yield _accuracy(data, size, f"accuracy (%), {title}")
    size = data.serving_size
    copies = data.test - data.unseen
    yield Metric(
        f"accuracy (%), {SIZE_TITLES[size]}, without the {copies} test texts also in training",
        _percent(size, lambda scores: scores.accuracy_unseen),
        1,
    )
    for scored_size in dict.fromkeys((size, "full+oos", "near")):
        yield from _calibration_and_scope(scored_size)
    yield from _latencies(data)
    yield Metric("size loaded for serving (MB)", lambda model: model.size_mb, 1, goals.SIZE_MB)
    yield Metric(
        "peak memory of the serving process (MB)",
        lambda model: model.peak_memory_mb,
        0,
        goals.PEAK_MEMORY_MB,
    )
    for trained_size in dict.fromkeys(("2000", size)):
        yield Metric(
            f"training time (s), {SIZE_TITLES[trained_size]}",
            _score(trained_size, lambda scores: scores.training_seconds),
            1,
            goals.TRAINING_SECONDS,
        )


def _accuracy(data: DatasetResult, size: str, title: str) -> Metric:
    return Metric(
        title,
        _percent(size, lambda scores: scores.accuracy),
        1,
        goals.accuracy_goals(data.name, size),
        _percent(size, lambda scores: scores.standard_error),
    )


def _calibration_and_scope(size: str) -> Iterator[Metric]:
    yield Metric(
        f"expected calibration error (ECE), {SIZE_TITLES[size]}",
        _score(size, lambda scores: scores.ece),
        3,
        goals.CALIBRATION,
    )
    yield Metric(
        f"out-of-scope recall at 95% in-scope recall (%), {SIZE_TITLES[size]}",
        _percent(size, lambda scores: scores.oos_recall),
        1,
        goals.NEAR_OOS_RECALL if size == "near" else goals.OOS_RECALL,
    )
    yield Metric(
        f"out-of-scope false accepts, confidence > 0.85 (%), {SIZE_TITLES[size]}",
        _percent(size, lambda scores: scores.oos_false_accept_rate),
        1,
        goals.OOS_FALSE_ACCEPT_RATE,
    )


def _latencies(data: DatasetResult) -> Iterator[Metric]:
    """Yield the latency per message on one thread, absolute and relative to baselines."""
    yield _milliseconds(data, "p50", lambda latency: latency.p50)
    yield _milliseconds(data, "p99", lambda latency: latency.p99)
    yield _milliseconds(data, "mean", lambda latency: latency.mean, goals.MEAN_LATENCY)
    yield _milliseconds(data, "mean processor time", lambda latency: latency.mean_processor)
    yield Metric(
        "p50 latency / microresolve, 20 labels per intent",
        _latency_ratio(data.baseline, lambda latency: latency.p50),
        1,
        goals.P50_TO_BASELINE,
    )
    yield Metric(
        "p50 latency / tokenizer only",
        _latency_ratio(data.tokenizer, lambda latency: latency.p50),
        1,
        goals.P50_TO_TOKENIZER,
    )
    encoder = data.models.get(ENCODER)
    yield Metric(
        "p99 latency / MiniLM int8",
        _latency_ratio(encoder.latency if encoder else None, lambda latency: latency.p99),
        2,
        goals.P99_TO_ENCODER,
    )


def _milliseconds(
    data: DatasetResult, statistic: str, select: LatencyValue, metric_goals: Goals | None = None
) -> Metric:
    return Metric(
        f"latency per message (ms), {statistic}",
        lambda model: select(model.latency),
        3,
        metric_goals or {},
        tokenizer=select(data.tokenizer),
    )


def _score(size: str, select: ScoreValue) -> ModelValue:
    return lambda model: select(model.scores[size]) if size in model.scores else None


def _percent(size: str, select: ScoreValue) -> ModelValue:
    rate = _score(size, select)

    def percent(model: ModelResult) -> float | None:
        value = rate(model)
        return None if value is None else 100 * value

    return percent


def _latency_ratio(baseline: LatencyStats | None, select: LatencyValue) -> ModelValue:
    return lambda model: None if baseline is None else select(model.latency) / select(baseline)
