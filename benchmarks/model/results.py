"""The result types of a benchmark run: written as JSON, and the input of tables and plots."""

from pydantic import BaseModel, ConfigDict

from benchmarks.machine import MachineInfo


class ResultRecord(BaseModel):
    """A frozen record."""

    model_config = ConfigDict(frozen=True)


class ModelScores(ResultRecord):
    """The scores of one model at one training size, averaged over seeds; rates in 0 to 1.

    `accuracy_unseen` excludes the test texts that also occur in the training data.
    `ece` is the expected calibration error on the test texts.
    `oos_recall` is the share of out-of-scope messages below the scope score that 95% of the test
    texts reach.
    `oos_false_accept_rate` is the share of out-of-scope messages that get an intent with a
    confidence above 0.85.
    `training_seconds` covers reading the labelled file, training, and loading the model. It is None
    where fits share the embeddings, which only the first one computes.
    """

    accuracy: float
    standard_error: float
    accuracy_unseen: float | None
    ece: float
    oos_recall: float | None
    oos_false_accept_rate: float | None
    training_seconds: float | None
    seeds: int


class LatencyStats(ResultRecord):
    """Milliseconds per message on one thread, including tokenization: the least of several calls.

    `mean_processor` is the mean of the processor time, without waits for a busy processor.
    """

    p50: float
    p99: float
    mean: float
    mean_processor: float


class ModelResult(ResultRecord):
    """All results of one model on one dataset.

    `scores` is keyed by training size. `size_mb` is the size of what serving loads, and
    `peak_memory_mb` the peak memory of a process that serves the model; both in units of a million
    bytes.
    """

    title: str
    scores: dict[str, ModelScores]
    latency: LatencyStats
    size_mb: float
    peak_memory_mb: float


class DatasetResult(ResultRecord):
    """The results of all models on one dataset, keyed by model name.

    `serving_size` names the training size of the models whose latency, size and memory are
    measured. `unseen` is the number of test texts that do not occur in the training data.
    `baseline` is the latency of microresolve with 20 labels per intent, if microresolve was run.
    """

    name: str
    serving_size: str
    intents: int
    train: int
    test: int
    unseen: int
    oos_test: int
    tokenizer: LatencyStats
    baseline: LatencyStats | None
    models: dict[str, ModelResult]


class BenchmarkOptions(ResultRecord):
    """The options of a run: names of `MODELS` and `TRAINING_SIZES`, seeds, and messages to time.

    With `shares_embeddings`, all fits together embed each text once.
    """

    models: tuple[str, ...]
    sizes: tuple[str, ...]
    seeds: int
    messages: int
    shares_embeddings: bool = False


class BenchmarkReport(ResultRecord):
    """The results of one run."""

    machine: MachineInfo
    options: BenchmarkOptions
    datasets: list[DatasetResult]
