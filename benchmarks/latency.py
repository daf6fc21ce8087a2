"""Timing of single messages, the models taking turns, so that noise hits all of them alike."""

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.results import Latency

WARM_UP = 20

Answering = Callable[[str], object]


def interleaved(models: Mapping[str, Answering], texts: Sequence[str]) -> dict[str, Latency]:
    """Time every model on every text, on one thread: all on the first text, then on the second.

    The order of each turn is drawn, so that no model always finds the caches as the largest one
    left them.
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
    return {name: _latency(values) for name, values in seconds.items()}


def _latency(seconds: Sequence[float]) -> Latency:
    milliseconds = np.array(seconds) * 1_000
    p50, p99 = np.percentile(milliseconds, [50, 99])
    return Latency(p50=float(p50), p99=float(p99), mean=float(milliseconds.mean()))
