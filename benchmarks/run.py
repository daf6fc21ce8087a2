"""The run: every model in every setting on a data set, then all of them timed in turns."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from benchmarks.data import Dataset, NoData, spread
from benchmarks.fitting import Fitted, fit
from benchmarks.models import KINDS
from benchmarks.results import DatasetResult, Latency, Measured, Options
from benchmarks.scores import average
from benchmarks.serving import TOKENIZER, peak_memory, time_in_turns
from benchmarks.settings import SETTINGS

PEER = "microresolve"
PEER_AT_20 = "microresolve, 20 labels an intent"
"""What the goal for the median is measured against."""

BY_SIZE = ("full", "full+oos", "2000", "20", "10")
"""The model of the first of these that was asked for is timed, weighed and served."""


def sizes_for(data: Dataset, options: Options) -> list[str]:
    """Answer the settings that the data has enough examples for."""
    return [size for size in options.sizes if SETTINGS[size].is_in(data)]


def seeds_for(size: str, options: Options) -> range:
    """Answer the seeds of a setting: one where there is nothing to draw."""
    return range(options.seeds if SETTINGS[size].is_drawn else 1)


def steps(data: Dataset, options: Options) -> int:
    """Answer how often `run` says what it does."""
    fits = sum(len(seeds_for(size, options)) for size in sizes_for(data, options))
    return fits * len(options.rows) + 1


def run(
    data: Dataset, options: Options, folder: Path, tell: Callable[[str], None]
) -> DatasetResult:
    """Measure the models on one data set; `folder` takes what is made on the way.

    Raises `NoData` where the data is too small for every setting.
    """
    sizes = sizes_for(data, options)
    if not sizes:
        raise NoData(f"{data.name} is too small for {', '.join(options.sizes)}.")
    made = {
        (row, size): list(_fit_all(row, size, data, seeds_for(size, options), folder, tell))
        for size in sizes
        for row in options.rows
    }
    largest = next(size for size in BY_SIZE if size in sizes)
    served = {row: made[row, largest][0] for row in options.rows}
    peer = {PEER_AT_20: made[PEER, "20"][0]} if (PEER, "20") in made else {}
    tell(f"{data.name}: timing {options.messages:,} messages")
    texts = [example.text for example in spread(data.test, options.messages)]
    latencies = time_in_turns({**served, **peer}, texts)
    models = {
        row: Measured(
            title=KINDS[row].title,
            scores={size: average([model.scores for model in made[row, size]]) for size in sizes},
            latency=latencies[row],
            megabytes=model.size / 1e6,
            memory_megabytes=peak_memory(model, texts) / 1e6,
        )
        for row, model in served.items()
    }
    return _result(data, largest, latencies, models)


def _fit_all(
    row: str,
    size: str,
    data: Dataset,
    seeds: Iterable[int],
    folder: Path,
    tell: Callable[[str], None],
) -> Iterator[Fitted]:
    for seed in seeds:
        tell(f"{data.name}: {row}, {size}, seed {seed}")
        place = folder / f"{data.name}-{row}-{size}-{seed}"
        yield fit(KINDS[row], SETTINGS[size].draw(data, seed), data, place)


def _result(
    data: Dataset,
    served: str,
    latencies: Mapping[str, Latency],
    models: dict[str, Measured],
) -> DatasetResult:
    return DatasetResult(
        name=data.name,
        served=served,
        intents=len({example.label for example in data.train}),
        train=len(data.train),
        test=len(data.test),
        unseen=sum(data.unseen),
        oos_test=len(data.oos_test),
        tokenizer=latencies[TOKENIZER],
        peer_at_20=latencies.get(PEER_AT_20),
        models=models,
    )
