"""Measure what serving costs: the latency per message, and the memory of a process."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from tokenizers import Tokenizer

from benchmarks.model.fitting import FittedModel
from benchmarks.model.models import SHIPPED_MODEL
from benchmarks.model.results import LatencyStats
from prompt_capture.adapters.onnx.model_artifact import ModelArtifact
from prompt_capture.domain.text import normalise

TOKENIZER = "tokenizer only"
MEMORY_TEST_MESSAGES = 200
TIMEOUT_SECONDS = 120
WARM_UP = 20
PASSES = 5
"""How often each message is timed. The least counts: other work can only add to it."""

TextFunction = Callable[[str], object]
Floats = NDArray[np.floating]


def measure_latency(
    models: Mapping[str, FittedModel], texts: Sequence[str]
) -> dict[str, LatencyStats]:
    """Time all models on the same texts, and the tokenizer under the key `TOKENIZER`."""
    predict = {name: model.load().predict for name, model in models.items()}
    return measure_interleaved({TOKENIZER: load_tokenizer(), **predict}, texts)


def measure_peak_memory(model: FittedModel, texts: Sequence[str]) -> int:
    """Return the peak memory, in bytes, of a process that serves 200 messages."""
    command = [sys.executable, "-m", "benchmarks.model.predictors"]
    messages = [" ".join(text.split()) + "\n" for text in texts[:MEMORY_TEST_MESSAGES]]
    completed = subprocess.run(  # noqa: S603 - our own module
        [*command, model.spec.predictor.__name__, str(model.folder)],
        input="".join(messages),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=TIMEOUT_SECONDS,
    )
    return int(completed.stdout)


def measure_interleaved(
    models: Mapping[str, TextFunction], texts: Sequence[str]
) -> dict[str, LatencyStats]:
    """Time every model on every text, on one thread: all models on one text, then on the next.

    The order of the models is random for each text, so that no model always finds the caches as the
    largest model left them. Of the `PASSES` over all texts, the least time of each text counts.
    """
    names = list(models)
    random = np.random.default_rng(0)
    times = {name: np.empty((PASSES, len(texts), 2)) for name in names}
    with threadpool_limits(1):
        for text in texts[:WARM_UP]:
            for name in names:
                models[name](text)
        for one_pass in range(PASSES):
            for number, text in enumerate(texts):
                for name in random.permutation(names):
                    times[name][one_pass, number] = _time(models[name], text)
    return {name: _summarise(values.min(axis=0)) for name, values in times.items()}


def _time(model: TextFunction, text: str) -> tuple[float, float]:
    """Return the seconds and the processor seconds of one call."""
    start, processor_start = time.perf_counter(), time.process_time()
    model(text)
    return time.perf_counter() - start, time.process_time() - processor_start


def _summarise(times: Floats) -> LatencyStats:
    """Summarise the seconds and the processor seconds of each message [messages, 2]."""
    milliseconds, processor_milliseconds = 1_000 * times.T
    p50, p99 = np.percentile(milliseconds, [50, 99])
    return LatencyStats(
        p50=float(p50),
        p99=float(p99),
        mean=float(milliseconds.mean()),
        mean_processor=float(processor_milliseconds.mean()),
    )


def load_tokenizer() -> Callable[[str], NDArray[np.int64]]:
    """Return a function from a text to its token ids, shape [1, n], as the shipped model needs."""
    artifact = ModelArtifact.load(SHIPPED_MODEL)
    first_stage = artifact.manifest.stages[0]
    tokenizer = Tokenizer.from_file(str(artifact.folder / first_stage.tokenizer))
    tokenizer.no_padding()
    tokenizer.enable_truncation(first_stage.max_tokens)
    return lambda text: np.array([tokenizer.encode(normalise(text)).ids], np.int64)
