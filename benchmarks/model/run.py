"""Run the benchmark on a dataset: fit every model at every training size, then time all of them."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from benchmarks.model.data import TRAINING_SIZES, Dataset, UnusableDataset, sample_evenly
from benchmarks.model.fitting import FittedModel, fit_model
from benchmarks.model.models import MODELS
from benchmarks.model.results import BenchmarkOptions, DatasetResult, LatencyStats, ModelResult
from benchmarks.model.scoring import average_scores
from benchmarks.model.serving import TOKENIZER, measure_latency, measure_peak_memory

BASELINE_MODEL = "microresolve"
BASELINE_SIZE = "20"
BASELINE = "microresolve, 20 labels per intent"
"""The baseline of the goal for the p50 latency, in every run that has microresolve."""

SERVING_SIZES = ("full", "full+oos", "2000", "20", "10", "near")
"""Latency, size and memory are measured at the first of these sizes that the run includes."""


def sizes_for(data: Dataset, options: BenchmarkOptions) -> list[str]:
    """Return the requested training sizes for which the dataset has enough examples."""
    return [size for size in options.sizes if TRAINING_SIZES[size].is_available(data)]


def seeds_for(model: str, size: str, options: BenchmarkOptions) -> range:
    """Return the seeds of a model at a training size: only one if they would change nothing."""
    matters = TRAINING_SIZES[size].is_sampled or MODELS[model].uses_seed
    return range(options.seeds if matters else 1)


def count_steps(data: Dataset, options: BenchmarkOptions) -> int:
    """Return how often `run_benchmark` reports progress."""
    return 1 + sum(
        len(seeds_for(model, size, options))
        for size in sizes_for(data, options)
        for model in options.models
    )


def run_benchmark(
    data: Dataset,
    options: BenchmarkOptions,
    folder: Path,
    report_progress: Callable[[str], None],
) -> DatasetResult:
    """Measure the models on one dataset; `folder` receives the intermediate files.

    Raises `UnusableDataset` if the dataset is too small for every training size.
    """
    sizes = sizes_for(data, options)
    if not sizes:
        raise UnusableDataset(
            f"The dataset {data.name} is too small for the training sizes requested "
            f"({', '.join(options.sizes)})."
        )
    fitted = {
        (name, size): list(_fit_seeds(name, size, data, options, folder, report_progress))
        for size in sizes
        for name in options.models
    }
    serving_size = next(size for size in SERVING_SIZES if size in sizes)
    served = {name: fitted[name, serving_size][0] for name in options.models}
    baseline = {BASELINE: one} if (one := _fit_baseline(data, options, folder)) else {}
    report_progress(f"{data.name}: measuring latency, {options.messages:,} messages")
    texts = [example.text for example in sample_evenly(data.test, options.messages)]
    latencies = measure_latency({**served, **baseline}, texts)
    models = {
        name: ModelResult(
            title=MODELS[name].title,
            scores={
                size: average_scores([model.scores for model in fitted[name, size]])
                for size in sizes
            },
            latency=latencies[name],
            size_mb=model.size / 1e6,
            peak_memory_mb=measure_peak_memory(model, texts) / 1e6,
        )
        for name, model in served.items()
    }
    return _build_result(data, serving_size, latencies, models)


def _fit_seeds(
    name: str,
    size: str,
    data: Dataset,
    options: BenchmarkOptions,
    folder: Path,
    report_progress: Callable[[str], None],
) -> Iterator[FittedModel]:
    for seed in seeds_for(name, size, options):
        report_progress(f"{data.name}: fitting {name}, size {size}, seed {seed}")
        model_folder = folder / f"{data.name}-{name}-{size}-{seed}"
        restricted = TRAINING_SIZES[size].restrict(data, seed)
        training = TRAINING_SIZES[size].sample(restricted, seed)
        is_timed = not options.shares_embeddings
        yield fit_model(MODELS[name], training, restricted, model_folder, is_timed=is_timed)


def _fit_baseline(data: Dataset, options: BenchmarkOptions, folder: Path) -> FittedModel | None:
    """Fit the baseline, which takes a second, whether or not the run has its training size."""
    if BASELINE_MODEL not in options.models:
        return None
    training = TRAINING_SIZES[BASELINE_SIZE].sample(data, seed=0)
    return fit_model(MODELS[BASELINE_MODEL], training, data, folder / f"{data.name}-baseline")


def _build_result(
    data: Dataset,
    serving_size: str,
    latencies: Mapping[str, LatencyStats],
    models: dict[str, ModelResult],
) -> DatasetResult:
    return DatasetResult(
        name=data.name,
        serving_size=serving_size,
        intents=len({example.label for example in data.train}),
        train=len(data.train),
        test=len(data.test),
        unseen=sum(data.unseen),
        oos_test=len(data.oos_test),
        tokenizer=latencies[TOKENIZER],
        baseline=latencies.get(BASELINE),
        models=models,
    )
