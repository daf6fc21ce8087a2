"""Read a model folder for its publication: check every file, load the model, measure its time."""

import time
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from prompt_capture.adapters.onnx.classifier import OnnxClassifier
from prompt_capture.adapters.onnx.model_artifact import (
    FINGERPRINT_FILE,
    MANIFEST_FILE,
    ModelArtifact,
    ModelManifest,
)
from prompt_capture.domain.errors import InvalidArtifact
from prompt_capture.domain.model_folders import CheckedFile, ModelFolder

_ROUNDS = 10
_MESSAGES = (
    "remind me to call the dentist tomorrow at nine",
    "move the review with the design team to friday afternoon",
    "what is on my calendar next week",
    "send an email to the landlord about the heating",
    "finish the report and block an hour for it tomorrow",
    "cancel",
    "thanks, that is all for today",
    "how do I connect a second calendar to this app",
    "find the notes from the last meeting with the accountant",
    "how far are we with the tax return",
    "make it half an hour later, please",
    "yes, do that",
    "I would rather not have meetings before ten in the morning",
    "which of my tasks are due before the end of the month",
    "tell me a joke about clocks",
    "the second one",
    "plan the week around the trip to the coast, and keep thursday free",
    "what can you do",
    "who wrote the first program that played chess",
    "good morning",
)
"""Messages of usual lengths. All versions are measured on the same ones."""


def read_model_folder(folder: Path) -> ModelFolder:
    """Return what a folder holds. Raise `InvalidArtifact`, which names the file and the problem."""
    artifact = ModelArtifact.load(folder)
    artifact.check(FINGERPRINT_FILE)
    manifest = artifact.manifest
    content = _manifest_bytes(folder, manifest)
    measured_on = manifest.measured_on
    return ModelFolder(
        version=manifest.version,
        manifest=content,
        files=tuple(
            CheckedFile(folder / name, file.sha256, file.bytes)
            for name, file in manifest.files.items()
        ),
        training=manifest.training,
        labels=manifest.labels,
        metrics=manifest.metrics,
        sample=measured_on.sample if measured_on else None,
        sample_messages=measured_on.messages if measured_on else None,
        latency_ms=_measure(OnnxClassifier(artifact)),
    )


def _manifest_bytes(folder: Path, manifest: ModelManifest) -> bytes:
    """Return the bytes that the loaded manifest was read from."""
    file = folder / MANIFEST_FILE
    try:
        content = file.read_bytes()
        if ModelManifest.model_validate_json(content) == manifest:
            return content
    except (OSError, ValidationError):
        pass
    raise InvalidArtifact(f"{file} changed while it was read. Publish the folder again.")


def _measure(classifier: OnnxClassifier) -> dict[str, float]:
    """Return percentiles of the time for a message, in milliseconds, after a warm-up."""
    classifier.classify(_MESSAGES)
    seconds = [_time(classifier, message) for _ in range(_ROUNDS) for message in _MESSAGES]
    p50, p95 = np.percentile(np.array(seconds) * 1000, [50, 95])
    return {"p50": round(float(p50), 3), "p95": round(float(p95), 3)}


def _time(classifier: OnnxClassifier, message: str) -> float:
    started = time.perf_counter()
    classifier.classify([message])
    return time.perf_counter() - started
