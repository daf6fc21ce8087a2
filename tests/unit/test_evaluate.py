"""Figures of a model's answers, and whether two models differ by more than chance."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from cli.main import app
from prompt_capture.adapters.model_artifact import ModelArtifact
from prompt_capture.adapters.onnx_classifier import OnnxClassifier
from tests.unit.answers import answers
from training.bases import trained_base
from training.calibration import reliability
from training.compare import compare, in_words
from training.evaluate import figures, predict
from training.examples import read_examples
from training.predictions import Predictions
from training.report.measures import (
    Confusion,
    confusion_table,
    confusions,
    intent_figures,
    worst_mistakes,
)
from training.scope_curve import scope_curve
from training.train import Plan, train

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "model_artifacts" / "assistant"
ROWS = [
    ("a", "email", "email", 0.9),
    ("b", "email", "reminder", 0.8),
    ("c", "email", "reminder", 0.7),
    ("d", "email", "greeting", 0.95),
    ("e", "reminder", "reminder", 0.6),
    ("f", "unknown", "greeting", 0.9),
    ("g", "unknown", "unknown", 0.9),
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty held-out utterances: twenty of each of two intents, twenty of nobody's."""
    file = tmp_path_factory.mktemp("data") / "data.jsonl"
    examples = read_examples([ROOT / "training" / "data" / "heldout"])
    few = [[e for e in examples if e.label == label][:20] for label in ("email", "help", "unknown")]
    file.write_text("".join(f"{e.model_dump_json()}\n" for each in few for e in each))
    return file


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that knows two intents, neither of which is in the data."""
    folder = tmp_path_factory.mktemp("other")
    known = read_examples([ROOT / "training" / "data" / "train"])
    few = [[e for e in known if e.label == label][:12] for label in ("greeting", "thanks")]
    train([*few[0], *few[1]], trained_base(ModelArtifact.load(SHIPPED)), folder, Plan(name="other"))
    return folder


def _run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["evaluate", *arguments], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.stdout


def test_figures_are_computed_from_the_answers() -> None:
    measured = figures(answers(ROWS, [0.9, 0.8, 0.7, 0.95, 0.6, 0.65, 0.1]))

    assert measured.n == 7
    assert measured.accuracy == pytest.approx(3 / 7)
    assert measured.recall == {"email": 0.25, "reminder": 1.0, "unknown": 0.5}
    assert measured.macro_f1 == pytest.approx((0.4 + 0.5 + 2 / 3 + 0) / 4)
    assert measured.oos is not None
    assert measured.oos.model_dump() == {"n": 2, "found_at_95_kept": 0.5, "confident": 0.5}


def test_the_calibration_error_is_that_of_the_bins() -> None:
    predictions = answers(ROWS)

    bins = reliability(predictions.confidences, predictions.correct)

    assert sum(each.count for each in bins) == 7
    gaps = sum(each.count * abs(each.confidence - each.accuracy) for each in bins)
    assert figures(predictions).ece == pytest.approx(gaps / 7)


def test_scope_is_not_measured_where_all_messages_are_of_one_kind() -> None:
    for kind in (ROWS[:5], ROWS[5:]):
        assert scope_curve(answers(kind)) is None
        assert figures(answers(kind)).oos is None


def test_the_scope_curve_goes_through_the_point_that_keeps_95_of_100() -> None:
    random = np.random.default_rng(0)
    scores = [*random.normal(2, 1, 100), *random.normal(0, 1, 50)]
    labels = ["email"] * 100 + ["oos"] * 50
    curve = scope_curve(answers([(str(n), x, x, 0.9) for n, x in enumerate(labels)], scores))

    assert curve is not None
    at_95 = curve.found[np.isclose(curve.kept, 0.95)]
    assert curve.found_at_95_kept in at_95
    assert (np.diff(curve.kept) <= 0).all()
    assert (np.diff(curve.found) >= 0).all()
    below = [inside > outside for inside in scores[:100] for outside in scores[100:]]
    assert curve.area == pytest.approx(np.mean(below))


def test_confusions_are_counted_the_most_frequent_first() -> None:
    assert confusions(answers(ROWS)) == [
        Confusion("email", "reminder", 2),
        Confusion("email", "greeting", 1),
        Confusion("unknown", "greeting", 1),
    ]


def test_the_worst_intent_comes_first_and_says_what_it_is_taken_for() -> None:
    worst, *_, best = intent_figures(answers(ROWS))

    assert (worst.label, worst.n, worst.precision, worst.recall) == ("greeting", 0, 0.0, None)
    assert (best.label, best.precision, best.recall, best.confusion) == (
        "unknown",
        1.0,
        0.5,
        Confusion("unknown", "greeting", 1),
    )


def test_a_confusion_table_of_few_holds_the_pairs_most_often_confused() -> None:
    whole, few = confusion_table(answers(ROWS), 4), confusion_table(answers(ROWS), 2)

    assert whole.labels == ("email", "greeting", "reminder", "unknown")
    assert whole.counts.sum() == 7
    assert few.labels == ("email", "reminder")
    assert few.counts.tolist() == [[1, 2], [0, 1]]


def test_the_surest_mistakes_come_first() -> None:
    mistakes = worst_mistakes(answers(ROWS), 2)

    assert [(each.text, each.confidence) for each in mistakes] == [("d", 0.95), ("f", 0.9)]


def _pair(won: int, lost: int, both: int) -> tuple[Predictions, Predictions]:
    """Answer two models' predictions: right alone so often each, and both right so often."""
    outcomes = [(True, False)] * won + [(False, True)] * lost + [(True, True)] * both
    new, old = (
        [(str(n), "a", "a" if right[side] else "b", 0.9) for n, right in enumerate(outcomes)]
        for side in (0, 1)
    )
    return answers(new), answers(old)


