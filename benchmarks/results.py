"""What a run found: the types that are written as JSON, and that the tables are made of."""

from pydantic import BaseModel, ConfigDict


class Result(BaseModel):
    """A frozen record."""

    model_config = ConfigDict(frozen=True)


class Scores(Result):
    """What a model of one setting answered, averaged over its seeds; shares in 0 to 1.

    `accuracy_unseen` leaves out the test texts that are in the training data too, `ece` is the
    calibration error on the test texts, `oos_found` the share of out-of-scope messages below the
    scope score that keeps 95% of the test texts, `oos_confident` the share of them that is
    answered with an intent and a confidence above 0.85. `seconds` go from the files of labelled
    data to a model that is loaded.
    """

    accuracy: float
    standard_error: float
    accuracy_unseen: float | None
    ece: float
    oos_found: float | None
    oos_confident: float | None
    seconds: float
    seeds: int


class Latency(Result):
    """Milliseconds of one message on one thread, tokenisation included."""

    p50: float
    p99: float
    mean: float


class Measured(Result):
    """All that was measured of one model on one data set.

    `scores` by the name of the setting. `megabytes` (of a million bytes) is the size of what
    serving loads, `memory_megabytes` the peak of a process that serves it.
    """

    title: str
    scores: dict[str, Scores]
    latency: Latency
    megabytes: float
    memory_megabytes: float


class DatasetResult(Result):
    """The models side by side on one data set, by name.

    `served` names the setting of the models that were timed and weighed. `unseen` counts the test
    texts that are not in the training data too. `peer_at_20` is what microresolve takes with 20
    labels an intent, where that setting was run.
    """

    name: str
    served: str
    intents: int
    train: int
    test: int
    unseen: int
    oos_test: int
    tokenizer: Latency
    peer_at_20: Latency | None
    models: dict[str, Measured]


class Machine(Result):
    """Where it was measured; `load` is the number of waiting processes when the run began."""

    processor: str
    cores: int
    load: float
    python: str
    packages: dict[str, str]


class Options(Result):
    """What to run: names of `KINDS` and of `SETTINGS`; how many draws, and messages to time."""

    rows: tuple[str, ...]
    sizes: tuple[str, ...]
    seeds: int
    messages: int


class Report(Result):
    """One run."""

    machine: Machine
    options: Options
    datasets: list[DatasetResult]
