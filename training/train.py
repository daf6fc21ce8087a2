"""Train a head on a frozen encoder and write the artifact that the functions serve."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from scipy.special import softmax

from prompt_capture.adapters.model_artifact import (
    MANIFEST_FILE,
    MODEL_FILE,
    TOKENIZER_FILE,
    Manifest,
    sha256_of,
)
from training.calibration import expected_calibration_error, fit_temperature
from training.encoder import Encoder
from training.examples import Example, InvalidExamples, data_digest, without_conflicts
from training.head import Floats, Head, attach_head, fit_head

HELD_BACK_SHARE = 0.2


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
    examples and seed give the same files, in whichever order the examples come. Raises
    `InvalidExamples`.
    """
    kept = sorted(without_conflicts(examples), key=lambda example: (example.text, example.label))
    if len({example.label for example in kept}) < 2:
        raise InvalidExamples("A model needs examples of at least two intents.")
    embeddings = encoder.embed([example.text for example in kept], on_text)
    labels = np.array([example.label for example in kept])
    calibration = _calibrate(embeddings, labels, seed)
    return _write(out, name, encoder, fit_head(embeddings, labels), calibration, kept)


def _calibrate(embeddings: Floats, labels: NDArray[np.str_], seed: int) -> Calibration:
    held_back = _hold_back(labels, seed)
    if not held_back.any():
        return Calibration(1.0, {})
    head = fit_head(embeddings[~held_back], labels[~held_back])
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
