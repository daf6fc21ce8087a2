"""What serving costs: the time of a message, and the memory of a process."""

import subprocess
import sys
from collections.abc import Mapping, Sequence

from benchmarks.fitting import Fitted
from benchmarks.latency import interleaved
from benchmarks.results import Latency
from benchmarks.tokenizer import tokenizing

TOKENIZER = "tokenizer alone"
SERVED_MESSAGES = 200
TIMEOUT_SECONDS = 120


def time_in_turns(models: Mapping[str, Fitted], texts: Sequence[str]) -> dict[str, Latency]:
    """Time all models on the same texts, and under `TOKENIZER` the tokenizer alone."""
    answering = {name: model.load().answer for name, model in models.items()}
    return interleaved({TOKENIZER: tokenizing(), **answering}, texts)


def peak_memory(model: Fitted, texts: Sequence[str]) -> int:
    """Answer the peak memory, in bytes, of a process that serves 200 messages."""
    command = [sys.executable, "-m", "benchmarks.served.peak_memory", model.kind.served]
    messages = [" ".join(text.split()) + "\n" for text in texts[:SERVED_MESSAGES]]
    done = subprocess.run(  # noqa: S603 - our own module
        [*command, str(model.folder)],
        input="".join(messages),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=TIMEOUT_SECONDS,
    )
    return int(done.stdout)
