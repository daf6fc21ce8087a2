"""Models to register, folders to publish, and the registry of the command, for tests."""

import hashlib
from pathlib import Path

import pytest

from prompt_capture.domain.model_folders import CheckedFile, ModelFolder
from prompt_capture.domain.models import ModelAddress, NewModel, TrainingRecord
from tests.fakes.model_registry import InMemoryModelRegistry
from tests.fakes.prompt_store import InMemoryPromptStore

METRICS = {"accuracy": 0.93, "macro_f1": 0.91}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def new_model(version: str = "assistant-1") -> NewModel:
    return NewModel(
        address=ModelAddress(
            version=version, manifest_sha256=sha256(version.encode()), object_version="v1"
        ),
        artifact_url=f"s3://models/models/manifests/{version}.json",
        training=TrainingRecord(mode="head", seed=0, code_version="0.1.0"),
        labels=("reminder", "reschedule"),
        metrics=METRICS,
        sample="audited",
        sample_messages=500,
        size_bytes=27_000_000,
        latency_ms={"p50": 0.2, "p95": 4.1},
    )


def make_folder(
    path: Path,
    version: str = "assistant-1",
    head: bytes = b"a head",
    labels: tuple[str, ...] = ("reminder", "reschedule"),
    sample: str | None = "audited",
) -> ModelFolder:
    """Write files as a model has them, and describe them as if they had been checked."""
    contents = {"encoder.onnx": b"an encoder of some size", "encoder.head.onnx": head}
    path.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (path / name).write_bytes(content)
    return ModelFolder(
        version=version,
        manifest=f'{{"version": "{version}", "head": "{sha256(head)}"}}'.encode(),
        files=tuple(
            CheckedFile(path / name, sha256(content), len(content))
            for name, content in contents.items()
        ),
        training=TrainingRecord(mode="head", seed=0, code_version="0.1.0"),
        labels=labels,
        metrics=METRICS if sample else {},
        sample=sample,
        sample_messages=500 if sample else None,
        latency_ms={"p50": 0.2, "p95": 4.1},
    )


def use_registry(
    monkeypatch: pytest.MonkeyPatch, registry: InMemoryModelRegistry, store: InMemoryPromptStore
) -> None:
    """Let the commands reach this registry, and this store."""
    for module in ("registry", "publishing"):
        monkeypatch.setattr(f"prompt_capture.bootstrap.{module}.model_registry", lambda: registry)
    monkeypatch.setattr("prompt_capture.bootstrap.stores.service_store", lambda: store)
