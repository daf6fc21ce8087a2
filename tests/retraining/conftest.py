"""A first model that is trained on few examples, as at the start of a product."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from prompt_capture.adapters.onnx.model_artifact import CascadeStage, ModelArtifact
from tests.retraining.world import RetrainingWorld
from training.config import TrainingConfig
from training.data.examples import Example, data_digest
from training.data.reading import read_examples
from training.fit.encoders import Encoder, base_from_artifact
from training.retrain.candidates import Candidate, fit_candidate
from training.train import train

ROOT = Path(__file__).parents[2]
EVERY = 40


@pytest.fixture(scope="session")
def seeds() -> list[Example]:
    return read_examples([ROOT / "training" / "data" / "train"])[::EVERY]


@pytest.fixture(scope="session")
def first_model(tmp_path_factory: pytest.TempPathFactory, seeds: list[Example]) -> Path:
    folder = tmp_path_factory.mktemp("models") / "first"
    base = base_from_artifact(ModelArtifact.load(ROOT / "model_artifacts" / "assistant"))
    train(seeds, base, folder, TrainingConfig(name="first", distils_student=False))
    return folder


@pytest.fixture
def world(tmp_path: Path, first_model: Path, seeds: list[Example]) -> RetrainingWorld:
    return RetrainingWorld(tmp_path / "bucket", first_model, seeds)


@pytest.fixture(scope="session", autouse=True)
def each_candidate_is_trained_once(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Train each candidate once: the same data give the same files (`test_candidates.py`)."""
    trained: dict[tuple[object, ...], tuple[Candidate, Path]] = {}
    kept = tmp_path_factory.mktemp("trained")
    load = Encoder.load
    loaded: dict[tuple[str, str, int], Encoder] = {}

    def load_once(artifact: ModelArtifact, stage: CascadeStage) -> Encoder:
        """Candidates share the encoders, which embed each text once."""
        files = artifact.manifest.files
        key = files[stage.graph].sha256, files[stage.tokenizer].sha256, stage.max_tokens
        if key not in loaded:
            loaded[key] = load(artifact, stage)
        return loaded[key]

    def fit_once(
        champion: ModelArtifact, data: Any, catalogue: Any, folder: Path, name: str
    ) -> Candidate:
        digest = data_digest([each.example for each in data.located])
        key = (champion.manifest.version, digest, str(data.datasets), tuple(catalogue), name)
        if key not in trained:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(Encoder, "load", load_once)
                candidate = fit_candidate(champion, data, catalogue, folder, name)
            copy = kept / str(len(trained))
            shutil.copytree(folder, copy)
            trained[key] = candidate, copy
        candidate, copy = trained[key]
        shutil.copytree(copy, folder, dirs_exist_ok=True)
        return Candidate(ModelArtifact.load(folder), candidate.card, candidate.omitted_stages)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.retrain.steps.fit_candidate", fit_once)
        yield
