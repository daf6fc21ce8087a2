"""The benchmark command: its input, its output, and its exit status."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from benchmarks.model.__main__ import bench
from benchmarks.model.data import TrainingData
from benchmarks.model.models import MODELS, fit_encoder, share_embeddings
from benchmarks.model.results import BenchmarkReport
from training.fit.encoders import BaseEncoders

INTENTS = {
    "alarm": "wake me at {} please",
    "weather": "is it going to rain in {}",
    "music": "play the song called {}",
}
WORDS = ("seven", "paris", "noon", "berlin", "thunder", "eight", "rome", "midnight", "oslo", "six")
FAST_MODELS = ("microresolve", "tfidf", "encoder")
"""The models that are fast to train."""
OUT_OF_SCOPE = ("how tall is the tower", "who wrote the novel", "what does the fox say")


def write_dataset(folder: Path, name: str, lines: list[tuple[str, str]]) -> None:
    text = "".join(json.dumps({"text": t, "label": label}) + "\n" for t, label in lines)
    (folder / f"{name}.jsonl").write_text(text)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two datasets: `scoped` with out-of-scope messages, `plain` with the required files only."""
    folder = tmp_path_factory.mktemp("data")
    labelled = [(text.format(w), label) for label, text in INTENTS.items() for w in WORDS]
    for name in ("plain", "scoped"):
        write_dataset(folder, f"{name}_train", labelled[::2])
        write_dataset(folder, f"{name}_test", [*labelled[1::2], labelled[0]])
    write_dataset(folder, "scoped_oos_train", [(text, "oos") for text in OUT_OF_SCOPE])
    write_dataset(folder, "scoped_oos_test", [(f"{text} now", "oos") for text in OUT_OF_SCOPE])
    return folder


def run_bench(*options: str) -> Result:
    app = typer.Typer()
    app.command()(bench)
    return CliRunner().invoke(app, options)


