"""The two models of a comparison, loaded from where they are published."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from prompt_capture.adapters.onnx.classifier import OnnxClassifier
from prompt_capture.adapters.onnx.model_artifact import (
    FINGERPRINT_FILE,
    MANIFEST_FILE,
    ModelArtifact,
    file_sha256,
    read_manifest,
)
from prompt_capture.adapters.onnx.published_artifact import fetch_whole_artifact
from prompt_capture.domain.errors import (
    InvalidArtifact,
    ModelFilesUnavailable,
    RetrainingNotReady,
)
from prompt_capture.domain.models import ModelAddress, Version
from prompt_capture.ports.models import PublishedFiles
from training.data.fingerprint import TrainingFingerprint
from training.gate.backtest import BacktestedModel
from training.gate.evidence import LearntTexts
from training.gate.settings import GateSettings


@dataclass(frozen=True)
class ComparedModel:
    """A model with all its files. `registered` is its version, or None for the packaged model."""

    artifact: ModelArtifact
    registered: Version | None

    @property
    def version(self) -> Version:
        """The version in the manifest."""
        return self.artifact.manifest.version

    @property
    def fingerprint(self) -> TrainingFingerprint:
        """Which texts its encoders were tuned on."""
        return TrainingFingerprint.read(self.artifact.folder)

    def open(self) -> OnnxClassifier:
        """Load its graphs. Models with the same encoders share them."""
        return OnnxClassifier(self.artifact)

    def to_backtest(self) -> BacktestedModel:
        """Return it for the backtest."""
        return BacktestedModel(self.open(), self.artifact.manifest.total_bytes)


@dataclass(frozen=True)
class CandidateComparison:
    """Two models, and what a comparison of them needs to know.

    `learnt` are texts that either model learnt, besides those that the fingerprints know.
    `gold_ids` are the ids of the gold texts, and `catalogue` the intents in use. The captured texts
    are those of the last `days`.
    """

    candidate: ComparedModel
    champion: ComparedModel
    learnt: Sequence[str]
    gold_ids: Sequence[str]
    catalogue: Sequence[str]
    days: int
    settings: GateSettings = field(default_factory=GateSettings)

    @cached_property
    def learnt_texts(self) -> LearntTexts:
        """What is no evidence about the two models. Its index is large, and built once."""
        return LearntTexts(
            tuple(self.learnt), (self.candidate.fingerprint, self.champion.fingerprint)
        )


class ComparedModelLoader:
    """Loads published models into `folder`, and the packaged model from where it is.

    `packaged` is a folder with the manifest of the packaged model.
    """

    def __init__(self, files: PublishedFiles, packaged: Path, folder: Path) -> None:
        self._files = files
        self._packaged = packaged
        self._folder = folder

    async def load(self, address: ModelAddress | None) -> ComparedModel:
        """Load a model; None stands for the packaged one.

        Raise `InvalidArtifact`, `ModelFilesUnavailable`, or `RetrainingNotReady` where the packaged
        model is neither here nor published.
        """
        if address is not None:
            return ComparedModel(await self._fetch(address), address.version)
        return ComparedModel(await self._load_packaged(), None)

    async def _fetch(self, address: ModelAddress) -> ModelArtifact:
        self._folder.mkdir(parents=True, exist_ok=True)
        return await fetch_whole_artifact(address, self._files, self._folder)

    async def _load_packaged(self) -> ModelArtifact:
        manifest = read_manifest(self._packaged)
        if all((self._packaged / name).is_file() for name in manifest.files):
            artifact = ModelArtifact.load(self._packaged)
            artifact.check(FINGERPRINT_FILE)
            return artifact
        address = ModelAddress(
            version=manifest.version,
            manifest_sha256=file_sha256(self._packaged / MANIFEST_FILE),
        )
        try:
            return await self._fetch(address)
        except (InvalidArtifact, ModelFilesUnavailable) as error:
            raise RetrainingNotReady(
                f"The packaged model {manifest.version} serves, and the bucket does not have it "
                f"({error}) Publish it once: prompt-capture models publish "
                'model_artifacts/assistant --reason "the first champion".'
            ) from None
