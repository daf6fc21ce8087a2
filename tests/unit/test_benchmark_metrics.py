"""The benchmark's metrics: scores, latency, and the comparison with goals."""

import time
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.machine import MachineInfo
from benchmarks.model import goals
from benchmarks.model.data import TRAINING_SIZES, Dataset, TrainingSize
from benchmarks.model.predictors import ScoredIntent
from benchmarks.model.result_table import BenchmarkCell, build_table
from benchmarks.model.results import (
    BenchmarkOptions,
    BenchmarkReport,
    DatasetResult,
    LatencyStats,
    ModelResult,
    ModelScores,
)
from benchmarks.model.scoring import average_scores, score_predictions
from benchmarks.model.serving import PASSES, WARM_UP, measure_interleaved
from training.data.examples import Example

DATA = Dataset(
    name="made up",
    train=[Example(text=f"text {n}", label="ab"[n % 2]) for n in range(40)],
    test=[Example(text=f"Text  {n}", label="ab"[n % 2]) for n in range(30, 50)],
    oos_train=[Example(text="nobody", label="oos")],
    oos_test=[Example(text=f"outside {n}", label="oos") for n in range(4)],
)
SCORES = ModelScores(
    accuracy=0.9,
    standard_error=0.03,
    accuracy_unseen=0.9,
    ece=0.01,
    oos_recall=None,
    oos_false_accept_rate=None,
    training_seconds=2,
    seeds=1,
)


def test_a_sample_has_n_labels_per_intent_and_the_other_texts_without_labels() -> None:
    training = TrainingSize(per_intent=10).sample(DATA, 0)

    assert Counter(example.label for example in training.examples) == {"a": 10, "b": 10}
    texts = [example.text for example in training.examples]
    assert sorted(texts + training.unlabelled) == sorted(example.text for example in DATA.train)


def test_a_sample_is_reproducible_with_its_seed_and_differs_between_seeds() -> None:
    size = TrainingSize(total=7)

    assert size.sample(DATA, 0) == size.sample(DATA, 0)
    assert len(size.sample(DATA, 0).examples) == 7
    assert size.sample(DATA, 0).examples != size.sample(DATA, 1).examples


def test_out_of_scope_examples_are_included_only_in_the_sizes_with_oos() -> None:
    assert DATA.oos_train[0] in TRAINING_SIZES["full+oos"].sample(DATA, 0).examples
    assert TRAINING_SIZES["full"].sample(DATA, 0).examples == DATA.train
    assert not TRAINING_SIZES["full+oos"].is_available(replace(DATA, oos_train=[]))


def test_a_quarter_of_the_intents_of_each_domain_is_left_out_and_a_few_examples_are_shown() -> None:
    labels = [f"{domain}_{n}" for domain in ("alarm", "music") for n in range(4)]
    examples = [Example(text=f"{label} {n}", label=label) for label in labels for n in range(60)]
    data = Dataset("domains", train=examples, test=examples, oos_train=[], oos_test=[])
    size = TRAINING_SIZES["near"]

    restricted = size.restrict(data, 0)
    training = size.sample(restricted, 0)

    kept = {example.label for example in restricted.train}
    outside = [example for example in examples if example.label not in kept]
    assert [sum(label.startswith(domain) for label in kept) for domain in ("alarm", "music")] == [
        3,
        3,
    ]
    assert {example.label for example in restricted.test} == kept
    assert [example.text for example in restricted.oos_test] == [one.text for one in outside]
    counts = Counter(example.label for example in training.examples)
    assert counts == {**dict.fromkeys(kept, 20), "oos": 100}
    shown = {example.text for example in training.examples if example.label == "oos"}
    assert shown < {example.text for example in outside}
    assert shown.isdisjoint(training.unlabelled)
    left_out = {tuple(sorted({e.label for e in size.restrict(data, n).train})) for n in range(9)}
    assert len(left_out) > 1
    assert not size.is_available(DATA)


def test_a_test_limit_samples_evenly_over_the_file() -> None:
    limited = DATA.with_test_limit(3)

    assert [example.text for example in limited.test] == ["Text  30", "Text  39", "Text  49"]
    assert len(limited.oos_test) == 3
    assert limited.train == DATA.train


def test_copies_are_recognised_by_normalised_text_in_any_case() -> None:
    assert DATA.unseen == [False] * 10 + [True] * 10


def test_predictions_are_scored_for_accuracy_calibration_and_scope() -> None:
    predictions = [ScoredIntent(example.label, 0.9, 10 + n) for n, example in enumerate(DATA.test)]
    predictions[0] = ScoredIntent("b", 0.9, 0)
    oos = [
        ScoredIntent("a", 0.99, 10),
        ScoredIntent("a", 0.84, 2),
        ScoredIntent("oos", 0.99, 1),
        ScoredIntent(None, 0.0, 100),
    ]

    scores = score_predictions(DATA, predictions, oos, 1.5)

    assert scores.accuracy == 0.95
    assert scores.accuracy_unseen == 1
    assert scores.standard_error == pytest.approx(np.sqrt(0.95 * 0.05 / 20))
    assert scores.ece == pytest.approx(0.05)
    # Of the 20 scope scores, only the lowest is below the threshold; the second lowest is 11.
    assert scores.oos_recall == 0.75
    assert scores.oos_false_accept_rate == 0.25


def test_the_standard_error_includes_test_sampling_and_training_sampling() -> None:
    runs = [SCORES.model_copy(update={"accuracy": accuracy}) for accuracy in (0.88, 0.92)]

    mean = average_scores(runs)

    assert mean.accuracy == pytest.approx(0.9)
    assert mean.standard_error == pytest.approx(np.sqrt(0.03**2 + 0.0008 / 2))
    assert mean.seeds == 2
    assert mean.oos_recall is None
    assert average_scores([SCORES]) == SCORES


