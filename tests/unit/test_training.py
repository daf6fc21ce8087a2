"""Training: its data, its reproducibility, and its agreement with service."""

import errno
import itertools
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from prompt_capture.adapters.onnx.classifier import OnnxClassifier
from prompt_capture.adapters.onnx.model_artifact import (
    FINGERPRINT_FILE,
    MANIFEST_FILE,
    ModelArtifact,
)
from prompt_capture.domain.models import DatasetReference, TrainingMode
from tests.unit.conftest import SHIPPED
from training.calibrate.confidence import expected_calibration_error, fit_temperature
from training.config import NoProgress, TrainingConfig
from training.data.examples import Example, InvalidExamples, data_digest, resolve_conflicts
from training.data.fingerprint import TrainingFingerprint
from training.data.reading import read_examples
from training.fit.encoders import BaseEncoders, FittedStage, base_from_artifact
from training.fit.learners import HeadLearner
from training.fit.networks.minilm import (
    EMBEDDING_WIDTH,
    HEADS,
    LAYERS,
    MAX_TOKENS,
    WIDTH,
    EncoderBuilder,
)
from training.report.evaluation import evaluate
from training.train import MIN_UNSEEN, train

ROOT = Path(__file__).parents[2]
UTTERANCES = ROOT / "training" / "data"
WITHOUT_STUDENT = TrainingConfig(distils_student=False)

pytestmark = pytest.mark.usefixtures("brief_students")


@pytest.fixture(scope="module")
def base(shipped_base: BaseEncoders) -> BaseEncoders:
    return shipped_base


@pytest.fixture(scope="module")
def few() -> list[Example]:
    """Twelve examples of each of four intents, and one of a fifth."""
    examples = read_examples([UTTERANCES / "train"])
    labels = ("email", "greeting", "reminder", "status")
    few = [[e for e in examples if e.label == label][:12] for label in labels]
    return [*itertools.chain(*few), Example(text="only one of me", label="rare")]


