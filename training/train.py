"""Train a head on a frozen encoder and write the artifact that the functions serve."""

import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from prompt_capture.adapters.model_artifact import (
    MANIFEST_FILE,
    MODEL_FILE,
    TOKENIZER_FILE,
    BaseModelNotice,
    Manifest,
    ModelArtifact,
    sha256_of,
)
from prompt_capture.adapters.onnx_classifier import TextGraph
from training.calibration import expected_calibration_error, fit_temperature
from training.examples import Example, InvalidExamples, data_digest, without_conflicts
from training.head import attach_head

INVERSE_REGULARISATION = 10.0
HELD_BACK_SHARE = 0.2
Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Encoder:
    """A graph that answers `embedding`, with its tokenizer: what a head is put on."""

    model_file: Path
    tokenizer_file: Path
    max_tokens: int
    notice: BaseModelNotice

    @classmethod
    def of(cls, artifact: ModelArtifact) -> "Encoder":
        """Take the encoder of a trained model."""
        manifest = artifact.manifest
        return cls(
            artifact.model_file, artifact.tokenizer_file, manifest.max_tokens, manifest.base_model
        )

    def embed(self, texts: Sequence[str], on_text: Callable[[], None] = lambda: None) -> Floats:
        """Answer the embeddings [texts, width]; `on_text` is called after each."""
        graph = TextGraph(self.model_file, self.tokenizer_file, self.max_tokens)

        def embed_one(text: str) -> NDArray[np.float32]:
            embedding = graph.run(text, "embedding")
            on_text()
            return embedding

        with ThreadPoolExecutor(os.cpu_count()) as threads:
            return np.stack(list(threads.map(embed_one, texts)))


@dataclass(frozen=True)
class Head:
    """A linear classifier: `weights` [width, labels], `bias` [labels]."""

    labels: tuple[str, ...]
    weights: Floats
    bias: Floats

    def logits(self, embeddings: Floats) -> Floats:
        """Score embeddings [n, width] as logits [n, labels]."""
        scores: Floats = embeddings @ self.weights + self.bias
        return scores


@dataclass(frozen=True)
class Calibration:
    """The temperature that makes confidences honest, and what was measured with it."""

    temperature: float
    metrics: dict[str, float]


def train(
    examples: Sequence[Example],
    encoder: Encoder,
    out: Path,
    *,
    name: str = "model",
    seed: int = 0,
    on_text: Callable[[], None] = lambda: None,
) -> Manifest:
    """Fit a head, calibrate it on a fifth that was held back, and write the artifact to `out`.

    The head that is served is then fitted to all examples. Copies of a text count once. The same
    examples and seed give the same files. Raises `InvalidExamples`.
    """
    kept = without_conflicts(examples)
    if len({example.label for example in kept}) < 2:
        raise InvalidExamples("A model needs examples of at least two intents.")
    embeddings = encoder.embed([example.text for example in kept], on_text)
    labels = np.array([example.label for example in kept])
    calibration = _calibrate(embeddings, labels, seed)
    return _write(out, name, encoder, _fit(embeddings, labels), calibration, kept)


def _fit(embeddings: Floats, labels: NDArray[np.str_]) -> Head:
    """Fit a multinomial logistic regression; two labels get a column each, as more would."""
    classifier = LogisticRegression(C=INVERSE_REGULARISATION, max_iter=500)
    classifier.fit(embeddings, labels)
    weights, bias = classifier.coef_.T, classifier.intercept_
    if weights.shape[1] == 1:
        weights, bias = np.hstack([-weights / 2, weights / 2]), np.hstack([-bias / 2, bias / 2])
    return Head(tuple(str(label) for label in classifier.classes_), weights, bias)


def _calibrate(embeddings: Floats, labels: NDArray[np.str_], seed: int) -> Calibration:
    held_back = _hold_back(labels, seed)
    if not held_back.any():
        return Calibration(1.0, {})
    head = _fit(embeddings[~held_back], labels[~held_back])
    logits = head.logits(embeddings[held_back])
    truth = np.searchsorted(head.labels, labels[held_back])
    temperature = fit_temperature(logits, truth)
    probabilities = softmax(logits / temperature, axis=1)
    correct = probabilities.argmax(axis=1) == truth
    ece = expected_calibration_error(probabilities.max(axis=1), correct)
    metrics = {"accuracy": round(float(correct.mean()), 4), "ece": round(ece, 4)}
    return Calibration(temperature, metrics)


def _hold_back(labels: NDArray[np.str_], seed: int) -> NDArray[np.bool_]:
    """Mark a fifth of each label's examples; labels with fewer than five keep all."""
    random = np.random.default_rng(seed)
    held_back = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        (indices,) = np.nonzero(labels == label)
        held_back[random.permutation(indices)[: int(len(indices) * HELD_BACK_SHARE)]] = True
    return held_back


def _write(
    out: Path,
    name: str,
    encoder: Encoder,
    head: Head,
    calibration: Calibration,
    examples: Sequence[Example],
) -> Manifest:
    scale = calibration.temperature
    model = attach_head(onnx.load(encoder.model_file), head.weights / scale, head.bias / scale)
    out.mkdir(parents=True, exist_ok=True)
    (out / MODEL_FILE).write_bytes(model.SerializeToString(deterministic=True))
    (out / TOKENIZER_FILE).write_bytes(encoder.tokenizer_file.read_bytes())
    files = {file: sha256_of(out / file) for file in (MODEL_FILE, TOKENIZER_FILE)}
    manifest = Manifest(
        version=f"{name}-{files[MODEL_FILE][:8]}",
        labels=head.labels,
        files=files,
        training_examples=len(examples),
        training_data_sha256=data_digest(examples),
        metrics=calibration.metrics,
        temperature=round(scale, 4),
        max_tokens=encoder.max_tokens,
        base_model=encoder.notice,
    )
    text = json.dumps(manifest.model_dump(mode="json"), indent=2, ensure_ascii=False)
    (out / MANIFEST_FILE).write_text(text + "\n", "utf-8")
    return manifest
