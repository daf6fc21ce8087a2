"""Measure what serving costs: the latency per message, and the memory of a process."""

import subprocess
import sys
from collections.abc import Mapping, Sequence

from benchmarks.fitting import FittedModel
from benchmarks.latency import measure_interleaved
from benchmarks.results import LatencyStats
from benchmarks.tokenizer import load_tokenizer

TOKENIZER = "tokenizer only"
MEMORY_TEST_MESSAGES = 200
TIMEOUT_SECONDS = 120


def measure_latency(
    models: Mapping[str, FittedModel], texts: Sequence[str]
) -> dict[str, LatencyStats]:
    """Time all models on the same texts, and the tokenizer under the key `TOKENIZER`."""
    predict = {name: model.load().predict for name, model in models.items()}
    return measure_interleaved({TOKENIZER: load_tokenizer(), **predict}, texts)


def measure_peak_memory(model: FittedModel, texts: Sequence[str]) -> int:
    """Return the peak memory, in bytes, of a process that serves 200 messages."""
    command = [sys.executable, "-m", "benchmarks.predictors.peak_memory", model.spec.predictor]
    messages = [" ".join(text.split()) + "\n" for text in texts[:MEMORY_TEST_MESSAGES]]
    completed = subprocess.run(  # noqa: S603 - our own module
        [*command, str(model.folder)],
        input="".join(messages),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=TIMEOUT_SECONDS,
    )
    return int(completed.stdout)