def test_the_lines_of_an_export_are_read(tmp_path: Path) -> None:
    file = tmp_path / "retraining.jsonl"
    file.write_text(
        '{"text": "hi", "label": "greeting", "confidence": 0.9, "source": "production", '
        '"corrected": true}\n\n{"text": "bye", "label": "chitchat", "new_field": [1]}\n'
    )

    assert read_examples([file]) == [
        Example(text="hi", label="greeting", corrected=True, source="production"),
        Example(text="bye", label="chitchat"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "contains no examples"),
        ('{"text": "a", "label": "b"}\nnonsense', "line 2 is not valid JSON"),
        ('{"text": "a"}', "line 1: label"),
        ('{"text": 1, "label": "b"}', "line 1: text"),
        ("[]", "contains no examples"),
        ('{"text": "a", "label": ""}', "line 1 has no label"),
    ],
)
def test_the_error_names_an_invalid_line(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text(content)

    with pytest.raises(InvalidExamples, match=message):
        read_examples([file])


def test_the_error_names_a_missing_file() -> None:
    with pytest.raises(InvalidExamples, match=r"nowhere\.jsonl cannot be read"):
        read_examples([Path("nowhere.jsonl")])


def test_a_corrected_label_wins_then_the_latest() -> None:
    examples = [
        Example(text="Move it", label="scheduling"),
        Example(text="move  it", label="reschedule", corrected=True),
        Example(text="MOVE IT", label="email"),
        Example(text="hi", label="chitchat"),
        Example(text="hi", label="greeting"),
    ]

    assert [example.label for example in resolve_conflicts(examples)] == ["reschedule", "greeting"]


def test_the_order_of_the_data_does_not_change_its_digest() -> None:
    examples = [Example(text="a", label="b"), Example(text="c", label="d")]

    assert data_digest(examples) == data_digest(examples[::-1])
    assert data_digest(examples) != data_digest(examples[:1])


@pytest.mark.parametrize("mode", ["head", "student"])
def test_the_same_data_and_seed_give_the_same_files_and_replace_older_ones(
    few: list[Example], base: BaseEncoders, tmp_path: Path, mode: TrainingMode
) -> None:
    train(few[:30], base, tmp_path / "two", WITHOUT_STUDENT)
    for name, examples in (("one", few), ("two", few[::-1])):
        train(examples, base, tmp_path / name, TrainingConfig(mode))

    first, second = (
        {file.name: file.read_bytes() for file in (tmp_path / name).iterdir()}
        for name in ("one", "two")
    )
    assert first == second


@pytest.mark.parametrize(
    ("mode", "stages"),
    [("head", ["student", "encoder"]), ("full", ["student", "encoder"])],
)
def test_a_trained_model_can_be_served(
    few: list[Example], base: BaseEncoders, tmp_path: Path, mode: TrainingMode, stages: list[str]
) -> None:
    unlabelled = ["mail the tutor", "hiya", "how many did i finish"]
    result = train(few, base, tmp_path / "model", TrainingConfig(mode, unlabelled, name="small"))

    artifact = ModelArtifact.load(tmp_path / "model")
    model = OnnxClassifier(artifact)
    assert model.labels == ("email", "greeting", "rare", "reminder", "status")
    assert model.version == result.manifest.version
    assert model.version.startswith("small-")
    assert [stage.name for stage in artifact.manifest.stages] == stages
    assert evaluate(model, few).accuracy > 0.9


def test_a_model_takes_the_place_of_an_older_one_and_of_no_other_file(
    few: list[Example], base: BaseEncoders, tmp_path: Path
) -> None:
    names = ("encoder.onnx", "mine.onnx", "mine.tokenizer.json", "notes.txt")
    for name in names:
        (tmp_path / name).write_text("content")
    older = {"version": "older-1", "labels": ["a"], "files": {"encoder.onnx": {}, "notes.txt": {}}}
    (tmp_path / MANIFEST_FILE).write_text(json.dumps(older))

    train(few, base, tmp_path, TrainingConfig("student"))

    assert [name for name in names if (tmp_path / name).exists()] == list(names[1:])
    ModelArtifact.load(tmp_path)


@pytest.mark.parametrize("failing", ["student.onnx", FINGERPRINT_FILE, MANIFEST_FILE])
def test_a_model_stays_as_it_is_where_the_next_one_cannot_be_written(
    few: list[Example],
    base: BaseEncoders,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failing: str,
) -> None:
    train(few, base, tmp_path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    open_file = Path.open

    def fail(file: Path, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if file.name == failing and "w" in mode:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))
        return open_file(file, mode, *arguments, **options)

    monkeypatch.setattr(Path, "open", fail)

    with pytest.raises(OSError, match="No space left"):
        train(few[12:], base, tmp_path)

    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_without_jax_the_base_s_own_student_gets_a_new_head(
    few: list[Example], base: BaseEncoders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.fit.learners.find_spec", lambda name: None)

    train(few, base, tmp_path)

    served = base_from_artifact(ModelArtifact.load(tmp_path))
    texts = [example.text for example in few[:10]]
    assert list(served.encoders) == ["student", "encoder"]
    for name, encoder in served.encoders.items():
        difference = encoder.embed(texts) - base.encoders[name].embed(texts)
        assert np.abs(difference).max() < 1e-4


def test_a_new_head_leaves_the_files_of_the_encoders_as_they_are(
    few: list[Example], base: BaseEncoders, tmp_path: Path
) -> None:
    shipped = ModelArtifact.load(SHIPPED).manifest

    trained = train(few, base, tmp_path, WITHOUT_STUDENT).manifest

    changed = {name for name, file in trained.files.items() if file != shipped.files[name]}
    assert changed == {"student.head.onnx", "encoder.head.onnx"}
    assert sum(trained.files[name].bytes for name in changed) < 2 * 2**20
    assert trained.training.parent == shipped.version


def test_the_version_changes_with_the_manifest(
    few: list[Example], base: BaseEncoders, tmp_path: Path
) -> None:
    reference = DatasetReference(source="s3://bucket/one", examples_by_tier={"person": 49})

    first = train(few, base, tmp_path / "one", WITHOUT_STUDENT).manifest
    again = train(few, base, tmp_path / "two", WITHOUT_STUDENT).manifest
    other = train(
        few, base, tmp_path / "three", replace(WITHOUT_STUDENT, datasets=[reference])
    ).manifest

    assert first == again
    assert (first.files, first.version) == (other.files, again.version)
    assert other.version != first.version


def test_embeddings_are_computed_once_and_not_copied(base: BaseEncoders) -> None:
    texts = ["a new text", "another new text", "a third one"]
    encoder = base.encoders["student"]

    together = encoder.embed(texts)
    rest = encoder.embed(texts[1:])
    mixed = encoder.embed([texts[2], "one more", texts[0]])

    assert np.shares_memory(rest, together)
    assert (mixed[0] == together[2]).all()
    assert (mixed[2] == together[0]).all()
    assert encoder.embed([]).shape == (0, together.shape[1])


def test_texts_of_the_same_tokens_cost_no_copy_of_the_others(base: BaseEncoders) -> None:
    encoder = base.encoders["student"]
    texts = [f"{word} the twenty second time" for word in "abcdefghijklmnopqrstuvwxyz"]
    texts = [*texts, texts[3].upper(), *(f"{text} and again" for text in texts)]
    assert encoder.tokenise(texts[3:4]) == encoder.tokenise(texts[26:27])

    first, again = encoder.embed(texts), encoder.embed(texts)
    backwards = encoder.embed(texts[::-1])

    assert np.shares_memory(first, again)
    assert not np.shares_memory(first, backwards)
    assert np.array_equal(first, backwards[::-1])
    assert np.array_equal(first[3], first[26])


def test_training_and_service_compute_the_same_embeddings(
    few: list[Example], base: BaseEncoders, tmp_path: Path
) -> None:
    train(few, base, tmp_path, WITHOUT_STUDENT)

    served = base_from_artifact(ModelArtifact.load(tmp_path))
    texts = [example.text for example in few[:10]]
    for name, encoder in served.encoders.items():
        difference = encoder.embed(texts) - base.encoders[name].embed(texts)
        assert np.abs(difference).max() < 1e-4


def test_two_intents_are_enough_and_one_is_not(base: BaseEncoders, tmp_path: Path) -> None:
    two = [Example(text=f"hi {n}", label="greeting") for n in range(6)]
    two += [Example(text=f"what is {n}", label="status") for n in range(6)]

    train(two, base, tmp_path / "two", WITHOUT_STUDENT)
    assert OnnxClassifier(ModelArtifact.load(tmp_path / "two")).classify(["hi 9"])[0].intent == (
        "greeting"
    )
    with pytest.raises(InvalidExamples, match="at least two intents"):
        train(two[:6], base, tmp_path / "one", WITHOUT_STUDENT)


def test_the_encoders_graph_outputs_unit_vectors_for_any_weights() -> None:
    random = np.random.default_rng(0)

    def weights(*shape: int) -> np.ndarray:
        return random.normal(0, 0.05, shape).astype(np.float32)

    table = {
        "embeddings.word_embeddings.weight": weights(50, WIDTH),
        "embeddings.position_embeddings.weight": weights(512, WIDTH),
        "embeddings.token_type_embeddings.weight": weights(2, WIDTH),
        "embeddings.LayerNorm.weight": weights(WIDTH),
        "embeddings.LayerNorm.bias": weights(WIDTH),
    }
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}"
        for name, inner, outer in [
            ("attention.self.query", WIDTH, WIDTH),
            ("attention.self.key", WIDTH, WIDTH),
            ("attention.self.value", WIDTH, WIDTH),
            ("attention.output.dense", WIDTH, WIDTH),
            ("intermediate.dense", WIDTH, 4 * WIDTH),
            ("output.dense", 4 * WIDTH, WIDTH),
        ]:
            table[f"{prefix}.{name}.weight"] = weights(outer, inner)
            table[f"{prefix}.{name}.bias"] = weights(outer)
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            table[f"{prefix}.{name}.weight"] = weights(WIDTH)
            table[f"{prefix}.{name}.bias"] = weights(WIDTH)

    model = EncoderBuilder(table).build()

    onnx.checker.check_model(model)
    run: Any = ReferenceEvaluator(model).run
    for length in (2, MAX_TOKENS):
        embedding = np.asarray(run(None, {"input_ids": np.ones((1, length), np.int64)})[0])
        assert embedding.shape == (1, EMBEDDING_WIDTH)
        norms = np.linalg.norm(embedding.reshape(-1, WIDTH), axis=1)
        assert np.allclose(norms, 1, atol=1e-4)
    assert WIDTH % HEADS == 0


def test_temperature_scaling_corrects_overconfidence() -> None:
    random = np.random.default_rng(0)
    truth = random.integers(0, 3, 3_000)
    calibrated = random.normal(0, 1, (3_000, 3))
    calibrated[np.arange(3_000), truth] += 1.5

    assert fit_temperature(calibrated * 4, truth) == pytest.approx(
        4 * fit_temperature(calibrated, truth), rel=0.01
    )


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    confidences = np.array([0.95] * 10 + [0.55] * 10)
    correct = np.array([True] * 10 + [True] * 5 + [False] * 5)

    assert expected_calibration_error(confidences, correct) == pytest.approx(0.05)
    assert expected_calibration_error(np.ones(4), np.array([True] * 4)) == 0


def test_texts_that_an_encoder_was_tuned_on_are_not_held_out(
    base: BaseEncoders, tmp_path: Path
) -> None:
    labels = {"email", "status"}
    seen = [e for e in read_examples([UTTERANCES / "train"]) if e.label in labels][::16]
    new = [e for e in read_examples([UTTERANCES / "heldout"]) if e.label in labels][::3]
    new += [Example(text=f"{e.text} please", label=e.label) for e in new]
    assert len(new) > MIN_UNSEEN

    mixed = train([*seen, *new], base, tmp_path / "mixed", WITHOUT_STUDENT)
    known = train(seen, base, tmp_path / "known", WITHOUT_STUDENT)

    assert mixed.is_unbiased
    assert mixed.predictions is not None
    assert {e.text for e in seen}.isdisjoint(mixed.predictions.texts)
    assert not known.is_unbiased
    assert known.predictions is not None


def test_few_texts_that_an_encoder_was_not_tuned_on_are_not_taken_for_known_ones(
    base: BaseEncoders, tmp_path: Path
) -> None:
    held_out = read_examples([UTTERANCES / "heldout"])
    new = [
        Example(text=f"{e.text} please", label=label)
        for label in ("email", "status")
        for e in [e for e in held_out if e.label == label][:40]
    ]

    result = train(new, base, tmp_path / "new", WITHOUT_STUDENT)

    assert len(new) == 80
    assert result.predictions is not None
    assert result.is_unbiased
    assert result.manifest.measured_on is not None
    assert result.manifest.measured_on.is_unbiased


def _as_export(examples: list[Example], **fields: object) -> list[Example]:
    return [
        Example.model_validate(
            {"text": f"{e.text} now", "label": e.label, "source": "production", **fields}
        )
        for e in examples
    ]


def test_a_model_is_measured_on_the_audit_and_not_on_what_the_queue_or_the_model_chose(
    base: BaseEncoders, tmp_path: Path
) -> None:
    folder = UTTERANCES / "heldout" / "students"
    held_out = [e for e in read_examples([folder]) if e.label != "unknown"]
    predicted = _as_export(held_out[::9], tier="confident", corrected=False)
    reviewed = _as_export(held_out[1::9], tier="person", corrected=True)
    audited = _as_export(
        held_out[2::9], tier="person", corrected=True, audited=True, audit_probability=0.1
    )

    unmeasured = train([*predicted, *reviewed], base, tmp_path / "unmeasured")
    measured = train([*predicted, *reviewed, *audited], base, tmp_path / "measured")

    assert unmeasured.predictions is None
    assert unmeasured.manifest.measured_on is None
    assert not unmeasured.manifest.metrics
    assert unmeasured.manifest.stages[0].min_margin == 1
    assert measured.manifest.measured_on is not None
    assert measured.manifest.measured_on.sample == "audited"
    assert measured.manifest.measured_on.is_unbiased
    assert measured.predictions is not None
    assert set(measured.predictions.texts) == {e.text for e in audited}
    assert "accuracy" in measured.manifest.metrics
    assert "ece" not in measured.manifest.metrics


def test_without_a_fair_sample_no_examples_are_held_out(
    few: list[Example], base: BaseEncoders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted: list[int] = []
    fit = HeadLearner.fit

    def count(learner: HeadLearner, texts: Sequence[str], labels: np.ndarray) -> list[FittedStage]:
        fitted.append(len(texts))
        return fit(learner, texts, labels)

    monkeypatch.setattr(HeadLearner, "fit", count)
    reviewed = _as_export(few, tier="person", corrected=True)

    result = train(reviewed, base, tmp_path, WITHOUT_STUDENT)

    assert result.predictions is None
    assert fitted == [len(reviewed)]


def test_a_wrong_predicted_label_teaches_nothing(
    few: list[Example], base: BaseEncoders, tmp_path: Path
) -> None:
    labelled = [example for example in few if example.label != "rare"]
    wrong = [
        Example.model_validate(
            {"text": f"{e.text} now", "label": label, "source": "production", "corrected": False}
        )
        for e in labelled
        for label in {"email", "greeting"} - {e.label}
    ]

    result = train([*labelled, *wrong], base, tmp_path)

    assert result.renewed == len({example.text for example in wrong})
    assert result.manifest.training_examples == len(labelled)
    model = OnnxClassifier(ModelArtifact.load(tmp_path))
    assert evaluate(model, labelled).accuracy > 0.9


def test_a_fingerprint_contains_its_texts_and_few_others(tmp_path: Path) -> None:
    once = TrainingFingerprint().with_texts(f"text {n}" for n in range(1_000))
    once.with_texts(["and later"]).write(tmp_path)

    read = TrainingFingerprint.read(tmp_path)

    assert read.contains(["TEXT  7", "text 999", "and later"]).all()
    false_positive_rate = read.contains([f"other {n}" for n in range(1_000)]).mean()
    assert 0.05 < false_positive_rate < 0.2
    assert not TrainingFingerprint().contains(["text 7"]).any()
    assert not TrainingFingerprint.read(tmp_path / "nowhere").contains(["text 7"]).any()


def test_pseudo_labels_that_add_nothing_new_leave_a_head_as_strong_as_it_was(
    base: BaseEncoders, few: list[Example]
) -> None:
    texts, labels = [one.text for one in few], np.array([one.label for one in few])
    same_to_the_encoder = [text.upper() for text in texts]

    def norms(unlabelled: Sequence[str]) -> list[np.floating]:
        stages = HeadLearner(base, unlabelled, NoProgress()).fit(texts, labels)
        return [np.linalg.norm(stage.head.weights) for stage in stages]

    assert norms(same_to_the_encoder) == pytest.approx(norms([]), rel=0.01)
