"""Evaluation: metrics of predictions, comparison of two models, and the command line."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from cli.main import app
from prompt_capture.adapters.onnx.classifier import OnnxClassifier
from prompt_capture.adapters.onnx.model_artifact import ModelArtifact
from tests.unit.predictions import make_predictions
from training.calibrate.confidence import reliability_bins
from training.calibrate.predictions import Predictions
from training.calibrate.scope import scope_curve
from training.config import TrainingConfig
from training.data.reading import read_examples
from training.fit.encoders import base_from_artifact
from training.report.comparison import compare, describe_comparison
from training.report.error_analysis import (
    Confusion,
    build_confusion_matrix,
    count_confusions,
    intent_metrics,
    most_confident_mistakes,
)
from training.report.evaluation import compute_metrics, predict
from training.train import train

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
    """Sixty held-out utterances: twenty of each of two intents, and twenty out of scope."""
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
    train(
        [*few[0], *few[1]],
        base_from_artifact(ModelArtifact.load(SHIPPED)),
        folder,
        TrainingConfig(name="other", distils_student=False),
    )
    return folder


def _run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["evaluate", *arguments], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.stdout


def test_metrics_are_computed_from_the_predictions() -> None:
    metrics = compute_metrics(make_predictions(ROWS, [0.9, 0.8, 0.7, 0.95, 0.6, 0.65, 0.1]))

    assert metrics.n == 7
    assert metrics.accuracy == pytest.approx(3 / 7)
    assert metrics.recall == {"email": 0.25, "reminder": 1.0, "unknown": 0.5}
    assert metrics.macro_f1 == pytest.approx((0.4 + 0.5 + 2 / 3 + 0) / 4)
    assert metrics.oos is not None
    assert metrics.oos.model_dump() == {
        "n": 2,
        "found_at_95_kept": 0.5,
        "false_accept_rate": 0.5,
    }


def test_the_calibration_error_is_the_weighted_gap_of_the_bins() -> None:
    predictions = make_predictions(ROWS)

    bins = reliability_bins(predictions.confidences, predictions.correct)

    assert sum(each.count for each in bins) == 7
    gaps = sum(each.count * abs(each.confidence - each.accuracy) for each in bins)
    assert compute_metrics(predictions).ece == pytest.approx(gaps / 7)


def test_scope_is_not_measured_without_both_kinds_of_labels() -> None:
    for kind in (ROWS[:5], ROWS[5:]):
        assert scope_curve(make_predictions(kind)) is None
        assert compute_metrics(make_predictions(kind)).oos is None


def test_the_scope_curve_contains_the_point_that_keeps_95_percent() -> None:
    random = np.random.default_rng(0)
    scores = [*random.normal(2, 1, 100), *random.normal(0, 1, 50)]
    labels = ["email"] * 100 + ["oos"] * 50
    curve = scope_curve(
        make_predictions([(str(n), x, x, 0.9) for n, x in enumerate(labels)], scores)
    )

    assert curve is not None
    at_95 = curve.found[np.isclose(curve.kept, 0.95)]
    assert curve.found_at_95_kept in at_95
    assert (np.diff(curve.kept) <= 0).all()
    assert (np.diff(curve.found) >= 0).all()
    ordered = [one > other for one in scores[:100] for other in scores[100:]]
    assert curve.auroc == pytest.approx(np.mean(ordered))


def test_the_most_frequent_confusion_comes_first() -> None:
    assert count_confusions(make_predictions(ROWS)) == [
        Confusion("email", "reminder", 2),
        Confusion("email", "greeting", 1),
        Confusion("unknown", "greeting", 1),
    ]


def test_the_worst_intent_comes_first_with_its_most_frequent_mistake() -> None:
    worst, *_, best = intent_metrics(make_predictions(ROWS))

    assert (worst.label, worst.n, worst.precision, worst.recall) == ("greeting", 0, 0.0, None)
    assert (best.label, best.precision, best.recall, best.confusion) == (
        "unknown",
        1.0,
        0.5,
        Confusion("unknown", "greeting", 1),
    )


def test_a_small_confusion_matrix_contains_the_most_confused_pairs() -> None:
    whole, few = (
        build_confusion_matrix(make_predictions(ROWS), 4),
        build_confusion_matrix(make_predictions(ROWS), 2),
    )

    assert whole.labels == ("email", "greeting", "reminder", "unknown")
    assert whole.counts.sum() == 7
    assert few.labels == ("email", "reminder")
    assert few.counts.tolist() == [[1, 2], [0, 1]]


def test_the_most_confident_mistakes_come_first() -> None:
    mistakes = most_confident_mistakes(make_predictions(ROWS), 2)

    assert [(each.text, each.confidence) for each in mistakes] == [("d", 0.95), ("f", 0.9)]


def _pair(won: int, lost: int, both: int) -> tuple[Predictions, Predictions]:
    """Return the predictions of two models.

    The new one alone is correct `won` times, the old one alone `lost` times.
    """
    outcomes = [(True, False)] * won + [(False, True)] * lost + [(True, True)] * both
    new, old = (
        [(str(n), "a", "a" if correct[side] else "b", 0.9) for n, correct in enumerate(outcomes)]
        for side in (0, 1)
    )
    return make_predictions(new), make_predictions(old)


@pytest.mark.parametrize(
    ("won", "lost", "verdict"),
    [
        (20, 5, "better"),
        (5, 20, "worse"),
        (12, 8, "no significant difference"),
        (4, 0, "no significant difference"),
        (5, 0, "better"),
        (0, 0, "no significant difference"),
    ],
)
def test_two_models_are_compared_by_the_messages_that_one_alone_gets_right(
    won: int, lost: int, verdict: str
) -> None:
    comparison = compare(*_pair(won, lost, 75))

    assert comparison.verdict == verdict
    assert (comparison.only_new_correct, comparison.only_old_correct) == (won, lost)
    assert comparison.accuracy_difference == pytest.approx((won - lost) / (won + lost + 75))
    assert comparison.ci_lower < comparison.accuracy_difference < comparison.ci_upper
    assert verdict in describe_comparison(comparison, "next", "last")


def test_the_p_value_is_that_of_mcnemars_mid_p_test() -> None:
    assert compare(*_pair(6, 0, 75)).p_value == pytest.approx(0.5**6)
    assert compare(*_pair(8, 2, 75)).p_value == pytest.approx((2 * (1 + 10) + 45) * 0.5**10)


def test_the_confidence_interval_covers_the_true_difference() -> None:
    random = np.random.default_rng(0)
    covered = 0
    for won, lost, both in random.multinomial(200, [0.10, 0.04, 0.86], 200):
        comparison = compare(*_pair(won, lost, both))
        covered += comparison.ci_lower <= 0.06 <= comparison.ci_upper

    assert 180 <= covered <= 200


def test_models_that_classified_different_messages_are_not_compared() -> None:
    with pytest.raises(ValueError, match="same messages"):
        compare(make_predictions(ROWS), make_predictions(ROWS[1:]))


def test_predictions_contain_the_outputs_of_the_model(data: Path) -> None:
    model = OnnxClassifier(ModelArtifact.load(SHIPPED))
    examples = read_examples([data])

    predictions = predict(model, examples)

    assert predictions.texts == [example.text for example in examples]
    for row in (0, 25, 59):
        output = model.predict(examples[row].text)
        assert np.array_equal(predictions.probabilities[row], output.probabilities)
        assert predictions.scope[row] == output.scope
    in_scope = predictions.in_scope
    assert predictions.scope[in_scope].mean() > predictions.scope[~in_scope].mean()


def test_the_json_output_has_stable_keys(data: Path) -> None:
    result = json.loads(_run("--model", str(SHIPPED), "--data", str(data), "--json"))

    assert set(result) == {"accuracy", "macro_f1", "ece", "n", "oos", "latency_ms", "recall"}
    assert set(result["oos"]) == {"n", "found_at_95_kept", "false_accept_rate"}
    assert set(result["latency_ms"]) == {"p50", "p99"}
    assert result["n"] == 60
    assert result["oos"]["n"] == 20
    assert result["accuracy"] > 0.7


def test_thresholds_that_decide_what_needs_a_review_are_shown(data: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(SHIPPED, tmp_path / "model"))
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["thresholds"] = {
        "target_precision": 0.97,
        "decide_review": True,
        "overall": 0.81,
        "per_intent": {"email": 0.62, "help": None},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))

    shown = " ".join(_run("--model", str(folder), "--data", str(data)).split())

    assert "reviewed below 0.62" in shown
    assert "always reviewed" in shown
    assert "reviewed below 0.81" in shown
    assert "reaches a precision of 0.97 on held-out examples" in shown
    assert "No confidence reaches this for help:" in shown
    assert "reviewed below" not in _run("--model", str(SHIPPED), "--data", str(data))


def test_two_models_are_shown_side_by_side(data: Path, other: Path) -> None:
    arguments = ("--model", str(SHIPPED), "--compare", str(other), "--data", str(data))

    shown = _run(*arguments)
    versions = [ModelArtifact.load(folder).manifest.version for folder in (SHIPPED, other)]
    assert all(version in shown for version in versions)
    words = " ".join(shown.split())
    assert f"{versions[0]} is better than {versions[1]}: +" in words
    assert "60 messages show a difference in accuracy from " in words
    assert "No veto: " in words

    result = json.loads(_run(*arguments, "--json"))
    assert [result[name]["version"] for name in ("model", "compared_with")] == versions
    comparison = result["comparison"]
    assert comparison["verdict"] == "better"
    assert comparison["summary"].startswith(f"{versions[0]} is better than {versions[1]}")
    difference = result["model"]["accuracy"] - result["compared_with"]["accuracy"]
    assert comparison["accuracy_difference"] == pytest.approx(difference)
    assert comparison["ci_lower"] < difference < comparison["ci_upper"]
    assert comparison["vetoes"] == []
    assert 0 < comparison["smallest_difference"] < 1
    assert set(comparison["intents"]) == {"email", "help", "unknown"}
    assert set(comparison["out_of_scope"]) == {"recall", "false_accept_rate"}
    assert set(comparison["calibration"]) == {"difference", "p_value", "smallest_difference"}


def test_what_is_shown_to_be_worse_is_a_veto(data: Path, other: Path) -> None:
    arguments = ("--model", str(other), "--compare", str(SHIPPED), "--data", str(data))

    words = " ".join(_run(*arguments).split())
    assert "Veto: accuracy: -" in words
    assert "Veto: recall of email: -" in words

    vetoes = json.loads(_run(*arguments, "--json"))["comparison"]["vetoes"]
    assert {"measure", "intent", "difference", "p_value"} == set(vetoes[0])
    assert {"accuracy", "recall"} <= {veto["measure"] for veto in vetoes}


def test_labels_that_a_model_does_not_know_are_named(data: Path, other: Path) -> None:
    result = CliRunner().invoke(app, ["evaluate", "--model", str(other), "--data", str(data)])

    assert "does not know these labels: email, help, unknown" in result.stderr


def test_data_without_a_label_that_a_model_knows_are_not_measured(tmp_path: Path) -> None:
    (tmp_path / "messages.txt").write_text("hello\nthanks\n")
    (tmp_path / "data.jsonl").write_text('{"text": "hello", "label": "thanks"}\n{"text": "hi"}\n')
    problems = {
        "messages.txt": "No label of the data is an intent of the model.",
        "data.jsonl": "data.jsonl, line 2: label: it is missing. Training and measuring need",
    }
    for name, problem in problems.items():
        arguments = ["evaluate", "--model", str(SHIPPED), "--data", str(tmp_path / name)]

        result = CliRunner().invoke(app, arguments)

        assert result.exit_code == 1
        assert problem in result.stderr


def test_a_card_is_written_in_addition_to_the_metrics(data: Path, tmp_path: Path) -> None:
    card = tmp_path / "cards" / "card.html"
    arguments = ("--model", str(SHIPPED), "--data", str(data), "--card", str(card))

    assert "accuracy" in _run(*arguments)
    private = read_examples([data])
    with_texts = card.read_text("utf-8")
    assert "60 messages of" in with_texts
    assert [e for e in private if e.text in with_texts]

    _run(*arguments, "--no-texts")
    without_texts = card.read_text("utf-8")
    long = [e.text for e in private if len(e.text) > 20]
    assert not [text for text in long if text in without_texts]


def test_a_card_that_cannot_be_written_is_rejected_before_the_evaluation(
    data: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    card = str(tmp_path / "file" / "card.html")
    arguments = ["evaluate", "--model", str(SHIPPED), "--data", str(data), "--card", card]

    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "300"})

    assert result.exit_code == 2
    assert "Cannot write" in result.stderr


@pytest.mark.parametrize(
    ("module", "unneeded"),
    [
        ("cli.evaluation", ("jax", "optax", "matplotlib")),
        ("cli.main", ("sklearn", "scipy", "onnx", "onnxruntime", "matplotlib", "fastapi")),
        ("cli.main", ("boto3", "infra", "mypy_boto3_s3", "psycopg")),
        ("training.report.writing", ("cleanlab", "datasets")),
    ],
)
def test_commands_do_not_import_packages_that_they_do_not_need(
    module: str, unneeded: tuple[str, ...]
) -> None:
    script = f"import sys, {module}; print([name for name in {unneeded} if name in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert loaded.stdout.strip() == "[]"
