"""Measure the latency of single messages, with the models interleaved to share the noise."""

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.results import LatencyStats

WARM_UP = 20

TextFunction = Callable[[str], object]


def measure_interleaved(
    models: Mapping[str, TextFunction], texts: Sequence[str]
) -> dict[str, LatencyStats]:
    """Time every model on every text, on one thread: all models on one text, then on the next.

    The order of the models is random for each text, so that no model always finds the caches as the
    largest model left them.
    """
    names = list(models)
    random = np.random.default_rng(0)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    with threadpool_limits(1):
        for text in texts[:WARM_UP]:
            for name in names:
                models[name](text)
        for text in texts:
            for name in random.permutation(names):
                start = time.perf_counter()
                models[name](text)
                seconds[name].append(time.perf_counter() - start)
    return {name: _summarise(values) for name, values in seconds.items()}


def _summarise(seconds: Sequence[float]) -> LatencyStats:
    milliseconds = np.array(seconds) * 1_000
    p50, p99 = np.percentile(milliseconds, [50, 99])
    return LatencyStats(p50=float(p50), p99=float(p99), mean=float(milliseconds.mean()))