def test_models_are_interleaved_per_text_in_random_order() -> None:
    calls: list[tuple[str, str]] = []
    names = ("one", "two", "three")
    models = {name: lambda text, name=name: calls.append((text, name)) for name in names}
    texts = [str(n) for n in range(50)]

    latencies = measure_interleaved(models, texts)

    timed_calls = calls[WARM_UP * len(names) :]
    orders = set()
    for n, text in enumerate(texts):
        round_calls = timed_calls[3 * n : 3 * n + 3]
        assert {called_text for called_text, _ in round_calls} == {text}
        assert {name for _, name in round_calls} == set(names)
        orders.add(tuple(name for _, name in round_calls))
    assert len(orders) == 6
    assert set(latencies) == set(names)


def test_what_delays_one_call_of_several_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = SimpleNamespace(now=0.0, calls=0)
    monkeypatch.setattr(time, "perf_counter", lambda: clocks.now)
    monkeypatch.setattr(time, "process_time", lambda: clocks.now)

    def predict(text: str) -> None:
        clocks.calls += 1
        clocks.now += 0.001 if clocks.calls % PASSES else 0.5

    latency = measure_interleaved({"model": predict}, ["one", "two"])["model"]

    assert (latency.p99, latency.mean, latency.mean_processor) == pytest.approx((1, 1, 1))


def test_waiting_counts_as_latency_and_not_as_processor_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clocks = SimpleNamespace(now=0.0, used=0.0)
    monkeypatch.setattr(time, "perf_counter", lambda: clocks.now)
    monkeypatch.setattr(time, "process_time", lambda: clocks.used)

    def predict(text: str) -> None:
        clocks.used += 0.001
        clocks.now += 0.001 + float(text)

    latency = measure_interleaved({"model": predict}, ["0", "0", "0.009"])["model"]

    assert (latency.p50, latency.mean) == pytest.approx((1, 4))
    assert latency.mean_processor == pytest.approx(1)


def build_report(name: str, accuracy: float) -> BenchmarkReport:
    latency = LatencyStats(p50=0.5, p99=2, mean=0.55, mean_processor=0.5)
    scores = SCORES.model_copy(update={"accuracy": accuracy})
    models = {
        model: ModelResult(
            title=model,
            scores={"full": scores},
            latency=latency,
            size_mb=23,
            peak_memory_mb=150,
        )
        for model in ("microresolve", "student", "full")
    }
    data = DatasetResult(
        name=name,
        serving_size="full",
        intents=2,
        train=40,
        test=20,
        unseen=10,
        oos_test=0,
        tokenizer=LatencyStats(p50=0.05, p99=0.1, mean=0.06, mean_processor=0.06),
        baseline=LatencyStats(p50=0.25, p99=0.3, mean=0.25, mean_processor=0.25),
        models=models,
    )
    machine = MachineInfo(processor="x", cores=2, load_average=0, python="3.11", packages={})
    options = BenchmarkOptions(models=tuple(models), sizes=("full",), seeds=1, messages=1)
    return BenchmarkReport(machine=machine, options=options, datasets=[data])


def cells_by_column(report: BenchmarkReport, title: str) -> dict[str, BenchmarkCell]:
    table = build_table(report)
    (row,) = [row for row in table.sections[0].rows if row.title == title]
    return dict(zip(table.columns, row.cells, strict=True))


def test_goals_are_shown_with_the_difference_and_baselines_have_no_goals() -> None:
    cells = cells_by_column(build_report("clinc150", 0.962), "accuracy (%), all labels")

    assert cells["student"] == BenchmarkCell("96.2 ±3.0", is_met=True, difference="+0.2")
    assert cells["full"] == BenchmarkCell("96.2 ±3.0", is_met=False, difference="-0.3")
    assert cells["microresolve"] == BenchmarkCell("96.2 ±3.0")


def test_a_small_difference_from_the_goal_is_not_rounded_to_zero() -> None:
    cells = cells_by_column(build_report("hwu64", 0.92496), "accuracy (%), all labels")

    assert cells["full"] == BenchmarkCell("92.5 ±3.0", is_met=False, difference="-0.004")


def test_latency_is_compared_with_the_baseline_and_the_tokenizer() -> None:
    report = build_report("clinc150", 0.97)

    title = "p50 latency / microresolve, 20 labels per intent"
    assert cells_by_column(report, title)["student"] == BenchmarkCell(
        "2.0", is_met=True, difference="-1.0"
    )
    title = "p50 latency / tokenizer only"
    assert cells_by_column(report, title)["student"] == BenchmarkCell(
        "10.0", is_met=False, difference="+4.0"
    )
    assert cells_by_column(report, "latency per message (ms), p99")[
        "tokenizer only"
    ] == BenchmarkCell("0.100")


def test_rows_without_values_are_omitted_and_the_goals_met_are_counted() -> None:
    table = build_table(build_report("made up", 0.97))

    titles = [row.title for row in table.sections[0].rows]
    assert not [title for title in titles if "out-of-scope" in title or "MiniLM" in title]
    assert table.goal_counts == {"student": (5, 7), "full": (5, 6)}


def test_accuracy_goals_depend_on_the_dataset_and_the_training_size() -> None:
    assert goals.accuracy_goals("clinc150", "full")["student"].target == 96.0
    assert goals.accuracy_goals("banking77", "full")["full"].target == 94.3
    assert goals.accuracy_goals("hwu64", "10")["student"].target == 87.1
    assert goals.accuracy_goals("other", "full") == {}
