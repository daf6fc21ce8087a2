"""A model in a folder, checked and measured, before it is published."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from prompt_capture.domain.errors import InvalidArtifact
from prompt_capture.domain.models import ModelAddress, NewModel, TrainingRecord


@dataclass(frozen=True)
class CheckedFile:
    """A file of a model, and what its content was when it was checked."""

    path: Path
    sha256: str
    size_bytes: int

    def read(self) -> bytes:
        """Return the content. Raise `InvalidArtifact` where it changed since the check."""
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise InvalidArtifact(f"{self.path} cannot be read: {error.strerror}.") from None
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise InvalidArtifact(
                f"{self.path} changed while the model was published. Nothing is registered. "
                "Publish the folder again when nothing writes to it."
            )
        return content


@dataclass(frozen=True)
class ModelFolder:
    """What a folder holds: the bytes of its manifest, its files, and what the registry records.

    `metrics`, `sample`, `sample_messages` and `latency_ms` are as in `NewModel`.
    """

    version: str
    manifest: bytes
    files: tuple[CheckedFile, ...]
    training: TrainingRecord
    labels: tuple[str, ...]
    metrics: Mapping[str, float]
    sample: str | None
    sample_messages: int | None
    latency_ms: Mapping[str, float]

    @property
    def size_bytes(self) -> int:
        """The size of all files."""
        return sum(file.size_bytes for file in self.files)

    def registered_at(self, url: str, object_version: str | None) -> NewModel:
        """Return the model to register, once its manifest is at an address."""
        return NewModel(
            address=ModelAddress(
                version=self.version,
                manifest_sha256=hashlib.sha256(self.manifest).hexdigest(),
                object_version=object_version,
            ),
            artifact_url=url,
            training=self.training,
            labels=self.labels,
            metrics=self.metrics,
            sample=self.sample,
            sample_messages=self.sample_messages,
            size_bytes=self.size_bytes,
            latency_ms=self.latency_ms,
        )