@pytest.fixture(scope="module")
def out(
    folder: Path,
    shipped_base: BaseEncoders,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The output of a run in which all fits share the encoders, and with them the embeddings.

    A real run loads them for each fit, so that the time of each fit is complete.
    """
    out = tmp_path_factory.mktemp("out")
    sizes = "10,full,full+oos"
    options = ("--models", ",".join(FAST_MODELS), "--sizes", sizes, "--seeds", "2")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("benchmarks.model.models.base_from_artifact", lambda artifact: shipped_base)
        result = run_bench("--data-dir", str(folder), *options, "--out", str(out))
    assert result.exit_code == 0, result.output
    (out / "stdout.txt").write_text(result.stdout)
    return out


@pytest.fixture(scope="module")
def report(out: Path) -> BenchmarkReport:
    return BenchmarkReport.model_validate_json((out / "results.json").read_text())


def test_every_dataset_is_benchmarked_and_out_of_scope_files_are_not_datasets(
    report: BenchmarkReport,
) -> None:
    assert [data.name for data in report.datasets] == ["plain", "scoped"]
    assert [list(data.models) for data in report.datasets] == [list(FAST_MODELS)] * 2


def test_a_dataset_without_out_of_scope_messages_has_no_out_of_scope_scores(
    report: BenchmarkReport,
) -> None:
    plain, scoped = report.datasets

    for name in FAST_MODELS:
        assert set(plain.models[name].scores) == {"10", "full"}
        assert plain.models[name].scores["full"].oos_recall is None
        assert set(scoped.models[name].scores) == {"10", "full", "full+oos"}
        assert scoped.models[name].scores["full+oos"].oos_recall is not None


def test_every_model_learns_an_easy_task(report: BenchmarkReport) -> None:
    for data in report.datasets:
        for name, model in data.models.items():
            assert model.scores["full"].accuracy > 0.8, name


def test_test_texts_that_occur_in_training_do_not_count_as_unseen(report: BenchmarkReport) -> None:
    assert [(data.test, data.unseen) for data in report.datasets] == [(16, 15)] * 2


def test_a_model_is_fitted_once_for_each_seed_unless_these_change_nothing(
    report: BenchmarkReport,
) -> None:
    models = report.datasets[0].models

    seeds = {
        name: {size: scores.seeds for size, scores in models[name].scores.items()}
        for name in ("tfidf", "encoder")
    }
    assert seeds["tfidf"] == {"10": 2, "full": 1}
    assert seeds["encoder"] == {"10": 2, "full": 2}


def test_latency_size_and_memory_of_serving_are_measured(report: BenchmarkReport) -> None:
    for data in report.datasets:
        assert data.baseline is not None
        assert data.tokenizer.p50 > 0
        for model in data.models.values():
            assert 0 < model.latency.p50 <= model.latency.p99
            assert model.latency.mean_processor > 0
            assert model.size_mb > 0
        # A bare interpreter takes about 8 MB; what training loaded must not count.
        assert 5 < data.models["microresolve"].peak_memory_mb < 60
        assert data.models["encoder"].peak_memory_mb > data.models["encoder"].size_mb


def test_the_table_is_printed_and_written_with_one_column_per_model(out: Path) -> None:
    table = (out / "table.md").read_text()
    stdout = (out / "stdout.txt").read_text()

    header = table.splitlines()[0]
    for spec in (MODELS[name] for name in FAST_MODELS):
        assert spec.title in header
        assert all(word in stdout for word in spec.title.split())
    assert "**scoped: 3 intents, 15 training texts, 16 test texts, 3 out-of-scope texts**" in table
    assert (out / "plot.svg").read_text().startswith("<?xml")


@pytest.mark.usefixtures("brief_students")
def test_the_default_mode_is_measured_with_its_student(
    folder: Path,
    shipped_base: BaseEncoders,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("benchmarks.model.models.base_from_artifact", lambda artifact: shipped_base)
    options = ("--datasets", "plain", "--models", "head", "--sizes", "full", "--seeds", "1")

    result = run_bench("--data-dir", str(folder), *options, "--out", str(tmp_path))

    assert result.exit_code == 0, result.output
    report = BenchmarkReport.model_validate_json((tmp_path / "results.json").read_text())
    model = report.datasets[0].models["head"]
    assert model.scores["full"].accuracy > 0.8
    assert model.peak_memory_mb > model.size_mb
    assert "goals met" in (tmp_path / "table.md").read_text()


def test_without_a_folder_the_command_explains_the_expected_files_and_data_sources() -> None:
    result = run_bench()

    assert result.exit_code == 1
    for expected in ("DATA_DIR=", "NAME_train.jsonl", "NAME_oos_test.jsonl", "clinc/oos-eval"):
        assert expected in result.stderr


def test_a_folder_without_a_dataset_is_an_error(tmp_path: Path) -> None:
    write_dataset(tmp_path, "half_train", [("hi", "greeting")])

    result = run_bench("--data-dir", str(tmp_path))

    assert result.exit_code == 1
    assert "No dataset found in" in result.stderr


def test_a_dataset_with_one_intent_is_an_error(tmp_path: Path) -> None:
    for part in ("train", "test"):
        write_dataset(tmp_path, f"one_{part}", [("hi", "greeting")])

    result = run_bench("--data-dir", str(tmp_path))

    assert result.exit_code == 1
    assert "one_train.jsonl needs examples of at least two intents" in result.stderr


def test_a_dataset_too_small_for_the_training_size_is_an_error(folder: Path) -> None:
    result = run_bench("--data-dir", str(folder), "--sizes", "2000")

    stderr = " ".join(result.stderr.split())
    assert result.exit_code == 1
    assert "plain is too small for the training sizes requested (2000)" in stderr


@pytest.mark.parametrize("option", ["--models", "--sizes", "--datasets"])
def test_an_unknown_name_is_an_error(folder: Path, option: str) -> None:
    result = run_bench("--data-dir", str(folder), option, "nonsense")

    assert result.exit_code == 2
    assert "unknown name nonsense" in result.stderr


def test_fits_share_the_encoders_only_where_the_run_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bases: list[BaseEncoders] = []
    monkeypatch.setattr(
        "benchmarks.model.models.train", lambda examples, base, out, config: bases.append(base)
    )
    training = TrainingData([], [], seed=0)

    with share_embeddings():
        fit_encoder(training, tmp_path)
        fit_encoder(training, tmp_path)
    fit_encoder(training, tmp_path)

    first, second, other = (base.last_encoder for base in bases)
    assert first is second
    assert first is not other


def test_a_run_in_which_fits_share_embeddings_has_no_training_times(
    folder: Path, tmp_path: Path
) -> None:
    options = ("--datasets", "plain", "--models", "tfidf", "--sizes", "full")

    result = run_bench(
        "--data-dir", str(folder), *options, "--share-embeddings", "--out", str(tmp_path)
    )

    assert result.exit_code == 0, result.output
    report = BenchmarkReport.model_validate_json((tmp_path / "results.json").read_text())
    assert report.options.shares_embeddings
    assert report.datasets[0].models["tfidf"].scores["full"].training_seconds is None
    assert "training time (s)" not in (tmp_path / "table.md").read_text()


def test_an_interrupted_run_leaves_no_files(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Path] = []

    def interrupt(training: TrainingData, out: Path) -> None:
        (out / "partial").write_text(f"{len(training.examples)}")
        written.append(out / "partial")
        raise KeyboardInterrupt

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    monkeypatch.setitem(MODELS, "tfidf", replace(MODELS["tfidf"], fit=interrupt))
    out = tmp_path / "out"

    result = run_bench("--data-dir", str(folder), "--models", "tfidf", "--out", str(out))

    assert result.exit_code != 0
    assert len(written) == 1
    assert not list((tmp_path / "scratch").iterdir())
    assert not out.exists()
