"""The benchmark as a command: what it reads, what it writes, and how it ends."""

import json
import tempfile
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from benchmarks.__main__ import bench
from benchmarks.models import KINDS
from benchmarks.models.kind import Kind, Training
from benchmarks.results import Report

INTENTS = {
    "alarm": "wake me at {} please",
    "weather": "is it going to rain in {}",
    "music": "play the song called {}",
}
WORDS = ("seven", "paris", "noon", "berlin", "thunder", "eight", "rome", "midnight", "oslo", "six")
ROWS = ("microresolve", "tfidf", "encoder", "head")
"""The rows that are quick to make."""
OUTSIDE = ("how tall is the tower", "who wrote the novel", "what does the fox say")


def write(folder: Path, name: str, lines: list[tuple[str, str]]) -> None:
    text = "".join(json.dumps({"text": t, "label": label}) + "\n" for t, label in lines)
    (folder / f"{name}.jsonl").write_text(text)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two data sets: `scoped` with out-of-scope messages, `plain` with no more than is needed."""
    folder = tmp_path_factory.mktemp("data")
    labelled = [(text.format(w), label) for label, text in INTENTS.items() for w in WORDS]
    for name in ("plain", "scoped"):
        write(folder, f"{name}_train", labelled[::2])
        write(folder, f"{name}_test", [*labelled[1::2], labelled[0]])
    write(folder, "scoped_oos_train", [(text, "oos") for text in OUTSIDE])
    write(folder, "scoped_oos_test", [(f"{text} now", "oos") for text in OUTSIDE])
    return folder


def call(*options: str) -> Result:
    app = typer.Typer()
    app.command()(bench)
    return CliRunner().invoke(app, options)


@pytest.fixture(scope="module")
def out(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out")
    sizes = "10,20,full,full+oos"
    options = ("--rows", ",".join(ROWS), "--sizes", sizes, "--seeds", "2")
    result = call("--data-dir", str(folder), *options, "--out", str(out))
    assert result.exit_code == 0, result.output
    (out / "printed.txt").write_text(result.stdout)
    return out


@pytest.fixture(scope="module")
def report(out: Path) -> Report:
    return Report.model_validate_json((out / "results.json").read_text())


def test_every_data_set_in_the_folder_is_measured_and_scope_is_none_of_them(report: Report) -> None:
    assert [data.name for data in report.datasets] == ["plain", "scoped"]
    assert [list(data.models) for data in report.datasets] == [list(ROWS)] * 2


def test_data_without_out_of_scope_messages_has_no_such_figures(report: Report) -> None:
    plain, scoped = report.datasets

    for row in ROWS:
        assert set(plain.models[row].scores) == {"10", "20", "full"}
        assert plain.models[row].scores["full"].oos_found is None
        assert set(scoped.models[row].scores) == {"10", "20", "full", "full+oos"}
        assert scoped.models[row].scores["full+oos"].oos_found is not None


def test_every_model_learns_what_is_easy(report: Report) -> None:
    for data in report.datasets:
        for row, model in data.models.items():
            assert model.scores["full"].accuracy > 0.8, row


def test_a_test_text_that_training_has_too_is_counted_apart(report: Report) -> None:
    assert [(data.test, data.unseen) for data in report.datasets] == [(16, 15)] * 2


def test_labels_are_drawn_as_often_as_asked_for_and_once_where_all_are_given(
    report: Report,
) -> None:
    scores = report.datasets[0].models["tfidf"].scores

    assert {size: scores[size].seeds for size in scores} == {"10": 2, "20": 2, "full": 1}


def test_what_serving_takes_is_measured(report: Report) -> None:
    for data in report.datasets:
        assert data.peer_at_20 is not None
        assert data.tokenizer.p50 > 0
        for model in data.models.values():
            assert 0 < model.latency.p50 <= model.latency.p99
            assert model.megabytes > 0
        # An interpreter alone takes 8 MB or so; what was loaded for training stays out of it.
        assert 5 < data.models["microresolve"].memory_megabytes < 60
        assert data.models["head"].memory_megabytes > data.models["head"].megabytes


def test_the_table_is_printed_and_written_with_the_models_side_by_side(out: Path) -> None:
    table = (out / "table.md").read_text()
    printed = (out / "printed.txt").read_text()

    header = table.splitlines()[0]
    for kind in (KINDS[row] for row in ROWS):
        assert kind.title in header
        assert all(word in printed for word in kind.title.split())
    assert "**scoped: 3 intents, 15 to train, 16 to test, 3 out of scope**" in table
    assert "goals met" in table
    assert (out / "picture.svg").read_text().startswith("<?xml")


def test_without_a_folder_it_says_which_files_it_expects_and_where_data_is() -> None:
    result = call()

    assert result.exit_code == 1
    for said in ("DATA_DIR=", "NAME_train.jsonl", "NAME_oos_test.jsonl", "clinc/oos-eval"):
        assert said in result.stderr


def test_a_folder_without_a_data_set_is_named(tmp_path: Path) -> None:
    write(tmp_path, "half_train", [("hi", "greeting")])

    result = call("--data-dir", str(tmp_path))

    assert result.exit_code == 1
    assert "There is no data set in" in result.stderr


def test_data_of_one_intent_is_refused_in_a_sentence(tmp_path: Path) -> None:
    for part in ("train", "test"):
        write(tmp_path, f"one_{part}", [("hi", "greeting")])

    result = call("--data-dir", str(tmp_path))

    assert result.exit_code == 1
    assert "one_train.jsonl needs examples of at least two intents" in result.stderr


def test_data_that_is_too_small_for_what_was_asked_is_refused(folder: Path) -> None:
    result = call("--data-dir", str(folder), "--sizes", "2000")

    assert result.exit_code == 1
    assert "plain is too small for 2000" in result.stderr


@pytest.mark.parametrize("option", ["--rows", "--sizes", "--datasets"])
def test_a_name_that_does_not_exist_is_answered_with_those_that_do(
    folder: Path, option: str
) -> None:
    result = call("--data-dir", str(folder), option, "nonsense")

    assert result.exit_code == 2
    assert "there is no nonsense" in result.stderr


def test_an_interrupted_run_leaves_nothing_behind(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []

    def interrupted(training: Training, out: Path) -> None:
        (out / "half").write_text(f"{len(training.examples)}")
        made.append(out / "half")
        raise KeyboardInterrupt

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    monkeypatch.setitem(KINDS, "tfidf", Kind("interrupted", interrupted, "nowhere:Nothing"))
    out = tmp_path / "out"

    result = call("--data-dir", str(folder), "--rows", "tfidf", "--out", str(out))

    assert result.exit_code != 0
    assert len(made) == 1
    assert not list((tmp_path / "scratch").iterdir())
    assert not out.exists()