@pytest.mark.parametrize(
    ("won", "lost", "verdict"),
    [
        (20, 5, "better"),
        (5, 20, "worse"),
        (12, 8, "cannot be told apart"),
        (5, 0, "cannot be told apart"),
        (6, 0, "better"),
        (0, 0, "cannot be told apart"),
    ],
)
def test_two_models_are_compared_by_what_one_alone_gets_right(
    won: int, lost: int, verdict: str
) -> None:
    comparison = compare(*_pair(won, lost, 75))

    assert comparison.verdict == verdict
    assert (comparison.only_new_right, comparison.only_old_right) == (won, lost)
    assert comparison.difference == pytest.approx((won - lost) / (won + lost + 75))
    assert comparison.low < comparison.difference < comparison.high
    assert verdict in in_words(comparison, "next", "last")


def test_the_test_of_a_comparison_is_exact() -> None:
    assert compare(*_pair(6, 0, 75)).p_value == pytest.approx(2 * 0.5**6)
    assert compare(*_pair(8, 2, 75)).p_value == pytest.approx(2 * (1 + 10 + 45) * 0.5**10)


def test_the_interval_of_a_comparison_covers_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    covered = 0
    for won, lost, both in random.multinomial(200, [0.10, 0.04, 0.86], 200):
        comparison = compare(*_pair(won, lost, both))
        covered += comparison.low <= 0.06 <= comparison.high

    assert 180 <= covered <= 200


def test_models_that_answered_other_messages_are_not_compared() -> None:
    with pytest.raises(ValueError, match="same messages"):
        compare(answers(ROWS), answers(ROWS[1:]))


def test_predictions_are_what_the_model_answers(data: Path) -> None:
    model = OnnxClassifier(ModelArtifact.load(SHIPPED))
    examples = read_examples([data])

    predictions = predict(model, examples)

    assert predictions.texts == [example.text for example in examples]
    for row in (0, 25, 59):
        answer = model.answer(examples[row].text)
        assert np.array_equal(predictions.probabilities[row], answer.probabilities)
        assert predictions.scope[row] == answer.scope
    inside = predictions.in_scope
    assert predictions.scope[inside].mean() > predictions.scope[~inside].mean()


def test_json_has_the_keys_that_programs_rely_on(data: Path) -> None:
    result = json.loads(_run("--model", str(SHIPPED), "--data", str(data), "--json"))

    assert set(result) == {"accuracy", "macro_f1", "ece", "n", "oos", "latency_ms", "recall"}
    assert set(result["oos"]) == {"n", "found_at_95_kept", "confident"}
    assert set(result["latency_ms"]) == {"p50", "p99"}
    assert result["n"] == 60
    assert result["oos"]["n"] == 20
    assert result["accuracy"] > 0.7


def test_two_models_stand_side_by_side(data: Path, other: Path) -> None:
    arguments = ("--model", str(SHIPPED), "--compare", str(other), "--data", str(data))

    shown = _run(*arguments)
    versions = [ModelArtifact.load(folder).manifest.version for folder in (SHIPPED, other)]
    assert all(version in shown for version in versions)
    assert f"{versions[0]} is better than {versions[1]}: +" in " ".join(shown.split())

    result = json.loads(_run(*arguments, "--json"))
    assert [result[name]["version"] for name in ("model", "compared_with")] == versions
    comparison = result["comparison"]
    assert comparison["verdict"] == "better"
    assert comparison["in_words"].startswith(f"{versions[0]} is better than {versions[1]}")
    difference = result["model"]["accuracy"] - result["compared_with"]["accuracy"]
    assert comparison["difference"] == pytest.approx(difference)
    assert comparison["low"] < difference < comparison["high"]


def test_labels_that_a_model_does_not_know_are_named(data: Path, other: Path) -> None:
    result = CliRunner().invoke(app, ["evaluate", "--model", str(other), "--data", str(data)])

    assert "does not know these labels: email, help, unknown" in result.stderr


def test_a_card_is_written_beside_the_figures(data: Path, tmp_path: Path) -> None:
    card = tmp_path / "cards" / "card.html"
    arguments = ("--model", str(SHIPPED), "--data", str(data), "--card", str(card))

    assert "accuracy" in _run(*arguments)
    private = read_examples([data])
    with_texts = card.read_text("utf-8")
    assert "60 messages of" in with_texts
    assert [e for e in private if e.text in with_texts]

    _run(*arguments, "--no-texts")
    without = card.read_text("utf-8")
    long = [e.text for e in private if len(e.text) > 20]
    assert not [text for text in long if text in without]


def test_a_card_that_cannot_be_written_is_refused_before_the_work(
    data: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    card = str(tmp_path / "file" / "card.html")
    arguments = ["evaluate", "--model", str(SHIPPED), "--data", str(data), "--card", card]

    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "300"})

    assert result.exit_code == 2
    assert "cannot be written" in result.stderr


@pytest.mark.parametrize(
    ("module", "never"),
    [
        ("cli.measuring", ("jax", "optax", "matplotlib")),
        ("cli.main", ("sklearn", "scipy", "onnx", "onnxruntime", "matplotlib", "fastapi")),
    ],
)
def test_no_command_loads_what_it_does_not_need(module: str, never: tuple[str, ...]) -> None:
    script = f"import sys, {module}; print([name for name in {never} if name in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert loaded.stdout.strip() == "[]"
